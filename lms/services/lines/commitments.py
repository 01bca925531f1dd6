"""The undrawn limits off the balance sheet: booked with each act on a line, and trued up when borrowers repay."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from core.transactions import run_in_transaction
from ledger.services import MovementAmount, journal_post
from lms.engine.lines import fold_line
from lms.locks import lines_of_customer_for_update, loans_of_customer_for_update
from lms.models import CreditLine
from lms.services.lines.standing import LineStanding, events_of, standing_of

REFERENCE_TYPE: Final = "lms.creditline"
MOVEMENT: Final = "COMMITTED"
HEAD: Final = "LIMIT"
_EVENT: Final = "LINE_COMMITMENT"
_READ_AT_ONCE: Final = 500


def commitment_book(*, line: CreditLine, standing: LineStanding, today: date) -> bool:
    """Book the change of what may still be drawn; tell whether there was one.

    The caller holds the lock on the line and saves `committed_paise` and `commitment_count`.
    """
    difference = standing.undrawn_paise - line.committed_paise
    if not difference:
        return False
    line.committed_paise = standing.undrawn_paise
    line.commitment_count += 1
    journal_post(
        idempotency_key=f"{REFERENCE_TYPE}:{line.pk}:{line.commitment_count}",
        event=_EVENT,
        reference_type=REFERENCE_TYPE,
        reference_id=line.pk,
        product_code=line.product_code,
        movements=[MovementAmount(MOVEMENT, HEAD, difference)],
        value_date=today,
        booked_on=today,
        narration=f"{line.number} undrawn",
    )
    return True


def commitments_true_up(*, today: date) -> int:
    """Bring the memo accounts up to what borrowers repaid, to lines that expired, and to borrowers' classes.

    One borrower at a time, each in a transaction of its own; a repeat changes nothing.

    Returns:
        How many lines had a difference.
    """
    return sum(run_in_transaction(lambda found=customer_id: _true_up(found, today)) for customer_id in _customers())  # type: ignore[misc]  # the default holds the value of this round


def _customers() -> Iterator[int]:
    """Yield the customers who have a line that was not closed, or whose commitment is not taken back yet."""
    last = 0
    while True:
        ids = list(
            CreditLine.objects.filter(closed_on=None, customer_id__gt=last)
            .order_by("customer_id")
            .values_list("customer_id", flat=True)
            .distinct()[:_READ_AT_ONCE]
        )
        if not ids:
            return
        yield from ids
        last = ids[-1]


def _true_up(customer_id: int, today: date) -> int:
    lines = list(lines_of_customer_for_update(customer_id=customer_id))
    loans = list(loans_of_customer_for_update(customer_id=customer_id))
    events = events_of(line_ids=[line.pk for line in lines])
    changed = 0
    for line in lines:
        state = fold_line(events=events[line.pk], as_of=today)
        if state is not None and commitment_book(
            line=line, standing=standing_of(state=state, loans=loans), today=today
        ):
            line.save(update_fields=["committed_paise", "commitment_count"])
            changed += 1
    return changed
