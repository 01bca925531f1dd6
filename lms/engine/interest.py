"""Interest of a stretch of days: exact weights, dated rates and pauses, rounded once by the caller."""

from __future__ import annotations

from bisect import bisect_right
from calendar import isleap
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Protocol

from lms.engine.day_count import RatioFunction, YearCut, ratio_function
from lms.engine.terms import DayCount, InterestPeriod, LeapYear, PeriodUnit, Terms

_RATE_DIGITS = 10
RATE_DENOMINATOR: int = 100 * 10**_RATE_DIGITS
_STEPS_A_YEAR = {PeriodUnit.MONTH: 12, PeriodUnit.WEEK: 52, PeriodUnit.YEAR: 1, PeriodUnit.DAY: 365}
_ONE_DAY = timedelta(days=1)


def rate_numerator(annual_rate_pct: Decimal) -> int:
    """Scale a rate in per cent a year to an integer over `RATE_DENOMINATOR`; ten decimals are kept exactly.

    Raises:
        ValueError: the rate has more than ten decimals.
    """
    scaled = annual_rate_pct.scaleb(_RATE_DIGITS)
    numerator = int(scaled)
    if numerator != scaled:
        raise ValueError(f"A rate may have ten decimals, not more: {annual_rate_pct}.")
    return numerator


class Stretch(Protocol):
    """Bounds of an interest period; `whole_days` is the length of the regular period it lies in, 0: irregular."""

    start: date
    end: date
    whole_days: int
    marks: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class InterestPiece:
    """One sub-period of a stretch; `in_digits` is its interest where the terms reckon in steps of so many digits."""

    start: date
    end: date
    balance: int
    rate_numerator: int
    share: Fraction
    in_digits: Fraction | None


@dataclass(slots=True)
class InterestRule:
    """How much of a year a stretch is, and at which rate: the terms' part of interest, without balances.

    `rate_dates` and `rate_numerators` run side by side; `pauses` are half-open ranges of days without interest.
    """

    ratio: RatioFunction
    is_leap_by_period: bool
    is_whole_period: bool
    whole_numerator: int
    whole_denominator: int
    rate_dates: list[date]
    rate_numerators: list[int]
    pauses: list[tuple[date, date]] = field(default_factory=list)
    digits: int = 0

    def weight(self, start: date, end: date, stretch: Stretch) -> tuple[int, int]:
        """Give the fraction of a year from `start` to `end` inside a stretch, over the stretch's denominator."""
        if self.is_whole_period and stretch.marks:
            return self._weight_by_marks(start, end, stretch.marks)
        if self.is_whole_period and stretch.whole_days:
            return self.whole_numerator * (end - start).days, self.whole_denominator * stretch.whole_days
        if self.is_leap_by_period:
            return (end - start).days, 366 if holds_leap_day(stretch.start, stretch.end) else 365
        return self.ratio(start, end)

    def _weight_by_marks(self, start: date, end: date, marks: tuple[date, ...]) -> tuple[int, int]:
        """Count whole steps between marks, and parts of a step by its days."""
        lengths = [(after - before).days for before, after in pairwise(marks)]
        common = lcm(*lengths)
        total = 0
        for (before, after), length in zip(pairwise(marks), lengths, strict=True):
            days = (min(end, after) - max(start, before)).days
            total += max(days, 0) * (common // length)
        return self.whole_numerator * total, self.whole_denominator * common

    def without_pauses(self) -> InterestRule:
        """Give the same rule with interest running throughout."""
        return replace(self, pauses=[]) if self.pauses else self

    def rate_at(self, day: date) -> int:
        """Give the rate numerator that the night of `day` bears."""
        return self.rate_numerators[bisect_right(self.rate_dates, day) - 1]

    def is_plain(self) -> bool:
        """Tell whether one rate holds throughout and nothing is paused."""
        return len(self.rate_dates) == 1 and not self.pauses

    def set_rate(self, *, day: date, numerator: int) -> None:
        """Let a rate hold from `day` on, until the next dated rate; a second change on a day replaces the first."""
        index = bisect_right(self.rate_dates, day)
        if index and self.rate_dates[index - 1] == day:
            self.rate_numerators[index - 1] = numerator
            return
        self.rate_dates.insert(index, day)
        self.rate_numerators.insert(index, numerator)

    def exact(self, *, opening: int, moves: list[tuple[date, int]], stretch: Stretch, until: date) -> tuple[int, int]:
        """Sum balance x rate x fraction over the sub-periods of a stretch, its nights before `until` only.

        Args:
            opening: balance in paise at the start.
            moves: changes of the balance, date and paise, in date order; those before the start count from the start.
            stretch: the period.
            until: first night that does not count.

        Returns:
            Numerator and denominator of the interest in paise.
        """
        start, end = stretch.start, min(stretch.end, until)
        cuts = {start, end}
        cuts.update(day for day, _ in moves if start < day < end)
        cuts.update(day for day in self.rate_dates if start < day < end)
        for pause in self.pauses:
            cuts.update(day for day in pause if start < day < end)
        is_stepwise = self.digits > 0 and self.is_whole_period and stretch.whole_days > 0 and not stretch.marks
        total, denominator, rounded = 0, 1, Decimal(0)
        balance, position = opening, 0
        for left, right in pairwise(sorted(cuts)):
            while position < len(moves) and moves[position][0] <= left:
                balance += moves[position][1]
                position += 1
            if any(first <= left < after for first, after in self.pauses):
                continue
            if is_stepwise:
                rounded += self._in_digits(balance, left, right, stretch)
                continue
            numerator, denominator = self.weight(left, right, stretch)
            total += balance * numerator * self.rate_at(left)
        if is_stepwise:
            return rounded.as_integer_ratio()
        return total, denominator * RATE_DENOMINATOR

    def pieces(
        self, *, opening: int, moves: list[tuple[date, int]], stretch: Stretch, until: date
    ) -> list[InterestPiece]:
        """Give the sub-periods that `exact` adds up, each with its balance, rate and share of a year."""
        start, end = stretch.start, min(stretch.end, until)
        edges = [*(day for day, _ in moves), *self.rate_dates, *(day for pause in self.pauses for day in pause)]
        cuts = sorted({start, end, *(day for day in edges if start < day < end)})
        is_stepwise = self.digits > 0 and self.is_whole_period and stretch.whole_days > 0 and not stretch.marks
        found = []
        for left, right in pairwise(cuts):
            if any(first <= left < after for first, after in self.pauses):
                continue
            balance = opening + sum(amount for day, amount in moves if day <= left)
            share = Fraction(*self.weight(left, right, stretch))
            digits = Fraction(self._in_digits(balance, left, right, stretch)) if is_stepwise else None
            found.append(InterestPiece(left, right, balance, self.rate_at(left), share, digits))
        return found

    def _in_digits(self, balance: int, left: date, right: date, stretch: Stretch) -> Decimal:
        """Reckon rate x share of the year x days to the end / length, then the days that count, in digits."""
        steps = Context(prec=self.digits, rounding=ROUND_HALF_EVEN)
        to_end = Decimal((stretch.end - left).days)
        rate = Decimal(self.rate_at(left)) / RATE_DENOMINATOR
        share = steps.divide(Decimal(self.whole_numerator), Decimal(self.whole_denominator))
        factor = steps.multiply(steps.multiply(rate, share), to_end)
        factor = steps.divide(factor, Decimal(stretch.whole_days))
        interest = steps.divide(steps.multiply(Decimal(balance), factor), to_end)
        return steps.multiply(interest, Decimal((right - left).days))


def interest_rule(*, terms: Terms) -> InterestRule:
    """Build the rule of one loan from its terms; dated changes are added by the replay.

    Whole periods and 30/360 count a regular period as its share of twelve months (weeks: of 52) and cut it by days;
    30/360 with a rhythm of days or weeks counts actual days of 360.
    """
    is_months = terms.unit in (PeriodUnit.MONTH, PeriodUnit.YEAR)
    is_whole = terms.interest_period is InterestPeriod.WHOLE_PERIODS
    day_count, leap_year = terms.day_count, terms.leap_year
    year_cut = YearCut.LAST_DECEMBER if leap_year is LeapYear.CUT_ON_31_DECEMBER else YearCut.FIRST_JANUARY
    if day_count is DayCount.THIRTY_360:
        is_whole = is_whole or is_months
        day_count = DayCount.THIRTY_360 if is_months else DayCount.ACTUAL_360
    return InterestRule(
        ratio=ratio_function(day_count=day_count, year_cut=year_cut),
        is_leap_by_period=day_count is DayCount.ACTUAL_ACTUAL and leap_year is LeapYear.PERIOD_WITH_29_FEBRUARY,
        is_whole_period=is_whole,
        whole_numerator=terms.every,
        whole_denominator=_STEPS_A_YEAR[terms.unit],
        rate_dates=[date.min],
        rate_numerators=[rate_numerator(terms.annual_rate_pct)],
        digits=terms.calculation_digits,
    )


def evening_before(*, terms: Terms, day: date) -> date:
    """Give the first night that an event dated `day` governs, by `Terms.is_dated_from_evening_before`."""
    return day - _ONE_DAY if terms.is_dated_from_evening_before else day


def holds_leap_day(start: date, end: date) -> bool:
    """Tell whether a 29 February lies after `start` and up to `end`."""
    return any(isleap(year) and start < date(year, 2, 29) <= end for year in range(start.year, end.year + 1))
