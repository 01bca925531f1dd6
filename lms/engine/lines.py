"""A credit line as the fold of its dated events: limit, validity, block and what is set aside for drawdowns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class LineEventKind(StrEnum):
    """What can happen to a credit line."""

    OPEN = "OPEN"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    DRAW = "DRAW"
    LIMIT = "LIMIT"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    RENEW = "RENEW"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEvent:
    """One thing that happened to a line.

    `amount_paise` is the new limit of OPEN and LIMIT, and the money of HOLD, RELEASE and DRAW. `until` is the last day
    of the line (OPEN, RENEW) or of a hold. `hold_sequence` names the hold that a RELEASE or DRAW ends, `loan_id` the
    loan of a DRAW.
    """

    sequence: int
    kind: LineEventKind
    value_date: date
    amount_paise: int = 0
    until: date | None = None
    hold_sequence: int | None = None
    loan_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHold:
    """Money set aside for a drawdown that is on its way, in paise, up to and including a day."""

    sequence: int
    amount_paise: int
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """What the events of a line come to on a day.

    `holds` are those that nothing has ended and whose last day is not over; `loan_ids` are the drawdowns in the order
    of recording.
    """

    as_of: date
    limit_paise: int
    valid_until: date
    is_blocked: bool
    closed_on: date | None
    holds: tuple[LineHold, ...]
    loan_ids: tuple[int, ...]

    @property
    def held_paise(self) -> int:
        """Sum of the holds."""
        return sum(hold.amount_paise for hold in self.holds)

    @property
    def is_expired(self) -> bool:
        """Whether the last day of the line is over."""
        return self.as_of > self.valid_until


def fold_line(*, events: Sequence[LineEvent], as_of: date) -> LineState | None:
    """Return the state of a line at a day; None before it was opened.

    Args:
        events: in any order; those valued after `as_of` do not count.

    Raises:
        ValueError: the events contradict each other, which no service writes.
    """
    known = sorted(
        (event for event in events if event.value_date <= as_of), key=lambda event: (event.value_date, event.sequence)
    )
    state: LineState | None = None
    for event in known:
        state = _opened(event, as_of) if state is None else _after(state, event)
    if state is None:
        return None
    # A drawdown may be valued before the day on which its money was set aside: what ends a hold ends it anywhere.
    ended = {event.hold_sequence for event in known}
    holds = tuple(hold for hold in state.holds if hold.until >= as_of and hold.sequence not in ended)
    return replace(state, holds=holds)


def _opened(event: LineEvent, as_of: date) -> LineState:
    if event.kind is not LineEventKind.OPEN:
        raise ValueError(f"Event {event.sequence} comes before the line was opened.")
    return LineState(
        as_of=as_of,
        limit_paise=event.amount_paise,
        valid_until=_until(event),
        is_blocked=False,
        closed_on=None,
        holds=(),
        loan_ids=(),
    )


def _after(state: LineState, event: LineEvent) -> LineState:
    match event.kind:
        case LineEventKind.HOLD:
            hold = LineHold(sequence=event.sequence, amount_paise=event.amount_paise, until=_until(event))
            state = replace(state, holds=(*state.holds, hold))
        case LineEventKind.DRAW:
            if event.loan_id is None:
                raise ValueError(f"Drawdown {event.sequence} names no loan.")
            state = replace(state, loan_ids=(*state.loan_ids, event.loan_id))
        case LineEventKind.LIMIT:
            state = replace(state, limit_paise=event.amount_paise)
        case LineEventKind.BLOCK | LineEventKind.UNBLOCK:
            state = replace(state, is_blocked=event.kind is LineEventKind.BLOCK)
        case LineEventKind.RENEW:
            state = replace(state, valid_until=_until(event))
        case LineEventKind.CLOSE:
            state = replace(state, closed_on=event.value_date)
        case LineEventKind.OPEN:
            raise ValueError("A line is opened once.")
    return state


def _until(event: LineEvent) -> date:
    if event.until is None:
        raise ValueError(f"Event {event.sequence} names no last day.")
    return event.until
