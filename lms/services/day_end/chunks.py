"""Ranges of borrowers, each closed in one short transaction."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from django.db.models import Q

from lms.engine.state import LoanStatus
from lms.locks import loans_of_customer_for_update, loans_of_customers_for_update
from lms.models import DayEnd, DayEndChunk, Loan
from lms.services.day_end.closing import Closing, closing_compute
from lms.services.day_end.lease import Claim, chunk_claim, chunk_finish, run_step
from lms.services.day_end.writing import closing_save

# A borrower is never split: the class is the borrower's. The transaction of a thousand takes well under a second.
CHUNK_CUSTOMERS: Final = 1000
_LAST_ID: Final = 2**63 - 1
# Nothing that the day-end needs on a quiet day.
_DEFERRED: Final = ("terms", "content_hash", "idempotency_key", "external_reference")
# Whatever changes a loan's position changes one of these; the last two alone tell whether it is closed.
_FINGERPRINT: Final = ("state_hash", "fact_count", "next_change_date", "status", "closed_upto")
_Fingerprint = tuple[object, ...]


def classified_loans() -> Q:
    """Return the condition of loans that a day-end looks at: those that run, and claims written off."""
    return Q(status__in=[LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF])


def borrower_loans_for_update(*, customer_id: int) -> list[Loan]:
    """Read the loans of one borrower that a day-end looks at, locked: at any isolation level they are the latest."""
    rows = loans_of_customer_for_update(customer_id=customer_id)
    return list(rows.filter(classified_loans()).defer(*_DEFERRED))


def ranges_cut(*, chunk_customers: int) -> list[tuple[int, int]]:
    """Cut all borrowers into ranges without gaps, so that one who comes in meanwhile falls into a range too.

    Returns:
        First customer key of each range and of the one after it; none when no loan runs.
    """
    running = Loan.objects.filter(status=LoanStatus.ACTIVE).order_by("customer_id")
    ids = list(running.values_list("customer_id", flat=True).distinct())
    firsts = [0, *ids[chunk_customers::chunk_customers]] if ids else []
    return list(pairwise([*firsts, _LAST_ID + 1]))


def chunks_create(*, day_end: DayEnd, ranges: Sequence[tuple[int, int]]) -> None:
    """Save the chunks of a day-end; each range ends before the next one's first key."""
    DayEndChunk.objects.bulk_create(
        [
            DayEndChunk(day_end=day_end, number=number, first_customer_id=first, last_customer_id=following - 1)
            for number, (first, following) in enumerate(ranges, 1)
        ]
    )


def chunk_close(*, claim: Claim, chunk: DayEndChunk) -> None:
    """Close the loans of a chunk for the day, unless it is done.

    The figures are computed first without any lock, so that a receipt does not wait for the arithmetic; under the lock
    only what changed in between is computed again.

    Raises:
        DayEndTakenOver: another run has the chunk.
    """
    if not chunk_claim(claim=claim, chunk_id=chunk.pk):
        return
    loans = _loans_read(chunk)
    fingerprints = {loan.pk: _fingerprint(loan) for loan in loans}
    ahead = closing_compute(loans=loans, on_date=claim.business_date)
    run_step(lambda: _close_locked(claim, chunk, ahead, fingerprints))


def _close_locked(claim: Claim, chunk: DayEndChunk, ahead: Closing, fingerprints: dict[int, _Fingerprint]) -> None:
    rows = loans_of_customers_for_update(
        first_customer_id=chunk.first_customer_id, last_customer_id=chunk.last_customer_id
    ).filter(classified_loans())
    now = list(rows.values_list("customer_id", "pk", *_FINGERPRINT))
    present = {pk: values for _, pk, *values in now}
    moved = {customer_id for customer_id, pk, *values in now if fingerprints.get(pk) != tuple(values)}
    gone = [pk for pk in fingerprints if pk not in present]
    moved |= set(Loan.objects.filter(pk__in=gone).values_list("customer_id", flat=True))
    closing = _without(ahead, moved)
    if moved:
        closing = _joined(closing, closing_compute(loans=_loans_read(chunk, moved), on_date=claim.business_date))
    closing_save(closing=closing, booked_on=claim.business_date, day_end_id=claim.day_end_id)
    closed = sum(1 for values in present.values() if _is_closed(values, claim.business_date))
    chunk_finish(claim=claim, chunk_id=chunk.pk, loans_closed=closed + len(closing.closed))


def _fingerprint(loan: Loan) -> _Fingerprint:
    return tuple(getattr(loan, name) for name in _FINGERPRINT)


def _is_closed(values: Sequence[object], on_date: date) -> bool:
    status, closed_upto = values[-2:]
    return status == LoanStatus.ACTIVE and isinstance(closed_upto, date) and closed_upto >= on_date


def _loans_read(chunk: DayEndChunk, customer_ids: set[int] | None = None) -> list[Loan]:
    loans = Loan.objects.filter(
        classified_loans(), customer_id__gte=chunk.first_customer_id, customer_id__lte=chunk.last_customer_id
    )
    if customer_ids is not None:
        loans = loans.filter(customer_id__in=customer_ids)
    return list(loans.defer(*_DEFERRED).order_by("customer_id", "pk"))


def _without(closing: Closing, customer_ids: set[int]) -> Closing:
    """Leave out the loans of some borrowers."""
    if not customer_ids:
        return closing
    kept = [item for item in closing.closed if item.loan.customer_id not in customer_ids]
    ids = {item.loan.pk for item in kept}
    dropped = set(Loan.objects.filter(customer_id__in=customer_ids).values_list("pk", flat=True))
    return Closing(
        closed=kept,
        entries=[entry for entry in closing.entries if entry.loan_id in ids],
        problems=[problem for problem in closing.problems if problem.loan_id not in dropped],
    )


def _joined(one: Closing, other: Closing) -> Closing:
    return Closing(
        closed=one.closed + other.closed, entries=one.entries + other.entries, problems=one.problems + other.problems
    )
