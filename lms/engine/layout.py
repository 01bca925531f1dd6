"""Periods of a loan before any amount: due dates, bounds of interest, grace and steps."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from lms.engine.due_dates import add_units, due_date_series, move_for_holiday, step_from
from lms.engine.errors import EngineRefusal
from lms.engine.plan import InterestDue, Period
from lms.engine.state import RowKind
from lms.engine.terms import Amortisation, BrokenPeriod, HolidayMove, MoratoriumInterest, Terms


def lay_out(*, terms: Terms, start_date: date) -> list[Period]:
    """Lay out the rows of a loan whose first disbursal is on `start_date`.

    Raises:
        EngineRefusal: a due date is before the disbursal.
    """
    if terms.amortisation is Amortisation.CUSTOM:
        return _custom_periods(terms, start_date)
    count = terms.instalment_count + terms.moratorium_count
    nominal = _nominal_dates(terms, start_date, count)
    if nominal[0] < start_date:
        raise EngineRefusal("engine.first_due_date_too_early", "The first due date must not be before the disbursal.")
    regular_start = regular_start_date(terms=terms, start_date=start_date)
    periods: list[Period] = []
    start, whole_start = start_date, regular_start
    if regular_start > start_date and terms.broken_period is BrokenPeriod.SEPARATE:
        periods.append(_broken_row(terms, start_date, regular_start))
        start = periods[0].end
    for number, due in enumerate(nominal, 1):
        paid_on = _fixed_end(terms, start_date) if number == count and terms.fixed_length else due
        moved = move_for_holiday(terms=terms, day=paid_on) if terms.holiday_move is not HolidayMove.NONE else paid_on
        interest_end = moved if terms.is_interest_moved_with_due_date else paid_on
        whole_days = 0 if start < whole_start else (due - whole_start).days
        periods.append(Period(RowKind.REGULAR, start, interest_end, moved, whole_days))
        start, whole_start = interest_end, due
    mark_grace(terms=terms, regular=[period for period in periods if period.kind is RowKind.REGULAR])
    return periods


def regular_start_date(*, terms: Terms, start_date: date) -> date:
    """Give the nominal start of the first regular period."""
    if terms.schedule_start is not None:
        return terms.schedule_start
    if terms.first_due_date is None or terms.due_dates:
        return start_date
    return step_from(terms=terms, anchor=terms.first_due_date, steps=-1)


def mark_grace(*, terms: Terms, regular: list[Period]) -> None:
    """Mark the regular periods that pay no principal or no interest, and those whose instalment is stepped."""
    capitalised = terms.moratorium_interest is MoratoriumInterest.CAPITALISED
    for period in regular[: terms.moratorium_count]:
        period.is_paying_principal = False
        period.interest_due = InterestDue.CAPITALISED if capitalised else InterestDue.DEFERRED
    paying = regular[terms.moratorium_count :]
    for period in paying[: terms.grace_principal_count]:
        period.is_paying_principal = False
    for period in paying[: terms.grace_interest_count]:
        period.interest_due = InterestDue.DEFERRED
    for period in paying[: terms.interest_free_count]:
        period.interest_due = InterestDue.FREE
    if terms.amortisation is Amortisation.BULLET:
        for period in paying[:-1]:
            period.is_paying_principal, period.interest_due = False, InterestDue.DEFERRED
    elif terms.amortisation is Amortisation.INTEREST_ONLY:
        for period in paying[:-1]:
            period.is_paying_principal = False
    for step in terms.steps:
        percent = Fraction(step.percent) / 100
        for period in paying[step.from_instalment - 1 :]:
            period.step_percent = (percent.numerator, percent.denominator)


def _nominal_dates(terms: Terms, start_date: date, count: int) -> list[date]:
    if not terms.due_dates:
        return due_date_series(terms=terms, start_date=terms.schedule_start or start_date, count=count)
    if len(terms.due_dates) != count:
        raise EngineRefusal("engine.due_dates_count", f"Give one due date for each of the {count} instalments.")
    return list(terms.due_dates)


def _fixed_end(terms: Terms, start_date: date) -> date:
    return add_units(anchor=terms.schedule_start or start_date, count=terms.fixed_length, unit=terms.fixed_length_unit)


def _broken_row(terms: Terms, start_date: date, regular_start: date) -> Period:
    due = move_for_holiday(terms=terms, day=regular_start)
    end = due if terms.is_interest_moved_with_due_date else regular_start
    return Period(RowKind.BROKEN_PERIOD, start_date, end, due, 0, is_paying_principal=False)


def _custom_periods(terms: Terms, start_date: date) -> list[Period]:
    periods, start = [], start_date
    for row in terms.custom_rows:
        if row.due_date <= start:
            raise EngineRefusal("engine.first_due_date_too_early", "The first due date must be after the disbursal.")
        period = Period(RowKind.REGULAR, start, row.due_date, row.due_date, 0)
        period.fixed_principal = row.principal_paise
        periods.append(period)
        start = row.due_date
    return periods
