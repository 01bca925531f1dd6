"""Rupees are shown in lakh and crore, and read without guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import MAX_PAISE, MoneyInvalid, MoneyTooLarge, format_rupees, parse_rupees


@pytest.mark.parametrize(
    ("paise", "shown"),
    [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (-5, "-₹0.05"),
        (99_999, "₹999.99"),
        (100_000, "₹1,000.00"),
        (10_000_000, "₹1,00,000.00"),
        (123_456_750, "₹12,34,567.50"),
        (1_000_000_000, "₹1,00,00,000.00"),
        (-123_456_789_012, "-₹1,23,45,67,890.12"),
    ],
)
def test_amount_is_shown_in_lakh_and_crore(paise: int, shown: str) -> None:
    assert format_rupees(paise) == shown


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("0", 0),
        ("12", 1_200),
        ("12.5", 1_250),
        ("12.05", 1_205),
        ("1234567.50", 123_456_750),
        ("12,34,567.50", 123_456_750),
        ("1,234,567.50", 123_456_750),
        ("₹12,34,567.50", 123_456_750),
        ("-₹ 1,000", -100_000),
        (" 007 ", 700),
    ],
)
def test_written_amount_is_read_as_paise(text: str, paise: int) -> None:
    assert parse_rupees(text) == paise


NO_AMOUNTS = """
abc|12.345|1e5|1E5|NaN|Infinity|12.|.5|1,2,3|12,34|1 000|--1|+1|१२|=1+1|0x10|1_000|₹|12.5.0|1,000,00
"""


@pytest.mark.parametrize("text", ["", " ", *NO_AMOUNTS.strip().split("|")])
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(MoneyInvalid) as refusal:
        parse_rupees(text)

    assert refusal.value.code == "core.money_invalid"


def test_amount_of_more_than_eighteen_digits_is_refused() -> None:
    assert parse_rupees("9999999999999999.99") == MAX_PAISE
    with pytest.raises(MoneyTooLarge) as refusal:
        parse_rupees("10000000000000000.00")

    assert refusal.value.code == "core.money_too_large"


@given(st.integers(min_value=-MAX_PAISE, max_value=MAX_PAISE))
def test_what_is_shown_reads_back_as_the_same_amount(paise: int) -> None:
    assert parse_rupees(format_rupees(paise)) == paise
