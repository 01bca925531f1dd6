"""From terms to a schedule: lay out the periods, solve the instalments, evaluate the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

from lms.engine.due_dates import step_from
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate, settle_down_payment
from lms.engine.facts import Disburse
from lms.engine.interest import interest_rule
from lms.engine.layout import lay_out, regular_start_date
from lms.engine.levelling import level
from lms.engine.plan import Period, Plan, to_instalment
from lms.engine.rounding import round_ratio
from lms.engine.row_charges import charge_rows
from lms.engine.solver import round_instalment, solve_instalments
from lms.engine.state import Instalment, RowKind
from lms.engine.terms import Amortisation, BrokenPeriod, InterestMethod, LastInstalment, MoratoriumInterest, Terms


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
    charge_rows(plan=plan)
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
    if terms.is_interest_recalculated and (
        terms.interest_method is InterestMethod.FLAT
        or (terms.moratorium_count and terms.moratorium_interest is MoratoriumInterest.CAPITALISED)
    ):
        raise EngineRefusal(
            "engine.recalculation_not_possible",
            "Flat interest and capitalised interest cannot be recalculated daily; choose one of the two.",
        )


def _check_custom_rows(terms: Terms) -> None:
    rows = terms.custom_rows
    if sum(row.principal_paise for row in rows) != terms.principal_paise:
        raise EngineRefusal("engine.custom_rows_sum", "The principal of the custom rows must add up to the loan.")
    if any(after.due_date <= before.due_date for before, after in pairwise(rows)):
        raise EngineRefusal("engine.custom_rows_order", "Custom rows need rising due dates.")


def open_plan(*, terms: Terms, start_date: date, amount_paise: int) -> Plan:
    """Lay out, solve and evaluate the periods of a loan that starts with this disbursal."""
    plan = Plan(terms=terms, rule=interest_rule(terms=terms), periods=lay_out(terms=terms, start_date=start_date))
    _lend(plan, 0, start_date, amount_paise)
    solve_from(plan=plan, first=0, is_agreed=True)
    return plan


def add_tranche(*, plan: Plan, day: date, amount_paise: int) -> None:
    """Lend more on `day`: its period bears the interest, and instalments are solved again from it.

    Raises:
        EngineRefusal: `day` is on or after the last due date.
    """
    if day >= plan.periods[-1].end:
        raise EngineRefusal("engine.disbursal_after_maturity", "The last instalment is past; extend the tenor first.")
    if plan.terms.is_full_term_per_tranche:
        _add_full_term(plan, day, amount_paise)
        return
    index = plan.index_at(day)
    while index and plan.periods[index - 1].kind is RowKind.DOWN_PAYMENT and plan.periods[index - 1].due == day:
        index -= 1
    _lend(plan, plan.index_at(day), day, amount_paise)
    if plan.terms.is_interest_recalculated:
        _solve_unpaid(plan, index)
    else:
        solve_from(plan=plan, first=index)


def solve_from(*, plan: Plan, first: int, is_agreed: bool = False) -> None:
    """Solve the instalments again from period `first` on, for what is lent by its end, and evaluate the rows."""
    terms, periods = plan.terms, plan.periods
    if terms.moratorium_count and terms.moratorium_interest is MoratoriumInterest.CAPITALISED:
        evaluate(plan=plan, first=first)
    while periods[first].kind is RowKind.DOWN_PAYMENT:
        settle_down_payment(plan=plan, index=first)
        first += 1
    opening = periods[first - 1].closing - _paid_ahead(plan, first) if first else 0
    balance = opening + sum(amount for _, amount in periods[first].moves)
    balance += sum(period.capitalised for period in periods[first:])
    solve_instalments(plan=plan, first=first, balance=balance, is_agreed=is_agreed)
    if first == 0 and terms.broken_period is BrokenPeriod.IN_FIRST_INSTALMENT:
        _add_broken_interest(plan)
    evaluate(plan=plan, first=first)
    if terms.last_instalment is LastInstalment.LEVELLED:
        level(plan=plan, first=first)


def _paid_ahead(plan: Plan, first: int) -> int:
    """Add up principal of period `first` and later ones that was paid before that period began."""
    ahead = {id(row) for row in plan.periods[first:]} if plan.history else set()
    return sum(paid.amount for paid in plan.history if id(paid.row) in ahead and paid.day <= plan.periods[first].start)


def _solve_unpaid(plan: Plan, first: int) -> None:
    """Solve the instalments from `first` on as if nothing had been paid or missed, and take them over.

    Money in advance and overdue principal change interest, not the instalments that a tranche adds to.
    """
    alone = Plan(terms=plan.terms, rule=plan.rule, periods=[_unpaid(row) for row in plan.periods])
    evaluate(plan=alone)
    solve_from(plan=alone, first=first)
    for row, solved in zip(plan.periods[first:], alone.periods[first:], strict=True):
        row.instalment, row.agreed = solved.due_principal + solved.due_interest, solved.agreed
    evaluate(plan=plan)


def _unpaid(row: Period) -> Period:
    return replace(
        row, instalment=row.agreed, moves=list(row.moves), paid=None, waived=None, written_off=None, items=None
    )


def _add_full_term(plan: Plan, day: date, amount_paise: int) -> None:
    """Solve the tranche as a loan of its own from its period on, and add its instalments to those that are there."""
    index, count = plan.index_at(day), plan.terms.instalment_count
    missing = index + count - len(plan.periods)
    if missing > 0:
        extend(plan=plan, count=missing)
    rows = plan.periods[index : index + count]
    alone = Plan(terms=plan.terms, rule=plan.rule, periods=[_fresh(row) for row in rows])
    _lend(alone, 0, day, amount_paise)
    solve_from(plan=alone, first=0)
    for row, added in zip(rows, alone.periods, strict=True):
        part = added.agreed if added is not alone.periods[-1] else added.due_principal + added.due_interest
        row.instalment, row.agreed = row.instalment + part, row.agreed + part
    _lend(plan, index, day, amount_paise)
    evaluate(plan=plan, first=index)


def _fresh(row: Period) -> Period:
    return Period(row.kind, row.start, row.end, row.due, row.whole_days, row.marks)


def extend(*, plan: Plan, count: int) -> None:
    """Append instalments behind the last one in the loan's rhythm; they are not solved yet."""
    anchor = next(row for row in reversed(plan.periods) if row.kind is RowKind.REGULAR)
    position = plan.periods.index(anchor) + 1
    start = anchor.end
    for step in range(1, count + 1):
        due = step_from(terms=plan.terms, anchor=anchor.due, steps=step)
        row = Period(RowKind.REGULAR, start, due, due, (due - start).days)
        row.fixed_principal = anchor.fixed_principal
        plan.periods.insert(position, row)
        position, start = position + 1, due


def _lend(plan: Plan, index: int, day: date, amount_paise: int) -> None:
    """Add a disbursal to the period that holds its day, and its down payment as a row due the same day."""
    plan.flat_base += amount_paise
    period = plan.periods[index]
    day_of_interest = period.start if plan.terms.is_tranche_from_period_start else day
    if not plan.terms.down_payment_pct:
        _add_move(period, day_of_interest, amount_paise)
        return
    numerator, denominator = plan.terms.down_payment_pct.as_integer_ratio()
    part = round_instalment(plan.terms, amount_paise * numerator, 100 * denominator)
    plan.periods.insert(index, Period(RowKind.DOWN_PAYMENT, day, day, day, 0, fixed_principal=part))
    first = index
    while first and plan.periods[first - 1].kind is RowKind.DOWN_PAYMENT and plan.periods[first - 1].due == day:
        first -= 1
    _add_move(plan.periods[first], day, amount_paise)
    if day_of_interest > period.start:
        # The row stands before the period that is running, so the balance reaches it from its first day; take it back
        # for the days before the disbursal.
        _add_move(period, period.start, part - amount_paise)
        _add_move(period, day_of_interest, amount_paise - part)


def _add_move(period: Period, day: date, amount: int) -> None:
    period.moves.append((day, amount))
    period.moves.sort(key=lambda move: move[0])


def _add_broken_interest(plan: Plan) -> None:
    """Enlarge the first instalment by the interest of the days before the first regular period."""
    period = plan.periods[0]
    regular_start = regular_start_date(terms=plan.terms, start_date=period.start)
    if period.start < regular_start:
        period.opening = 0
        numerator, denominator = plan.interest_until(period, regular_start)
        period.instalment += round_ratio(numerator, denominator, plan.terms.interest_rounding)
