"""The work of a dry run, in chunks of borrowers that are whole or not there, whoever works on them and dies."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import F, QuerySet

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.parts import part_claim
from core.transactions import run_in_transaction
from lms.dry_runs.asking import asked_check
from lms.dry_runs.changes import Change, change_assumed, change_of
from lms.dry_runs.comparing import Compared, loans_compare
from lms.dry_runs.linking import change_hash
from lms.dry_runs.totals import result_of, totals_of_chunk
from lms.engine.state import LoanStatus
from lms.errors import IdempotencyKeyReused
from lms.errors.dry_runs import DryRunEmpty, DryRunNotRunning, DryRunUnknown
from lms.models import DryRun, DryRunChunk, DryRunKind, DryRunLoan, Loan
from lms.services.checks import key_check, reason_check
from lms.services.day_end.statements import rows_insert

# A borrower is never split: the class is the borrower's.
CHUNK_CUSTOMERS: Final = 1000
# Longer than the work on one chunk; a worker that needs more is shut out by the fence and repeats nothing.
LEASE: Final = timedelta(minutes=2)
# So many workers are told of a run: more would only wait for the database.
WORKERS: Final = 4
_LAST_ID: Final = 2**63 - 1
_CODE_LENGTH: Final = 80
_MESSAGE_LENGTH: Final = 300
_COLUMNS: Final = (
    *("run_id", "loan_id", "number", "product_code", "class_before", "class_after"),
    *("before", "after", "movements", "code", "message"),
)
State = DryRun.State
Progress = Callable[[DryRun], None]


def dry_run_create(
    *,
    kind: DryRunKind,
    change: dict[str, Any],
    idempotency_key: str,
    actor: User,
    chunk_customers: int = CHUNK_CUSTOMERS,
) -> DryRun:
    """Check a change and cut the borrowers that it concerns into chunks; nothing is worked out yet.

    Args:
        change: the data of the request for approval of the same change; see `asked_check`.
        chunk_customers: borrowers in a chunk.

    Returns:
        The run, or that of the first call with the same key and the same change.

    Raises:
        DryRunEmpty: no running loan is concerned.
        DryRunChangeInvalid and the refusals of the change itself: it could not be done.
        IdempotencyKeyMissing, IdempotencyKeyReused: the key cannot be used, or belongs to another change.
    """
    key_check(idempotency_key=idempotency_key)
    digest = change_hash(change=change)
    if earlier := _earlier(idempotency_key, kind, digest):
        return earlier
    asked = asked_check(kind=kind, change=change, actor=actor)
    today = business_date()
    trial = change_assumed(kind=kind, assumption=asked.assumption, on_date=today)
    loans = Loan.objects.filter(trial.scope, status=LoanStatus.ACTIVE)
    run = DryRun(
        kind=kind,
        title=asked.title,
        change=change,
        change_hash=digest,
        assumption=asked.assumption,
        on_date=today,
        loans_total=loans.count(),
        idempotency_key=idempotency_key,
        created_by=actor,
    )
    ranges = _ranges(loans, chunk_customers)
    if not ranges:
        raise DryRunEmpty()
    try:
        return run_in_transaction(lambda: _create(run, ranges, actor))
    except IntegrityError:
        if earlier := _earlier(idempotency_key, kind, digest):
            return earlier
        raise


def dry_run_of(*, run_id: int) -> DryRun:
    """Return one dry run.

    Raises:
        DryRunUnknown: there is none of this key.
    """
    run = DryRun.objects.filter(pk=run_id).first()
    if run is None:
        raise DryRunUnknown(run=run_id)
    return run


def dry_run_work(*, run_id: int, progress: Progress | None = None, lease: timedelta = LEASE) -> DryRun:
    """Work on the chunks that nobody works on, until none is left; several workers share a run.

    Each chunk is computed without locks, and its rows and sums are written in one transaction: a worker that is killed
    anywhere loses at most its chunk, and repeats none. When the books move on, the run ends as outdated.

    Args:
        progress: called after every chunk with the run as it stands.
        lease: how long a chunk stays with a worker that says nothing.

    Returns:
        The run; still running where another worker has a chunk.

    Raises:
        DryRunUnknown: there is none of this key.
    """
    run = dry_run_of(run_id=run_id)
    change = change_of(run=run)
    # None of a run that is over.
    pending = DryRunChunk.objects.filter(run_id=run_id, run__state=State.RUNNING, state=DryRunChunk.State.PENDING)
    while (chunk := part_claim(pending=pending, lease=lease)) is not None:
        if business_date() != run.on_date:
            _end(run_id, State.OUTDATED)
            break
        _work(_Part(run_id=run_id, chunk=chunk, change=change, on_date=run.on_date))
        if progress is not None:
            progress(dry_run_of(run_id=run_id))
    _finish(run_id)
    return dry_run_of(run_id=run_id)


def dry_run_cancel(*, run_id: int, reason: str, actor: User | None = None) -> DryRun:
    """Stop a run; workers leave it after the chunk that they are at.

    Raises:
        DryRunUnknown, DryRunNotRunning: there is nothing to stop.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def cancel() -> None:
        run = dry_run_of(run_id=run_id)
        if not _end(run_id, State.CANCELLED):
            raise DryRunNotRunning(run=run_id, state=run.get_state_display().lower())
        audit.record(actor=actor, action="lms.dry_run_cancel", obj=run, reason=reason)

    run_in_transaction(cancel)
    return dry_run_of(run_id=run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    run_id: int
    chunk: DryRunChunk
    change: Change
    on_date: date


def _ranges(loans: QuerySet[Loan], chunk_customers: int) -> list[tuple[int, int]]:
    """Cut the borrowers of loans into ranges without gaps: first key of each, and of the one after it."""
    ids = loans.order_by("customer_id").values_list("customer_id", flat=True).distinct()
    firsts = [customer_id for place, customer_id in enumerate(ids.iterator(10_000)) if place % chunk_customers == 0]
    return list(pairwise([0, *firsts[1:], _LAST_ID + 1])) if firsts else []


def _create(run: DryRun, ranges: list[tuple[int, int]], actor: User) -> DryRun:
    run.pk, run.chunks_total = None, len(ranges)
    run.save(force_insert=True)
    DryRunChunk.objects.bulk_create(
        DryRunChunk(run=run, number=number, first_customer_id=first, last_customer_id=following - 1)
        for number, (first, following) in enumerate(ranges, 1)
    )
    detail = {"kind": run.kind, "title": run.title, "loans": run.loans_total}
    audit.record(actor=actor, action="lms.dry_run_create", obj=run, detail=detail)
    return run


def _work(part: _Part) -> None:
    compared = loans_compare(
        change=part.change,
        first_customer_id=part.chunk.first_customer_id,
        last_customer_id=part.chunk.last_customer_id,
        on_date=part.on_date,
    )
    totals = totals_of_chunk(compared=compared)
    rows = [_row(part.run_id, item) for item in compared if item.is_moved or item.refusal is not None]
    run_in_transaction(lambda: _save(part, totals, rows))


def _save(part: _Part, totals: dict[str, dict[str, int]], rows: list[tuple[Any, ...]]) -> None:
    """Write a chunk once, if it is still this worker's and its run goes on."""
    mine = DryRunChunk.objects.filter(pk=part.chunk.pk, fence=part.chunk.fence, state=DryRunChunk.State.PENDING)
    if not mine.update(state=DryRunChunk.State.DONE, lease_until=None, totals=totals):
        return
    counts = totals["counts"]
    DryRun.objects.filter(pk=part.run_id).update(
        chunks_done=F("chunks_done") + 1,
        loans_done=F("loans_done") + counts.get("loans", 0),
        loans_moved=F("loans_moved") + counts.get("moved", 0),
        loans_refused=F("loans_refused") + counts.get("refused", 0),
    )
    rows_insert(model=DryRunLoan, columns=_COLUMNS, rows=rows)


def _row(run_id: int, item: Compared) -> tuple[Any, ...]:
    code, message = item.refusal or ("", "")
    return (
        *(run_id, item.loan_id, item.number, item.product_code, item.class_before, item.class_after),
        *(json.dumps(part) for part in (item.before, item.after, item.movements)),
        *(code[:_CODE_LENGTH], message[:_MESSAGE_LENGTH]),
    )


def _finish(run_id: int) -> None:
    """Sum up and close a run whose chunks are all done, once."""
    run = dry_run_of(run_id=run_id)
    if run.state != State.RUNNING or run.chunks_done < run.chunks_total:
        return
    chunks: Iterable[Any] = DryRunChunk.objects.filter(run_id=run_id).values_list("totals", flat=True)
    DryRun.objects.filter(pk=run_id, state=State.RUNNING).update(
        state=State.DONE, finished_at=database_now(), result=result_of(chunks=chunks)
    )


def _end(run_id: int, state: DryRun.State) -> bool:
    running = DryRun.objects.filter(pk=run_id, state=State.RUNNING)
    return bool(running.update(state=state, finished_at=database_now()))


def _earlier(idempotency_key: str, kind: str, digest: str) -> DryRun | None:
    run = DryRun.objects.filter(idempotency_key=idempotency_key).first()
    if run is not None and (run.kind, run.change_hash) != (kind, digest):
        raise IdempotencyKeyReused(key=idempotency_key)
    return run
