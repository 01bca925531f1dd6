"""Day counts against published examples, and what must hold for any two dates."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.engine.day_count import (
    YearCut,
    add_months,
    days_30_360_bond,
    days_30_360_us,
    days_30e_360,
    days_30e_360_isda,
    days_30e_plus_360,
    days_without_leap_day,
    ratio_function,
    split_common_and_leap,
    year_denominator,
    year_fraction,
)
from lms.engine.terms import DayCount

DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


@pytest.mark.parametrize(
    ("start", "end", "us", "european", "european_isda"),
    [
        ("2007-01-15", "2007-01-31", 16, 15, 15),
        ("2007-01-31", "2007-02-28", 28, 28, 30),
        ("2007-02-28", "2007-03-31", 30, 32, 30),
        ("2006-08-31", "2007-02-28", 178, 178, 180),
        ("2007-02-26", "2008-02-29", 363, 363, 364),
        ("2008-02-29", "2009-02-28", 360, 359, 360),
        ("2008-02-29", "2008-03-31", 30, 31, 30),
        ("2007-10-31", "2008-11-30", 390, 390, 390),
        ("2008-02-01", "2009-05-31", 480, 479, 479),
    ],
)
def test_thirty_360_counts_agree_with_published_tables(
    start: str, end: str, us: int, european: int, european_isda: int
) -> None:
    pair = (date.fromisoformat(start), date.fromisoformat(end))

    counts = (days_30_360_us(*pair), days_30e_360(*pair), days_30e_360_isda(*pair))

    assert counts == (us, european, european_isda)


def test_bond_basis_ignores_the_end_of_february() -> None:
    assert days_30_360_bond(date(2007, 2, 28), date(2007, 3, 31)) == 33
    assert days_30_360_us(date(2007, 2, 28), date(2007, 3, 31)) == 30


def test_plus_convention_counts_the_31st_as_the_first_of_the_next_month() -> None:
    assert days_30e_plus_360(date(2008, 2, 1), date(2009, 5, 31)) == 480
    assert days_30e_plus_360(date(2008, 2, 1), date(2008, 12, 31)) == 330


def test_leap_day_is_left_out_once() -> None:
    assert days_without_leap_day(date(2007, 12, 28), date(2008, 2, 29)) == 62
    assert days_without_leap_day(date(2007, 12, 28), date(2008, 2, 28)) == 62
    assert days_without_leap_day(date(2008, 2, 29), date(2008, 3, 1)) == 1


def test_actual_actual_is_cut_at_the_new_year() -> None:
    fraction = year_fraction(
        day_count=DayCount.ACTUAL_ACTUAL, start_date=date(2007, 12, 28), end_date=date(2008, 2, 28)
    )

    assert fraction == Fraction(4, 365) + Fraction(58, 366)


def test_actual_actual_can_be_cut_at_the_last_of_december() -> None:
    fraction = year_fraction(
        day_count=DayCount.ACTUAL_ACTUAL,
        start_date=date(2007, 12, 28),
        end_date=date(2008, 2, 28),
        year_cut=YearCut.LAST_DECEMBER,
    )

    assert fraction == Fraction(3, 365) + Fraction(59, 366)


def test_fixed_denominators() -> None:
    start, end = date(2007, 12, 28), date(2008, 2, 29)

    assert year_fraction(day_count=DayCount.ACTUAL_365, start_date=start, end_date=end) == Fraction(63, 365)
    assert year_fraction(day_count=DayCount.ACTUAL_360, start_date=start, end_date=end) == Fraction(63, 360)
    assert year_fraction(day_count=DayCount.ACTUAL_364, start_date=start, end_date=end) == Fraction(63, 364)
    assert year_fraction(day_count=DayCount.THIRTY_360, start_date=start, end_date=end) == Fraction(61, 360)
    assert year_fraction(day_count=DayCount.THIRTY_E_360, start_date=start, end_date=end) == Fraction(61, 360)


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        year_fraction(day_count=DayCount.ACTUAL_365, start_date=date(2026, 1, 2), end_date=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2023-03-31", -1, "2023-02-28"),
        ("2008-03-31", -1, "2008-02-29"),
        ("2100-03-31", -1, "2100-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-12-31", 2, "2025-02-28"),
        ("2024-01-31", 12, "2025-01-31"),
        ("2024-01-15", -13, "2022-12-15"),
    ],
)
def test_months_are_clamped_to_the_month_end(start: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(expected)


@given(start=DATES, first=st.integers(0, 2000), second=st.integers(0, 2000))
def test_actual_counts_add_up_over_any_cut(start: date, first: int, second: int) -> None:
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second)

    for day_count in (DayCount.ACTUAL_365, DayCount.ACTUAL_360, DayCount.ACTUAL_364, DayCount.ACTUAL_ACTUAL):
        for cut in YearCut:
            ratio = ratio_function(day_count=day_count, year_cut=cut)
            assert ratio(start, middle)[0] + ratio(middle, end)[0] == ratio(start, end)[0]
            assert ratio(start, end)[1] == year_denominator(day_count=day_count)


@given(start=DATES, days=st.integers(0, 3000))
def test_common_and_leap_days_are_those_of_the_calendar(start: date, days: int) -> None:
    each = [start + timedelta(days=n) for n in range(days)]
    leap = sum(1 for day in each if day.year % 4 == 0)

    assert split_common_and_leap(start, start + timedelta(days=days)) == (days - leap, leap)
