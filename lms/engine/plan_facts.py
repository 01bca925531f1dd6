"""Facts that change the schedule: disbursals, take-over, part-prepayment, change of rate."""

from __future__ import annotations

from datetime import timedelta

from lms.engine.account import Account
from lms.engine.accruals import interest_until
from lms.engine.allocation import pick_waterfall, spend
from lms.engine.due_dates import step_from
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate
from lms.engine.facts import Disburse, Fact, Pause, Prepay, PrepaymentEffect, RateChange, Restructure, TakeOver
from lms.engine.interest import evening_before, rate_numerator
from lms.engine.money_facts import check_positive
from lms.engine.plan import FEE, PENAL, PRINCIPAL, InterestDue, Item, Period, Plan
from lms.engine.rounding import round_ratio
from lms.engine.schedule import add_tranche, open_plan, solve_from
from lms.engine.state import Head, LoanStatus, Movement, RowKind
from lms.engine.terms import Component, Terms

_MOST_EXTRA_ROWS = 600
_ONE_DAY = timedelta(days=1)


def open_account(*, terms: Terms, fact: Fact) -> Account:
    """Start the working account from the first fact, a disbursal or a take-over."""
    if isinstance(fact, TakeOver):
        return _take_over(terms, fact)
    check_positive(fact)
    plan = open_plan(terms=terms, start_date=fact.value_date, amount_paise=fact.amount_paise)
    account = Account(terms=terms, plan=plan, day=fact.value_date, lent=fact.amount_paise)
    account.book(Movement.DISBURSED, Head.PRINCIPAL, fact.amount_paise)
    return account


def disburse(account: Account, fact: Disburse) -> None:
    """Lend another tranche."""
    check_positive(fact)
    if account.closed_as is not None:
        raise EngineRefusal("engine.loan_not_active", "The loan is closed; nothing more can be disbursed on it.")
    add_tranche(plan=account.plan, day=account.day, amount_paise=fact.amount_paise)
    account.lent += fact.amount_paise
    account.book(Movement.DISBURSED, Head.PRINCIPAL, fact.amount_paise)


def prepay(account: Account, fact: Prepay) -> None:
    """Meet all dues, then take the rest off the principal and make instalment or tenor smaller."""
    check_positive(fact)
    rest = spend(
        account=account,
        amount=fact.amount_paise,
        waterfall=pick_waterfall(terms=account.terms),
        movement=Movement.RECEIVED,
        fact=fact.sequence,
    )
    plan, day = account.plan, account.day
    balance = 0 if day >= plan.periods[-1].end else _balance_on(plan, account)
    if rest == 0 or account.closed_as is not None:
        raise EngineRefusal("engine.prepayment_below_dues", "The dues take all of it; record an ordinary receipt.")
    if rest >= balance:
        raise EngineRefusal(
            "engine.prepayment_above_balance", f"{balance} paise of principal are left; foreclose instead."
        )
    index = plan.index_at(day)
    row = plan.periods[index]
    row.moves.append((day, -rest))
    row.moves.sort(key=lambda move: move[0])
    plan.flat_base = round_ratio(plan.flat_base * (balance - rest), balance)
    account.book(Movement.RECEIVED, Head.PRINCIPAL, rest)
    account.note(fact=fact.sequence, movement=Movement.RECEIVED, component=Component.PRINCIPAL, amount=rest)
    if fact.effect is PrepaymentEffect.CUT_INSTALMENT:
        solve_from(plan=plan, first=index)
        return
    evaluate(plan=plan, first=index)
    _drop_empty_rows(plan)


def change_rate(account: Account, fact: RateChange) -> None:
    """Let a new rate hold, and solve the instalments again or keep them and change the tenor; not on a closed loan."""
    plan = account.plan
    day = evening_before(terms=account.terms, day=fact.value_date)
    numerator = rate_numerator(fact.annual_rate_pct)
    if numerator == plan.rule.rate_at(day) or account.closed_as is not None:
        return
    plan.rule.set_rate(day=day, numerator=numerator)
    if day >= plan.periods[-1].end:
        return
    index = plan.index_at(day)
    if fact.effect is PrepaymentEffect.CUT_INSTALMENT:
        solve_from(plan=plan, first=index)
        return
    evaluate(plan=plan, first=index)
    _fit_tenor(plan)


def pause(account: Account, fact: Pause) -> None:
    """Let no interest, or no planned penal, run from the first to the last day; instalments stay as they are."""
    if fact.end_date < fact.first_date or fact.first_date < fact.value_date:
        raise EngineRefusal("engine.pause_ends_before_start", "A pause cannot end before it starts.")
    if account.closed_as is not None:
        return
    if fact.is_penal:
        account.penal_rests.append((fact.first_date, fact.end_date + _ONE_DAY))
        return
    first = evening_before(terms=account.terms, day=fact.first_date)
    after = evening_before(terms=account.terms, day=fact.end_date) + _ONE_DAY
    account.plan.rule.pauses.append((first, after))
    if first < account.plan.periods[-1].end:
        evaluate(plan=account.plan, first=account.plan.index_at(first))


def restructure(account: Account, fact: Restructure) -> None:
    """Change nothing of what is owed: the class alone follows from it."""
    if account.closed_as is not None:
        raise EngineRefusal("engine.loan_not_active", "The loan is closed; there is nothing left to restructure.")


def _balance_on(plan: Plan, account: Account) -> int:
    if account.terms.is_interest_recalculated:
        return plan.principal_left()
    index = plan.index_at(account.day)
    row = plan.periods[index]
    ahead = sum(later.paid[PRINCIPAL] for later in plan.periods[index:] if later.paid is not None)
    return row.opening - ahead + sum(amount for day, amount in row.moves if day <= account.day)


def _drop_empty_rows(plan: Plan) -> None:
    """Take away rows behind the last one that owes principal or interest; their charges stay, on that one."""
    while len(plan.periods) > 1 and plan.periods[-1].lent() == 0 and plan.periods[-1].due_interest == 0:
        charges = plan.periods.pop().items
        if charges:
            plan.periods[-1].items = [*(plan.periods[-1].items or ()), *charges]


def _fit_tenor(plan: Plan) -> None:
    """Shorten or lengthen the schedule so that no instalment but the last differs from the agreed one."""
    _drop_empty_rows(plan)
    for _ in range(_MOST_EXTRA_ROWS):
        last = plan.periods[-1]
        if last.due_principal + last.interest <= last.instalment or last.fixed_principal is not None:
            return
        if last.instalment <= last.interest:
            raise EngineRefusal(
                "engine.negative_amortisation", "The instalment no longer covers the interest; raise the instalment."
            )
        due = step_from(terms=plan.terms, anchor=last.due, steps=1)
        plan.periods.append(
            Period(RowKind.REGULAR, last.end, due, due, (due - last.end).days, instalment=last.instalment)
        )
        evaluate(plan=plan, first=len(plan.periods) - 2)


def _take_over(terms: Terms, fact: TakeOver) -> Account:
    """Lay out the whole loan, drop what was paid elsewhere, and start from the balance that was brought in.

    The whole principal counts as lent, elsewhere; a loan brought in with no claim at all is closed from the start.
    """
    if min(fact.amount_paise, fact.interest_arrears_paise, fact.fee_arrears_paise, fact.penal_arrears_paise) < 0:
        raise EngineRefusal("engine.amount_not_positive", f"Fact {fact.sequence} brings in an amount below zero.")
    if not 0 <= fact.instalments_paid < terms.instalment_count + terms.moratorium_count:
        raise EngineRefusal("engine.take_over_past_end", "A loan taken over needs at least one instalment to come.")
    anchor, steps = terms.first_due_date, -1
    if anchor is None:
        anchor, steps = fact.value_date, -fact.instalments_paid
    start = step_from(terms=terms, anchor=anchor, steps=steps)
    plan = open_plan(terms=terms, start_date=start, amount_paise=terms.principal_paise)
    del plan.periods[: fact.instalments_paid]
    first = plan.periods[0]
    first.moves = [(first.start, fact.amount_paise)]
    evaluate(plan=plan)
    _drop_empty_rows(plan)
    account = Account(terms=terms, plan=plan, day=fact.value_date, lent=terms.principal_paise)
    _move_arrears(account, fact)
    account.accrued_elsewhere = _accrued_elsewhere(account)
    for head, amount in (
        (Head.PRINCIPAL, fact.amount_paise),
        (Head.INTEREST, fact.interest_arrears_paise + account.accrued_elsewhere),
        (Head.FEE, fact.fee_arrears_paise),
        (Head.PENAL, fact.penal_arrears_paise),
    ):
        account.book(Movement.TAKEN_OVER, head, amount)
    if not account.totals:
        account.cursor = len(plan.periods)
        account.closed_as, account.closed_on = LoanStatus.CLOSED, fact.value_date
    return account


def _move_arrears(account: Account, fact: TakeOver) -> None:
    """Keep the principal of rows already due, and put all other arrears on a row of their own."""
    plan, oldest = account.plan, fact.value_date
    for row in plan.periods:
        if row.due > fact.value_date:
            break
        oldest = min(oldest, row.due)
        row.fixed_principal, row.interest_due = row.due_principal, InterestDue.FREE
    evaluate(plan=plan)
    if fact.interest_arrears_paise or fact.fee_arrears_paise or fact.penal_arrears_paise:
        row = Period(RowKind.TAKEN_OVER, oldest, oldest, oldest, 0, is_paying_principal=False)
        row.extra_interest = fact.interest_arrears_paise
        row.items = [
            Item(component, oldest, amount, fact.sequence)
            for component, amount in ((FEE, fact.fee_arrears_paise), (PENAL, fact.penal_arrears_paise))
            if amount
        ]
        plan.periods.insert(0, row)
        evaluate(plan=plan)


def _accrued_elsewhere(account: Account) -> int:
    row = account.plan.periods[account.plan.index_at(account.day)]
    numerator, denominator = interest_until(account=account, row=row, day=account.day)
    return round_ratio(numerator, denominator)
