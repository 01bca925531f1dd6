"""Contract interest on overdue principal, for products that charge it beside the schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lms.engine.account import Account
from lms.engine.plan import INTEREST, Item, Period
from lms.engine.rounding import round_ratio


@dataclass(slots=True)
class _Nights:
    """A stretch of nights outside the schedule's periods."""

    start: date
    end: date
    whole_days: int = 0
    marks: tuple[date, ...] = ()


def accrue_overdue_interest(*, account: Account, until: date) -> None:
    """Charge contract interest on overdue principal for the nights from the account's day up to that before `until`.

    Simple interest: on principal only, never on interest, by the day count of the terms and the rate of each night; the
    loan's running total is rounded half-up. Loans whose schedule is recalculated carry it in their periods instead.

    Source: RBI, penal charges in loan accounts, 18 August 2023: contract interest on unpaid dues is no penalty.
    """
    terms = account.terms
    if not terms.has_interest_on_overdue_principal or terms.is_interest_recalculated:
        return
    if until <= account.day or account.closed_as is not None:
        return
    for row in account.plan.periods[account.cursor :]:
        if row.due >= until:
            return
        principal = row.due_principal - _settled(row)
        if principal > 0:
            nights = _Nights(max(account.day, row.due), until)
            exact, denominator = account.plan.rule.exact(opening=principal, moves=[], stretch=nights, until=until)
            if exact:
                _add(account, row, exact, denominator)


def _settled(row: Period) -> int:
    return sum(parts[0] for parts in (row.paid, row.waived, row.written_off) if parts is not None)


def _add(account: Account, row: Period, exact: int, denominator: int) -> None:
    before = account.overdue_interest
    account.overdue_exact += exact
    account.overdue_interest = round_ratio(account.overdue_exact, denominator)
    amount = account.overdue_interest - before
    if amount <= 0:
        return
    # A row that was moved keeps what fell due on its earlier date; what runs from now on is due with the row.
    item = next((one for one in row.items or () if one.component == INTEREST and one.due == row.due), None)
    if item is None:
        item = Item(INTEREST, row.due, 0)
        row.items = [*(row.items or ()), item]
    item.amount += amount
    row.paid_on = None
