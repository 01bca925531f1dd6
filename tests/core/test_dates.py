"""Dates are read strictly, and the year begins in April."""

from datetime import date

import pytest

from core.dates import DateInvalid, financial_year, parse_date


@pytest.mark.parametrize(
    ("day", "label", "first_day", "last_day"),
    [
        (date(2026, 3, 31), "2025-26", date(2025, 4, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), "2026-27", date(2026, 4, 1), date(2027, 3, 31)),
        (date(1999, 12, 31), "1999-00", date(1999, 4, 1), date(2000, 3, 31)),
    ],
)
def test_financial_year_runs_from_april_to_march(day: date, label: str, first_day: date, last_day: date) -> None:
    year = financial_year(day)

    assert (year.label, year.first_day, year.last_day) == (label, first_day, last_day)


@pytest.mark.parametrize("text", ["28-02-2026", "28/02/2026", "2026-02-28", " 28-2-2026 "])
def test_date_is_read_in_the_usual_forms(text: str) -> None:
    assert parse_date(text) == date(2026, 2, 28)


@pytest.mark.parametrize(
    "text",
    ["31-02-2026", "29-02-2026", "2026-13-01", "00-01-2026", "01-01-26", "1 Jan 2026", "", "20260101", "0000-01-01"],
)
def test_text_that_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(DateInvalid) as refusal:
        parse_date(text)

    assert refusal.value.code == "core.date_invalid"
