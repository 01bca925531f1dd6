"""Due dates: anchored, clamped or rolled at month ends, moved for holidays."""

from datetime import date

import pytest

from lms.engine.due_dates import add_months, due_date_series, move_for_holiday
from lms.engine.terms import HolidayMove, MonthEnd, PeriodUnit
from tests.lms.engine.cases import terms


def test_short_month_does_not_make_later_dates_drift():
    loan = terms(instalment_count=4)

    dates = due_date_series(terms=loan, start_date=date(2025, 1, 31), count=4)

    assert dates == [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31)]


def test_first_due_date_is_the_anchor():
    loan = terms(first_due_date=date(2025, 3, 5))

    dates = due_date_series(terms=loan, start_date=date(2025, 1, 15), count=3)

    assert dates == [date(2025, 3, 5), date(2025, 4, 5), date(2025, 5, 5)]


@pytest.mark.parametrize(
    ("unit", "every", "expected"),
    [
        (PeriodUnit.DAY, 1, [date(2025, 1, 16), date(2025, 1, 17)]),
        (PeriodUnit.WEEK, 1, [date(2025, 1, 22), date(2025, 1, 29)]),
        (PeriodUnit.WEEK, 2, [date(2025, 1, 29), date(2025, 2, 12)]),
        (PeriodUnit.MONTH, 1, [date(2025, 2, 15), date(2025, 3, 15)]),
        (PeriodUnit.MONTH, 3, [date(2025, 4, 15), date(2025, 7, 15)]),
        (PeriodUnit.YEAR, 1, [date(2026, 1, 15), date(2027, 1, 15)]),
    ],
)
def test_rhythm_gives_the_dates(unit, every, expected):
    loan = terms(unit=unit, every=every)

    assert due_date_series(terms=loan, start_date=date(2025, 1, 15), count=2) == expected


@pytest.mark.parametrize(
    ("day", "months", "month_end", "expected"),
    [
        (date(2025, 1, 31), 1, MonthEnd.CLAMP, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, MonthEnd.CLAMP, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, MonthEnd.FIRST_OF_NEXT_MONTH, date(2025, 3, 1)),
        (date(2025, 1, 31), 3, MonthEnd.FIRST_OF_NEXT_MONTH, date(2025, 5, 1)),
        (date(2025, 3, 31), -1, MonthEnd.CLAMP, date(2025, 2, 28)),
        (date(2025, 1, 15), -1, MonthEnd.CLAMP, date(2024, 12, 15)),
    ],
)
def test_month_without_the_day_follows_the_rule(day, months, month_end, expected):
    assert add_months(anchor=day, months=months, month_end=month_end) == expected


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (HolidayMove.NONE, date(2025, 1, 26)),
        (HolidayMove.NEXT_WORKING_DAY, date(2025, 1, 28)),
        (HolidayMove.PREVIOUS_WORKING_DAY, date(2025, 1, 25)),
    ],
)
def test_due_date_leaves_a_run_of_holidays(move, expected):
    loan = terms(holidays=(date(2025, 1, 26), date(2025, 1, 27)), holiday_move=move)

    assert move_for_holiday(terms=loan, day=date(2025, 1, 26)) == expected
