"""Money ahead of its due date on a loan whose interest follows what is really owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lms.engine.account import Account, is_settled, open_amount, open_items
from lms.engine.evaluation import evaluate
from lms.engine.plan import FEE, INTEREST, PRINCIPAL, Item, Period, Plan
from lms.engine.recalculation import evaluate_recalculated, last_unpaid
from lms.engine.rounding import round_ratio
from lms.engine.state import Movement


@dataclass(frozen=True, slots=True)
class Payment:
    """What settles: the movement and the fact that it comes from.

    `is_from_the_last` money may fill a row again that earlier money from the last row on had emptied.
    """

    movement: Movement
    fact: int
    is_from_the_last: bool = False


def spend_ahead(*, account: Account, amount: int, components: list[int], rows: list[int], payment: Payment) -> int:
    """Pay rows that are not due yet, row by row, and give back what is left.

    The running row takes interest to this day and the rest of its instalment as principal; a later row is all
    principal, as large as the instalment that was agreed, unless it is the only one left.
    """
    for index in rows:
        if amount == 0:
            break
        amount = _pay_row(account, index, components, amount, payment)
    if rows:
        evaluate_recalculated(plan=account.plan)
    return amount


def spread_ahead(*, account: Account, amount: int, components: list[int], payment: Payment) -> int:
    """Spread money evenly over all rows that are not due yet, the last taking what rounding leaves."""
    periods = account.plan.periods
    while amount > 0:
        rows = [
            index
            for index in range(account.cursor, len(periods))
            if periods[index].due > account.day and not is_settled(periods[index])
        ]
        if not rows:
            break
        share = round_ratio(amount, len(rows), account.terms.interest_rounding)
        before = amount
        for index in rows:
            part = amount if index == rows[-1] else min(share, amount)
            amount -= part - _pay_row(account, index, components, part, payment)
        if amount == before:
            break
        evaluate(plan=account.plan)
    return amount


def payable(*, plan: Plan, index: int, day: date) -> tuple[int, int]:
    """Give principal and interest that a row takes on `day`, before its due date; what was paid on it is taken off."""
    # Only the period that takes the difference of the loan depends on those behind it.
    last = None if index == last_unpaid(plan) else index
    evaluate_recalculated(plan=plan, interest_until=day, last=last)
    row = plan.periods[index]
    principal, interest = row.due_principal, row.due_interest
    if day <= row.start and _has_other_open(plan, row):
        principal = max(row.agreed - interest, principal - open_amount(row, PRINCIPAL))
    settled_principal = row.due_principal - open_amount(row, PRINCIPAL)
    settled_interest = row.due_interest - open_amount(row, INTEREST)
    return min(max(principal - settled_principal, 0), plan.principal_left()), max(interest - settled_interest, 0)


def _pay_row(account: Account, index: int, components: list[int], amount: int, payment: Payment) -> int:
    row = account.plan.periods[index]
    is_emptied = row.paid is None and row.due_principal + row.due_interest == 0
    if is_settled(row) and not (payment.is_from_the_last and is_emptied):
        return amount
    if account.terms.is_interest_recalculated:
        principal, interest = payable(plan=account.plan, index=index, day=account.day)
    else:
        principal, interest = open_amount(row, PRINCIPAL), open_amount(row, INTEREST)
    is_one_of_many = _has_other_open(account.plan, row)
    left = {PRINCIPAL: principal, INTEREST: interest}
    for component in components:
        due: list[tuple[Item | None, int]] = [(None, left.get(component, 0))]
        if component >= FEE:
            is_with_row = account.terms.is_charge_due_with_row
            items = [item for item in open_items(row, component) if is_with_row or item.due > account.day]
            due = [(item, item.amount - item.settled) for item in items]
        for charge, open_paise in due:
            part = min(amount, open_paise)
            if part:
                account.settle(
                    index=index,
                    component=component,
                    item=charge,
                    amount=part,
                    movement=payment.movement,
                    fact=payment.fact,
                )
                amount -= part
    if account.terms.is_interest_recalculated and is_one_of_many and account.day < row.start:
        _close_if_agreed(row)
    return amount


def _close_if_agreed(row: Period) -> None:
    """Take a later row on which the agreed instalment was paid as fully paid, whatever it had grown to."""
    paid = row.paid[PRINCIPAL] + row.paid[INTEREST] if row.paid else 0
    if paid and (paid == row.agreed or paid > row.instalment):
        row.instalment = paid


def _has_other_open(plan: Plan, row: Period) -> bool:
    return any(period is not row and _open(period) > 0 for period in plan.periods[plan.settled.count :])


def _open(period: Period) -> int:
    return open_amount(period, PRINCIPAL) + open_amount(period, INTEREST)
