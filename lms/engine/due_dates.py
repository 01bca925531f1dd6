"""Calendar of due dates: anchored to one date, so that a short month never makes the later dates drift."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from lms.engine.terms import HolidayMove, MonthEnd, PeriodUnit, Terms

_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def add_months(*, anchor: date, months: int, month_end: MonthEnd = MonthEnd.CLAMP) -> date:
    """Move a date by whole months; a day that the month does not have follows `month_end`."""
    years, month = divmod(anchor.month - 1 + months, 12)
    year, month, day = anchor.year + years, month + 1, anchor.day
    if day <= 28 or day <= _MONTH_DAYS[month - 1] or day <= monthrange(year, month)[1]:
        return date(year, month, day)
    if month_end is MonthEnd.FIRST_OF_NEXT_MONTH:
        return add_months(anchor=date(year, month, 1), months=1)
    return date(year, month, monthrange(year, month)[1])


def add_units(*, anchor: date, count: int, unit: PeriodUnit, month_end: MonthEnd = MonthEnd.CLAMP) -> date:
    """Move a date by a number of days, weeks, months or years; negative numbers go back."""
    if unit is PeriodUnit.MONTH:
        return add_months(anchor=anchor, months=count, month_end=month_end)
    if unit is PeriodUnit.YEAR:
        return add_months(anchor=anchor, months=12 * count, month_end=month_end)
    return anchor + timedelta(days=count * (7 if unit is PeriodUnit.WEEK else 1))


def step_from(*, terms: Terms, anchor: date, steps: int) -> date:
    """Move `anchor` by `steps` steps of the loan's rhythm; negative steps go back."""
    return add_units(anchor=anchor, count=steps * terms.every, unit=terms.unit, month_end=terms.month_end)


def due_date_series(*, terms: Terms, start_date: date, count: int) -> list[date]:
    """List the nominal due dates of `count` instalments, before any move for holidays.

    The anchor is `terms.first_due_date`; without one it is `start_date`, and the first due date is a step after it.
    """
    if terms.first_due_date is None:
        return [step_from(terms=terms, anchor=start_date, steps=k) for k in range(1, count + 1)]
    return [step_from(terms=terms, anchor=terms.first_due_date, steps=k) for k in range(count)]


def move_for_holiday(*, terms: Terms, day: date) -> date:
    """Give the day on which money nominally due on `day` is due, by the holiday rule of the terms."""
    if terms.holiday_move is HolidayMove.NONE:
        return day
    step = timedelta(days=1 if terms.holiday_move is HolidayMove.NEXT_WORKING_DAY else -1)
    while day in terms.holidays:
        day += step
    return day
