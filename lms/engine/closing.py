"""Facts that end a loan: foreclosure, settlement, write-off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lms.engine.account import Account, open_amount
from lms.engine.allocation import Due, pick_waterfall, spend
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate
from lms.engine.facts import Fact, Foreclose
from lms.engine.money_facts import check_positive, levy
from lms.engine.plan import INTEREST, PENAL, InterestDue, Item, Period
from lms.engine.state import LoanStatus, Movement


def foreclose(account: Account, fact: Foreclose) -> None:
    """Take the whole debt of the day, with the charge of the fact; excess is used first."""
    check_positive(fact)
    call_in(account=account)
    levy(account=account, fact=fact, fee=fact.charge_paise, tax=fact.tax_paise)
    _use_excess(account, fact)
    due = sum(due.amount for due in all_dues(account=account))
    if fact.amount_paise < due:
        raise EngineRefusal(
            "engine.foreclosure_short", f"Closing takes {due} paise on this day; quote again and pay that."
        )
    account.last_receipt = fact.sequence
    account.hold(amount=_pay(account, fact), fact=fact.sequence)
    _close(account, LoanStatus.CLOSED)


def settle(account: Account, fact: Fact) -> None:
    """Take a part for the whole and waive the rest."""
    call_in(account=account)
    _use_excess(account, fact)
    if fact.amount_paise:
        account.last_receipt = fact.sequence
        account.hold(amount=_pay(account, fact), fact=fact.sequence)
    for due in all_dues(account=account):
        _settle_due(account, due, Movement.WAIVED, fact)
    _close(account, LoanStatus.SETTLED)


def write_off(account: Account, fact: Fact) -> None:
    """Take the claim off the books: all of it, or an amount of what is due in the order of the waterfall."""
    if fact.amount_paise:
        rest = spend(
            account=account,
            amount=fact.amount_paise,
            waterfall=pick_waterfall(terms=account.terms),
            movement=Movement.WRITTEN_OFF,
            fact=fact.sequence,
        )
        if rest:
            raise EngineRefusal(
                "engine.write_off_above_due", f"Only {fact.amount_paise - rest} paise are due; write off at most that."
            )
        return
    if account.terms.is_called_in_on_write_off:
        call_in(account=account)
    _use_excess(account, fact)
    for due in all_dues(account=account):
        _settle_due(account, due, Movement.WRITTEN_OFF, fact)
    _close(account, LoanStatus.WRITTEN_OFF)


def call_in(*, account: Account) -> None:
    """Make the whole balance and the interest of the nights so far due on the account's day; later rows disappear."""
    if account.closed_as is not None:
        raise EngineRefusal("engine.loan_not_active", "The loan is closed already.")
    plan, day = account.plan, account.day
    for item in [item for period in plan.periods for item in period.items or ()]:
        item.due = min(item.due, day)
    if day >= plan.periods[-1].due:
        return
    index = _row_called(account, day)
    row = plan.periods[index]
    later = plan.periods[index + 1 :]
    row.end = min(row.end, day)
    row.due, row.is_paying_principal, row.fixed_principal = day, True, None
    row.interest_due = InterestDue.FREE if row.interest_due is InterestDue.FREE else InterestDue.PAID
    row.moves += [move for period in later for move in period.moves]
    items = [item for period in (row, *later) for item in period.items or () if _is_kept(account, period, row, item)]
    row.items = items or None
    for period in later:
        _carry_settled(row, period)
    gone = {id(period) for period in later}
    plan.history = [replace(paid, row=row) if id(paid.row) in gone else paid for paid in plan.history]
    del plan.periods[index + 1 :]
    account.cursor = min(account.cursor, index)
    evaluate(plan=plan, first=index)


def all_dues(*, account: Account) -> list[Due]:
    """List every open amount of the loan, due or not, oldest first."""
    dues = []
    for index in range(account.cursor, len(account.plan.periods)):
        row = account.plan.periods[index]
        for component in range(INTEREST + 1):
            if (amount := open_amount(row, component)) > 0:
                dues.append(Due(index, component, None, amount))
        for item in row.items or ():
            if item.settled < item.amount:
                dues.append(Due(index, item.component, item, item.amount - item.settled))
    return dues


def _is_kept(account: Account, period: Period, row: Period, item: Item) -> bool:
    """Tell whether a charge outlives the closing: charges of instalments that never come do not."""
    is_to_come = period is not row and item.code != "" and item.settled == 0
    return account.terms.is_instalment_charge_due_on_closing or not is_to_come


def _row_called(account: Account, day: date) -> int:
    """Find the row that takes the balance: the first that is not due before or on the day."""
    periods = account.plan.periods
    index = account.plan.index_at(day)
    while index and periods[index - 1].due > day:
        index -= 1
    return index


def _carry_settled(row: Period, period: Period) -> None:
    """Move what was settled ahead on a row that disappears to the row that stays."""
    for name in ("paid", "waived", "written_off"):
        parts = getattr(period, name)
        if parts is None:
            continue
        kept = getattr(row, name) or [0] * (PENAL + 1)
        setattr(row, name, [a + b for a, b in zip(kept, parts, strict=True)])


def _use_excess(account: Account, fact: Fact) -> None:
    if account.excess:
        waterfall = pick_waterfall(terms=account.terms)
        spend(
            account=account,
            amount=account.excess,
            waterfall=waterfall,
            movement=Movement.APPLIED,
            fact=account.last_receipt or fact.sequence,
        )


def _pay(account: Account, fact: Fact) -> int:
    return spend(
        account=account,
        amount=fact.amount_paise,
        waterfall=pick_waterfall(terms=account.terms),
        movement=Movement.RECEIVED,
        fact=fact.sequence,
    )


def _settle_due(account: Account, due: Due, movement: Movement, fact: Fact) -> None:
    account.settle(
        index=due.index,
        component=due.component,
        item=due.item,
        amount=due.amount,
        movement=movement,
        fact=fact.sequence,
    )


def _close(account: Account, status: LoanStatus) -> None:
    account.cursor = len(account.plan.periods)
    account.closed_as, account.closed_on = status, account.day
