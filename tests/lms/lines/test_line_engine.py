"""The fold of a line's events, by hand."""

from datetime import date

import pytest

from lms.engine.lines import LineEvent, LineEventKind, LineHold, LineState, fold_line

OPENED = date(2026, 1, 1)
UNTIL = date(2026, 12, 31)
OPEN = LineEvent(sequence=1, kind=LineEventKind.OPEN, value_date=OPENED, amount_paise=100, until=UNTIL)


def event(
    sequence: int,
    kind: LineEventKind,
    day: date,
    *,
    amount_paise: int = 0,
    until: date | None = None,
    hold_sequence: int | None = None,
    loan_id: int | None = None,
) -> LineEvent:
    """Shorten the writing of an event."""
    return LineEvent(
        sequence=sequence,
        kind=kind,
        value_date=day,
        amount_paise=amount_paise,
        until=until,
        hold_sequence=hold_sequence,
        loan_id=loan_id,
    )


def fold(*events: LineEvent, as_of: date = date(2026, 6, 1)) -> LineState:
    """Fold the opening and more events."""
    state = fold_line(events=(OPEN, *events), as_of=as_of)
    assert state is not None
    return state


def test_before_the_opening_there_is_no_line() -> None:
    assert fold_line(events=(OPEN,), as_of=date(2025, 12, 31)) is None


def test_limit_block_and_validity_are_those_of_the_latest_event_by_value_date() -> None:
    events = (
        event(2, LineEventKind.LIMIT, date(2026, 3, 1), amount_paise=70),
        event(3, LineEventKind.BLOCK, date(2026, 4, 1)),
        event(4, LineEventKind.RENEW, date(2026, 5, 1), until=date(2027, 1, 31)),
        event(5, LineEventKind.UNBLOCK, date(2026, 5, 2)),
    )

    assert fold(*events) == LineState(
        as_of=date(2026, 6, 1),
        limit_paise=70,
        valid_until=date(2027, 1, 31),
        is_blocked=False,
        closed_on=None,
        holds=(),
        loan_ids=(),
    )
    assert fold(*events, as_of=date(2026, 4, 30)).is_blocked
    assert fold(*events, as_of=date(2026, 2, 28)).limit_paise == 100


def test_last_day_still_counts_and_the_next_does_not() -> None:
    assert not fold(as_of=UNTIL).is_expired
    assert fold(as_of=date(2027, 1, 1)).is_expired


def test_hold_ends_with_its_last_day_a_release_or_a_drawdown() -> None:
    day = date(2026, 5, 30)
    holds = [
        event(number, LineEventKind.HOLD, day, amount_paise=number, until=until)
        for number, until in ((2, date(2026, 6, 1)), (3, date(2026, 5, 31)), (4, UNTIL), (5, UNTIL))
    ]
    released = event(6, LineEventKind.RELEASE, day, hold_sequence=4)
    drawn = event(7, LineEventKind.DRAW, date(2026, 5, 29), amount_paise=5, hold_sequence=5, loan_id=11)

    state = fold(*holds, released, drawn)

    assert state.holds == (LineHold(sequence=2, amount_paise=2, until=date(2026, 6, 1)),)
    assert state.held_paise == 2
    assert state.loan_ids == (11,)


def test_order_of_reading_does_not_matter() -> None:
    events = (OPEN, event(2, LineEventKind.LIMIT, OPENED, amount_paise=50), event(3, LineEventKind.CLOSE, UNTIL))

    assert fold_line(events=events[::-1], as_of=UNTIL) == fold_line(events=events, as_of=UNTIL)


@pytest.mark.parametrize(
    "broken",
    [
        (event(2, LineEventKind.BLOCK, OPENED),),
        (OPEN, event(2, LineEventKind.OPEN, OPENED, amount_paise=1, until=UNTIL)),
        (OPEN, event(2, LineEventKind.DRAW, OPENED, amount_paise=1)),
        (OPEN, event(2, LineEventKind.HOLD, OPENED, amount_paise=1)),
        (OPEN, event(2, LineEventKind.RENEW, OPENED)),
    ],
)
def test_events_that_no_service_writes_are_refused(broken: tuple[LineEvent, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        fold_line(events=broken, as_of=UNTIL)
