"""Identifiers are checked, normalised and masked."""

from collections.abc import Callable

import pytest

from core.errors import KistError
from core.states import STATES, state_by_code
from customers.values import (
    clean_account_number,
    clean_email,
    clean_ifsc,
    clean_name,
    clean_pan,
    clean_phone,
    clean_pin_code,
    clean_state_code,
    mask_account,
    mask_pan,
    mask_phone,
    name_tokens,
)


@pytest.mark.parametrize(
    ("clean", "written", "kept"),
    [
        (clean_name, "  Asha   Verma ", "Asha Verma"),
        (clean_name, "आशा वर्मा", "आशा वर्मा"),
        (clean_phone, " 9876543210 ", "9876543210"),
        (clean_pan, " abcpe1234f", "ABCPE1234F"),
        (clean_pan, "", ""),
        (clean_email, " a@example.org ", "a@example.org"),
        (clean_email, "", ""),
        (clean_state_code, "mh", "MH"),
        (clean_state_code, "27", "MH"),
        (clean_pin_code, "400001", "400001"),
        (clean_ifsc, "sbin0001234", "SBIN0001234"),
        (clean_account_number, "5010 0123 456", "50100123456"),
    ],
)
def test_value_is_kept_in_one_form(clean: Callable[[str], str], written: str, kept: str) -> None:
    assert clean(written) == kept


@pytest.mark.parametrize(
    ("clean", "written", "code"),
    [
        (clean_name, "", "customers.name_invalid"),
        (clean_name, " 12 ", "customers.name_invalid"),
        (clean_name, "A" * 161, "customers.name_invalid"),
        (clean_phone, "5876543210", "customers.phone_invalid"),
        (clean_phone, "987654321", "customers.phone_invalid"),
        (clean_phone, "+919876543210", "customers.phone_invalid"),
        (clean_phone, "९८७६५४३२१०", "customers.phone_invalid"),
        (clean_phone, "9876543210\n9", "customers.phone_invalid"),
        (clean_pan, "ABCPE12345", "customers.pan_invalid"),
        (clean_pan, "ABCPE1234FG", "customers.pan_invalid"),
        (clean_email, "a@b", "customers.email_invalid"),
        (clean_state_code, "XX", "customers.state_unknown"),
        (clean_state_code, "25", "customers.state_unknown"),
        (clean_state_code, "", "customers.state_unknown"),
        (clean_pin_code, "040001", "customers.pin_code_invalid"),
        (clean_pin_code, "4000011", "customers.pin_code_invalid"),
        (clean_ifsc, "SBIN1001234", "customers.ifsc_invalid"),
        (clean_account_number, "12345", "customers.account_number_invalid"),
        (clean_account_number, "1234-5678", "customers.account_number_invalid"),
    ],
)
def test_malformed_value_is_refused_without_repeating_it(clean: Callable[[str], str], written: str, code: str) -> None:
    with pytest.raises(KistError) as refusal:
        clean(written)

    assert refusal.value.code == code
    assert set(refusal.value.context) <= {"state_code"}


def test_states_have_distinct_codes_of_both_kinds() -> None:
    assert len(STATES) == 36
    assert len({state.code for state in STATES} | {state.gst_code for state in STATES}) == 72
    maharashtra = state_by_code("27")
    assert maharashtra is not None
    assert (maharashtra.code, maharashtra.name) == ("MH", "Maharashtra")


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("Asha VERMA", ("asha", "verma")),
        ("José D'Souza-Pinto", ("jose", "d", "souza", "pinto")),
        ("Asha Asha", ("asha",)),
        ("आशा वर्मा", ("आशा", "वर्मा")),
        ("ஆஷா வர்மா", ("ஆஷா", "வர்மா")),
        ("--", ()),
    ],
)
def test_name_is_folded_into_words(name: str, tokens: tuple[str, ...]) -> None:
    assert name_tokens(name) == tokens


def test_masks_leave_the_last_four_characters() -> None:
    assert mask_pan("ABCPE1234F") == "XXXXXX234F"
    assert mask_account("50100123456") == "XXXXXXX3456"
    assert mask_phone("9876543210") == "XXXXXX3210"


@pytest.mark.parametrize(("value", "masked"), [("", ""), ("123", "XXX"), ("1234", "XXXX"), ("12345", "X2345")])
def test_value_too_short_to_hide_anything_is_hidden_whole(value: str, masked: str) -> None:
    assert mask_account(value) == masked
