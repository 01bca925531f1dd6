"""The rules of a call that moves money, as a pure function: what follows from what is known, and what to do next.

No Django and no clock: the deterministic simulation runs this very code through every order of events.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What is known of a call."""

    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"
    REVERSED = "REVERSED"


class Told(StrEnum):
    """What an answer, a look-up, a webhook or a statement says; only a final word is more than a hint."""

    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    # The vendor does not know the reference: it may not have arrived, or not have arrived yet.
    NOT_FOUND = "NOT_FOUND"
    # The vendor refused this very request: nothing came of it, and it says nothing about another with the same key.
    REFUSED = "REFUSED"
    # No answer, or none that means anything.
    UNSURE = "UNSURE"


class Action(StrEnum):
    """What a worker does with a call next."""

    SEND = "SEND"
    ASK = "ASK"
    # Ask first; when the vendor does not know the reference, send again with the same key.
    ASK_OR_SEND = "ASK_OR_SEND"
    DONE = "DONE"
    FAIL = "FAIL"
    PARK = "PARK"


# What may follow what. A call that is done can only be taken back, a failed one can turn out to have been late; what
# is taken back stays so, whatever arrives afterwards.
_AFTER: Final[dict[State, frozenset[Told]]] = {
    State.SENDING: frozenset({Told.PROCESSING, Told.PROCESSED, Told.FAILED, Told.REVERSED}),
    State.UNKNOWN: frozenset({Told.PROCESSING, Told.PROCESSED, Told.FAILED, Told.REVERSED}),
    State.PROCESSING: frozenset({Told.PROCESSED, Told.FAILED, Told.REVERSED}),
    State.PROCESSED: frozenset({Told.REVERSED}),
    State.FAILED: frozenset({Told.PROCESSED, Told.REVERSED}),
    State.REVERSED: frozenset(),
}
Ladder = tuple[timedelta, ...]
# How long after the last look the next one comes, where the contract names nothing else. Vendors want to be asked
# after a minute and a half at the soonest, and three times in two hours: so the fourth look is later than an hour.
STANDARD_LADDER: Final[Ladder] = tuple(timedelta(seconds=s) for s in (90, 300, 900, 6300, 7200))
SIX_HOURS: Final = timedelta(hours=6)
_DAY: Final = timedelta(days=1)
# Deemed payments are resolved within three working days; what is open then is asked for once a day.
_WORKING_DAYS: Final = 3
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What decides about a call."""

    state: State
    was_sent: bool
    safe_retry_until: datetime


def heard_as(*, told: Told, state: State, sends: int) -> Told:
    """Return what something told of a call proves: a refusal is final only where no other request can be on its way.

    The first of two requests may be stuck somewhere when the second is refused, for another body, for lack of funds
    or because the credentials were changed; it still pays when it arrives.

    Args:
        sends: how often the call was sent.

    Source: money 6 (G6) and 8.
    """
    if told != Told.REFUSED:
        return told
    return Told.FAILED if sends <= 1 and state in (State.SENDING, State.UNKNOWN) else Told.UNSURE


def state_after(*, state: State, told: Told) -> State:
    """Return what is known after something was told; what does not fit changes nothing.

    Source: money 8 (monotone states; a timeout is unknown, "terminal" is not final).
    """
    if told in _AFTER[state]:
        return State(told.value)
    if state == State.SENDING and told in (Told.UNSURE, Told.NOT_FOUND, Told.REFUSED):
        return State.UNKNOWN
    return state


def next_action(*, call: Call, now: datetime) -> Action:
    """Return what to do with a call: never a new key, never a second try before the first one was asked for."""
    match call.state:
        case State.SENDING if not call.was_sent:
            return Action.SEND
        case State.SENDING | State.UNKNOWN:
            return Action.ASK_OR_SEND if now < call.safe_retry_until else Action.ASK
        case State.PROCESSING:
            return Action.ASK
        case State.PROCESSED:
            return Action.DONE
        case State.FAILED:
            return Action.FAIL
        case State.REVERSED:
            return Action.FAIL
    raise ValueError(f"{call.state} is no state of a call.")


def is_beyond_proof(*, call: Call, told: Told, now: datetime) -> bool:
    """Tell whether only a person can go on: the vendor does not know the call, and its key has run out."""
    return told == Told.NOT_FOUND and now >= call.safe_retry_until and call.state in (State.SENDING, State.UNKNOWN)


def pause_before_next_look(
    *, ladder: Ladder, looks: int, sent_at: datetime, now: datetime, holidays: Collection[date] = ()
) -> timedelta:
    """Return how long to wait before the vendor is asked again: by the ladder, then every six hours, then daily.

    Args:
        ladder: pauses, first used first, that keep within what the vendor allows.
        looks: how often it was asked about this call, whatever was known of it then.
        sent_at: when the call first left, in the time zone whose days are counted.
        holidays: days since then on which banks do not work, beside Saturdays and Sundays.

    Source: money 4 (how soon and how often) and 8 (ladder; daily after the third working day).
    """
    if looks < len(ladder):
        return ladder[looks]
    return SIX_HOURS if now < _working_days_after(sent_at, holidays) else _DAY


def looks_within(*, ladder: Ladder, most: int, window: timedelta) -> bool:
    """Tell whether whoever follows a ladder, and asks every six hours afterwards, asks so often in a window at most."""
    pauses = (*ladder, *(SIX_HOURS,) * most)
    return all(sum(pauses[first : first + most], timedelta()) >= window for first in range(1, len(ladder) + 1))


def _working_days_after(instant: datetime, holidays: Collection[date]) -> datetime:
    left = _WORKING_DAYS
    while left:
        instant += _DAY
        left -= instant.weekday() < _SATURDAY and instant.date() not in holidays
    return instant
