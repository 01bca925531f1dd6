"""Fractions of a year, exact: pairs of integers for the schedule's inner loop, `Fraction` for everyone else."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from lms.engine.terms import DayCount

RatioFunction = Callable[[date, date], tuple[int, int]]

_MONTHS_OF_YEAR = 12
_LAST_30_360_DAY = 30
# 365 x 366: one denominator for days of common and of leap years.
_ACTUAL_DENOMINATOR = 133_590
_ONE_DAY = timedelta(days=1)
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class YearCut(StrEnum):
    """Where actual/actual cuts a period that runs over the year end.

    FIRST_JANUARY is ISDA's: the night of 31 December belongs to the old year. LAST_DECEMBER gives it to the new one.
    """

    FIRST_JANUARY = "FIRST_JANUARY"
    LAST_DECEMBER = "LAST_DECEMBER"


def add_months(start_date: date, months: int) -> date:
    """Return the same day `months` later (earlier if negative), clamped to the month end."""
    index = start_date.year * _MONTHS_OF_YEAR + start_date.month - 1 + months
    year, month0 = divmod(index, _MONTHS_OF_YEAR)
    day = start_date.day
    if day > 28:
        day = min(day, month_length(year, month0 + 1))
    return date(year, month0 + 1, day)


def month_length(year: int, month: int) -> int:
    """Return the number of days of a month (1 to 12)."""
    return 29 if month == 2 and isleap(year) else _MONTH_LENGTHS[month - 1]


def year_fraction(
    *, day_count: DayCount, start_date: date, end_date: date, year_cut: YearCut = YearCut.FIRST_JANUARY
) -> Fraction:
    """Return the part of a year from `start_date` (its night included) to `end_date` (its night excluded).

    Raises:
        ValueError: `end_date` is before `start_date`.
    """
    if end_date < start_date:
        raise ValueError(f"A period cannot end ({end_date}) before it starts ({start_date}).")
    numerator, denominator = ratio_function(day_count=day_count, year_cut=year_cut)(start_date, end_date)
    return Fraction(numerator, denominator)


def ratio_function(*, day_count: DayCount, year_cut: YearCut = YearCut.FIRST_JANUARY) -> RatioFunction:
    """Return the function (start, end) -> (numerator, denominator) of one day count, for use in a loop.

    The denominator is the same for every period of one day count; the pair is not reduced.
    """
    if day_count is DayCount.ACTUAL_ACTUAL and year_cut is YearCut.LAST_DECEMBER:
        return _actual_actual_last_december
    return _RATIO_FUNCTIONS[day_count]


def year_denominator(*, day_count: DayCount) -> int:
    """Return the denominator that `ratio_function` uses for this day count."""
    return _DENOMINATORS[day_count]


def days_30_360_us(start_date: date, end_date: date) -> int:
    """Count days of a 360-day year as American bonds do, ends of February included.

    Source: Securities Industry Association, standard formulas; the spreadsheet function DAYS360 without its flaws.
    """
    start_day, end_day = min(start_date.day, _LAST_30_360_DAY), end_date.day
    if _is_last_of_february(start_date):
        start_day = _LAST_30_360_DAY
        if _is_last_of_february(end_date):
            end_day = _LAST_30_360_DAY
    if start_day == _LAST_30_360_DAY:
        end_day = min(end_day, _LAST_30_360_DAY)
    return _days_of_360(start_date, end_date) + end_day - start_day


def days_30e_360(start_date: date, end_date: date) -> int:
    """Count days of a 360-day year as European bonds do: the 31st is the 30th. Source: ISDA 2006, 4.16(g)."""
    start_day, end_day = min(start_date.day, _LAST_30_360_DAY), min(end_date.day, _LAST_30_360_DAY)
    return _days_of_360(start_date, end_date) + end_day - start_day


def days_30_360_bond(start_date: date, end_date: date) -> int:
    """Count days of a 360-day year; an end's 31st is the 30th only after a 30th or 31st. Source: ISDA 2006, 4.16(f)."""
    start_day = min(start_date.day, _LAST_30_360_DAY)
    end_day = min(end_date.day, _LAST_30_360_DAY) if start_day == _LAST_30_360_DAY else end_date.day
    return _days_of_360(start_date, end_date) + end_day - start_day


def days_30e_360_isda(start_date: date, end_date: date) -> int:
    """Count days of a 360-day year, the last of February taken as the 30th. Source: ISDA 2006, 4.16(h)."""
    start_day = _LAST_30_360_DAY if _is_last_of_february(start_date) else min(start_date.day, _LAST_30_360_DAY)
    end_day = _LAST_30_360_DAY if _is_last_of_february(end_date) else min(end_date.day, _LAST_30_360_DAY)
    return _days_of_360(start_date, end_date) + end_day - start_day


def days_30e_plus_360(start_date: date, end_date: date) -> int:
    """Count days of a 360-day year; an end on the 31st counts as the 1st of the next month."""
    if end_date.day > _LAST_30_360_DAY:
        end_date += _ONE_DAY
    return _days_of_360(start_date, end_date) + end_date.day - min(start_date.day, _LAST_30_360_DAY)


def days_without_leap_day(start_date: date, end_date: date) -> int:
    """Count actual days, every 29 February after the start and up to the end left out."""
    return (end_date - start_date).days - (_leap_days_through(end_date) - _leap_days_through(start_date))


def split_common_and_leap(start_date: date, end_date: date) -> tuple[int, int]:
    """Return the days of common years and of leap years between two dates, cut at 1 January."""
    if start_date.year == end_date.year:
        days = (end_date - start_date).days
        return (0, days) if isleap(start_date.year) else (days, 0)
    leap = sum(
        (min(end_date, date(year + 1, 1, 1)) - max(start_date, date(year, 1, 1))).days
        for year in range(start_date.year, end_date.year + 1)
        if isleap(year)
    )
    return (end_date - start_date).days - leap, leap


def _days_of_360(start_date: date, end_date: date) -> int:
    return 360 * (end_date.year - start_date.year) + 30 * (end_date.month - start_date.month)


def _is_last_of_february(day: date) -> bool:
    return day.month == 2 and day.day == month_length(day.year, 2)


def _leap_days_through(day: date) -> int:
    """Count the 29 Februaries from year 1 up to and including `day`."""
    years = day.year - 1
    passed = years // 4 - years // 100 + years // 400
    return passed + (1 if isleap(day.year) and (day.month, day.day) >= (2, 29) else 0)


def _actual_365(start_date: date, end_date: date) -> tuple[int, int]:
    return (end_date - start_date).days, 365


def _actual_360(start_date: date, end_date: date) -> tuple[int, int]:
    return (end_date - start_date).days, 360


def _actual_364(start_date: date, end_date: date) -> tuple[int, int]:
    return (end_date - start_date).days, 364


def _thirty_360(start_date: date, end_date: date) -> tuple[int, int]:
    return days_30_360_us(start_date, end_date), 360


def _thirty_e_360(start_date: date, end_date: date) -> tuple[int, int]:
    return days_30e_360(start_date, end_date), 360


def _actual_actual(start_date: date, end_date: date) -> tuple[int, int]:
    common, leap = split_common_and_leap(start_date, end_date)
    return common * 366 + leap * 365, _ACTUAL_DENOMINATOR


def _actual_actual_last_december(start_date: date, end_date: date) -> tuple[int, int]:
    return _actual_actual(start_date + _ONE_DAY, end_date + _ONE_DAY)


_RATIO_FUNCTIONS: dict[DayCount, RatioFunction] = {
    DayCount.ACTUAL_365: _actual_365,
    DayCount.ACTUAL_360: _actual_360,
    DayCount.ACTUAL_364: _actual_364,
    DayCount.ACTUAL_ACTUAL: _actual_actual,
    DayCount.THIRTY_360: _thirty_360,
    DayCount.THIRTY_E_360: _thirty_e_360,
}
_DENOMINATORS: dict[DayCount, int] = {
    DayCount.ACTUAL_365: 365,
    DayCount.ACTUAL_360: 360,
    DayCount.ACTUAL_364: 364,
    DayCount.ACTUAL_ACTUAL: _ACTUAL_DENOMINATOR,
    DayCount.THIRTY_360: 360,
    DayCount.THIRTY_E_360: 360,
}
