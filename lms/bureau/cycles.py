"""Cycles of bureau files: begun once the reference date is closed, built in parts that survive being stopped."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.parts import part_claim
from core.transactions import run_in_transaction
from lms.bureau.entries import Entry, Member
from lms.bureau.files import chunk_hash, chunk_texts, file_measure, members_of
from lms.bureau.records import entries_rebuild, loans_of_range, records_find
from lms.bureau.rows import ReferenceDate, memberships_on, reference_date_before, reference_date_of
from lms.errors.bureau import (
    BureauCyclePassed,
    BureauCycleUnfinished,
    BureauCycleUnknown,
    BureauDateNotReference,
    BureauDayOpen,
    BureauRowsMissing,
)
from lms.models import (
    BureauChunk,
    BureauCycle,
    BureauMembership,
    BureauProblem,
    BureauRecord,
    BureauRejection,
    BureauSubmission,
    DayEnd,
    Loan,
    RecordCause,
)

CHUNK_LOANS: Final = 1000
# Longer than the work on one part; a worker that needs more is shut out by the fence and repeats nothing.
LEASE: Final = timedelta(minutes=5)
Progress = Callable[[BureauCycle], None]


@dataclass(frozen=True, slots=True)
class _Range:
    first: int
    last: int
    count: int


def bureau_cycle_create(
    *, reference_date: date, actor: User | None = None, chunk_loans: int = CHUNK_LOANS
) -> BureauCycle:
    """Begin the files of a reference date; the cut-off is now, and nothing that is recorded later gets into them.

    Args:
        chunk_loans: loans in a part.

    Returns:
        The cycle, or the one that was begun before.

    Raises:
        BureauDateNotReference, BureauDayOpen: the day is not reported, or not closed.
        BureauCyclePassed, BureauCycleUnfinished: a later cycle exists, or an earlier one is not built.
        BureauRowsMissing: no rules are in force, or no bureau knows the lender.
    """
    if earlier := BureauCycle.objects.filter(reference_date=reference_date).first():
        return earlier
    reference = reference_date_of(day=reference_date)
    if reference is None:
        nearest = reference_date_before(day=reference_date).day
        raise BureauDateNotReference(reference_date=reference_date, nearest=nearest)
    is_closing = DayEnd.objects.filter(business_date=reference_date, state=DayEnd.State.RUNNING).exists()
    if reference_date >= business_date() or is_closing:
        raise BureauDayOpen(reference_date=reference_date)
    members = memberships_on(on_date=reference_date)
    if not members:
        raise BureauRowsMissing(what="how a bureau knows the lender", on_date=reference_date)
    _order_check(reference_date)
    try:
        return run_in_transaction(lambda: _create(reference, members, chunk_loans, actor))
    except IntegrityError:
        # Another start was first.
        return BureauCycle.objects.get(reference_date=reference_date)


def bureau_cycle(*, cycle_id: int) -> BureauCycle:
    """Return one cycle.

    Raises:
        BureauCycleUnknown: there is none of this key.
    """
    cycle = BureauCycle.objects.select_related("parameters", "created_by").filter(pk=cycle_id).first()
    if cycle is None:
        raise BureauCycleUnknown(cycle=cycle_id)
    return cycle


def bureau_cycle_run(*, cycle_id: int, progress: Progress | None = None, lease: timedelta = LEASE) -> BureauCycle:
    """Work on the parts that nobody works on, until none is left; several workers share a cycle.

    A part's records are written in one transaction, so that a worker killed anywhere loses and repeats none; its
    files are made after it, from the records, and again only for a part that was not finished.

    Args:
        progress: called after every part with the cycle as it stands.
        lease: how long a part stays with a worker that says nothing.

    Returns:
        The cycle; still running where another worker has a part.

    Raises:
        BureauCycleUnknown: there is none of this key.
    """
    cycle = bureau_cycle(cycle_id=cycle_id)
    members = members_of(cycle=cycle)
    pending = BureauChunk.objects.filter(cycle=cycle, state=BureauChunk.State.PENDING)
    while cycle.state == BureauCycle.State.RUNNING and (chunk := part_claim(pending=pending, lease=lease)):
        _work(cycle, chunk, members)
        if progress:
            progress(bureau_cycle(cycle_id=cycle_id))
    _finish(cycle)
    return bureau_cycle(cycle_id=cycle_id)


def bureau_cycles_due() -> list[date]:
    """Return the last closed reference date where it has no cycle yet and a bureau knows the lender."""
    reference = reference_date_before(day=business_date())
    is_begun = BureauCycle.objects.filter(reference_date__gte=reference.day).exists()
    return [] if is_begun or not memberships_on(on_date=reference.day) else [reference.day]


def _order_check(reference_date: date) -> None:
    later = BureauCycle.objects.filter(reference_date__gt=reference_date).first()
    if later is not None:
        raise BureauCyclePassed(later=later.reference_date, reference_date=reference_date)
    running = BureauCycle.objects.filter(state=BureauCycle.State.RUNNING).first()
    if running is not None:
        raise BureauCycleUnfinished(reference_date=running.reference_date)


def _create(
    reference: ReferenceDate, members: list[BureauMembership], chunk_loans: int, actor: User | None
) -> BureauCycle:
    sent = BureauCycle.objects.filter(is_sent=True, reference_date__lt=reference.day).first()
    cycle = BureauCycle.objects.create(
        reference_date=reference.day,
        kind=reference.kind,
        due_on=reference.due_on,
        previous_date=sent.reference_date if sent else reference_date_before(day=reference.day).day,
        parameters=reference.parameters,
        layout=reference.parameters.layout,
        cut_off_at=database_now(),
        created_by=actor,
    )
    BureauSubmission.objects.bulk_create(
        BureauSubmission(
            cycle=cycle, bureau=member.bureau, member_code=member.member_code, member_name=member.member_name
        )
        for member in members
    )
    for number, part in enumerate(_ranges(chunk_loans), 1):
        BureauChunk.objects.create(cycle=cycle, number=number, first_loan_id=part.first, last_loan_id=part.last)
        cycle.loans_total, cycle.chunks_total = cycle.loans_total + part.count, number
    cycle.save(update_fields=["loans_total", "chunks_total"])
    audit.record(
        actor=actor,
        action="lms.bureau_cycle_create",
        obj=cycle,
        detail={"reference_date": reference.day.isoformat(), "kind": reference.kind.value},
    )
    return cycle


def _ranges(chunk_loans: int) -> Iterator[_Range]:
    """Cut the loans into ranges of keys; only one range of keys is ever in memory."""
    keys: list[int] = []
    for key in Loan.objects.filter(fact_count__gt=0).order_by("pk").values_list("pk", flat=True).iterator():
        keys.append(key)
        if len(keys) == chunk_loans:
            yield _Range(keys[0], keys[-1], len(keys))
            keys = []
    if keys:
        yield _Range(keys[0], keys[-1], len(keys))


def _work(cycle: BureauCycle, chunk: BureauChunk, members: dict[str, Member]) -> None:
    records = list(chunk.record_rows.order_by("pk"))
    is_written = bool(records) or chunk.problem_rows.exists()
    if is_written:
        entries = entries_rebuild(cycle=cycle, records=records)
    else:
        loans = loans_of_range(cycle=cycle, chunk=chunk)
        found = records_find(cycle=cycle, chunk=chunk, loans=loans, member=next(iter(members.values())))
        entries = [item.entry for item in found.records]
        rows = [item.record for item in found.records]
        if not run_in_transaction(lambda: _insert(chunk, rows, found.problems)):
            return
    files, hashes = _store(cycle, chunk, entries, members)
    run_in_transaction(lambda: _chunk_finish(cycle, chunk, files, hashes))


def _insert(chunk: BureauChunk, records: list[BureauRecord], problems: tuple[BureauProblem, ...]) -> bool:
    """Write the records of a part, if it is still this worker's."""
    if not _mine(chunk).update(records=len(records), problems=len(problems)):
        return False
    for row in (*records, *problems):
        row.pk = None
    BureauRecord.objects.bulk_create(records, batch_size=500)
    BureauProblem.objects.bulk_create(problems, batch_size=500)
    # A month-end has every account, the rejected ones as they were too: that puts nothing right.
    _resend(chunk, [record.loan_id for record in records if record.cause != RecordCause.UNCHANGED])
    return True


def _resend(chunk: BureauChunk, loan_ids: list[int]) -> None:
    """Say of what was rejected before that this cycle has it again."""
    waiting = BureauRejection.objects.filter(loan_id__in=loan_ids).exclude(state=BureauRejection.State.RESENT)
    waiting.update(state=BureauRejection.State.RESENT, resent_in=chunk.cycle_id)


def _store(
    cycle: BureauCycle, chunk: BureauChunk, entries: list[Entry], members: dict[str, Member]
) -> tuple[dict[str, str], dict[str, str]]:
    files, hashes = {}, {}
    for bureau, content in chunk_texts(cycle=cycle, entries=entries, members=members).items():
        name = f"bureau/{cycle.reference_date.isoformat()}/{bureau.lower()}-{chunk.number}-{chunk.fence}.part"
        files[bureau] = default_storage.save(name, ContentFile(content))
        hashes[bureau] = chunk_hash(content)
    return files, hashes


def _chunk_finish(cycle: BureauCycle, chunk: BureauChunk, files: dict[str, str], hashes: dict[str, str]) -> None:
    """Count a part as done, once."""
    if not _mine(chunk).update(state=BureauChunk.State.DONE, lease_until=None, files=files, hashes=hashes):
        return
    done = BureauChunk.objects.get(pk=chunk.pk)
    BureauCycle.objects.filter(pk=cycle.pk).update(
        chunks_done=F("chunks_done") + 1,
        records=F("records") + done.records,
        problems=F("problems") + done.problems,
    )


def _finish(cycle: BureauCycle) -> None:
    """Measure the files and end the cycle, once, when every part is done."""
    if BureauChunk.objects.filter(cycle=cycle).exclude(state=BureauChunk.State.DONE).exists():
        return
    measured = {
        submission.pk: file_measure(submission=submission) for submission in cycle.submissions.select_related("cycle")
    }
    totals = _totals(cycle)

    def finish() -> None:
        running = BureauCycle.objects.filter(pk=cycle.pk, state=BureauCycle.State.RUNNING)
        if not running.update(state=BureauCycle.State.BUILT, built_at=timezone.now(), totals=totals):
            return
        for pk, measure in measured.items():
            BureauSubmission.objects.filter(pk=pk).update(sha256=measure.sha256, size_bytes=measure.size_bytes)
        audit.record(actor=None, action="lms.bureau_cycle_build", obj=cycle, detail={"records": totals})

    run_in_transaction(finish)


def _totals(cycle: BureauCycle) -> dict[str, int]:
    """Count the records by cause, and those in default."""
    rows = BureauRecord.objects.filter(cycle=cycle).order_by()
    counted = Counter(dict(rows.values_list("cause").annotate(Count("pk"))))
    in_default = rows.filter(days_past_due__gte=cycle.parameters.alert_from_days).count()
    return {**counted, "IN_DEFAULT": in_default}


def _mine(chunk: BureauChunk) -> QuerySet[BureauChunk]:
    return BureauChunk.objects.filter(pk=chunk.pk, fence=chunk.fence, state=BureauChunk.State.PENDING)
