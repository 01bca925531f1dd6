"""The map: what it may say, and how it is refused with line and column."""

from datetime import date
from decimal import Decimal

import pytest

from lms.services.imports.errors import ImportMapInvalid
from lms.services.imports.loan_fields import TapeStatus
from lms.services.imports.mapping import map_read
from tests.lms.imports.tapes import SMALL_MAP, tape_map


def test_map_of_the_real_tape_says_what_its_columns_mean() -> None:
    found = tape_map()

    by_column = {rule.column: rule for rule in found.columns}
    assert by_column["loan_id"].field.name == "reference"
    assert by_column["issue_month"].transform.day == 1
    assert by_column["paid_total"].transform.is_rounded is True
    assert dict(by_column["loan_status"].transform.statuses)["Charged Off"] is TapeStatus.WRITTEN_OFF
    assert found.snapshot_date == date(2018, 6, 1)
    assert found.later_due_day == 28
    assert found.constants == {"customer_state": "MH"}
    assert found.product.terms == {
        "instalment_unit_paise": 1,
        "instalment_rounding": "UP",
        "interest_period": "WHOLE_PERIODS",
        "day_count": "THIRTY_360",
        "interest_rounding": "HALF_UP",
    }
    assert (found.product.principal_max_paise, found.product.rate_max_pct) == (4_000_000, Decimal(31))


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("version: 1", "version: 2", "2\nname", "version must be a whole number from 1 to 1"),
        ("name: small", "nick: small", "nick", "the map has no 'nick'"),
        ("2018-06-01", "2018-02-31", "2018-02-31", "a date of the calendar"),
        ("ref: reference", "ref: referense", "referense", "must be one of: annual_rate,"),
        ("ref: reference", "ref: reference\n  ref: balance", "ref: balance", "'ref' stands in columns twice"),
        ("amount: principal", "amount: reference", "reference\n  rate", "two columns give 'reference'"),
        ("  left: balance\n", "", "ref: reference", "neither column nor constant: balance"),
        ("transform: months", "transform: money", "money", "'instalment_count' is a number, but 'money' gives a"),
        ("transform: months", "transform: moths", "moths", "must be one of: count, date, money, month"),
        ("emi: instalment", "emi: {field: instalment, format: YYYY}", "YYYY}", "the transform 'money'"),
        ("format: YYYY-MM-DD", "format: YY-MM-DD", "YY-MM-DD", "must be one of: DD-MM-YYYY"),
        ("ok: CURRENT", "ok: FINE", "FINE", "CLOSED, CURRENT, LATE, WRITTEN_OFF"),
        (", values: {ok: CURRENT, late: LATE, paid: CLOSED, lost: WRITTEN_OFF}", "", "{field: status", "under values"),
        ("customer_state: MH", "customer_state: =MH", "=MH", "as a formula does"),
        ("customer_state: MH", "reference: X", "X}", "comes from a column already"),
        ("  phone: customer_phone\n", "", "version", "a customer needs a phone"),
        ("instalment_unit_paise: 1", "instalment_unit_paise: 1.5", "1.5", "Expected int, got '1.5'"),
        ("instalment_unit_paise: 1", "instalment_unit: 1", "instalment_unit", "terms has no 'instalment_unit'"),
        ("day_count: THIRTY_360", "day_count: THIRTY", "THIRTY", "not a valid DayCount"),
        ("rate_max: 36", "rate_max: many", "many", "not a yearly rate"),
        ("principal_min: 100", "principal_min: 0", "0,", "a whole number from 1"),
        ("constants: {", "constants: &a {", "&a", "anchors, aliases and tags"),
        ("version: 1", "version: [1", ": small", "expected ',' or ']'"),
    ],
)
def test_fault_is_refused_at_its_place(old: str, new: str, place: str, words: str) -> None:
    assert old in SMALL_MAP
    text = SMALL_MAP.replace(old, new)

    with pytest.raises(ImportMapInvalid) as refused:
        map_read(text=text)

    line, column = int(refused.value.context["line"] or 0), int(refused.value.context["column"] or 0)
    assert refused.value.code == "lms.import_map_invalid"
    assert words in refused.value.message
    assert "\n".join(text.split("\n")[line - 1 :])[column - 1 :].startswith(place)


@pytest.mark.parametrize("text", ["", "just text", "- a\n- list", "x" * 70_000, "a: \x00"])
def test_text_that_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(ImportMapInvalid):
        map_read(text=text)


def test_phone_may_be_generated_when_the_map_says_so() -> None:
    text = SMALL_MAP.replace("  phone: customer_phone\n", "") + "customer: {phone: generated, name_prefix: Person}\n"

    found = map_read(text=text)

    assert (found.is_phone_generated, found.name_prefix) == (True, "Person")
