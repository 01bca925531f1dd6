"""Many day-ends of one loan in one fold: what a replay of each of them says, for little more than the last one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import date, timedelta
from itertools import pairwise
from typing import Generic, TypeVar

from lms.engine.account import Account
from lms.engine.effective import effective_facts, undoing_dates
from lms.engine.facts import Fact
from lms.engine.plan import PaidPrincipal, Period
from lms.engine.replay import close_day, fold_facts
from lms.engine.standing import balance_on, loan_state, sanctioned_state
from lms.engine.state import LoanState
from lms.engine.terms import EarlyPayment, Terms

_ONE_DAY = timedelta(days=1)
Reading = TypeVar("Reading")


def balances_by_day(*, terms: Terms, facts: Sequence[Fact], days: Iterable[date]) -> dict[date, int]:
    """Return all that is outstanding at each day-end less money held, in paise; zero before the first disbursal.

    Raises:
        EngineRefusal: a fact contradicts the loan as it stood on its value date, by the last of the days.
    """
    return _read(terms, facts, days, lambda account, day: balance_on(account=account, as_of=day), lambda _: 0)


def figures_by_day(*, terms: Terms, facts: Sequence[Fact], days: Iterable[date]) -> dict[date, LoanState]:
    """Return for each day-end what `replay_figures` says of it: every figure and no rows.

    Raises:
        EngineRefusal: as in `balances_by_day`.
    """
    return _read(
        terms,
        facts,
        days,
        lambda account, day: loan_state(account=account, as_of=day, has_rows=False),
        lambda day: sanctioned_state(terms=terms, as_of=day),
    )


def _read(
    terms: Terms,
    facts: Sequence[Fact],
    days: Iterable[date],
    read: Callable[[Account, date], Reading],
    before: Callable[[date], Reading],
) -> dict[date, Reading]:
    """Read days in order; what is undone on a later day than it happened takes a fold of its own up to then."""
    wanted = sorted(set(days))
    found: dict[date, Reading] = {}
    cuts = [bisect_right(wanted, day - _ONE_DAY) for day in undoing_dates(facts=facts)]
    edges = sorted({0, *cuts, len(wanted)})
    for first, end in pairwise(edges):
        reader = _Reader(wanted[first:end], read, before)
        account = fold_facts(terms=terms, facts=effective_facts(facts=facts, as_of=wanted[end - 1]), watch=reader)
        reader.finish(account)
        found |= reader.found
    return found


class _Reader(Generic[Reading]):
    """Reads days as they pass, each on a copy of the account that is brought to its day-end."""

    def __init__(
        self, days: Sequence[date], read: Callable[[Account, date], Reading], before: Callable[[date], Reading]
    ) -> None:
        self.found: dict[date, Reading] = {}
        self._days, self._place = days, 0
        self._read, self._before = read, before

    def pass_days(self, *, account: Account, until: date) -> None:
        """Read the days from the account's day to the eve of `until`, and those before its disbursal."""
        while self._place < len(self._days) and (day := self._days[self._place]) < until:
            self._place += 1
            if day < account.day:
                self.found[day] = self._before(day)
                continue
            fork = fork_account(account=account, day=day)
            close_day(account=fork, as_of=day)
            self.found[day] = self._read(fork, day)

    def finish(self, account: Account | None) -> None:
        """Read the days after the last fact; all of them where nothing was lent."""
        if account is not None:
            self.pass_days(account=account, until=date.max)
        else:
            self.found |= {day: self._before(day) for day in self._days}


def fork_account(*, account: Account, day: date) -> Account:
    """Copy what time and receipts up to a day-end can change; everything else is shared with the original."""
    fork = copy(account)
    fork.plan, fork.totals, fork.notes = copy(account.plan), dict(account.totals), []
    periods = account.plan.periods
    if account.terms.is_interest_recalculated:
        first, end = 0, len(periods)
    elif account.terms.early_payment is EarlyPayment.PAY_AT_ONCE:
        first, end = account.cursor, len(periods)
    else:
        # Money held pays what is due by the day, and penal falls on it; a charge may stand on the row behind it.
        first, end = account.cursor, _first_after(periods, account.cursor, day) + 1
    copies = {id(row): row.copied() for row in periods[first:end]}
    fork.plan.periods = [*periods[:first], *copies.values(), *periods[end:]]
    fork.plan.history = [_paid_on_copy(paid, copies) for paid in account.plan.history]
    fork.penal_by_row = dict(account.penal_by_row)
    for key, row in copies.items():
        if key in fork.penal_by_row:
            fork.penal_by_row[id(row)] = fork.penal_by_row.pop(key)
    return fork


def _first_after(periods: Sequence[Period], first: int, day: date) -> int:
    """Find the first row from one on that is not due by the end of a day."""
    return next((index for index in range(first, len(periods)) if periods[index].due > day), len(periods))


def _paid_on_copy(paid: PaidPrincipal, copies: dict[int, Period]) -> PaidPrincipal:
    row = copies.get(id(paid.row))
    return paid if row is None else PaidPrincipal(paid.day, paid.amount, row)
