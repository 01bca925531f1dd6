"""Passing of days: penal nights, dues that fall due, and excess that meets them."""

from __future__ import annotations

from datetime import date
from itertools import islice

from lms.engine.account import Account, is_settled
from lms.engine.allocation import pick_waterfall, spend
from lms.engine.overdue import accrue_overdue_interest
from lms.engine.penal import accrue_penal
from lms.engine.state import Movement
from lms.engine.terms import EarlyPayment


def advance(*, account: Account, day: date, is_night_only: bool = False) -> None:
    """Bring the account to the start of `day`: charge the nights before it, meet dues with excess on their dates.

    `is_night_only` stops before the dues of `day` itself.
    """
    while (
        account.excess
        and (due := next_due(account=account)) is not None
        and (due < day or (due == day and not is_night_only))
    ):
        accrue_overdue_interest(account=account, until=due)
        accrue_penal(account=account, until=due)
        account.day = max(account.day, due)
        apply_excess(account=account)
        account.move_cursor()
    accrue_overdue_interest(account=account, until=day)
    accrue_penal(account=account, until=day)
    account.day = max(account.day, day)
    if not is_night_only:
        account.move_cursor()


def apply_excess(*, account: Account) -> None:
    """Use money held as excess for whatever is due on the account's day, or owed at all where money pays at once."""
    if account.excess:
        spend(
            account=account,
            amount=account.excess,
            waterfall=pick_waterfall(terms=account.terms),
            movement=Movement.APPLIED,
            fact=account.last_receipt,
            has_advance=account.terms.early_payment is EarlyPayment.PAY_AT_ONCE,
        )


def next_due(*, account: Account) -> date | None:
    """Find the first date after the account's day on which something open falls due."""
    for row in islice(account.plan.periods, account.cursor, None):
        dates = [item.due for item in row.items or () if item.settled < item.amount and item.due > account.day]
        if row.due > account.day and not is_settled(row):
            dates.append(row.due)
        if dates:
            return min(dates)
    return None
