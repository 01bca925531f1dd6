"""Facts that move due dates, add instalments or suspend them."""

from __future__ import annotations

from datetime import date

from lms.engine.account import Account, open_amount
from lms.engine.due_dates import step_from
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate
from lms.engine.facts import Moratorium, Reschedule
from lms.engine.interest import evening_before, rate_numerator
from lms.engine.plan import INTEREST, PRINCIPAL, InterestDue, Plan
from lms.engine.schedule import extend, solve_from
from lms.engine.state import RowKind


def reschedule(account: Account, fact: Reschedule) -> None:
    """Move due dates, add instalments, change the rate or grant grace from one due date on.

    Instalments are solved again when tenor, rate or grace change; a mere move of dates leaves them, and the last one
    takes the interest of the added days.
    """
    if account.closed_as is not None:
        raise EngineRefusal("engine.loan_not_active", "The loan is closed; there is nothing left to reschedule.")
    plan = account.plan
    index = _row_from(plan, fact.from_due_date or account.day)
    if fact.new_due_date is not None:
        _move_dates(plan, index, fact.new_due_date)
    if fact.extra_instalments:
        extend(plan=plan, count=fact.extra_instalments)
    rows = [row for row in plan.periods[index:] if row.kind is RowKind.REGULAR]
    for row in rows[: fact.grace_principal_count]:
        row.is_paying_principal = False
    for row in rows[: fact.grace_interest_count]:
        row.interest_due = InterestDue.DEFERRED
    if fact.annual_rate_pct is not None:
        day = evening_before(terms=account.terms, day=fact.from_due_date or fact.value_date)
        plan.rule.set_rate(day=day, numerator=rate_numerator(fact.annual_rate_pct))
        index = min(index, plan.index_at(day))
    evaluate(plan=plan, first=index)
    if fact.extra_instalments or fact.annual_rate_pct is not None or fact.grace_principal_count:
        solve_from(plan=plan, first=index)
    _refuse_oversettled(plan, index)


def suspend(account: Account, fact: Moratorium) -> None:
    """Let no instalment fall due in a range of days; as many follow at the end, interest waits or becomes principal.

    Deferred interest falls due with the first instalment after the range and instalments stay; capitalised interest is
    paid back by solving the later instalments again.
    """
    plan = account.plan
    if fact.is_interest_capitalised and account.terms.is_interest_recalculated:
        raise EngineRefusal(
            "engine.recalculation_not_possible", "Interest that is recalculated daily cannot be capitalised; defer it."
        )
    rows = [row for row in plan.periods if fact.first_date <= row.due <= fact.end_date and row.kind is RowKind.REGULAR]
    if not rows or account.closed_as is not None:
        raise EngineRefusal("engine.moratorium_without_due", "No instalment falls due in this range; check its dates.")
    first = plan.periods.index(rows[0])
    agreed = rows[0].instalment
    for row in rows:
        row.is_paying_principal, row.fixed_principal = False, None
        row.interest_due = InterestDue.CAPITALISED if fact.is_interest_capitalised else InterestDue.DEFERRED
    extend(plan=plan, count=len(rows))
    for row in plan.periods[-len(rows) :]:
        row.instalment = row.agreed = agreed
    evaluate(plan=plan, first=first)
    if fact.is_interest_capitalised:
        solve_from(plan=plan, first=first + len(rows))
    _refuse_oversettled(plan, first)


def _refuse_oversettled(plan: Plan, first: int) -> None:
    """Refuse a change that leaves an instalment with less due than has been settled of it."""
    for row in plan.periods[first:]:
        if open_amount(row, PRINCIPAL) < 0 or open_amount(row, INTEREST) < 0:
            raise EngineRefusal(
                "engine.instalment_part_paid",
                f"Of the instalment due on {row.due} more has been paid than would fall due; start with a later one.",
            )


def _row_from(plan: Plan, due: date) -> int:
    for index, row in enumerate(plan.periods):
        if row.due >= due and row.kind is RowKind.REGULAR:
            return index
    raise EngineRefusal(
        "engine.no_instalment_left", "No instalment is due from that day on; choose an earlier due date."
    )


def _move_dates(plan: Plan, index: int, new_due: date) -> None:
    """Give the row a new due date and let the later ones follow it in the loan's rhythm."""
    rows = [row for row in plan.periods[index:] if row.kind is RowKind.REGULAR]
    start = rows[0].start
    if new_due <= start:
        raise EngineRefusal("engine.due_date_too_early", "A due date cannot move before the instalment before it.")
    if plan.rule.is_whole_period and rows[0].whole_days:
        rows[0].marks = _marks(plan, start, new_due)
    for step, row in enumerate(rows):
        due = step_from(terms=plan.terms, anchor=new_due, steps=step)
        row.start, row.end, row.due = start, due, due
        if step:
            row.whole_days = (due - start).days
        start = due


def _marks(plan: Plan, start: date, end: date) -> tuple[date, ...]:
    """List the steps of the rhythm from `start` up to the first that reaches `end`."""
    marks = [start]
    while marks[-1] < end:
        marks.append(step_from(terms=plan.terms, anchor=start, steps=len(marks)))
    return tuple(marks)
