"""From terms to a schedule: lay out the periods, solve the instalments, evaluate the rows."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise

from lms.engine.due_dates import due_date_series, move_for_holiday, step_from
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate
from lms.engine.facts import Disburse
from lms.engine.interest import interest_rule
from lms.engine.plan import InterestDue, Period, Plan, to_instalment
from lms.engine.rounding import round_ratio
from lms.engine.solver import solve_instalments
from lms.engine.state import Instalment, RowKind
from lms.engine.terms import Amortisation, BrokenPeriod, HolidayMove, MoratoriumInterest, Terms


def build_schedule(
    *, terms: Terms, start_date: date, disbursals: tuple[Disburse, ...] | None = None
) -> tuple[Instalment, ...]:
    """Build the schedule that terms promise, with nothing paid yet.

    Args:
        terms: the loan.
        start_date: day of disbursal of the whole principal.
        disbursals: tranches in place of the whole principal; the first one starts the loan.

    Returns:
        Rows in due-date order, numbered from 1.

    Raises:
        EngineRefusal: the terms contradict themselves, or a tranche comes after the last due date.
    """
    check_terms(terms)
    if disbursals:
        ordered = sorted(disbursals, key=lambda fact: (fact.value_date, fact.sequence))
        moves = [(fact.value_date, fact.amount_paise) for fact in ordered]
    else:
        moves = [(start_date, terms.principal_paise)]
    plan = open_plan(terms=terms, start_date=moves[0][0], amount_paise=moves[0][1])
    for day, amount in moves[1:]:
        add_tranche(plan=plan, day=day, amount_paise=amount)
    return tuple([to_instalment(period, number) for number, period in enumerate(plan.periods, 1)])


def check_terms(terms: Terms) -> None:
    """Refuse terms that no schedule can follow.

    Raises:
        EngineRefusal: principal, count, rhythm, rate or custom rows make no sense together.
    """
    if terms.principal_paise <= 0:
        raise EngineRefusal("engine.principal_not_positive", "The principal must be more than zero.")
    if terms.instalment_count <= 0 or terms.every <= 0:
        raise EngineRefusal(
            "engine.tenor_not_positive", "Give at least one instalment and a rhythm of at least one step."
        )
    if terms.annual_rate_pct < 0:
        raise EngineRefusal("engine.rate_negative", "The annual rate cannot be below zero.")
    if terms.amortisation is Amortisation.CUSTOM:
        _check_custom_rows(terms)


def _check_custom_rows(terms: Terms) -> None:
    rows = terms.custom_rows
    if sum(row.principal_paise for row in rows) != terms.principal_paise:
        raise EngineRefusal("engine.custom_rows_sum", "The principal of the custom rows must add up to the loan.")
    if any(after.due_date <= before.due_date for before, after in pairwise(rows)):
        raise EngineRefusal("engine.custom_rows_order", "Custom rows need rising due dates.")


def open_plan(*, terms: Terms, start_date: date, amount_paise: int) -> Plan:
    """Lay out, solve and evaluate the periods of a loan that starts with this disbursal."""
    plan = Plan(terms=terms, rule=interest_rule(terms=terms), periods=_lay_out(terms, start_date))
    plan.periods[0].moves.append((start_date, amount_paise))
    plan.flat_base = amount_paise
    solve_from(plan=plan, first=0, is_agreed=True)
    return plan


def add_tranche(*, plan: Plan, day: date, amount_paise: int) -> None:
    """Lend more on `day`: its period bears the interest, and instalments are solved again from it.

    Raises:
        EngineRefusal: `day` is on or after the last due date.
    """
    if day >= plan.periods[-1].end:
        raise EngineRefusal("engine.disbursal_after_maturity", "The last instalment is past; extend the tenor first.")
    index = plan.index_at(day)
    plan.periods[index].moves.append((day, amount_paise))
    plan.periods[index].moves.sort()
    plan.flat_base += amount_paise
    solve_from(plan=plan, first=index)


def solve_from(*, plan: Plan, first: int, is_agreed: bool = False) -> None:
    """Solve the instalments again from period `first` on, for what is lent by its end, and evaluate the rows."""
    terms = plan.terms
    if terms.moratorium_count and terms.moratorium_interest is MoratoriumInterest.CAPITALISED:
        evaluate(plan=plan, first=first)
    opening = plan.periods[first - 1].closing if first else 0
    balance = opening + sum(amount for _, amount in plan.periods[first].moves)
    balance += sum(period.capitalised for period in plan.periods[first:])
    solve_instalments(plan=plan, first=first, balance=balance, is_agreed=is_agreed)
    if first == 0 and terms.broken_period is BrokenPeriod.IN_FIRST_INSTALMENT:
        _add_broken_interest(plan)
    evaluate(plan=plan, first=first)


def _add_broken_interest(plan: Plan) -> None:
    """Enlarge the first instalment by the interest of the days before the first regular period."""
    period = plan.periods[0]
    if plan.terms.first_due_date is None:
        return
    regular_start = step_from(terms=plan.terms, anchor=plan.terms.first_due_date, steps=-1)
    if period.start < regular_start:
        period.opening = 0
        numerator, denominator = plan.interest_until(period, regular_start)
        period.instalment += round_ratio(numerator, denominator, plan.terms.interest_rounding)


def _lay_out(terms: Terms, start_date: date) -> list[Period]:
    if terms.amortisation is Amortisation.CUSTOM:
        return _custom_periods(terms, start_date)
    count = terms.instalment_count + terms.moratorium_count
    nominal = due_date_series(terms=terms, start_date=start_date, count=count)
    if nominal[0] < start_date:
        raise EngineRefusal("engine.first_due_date_too_early", "The first due date must be after the disbursal.")
    regular_start = start_date
    if terms.first_due_date is not None:
        regular_start = step_from(terms=terms, anchor=terms.first_due_date, steps=-1)
    periods: list[Period] = []
    start, whole_start = start_date, regular_start
    if regular_start > start_date and terms.broken_period is BrokenPeriod.SEPARATE:
        periods.append(_broken_row(terms, start_date, regular_start))
        start = periods[0].end
    for due in nominal:
        end = move_for_holiday(terms=terms, day=due) if terms.holiday_move is not HolidayMove.NONE else due
        interest_end = end if terms.is_interest_moved_with_due_date else due
        is_long = start < whole_start
        periods.append(Period(RowKind.REGULAR, start, interest_end, end, 0 if is_long else (due - whole_start).days))
        start, whole_start = interest_end, due
    _mark_grace(terms, [period for period in periods if period.kind is RowKind.REGULAR])
    return periods


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


def _mark_grace(terms: Terms, regular: list[Period]) -> None:
    capitalised = terms.moratorium_interest is MoratoriumInterest.CAPITALISED
    for period in regular[: terms.moratorium_count]:
        period.is_paying_principal = False
        period.interest_due = InterestDue.CAPITALISED if capitalised else InterestDue.DEFERRED
    paying = regular[terms.moratorium_count :]
    for period in paying[: terms.grace_principal_count]:
        period.is_paying_principal = False
    for period in paying[: terms.grace_interest_count]:
        period.interest_due = InterestDue.DEFERRED
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
