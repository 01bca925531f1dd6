"""The fold: terms and facts in, the state of the loan on a day out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from lms.engine.account import Account
from lms.engine.closing import foreclose, settle, write_off
from lms.engine.dating import advance, apply_excess
from lms.engine.effective import effective_facts
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate
from lms.engine.facts import (
    Bounce,
    Charge,
    Disburse,
    Fact,
    Foreclose,
    Moratorium,
    Pause,
    Penal,
    Prepay,
    RateChange,
    Receive,
    Recover,
    Refund,
    Reschedule,
    Restructure,
    Settle,
    TakeOver,
    Waive,
    WriteOff,
)
from lms.engine.money_facts import charge, levy_bounce, levy_penal, receive, recover, refund, waive
from lms.engine.plan_facts import change_rate, disburse, open_account, pause, prepay, restructure
from lms.engine.recalculation import keep_instalments
from lms.engine.reschedule import reschedule, suspend
from lms.engine.row_charges import charge_rows
from lms.engine.schedule import check_terms
from lms.engine.standing import loan_state, sanctioned_state
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Terms

_ONE_DAY = timedelta(days=1)
_HANDLERS: dict[type[Fact], Callable[[Account, Any], None]] = {
    Disburse: disburse,
    Receive: receive,
    Charge: charge,
    Penal: levy_penal,
    Bounce: levy_bounce,
    Waive: waive,
    Prepay: prepay,
    RateChange: change_rate,
    Pause: pause,
    Foreclose: foreclose,
    Settle: settle,
    WriteOff: write_off,
    Recover: recover,
    Refund: refund,
    Reschedule: reschedule,
    Moratorium: suspend,
    Restructure: restructure,
}


class Watch(Protocol):
    """Looks on while facts are folded: told before time passes, with every fact up to the account's day in it."""

    def pass_days(self, *, account: Account, until: date) -> None:
        """Look at the day-ends from the account's day to the eve of `until`."""


_PLANNED = (RateChange, Pause, Reschedule)
# Instalments are solved on the schedule as it last stood; interest on what is overdue by now comes on top of them.
_SOLVED_AS_BEFORE = (RateChange, Pause, Reschedule)


def replay(
    *, terms: Terms, facts: Sequence[Fact], as_of: date, has_planned: bool = False, watch: Watch | None = None
) -> LoanState:
    """Fold the facts of a loan into its state at the day-end of `as_of`.

    Args:
        terms: the loan as sanctioned.
        facts: in any order, sequences unique; those valued after `as_of` are ignored.
        as_of: the day whose night is the last one counted.
        has_planned: let rate changes and pauses dated after `as_of` show in the rest of the schedule.
        watch: looks on while days pass.

    Returns:
        The state; status SANCTIONED with an empty schedule before the first disbursal.

    Raises:
        EngineRefusal: a fact contradicts the loan as it stood on its value date.
    """
    account = fold(terms=terms, facts=facts, as_of=as_of, watch=watch)
    if account is not None and has_planned:
        _plan_ahead(account, facts, as_of)
    if account is None:
        return sanctioned_state(terms=terms, as_of=as_of)
    return loan_state(account=account, as_of=as_of)


def replay_figures(*, terms: Terms, facts: Sequence[Fact], as_of: date) -> LoanState:
    """Fold the facts of a loan as `replay` does; the state has every figure and no rows, in less time.

    Raises:
        EngineRefusal: as in `replay`.
    """
    account = fold(terms=terms, facts=facts, as_of=as_of)
    if account is None:
        return sanctioned_state(terms=terms, as_of=as_of)
    return loan_state(account=account, as_of=as_of, has_rows=False)


def fold(
    *, terms: Terms, facts: Sequence[Fact], as_of: date, has_nights: bool = False, watch: Watch | None = None
) -> Account | None:
    """Run the facts through a working account, nights up to and including `as_of`; None before the first disbursal.

    `has_nights` keeps what every night of penal came from, for an explanation.
    """
    counted = effective_facts(facts=facts, as_of=as_of)
    account = fold_facts(terms=terms, facts=counted, has_nights=has_nights, watch=watch)
    if account is not None:
        if watch is not None:
            watch.pass_days(account=account, until=as_of + _ONE_DAY)
        close_day(account=account, as_of=as_of)
    return account


def close_day(*, account: Account, as_of: date) -> None:
    """Bring an account that has every fact up to a day to its day-end, the night of that day counted."""
    advance(account=account, day=as_of)
    if account.terms.is_interest_recalculated and account.closed_as is None:
        account.plan.known_until = as_of
        evaluate(plan=account.plan)
    advance(account=account, day=as_of + _ONE_DAY, is_night_only=True)


def _plan_ahead(account: Account, facts: Sequence[Fact], as_of: date) -> None:
    for fact in effective_facts(facts=facts, as_of=date.max):
        if fact.value_date > as_of and isinstance(fact, _PLANNED):
            _HANDLERS[type(fact)](account, fact)


def fold_facts(
    *, terms: Terms, facts: Sequence[Fact], has_nights: bool = False, watch: Watch | None = None
) -> Account | None:
    """Run facts that count, in their order, through a working account; it stands on the day of the last one."""
    check_terms(terms)
    if not facts:
        return None
    if not isinstance(facts[0], Disburse | TakeOver):
        raise EngineRefusal(
            "engine.not_disbursed", f"Fact {facts[0].sequence} is before the first disbursal; disburse the loan first."
        )
    account = open_account(terms=terms, fact=facts[0])
    account.nights = [] if has_nights else None
    charge_rows(plan=account.plan)
    follow_facts(account=account, facts=facts[1:], watch=watch)
    return account


def follow_facts(*, account: Account, facts: Sequence[Fact], watch: Watch | None = None) -> None:
    """Let facts take effect on an account, each on its day, in their order."""
    for fact in facts:
        if watch is not None:
            watch.pass_days(account=account, until=fact.value_date)
        advance(account=account, day=fact.value_date)
        apply_fact(account=account, fact=fact)


def apply_fact(*, account: Account, fact: Fact) -> None:
    """Let one fact take effect on the account's day."""
    handler = _HANDLERS.get(type(fact))
    if handler is None:
        raise EngineRefusal("engine.fact_not_possible", f"A loan that runs cannot take the fact {type(fact).__name__}.")
    is_given_up = account.closed_as in (LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF)
    is_recalculated = account.terms.is_interest_recalculated and not is_given_up
    if is_recalculated and not isinstance(fact, _SOLVED_AS_BEFORE):
        account.plan.known_until = account.day
        evaluate(plan=account.plan)
        keep_instalments(account.plan)
    handler(account, fact)
    if is_recalculated and account.closed_as not in (LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF):
        account.plan.known_until = account.day
        evaluate(plan=account.plan)
        keep_instalments(account.plan)
        account.note_paid_rows()
    charge_rows(plan=account.plan)
    apply_excess(account=account)
    account.move_cursor()
