"""Proof that the caches of credit lines are the fold of their facts, and drawn is the principal of their loans."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from ledger.selectors import reference_balances
from lms.engine.lines import fold_line
from lms.lines import line_as_of
from lms.models import CreditLine, Loan
from lms.services.lines.commitments import REFERENCE_TYPE
from lms.services.lines.standing import events_of, standing_of
from lms.services.verification import Difference, VerifiedBatch

_READ_AT_ONCE: Final = 200
_DAMAGE: Final = (ValueError, TypeError, LookupError, AttributeError, AssertionError)
Pair = tuple[str, object, object]


def lines_verify(*, today: date, limit: int | None = None) -> Iterator[VerifiedBatch]:
    """Compare every line in the order of the keys; yields after each batch. `loans` counts the lines.

    Compared are limit, validity, block and closure with the fold of the facts; what is drawn with a replay of every
    drawdown; drawdowns with the loans that they name; the commitment with what the memo accounts have of the line.

    Args:
        today: the business date.
        limit: how many lines at most.
    """
    last, left = 0, limit
    while left is None or left > 0:
        size = _READ_AT_ONCE if left is None else min(_READ_AT_ONCE, left)
        lines = list(CreditLine.objects.filter(pk__gt=last).order_by("pk")[:size])
        if not lines:
            return
        yield _verify(lines, today)
        last = lines[-1].pk
        left = None if left is None else left - len(lines)


def line_verify(*, line: CreditLine, today: date) -> VerifiedBatch:
    """Compare one line; nothing is written."""
    return _verify([line], today)


def _verify(lines: Sequence[CreditLine], today: date) -> VerifiedBatch:
    posted = reference_balances(reference_type=REFERENCE_TYPE, reference_ids=[line.pk for line in lines])
    found: list[Difference] = []
    figures = 0
    for line in lines:
        try:
            pairs = _pairs(line, today)
        except _DAMAGE as error:
            found.append(Difference(line.number, "fold", f"{type(error).__name__}: {error}", "a line that folds"))
            continue
        booked = max(posted.get(line.pk, {}).values(), default=0)
        pairs.append(("committed_paise", line.committed_paise, booked))
        figures += len(pairs)
        found += [
            Difference(line.number, figure, str(stored), str(expected))
            for figure, stored, expected in pairs
            if stored != expected
        ]
    return VerifiedBatch(len(lines), figures, tuple(found))


def _pairs(line: CreditLine, today: date) -> list[Pair]:
    events = events_of(line_ids=[line.pk])[line.pk]
    state = fold_line(events=events, as_of=today)
    if state is None:
        raise ValueError("nothing opened the line")
    loans = list(Loan.objects.filter(customer_id=line.customer_id))
    drawn = {loan.pk: loan for loan in loans if loan.pk in state.loan_ids}
    cached = standing_of(state=state, loans=loans)
    replayed = line_as_of(line=line, as_of=max(today, *(loan.as_of or today for loan in loans), today))
    assert replayed is not None  # noqa: S101  # the fold above opened it
    pairs: list[Pair] = [
        ("fact_count", line.fact_count, len(events)),
        ("fact sequences", [event.sequence for event in events], list(range(1, len(events) + 1))),
        ("limit_paise", line.limit_paise, state.limit_paise),
        ("valid_until", line.valid_until, state.valid_until),
        ("is_blocked", line.is_blocked, state.is_blocked),
        ("closed_on", line.closed_on, state.closed_on),
        ("drawdowns of the customer", sorted(drawn), sorted(state.loan_ids)),
        ("loans marked as drawdowns", sorted(pk for pk, loan in drawn.items() if loan.is_drawdown), sorted(drawn)),
        ("drawn", cached.drawn_paise, replayed.standing.drawn_paise),
        ("given up", cached.given_up_paise, replayed.standing.given_up_paise),
    ]
    pairs += [
        (f"principal of {drawn[event.loan_id].number}", drawn[event.loan_id].principal_paise, event.amount_paise)
        for event in events
        if event.loan_id in drawn
    ]
    return pairs
