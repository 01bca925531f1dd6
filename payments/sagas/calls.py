"""A call that moves money, as the step of a saga: asked for before every repeat, and one key for ever."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.business_date import business_date
from core.clock import database_now
from core.failpoints import failpoint
from core.sagas.definitions import Done, Failed, Outcome, Park, StepRun, Wait
from core.transactions import run_in_transaction
from payments.models import AttemptState, ProviderAttempt
from payments.protocol import Action, Told, is_beyond_proof, next_action
from payments.services.attempts import (
    AttemptMove,
    attempt_drop,
    attempt_looked,
    attempt_mark_sent,
    attempt_unsend,
    call_name,
    call_of,
)
from payments.services.looks import pause_before_look
from payments.services.rules import RANGES, rules_on
from payments.vendors.answers import PayoutNews
from payments.vendors.errors import VendorAway

_AT_ONCE: Final = timedelta(seconds=1)
_CANCELLED: Final = "Cancelled before it was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One call and the way to its vendor.

    Args:
        party: what staff call the vendor.
        send, find: ask for it, and ask what became of it; both raise VendorAway when nothing was sent.
        learn: writes down what was told, with whatever follows from it, in the caller's transaction.
        hindrance: says why it must not be sent, or not again; empty when nothing is in the way.
        given_up: undoes what its intent did, in the transaction that gives it up.
        is_replaceable: whether another vendor may be asked when this one is away; otherwise it stays and is sent later.
    """

    attempt: ProviderAttempt
    party: str
    send: Callable[[], PayoutNews]
    find: Callable[[], PayoutNews]
    learn: Callable[[PayoutNews, str], AttemptMove]
    hindrance: Callable[[], str] = lambda: ""
    given_up: Callable[[], None] = lambda: None
    is_replaceable: bool = False


def call_make(*, run: StepRun, wire: Wire) -> Outcome:
    """Send a call, once, or find out what became of it; its key is kept until the vendor has finally refused it."""
    now = database_now()
    match next_action(call=call_of(attempt=wire.attempt), now=now):
        case Action.SEND:
            return _send(run, wire)
        case Action.ASK_OR_SEND:
            return _ask(run, wire, may_send=True)
        case Action.ASK:
            return _ask(run, wire, may_send=False)
    return _final(wire, wire.attempt, now) or Wait(_AT_ONCE)


def call_unmake(*, run: StepRun, wire: Wire) -> Outcome:
    """Make sure that nothing came of a call: give it up if it never left, otherwise ask, and never send.

    Args:
        wire: of a call that is not known to have paid.

    Returns:
        Done when nothing of it is left, otherwise when to come back.
    """
    if wire.attempt.state in (AttemptState.FAILED, AttemptState.REVERSED):
        return Done()
    if _give_up(wire, sends=0, reason=_CANCELLED):
        return Done()
    outcome = _ask(run, wire, may_send=False)
    return outcome if isinstance(outcome, Wait | Park) else Wait(_AT_ONCE)


def _send(run: StepRun, wire: Wire, *, looks: int = 0) -> Outcome:
    if problem := wire.hindrance():
        return _hindered(wire, problem)
    sends = attempt_mark_sent(attempt_id=wire.attempt.pk, run=run)
    if sends is None:
        return Wait(_AT_ONCE, "Something was learnt in between")
    failpoint("saga.during_call")
    try:
        news = wire.send()
    except VendorAway as error:
        return _not_sent(wire, error, sends)
    failpoint("saga.after_call")
    return _learn(wire, news, source="ANSWER", looks=looks)


def _hindered(wire: Wire, problem: str) -> Outcome:
    """Give a call up that must not be sent; one that may have arrived is asked for until its key has run out."""
    if _give_up(wire, sends=0, reason=problem):
        return Failed(problem)
    return Wait(
        pause_before_look(attempt=wire.attempt, looks=wire.attempt.polls, now=database_now()),
        f"It is not sent again, and may have arrived. {problem}",
    )


def _not_sent(wire: Wire, error: VendorAway, sends: int) -> Outcome:
    """Wait, because this request did not leave; if no other did, the next try begins as if nothing had been tried."""
    if wire.is_replaceable:
        _give_up(wire, sends=sends, reason=error.reason)
    else:
        run_in_transaction(lambda: attempt_unsend(attempt_id=wire.attempt.pk, sends=sends))
    return _later(error)


def _give_up(wire: Wire, *, sends: int, reason: str) -> bool:
    """Drop an attempt of which nothing left, and undo what its intent did, both or neither."""

    def give_up() -> bool:
        if not attempt_drop(attempt_id=wire.attempt.pk, sends=sends, reason=reason):
            return False
        failpoint("saga.before_drop_commit")
        wire.given_up()
        return True

    return run_in_transaction(give_up)


def _ask(run: StepRun, wire: Wire, *, may_send: bool) -> Outcome:
    """Ask the vendor what became of the call, and send it again with its own key only when it is not known there."""
    try:
        news = wire.find()
    except VendorAway as error:
        return _open_for_long(wire, wire.attempt, database_now()) or _later(error)
    # A question that did not reach the vendor is none: the ladder of pauses climbs by answers alone.
    looks = attempt_looked(attempt_id=wire.attempt.pk)
    if news.told == Told.NOT_FOUND and may_send:
        return _send(run, wire, looks=looks)
    return _learn(wire, news, source="LOOK", looks=looks)


def _learn(wire: Wire, news: PayoutNews, *, source: str, looks: int) -> Outcome:
    """Write down what was told, and decide by what is known then: a webhook may have come in between."""
    failpoint("poll.before_commit")
    move = run_in_transaction(lambda: wire.learn(news, source))
    now = database_now()
    if outcome := _final(wire, move.attempt, now):
        return outcome
    call = call_of(attempt=move.attempt)
    if is_beyond_proof(call=call, told=news.told, now=now):
        problem = f"The {wire.party} does not know it, and its key has run out: ask the {wire.party} or the bank"
        return Park(problem, awaits=call_name(attempt=move.attempt))
    if outcome := _open_for_long(wire, move.attempt, now):
        return outcome
    # The ladder goes on whatever was learnt: vendors count how often they are asked, not what they have said.
    return Wait(
        pause_before_look(attempt=move.attempt, looks=looks, now=now),
        move.attempt.reason or AttemptState(move.attempt.state).label,
    )


def _final(wire: Wire, attempt: ProviderAttempt, now: datetime) -> Outcome | None:
    match next_action(call=call_of(attempt=attempt), now=now):
        case Action.DONE:
            return Done({"attempt": attempt.pk, "utr": attempt.utr})
        case Action.FAIL:
            return Failed(attempt.reason or f"The {wire.party} refused it")
    return None


def _open_for_long(wire: Wire, attempt: ProviderAttempt, now: datetime) -> Outcome | None:
    if attempt.first_sent_at is None or now < attempt.first_sent_at + timedelta(days=RANGES["call_asked_days"][0]):
        return None
    days = rules_on(day=business_date()).call_asked_days
    if now < attempt.first_sent_at + timedelta(days=days):
        return None
    problem = f"The {wire.party} has not said in {days} days what became of it: ask the {wire.party} or the bank"
    return Park(problem, awaits=call_name(attempt=attempt))


def _later(error: VendorAway) -> Outcome:
    return Wait(timedelta(seconds=error.retry_seconds * random.uniform(1, 2)), error.reason)
