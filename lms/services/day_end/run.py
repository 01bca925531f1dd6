"""The day-end run: business dates closed one by one, resumable wherever it stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError

from core.business_date import business_date, business_date_for_update, business_date_set
from core.clock import database_now
from core.errors import KistError
from lms.engine.state import LoanStatus
from lms.models import DayEnd, DayEndChunk, Loan
from lms.services.day_end.accruals import AccrualSum, accrual_post, accrual_sums
from lms.services.day_end.certificate import Certificate, Check, certificate_make
from lms.services.day_end.chunks import CHUNK_CUSTOMERS, chunk_close, chunks_create, ranges_cut
from lms.services.day_end.errors import (
    DayEndDateUnknown,
    DayEndInterrupted,
    DayEndNotSealed,
    DayEndTakenOver,
    DayEndTooFarAhead,
)
from lms.services.day_end.lease import Claim, claim_forget, claim_release, claim_renew, day_end_claim, run_step
from lms.services.lines.commitments import commitments_true_up

DAYS_AT_ONCE: Final = 1100
_ONE_DAY: Final = timedelta(days=1)


class Stage(StrEnum):
    """How far the closing of a day has come."""

    STARTED = "STARTED"
    CHUNK_CLOSED = "CHUNK_CLOSED"
    POSTED = "POSTED"
    SEALED = "SEALED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEndProgress:
    """What a progress callback hears; the same figures stand in the day-end's row."""

    business_date: date
    stage: Stage
    chunks_done: int
    chunks_total: int
    loans_closed: int
    loans_total: int


ProgressCallback = Callable[[DayEndProgress], None]


def day_end_run(
    *,
    to_date: date | None = None,
    progress: ProgressCallback | None = None,
    chunk_customers: int = CHUNK_CUSTOMERS,
) -> DayEnd:
    """Close business dates one by one, up to and including a date; the books then stand on the day after.

    The books move to the next day as the closing of a day begins: what is posted meanwhile belongs to the new day, and
    a borrower whom the run has not reached is closed inline first. A run that was stopped anywhere is taken up by the
    next one: what was committed stands, what was not never happened.

    Args:
        to_date: last day to close; the present business date, or the day that an earlier run left unfinished.
        progress: called after every step, outside of transactions.
        chunk_customers: borrowers in one transaction.

    Returns:
        The day-end of the last day; the earlier one when `to_date` was closed before.

    Raises:
        DayEndAlreadyRunning: another run is at work.
        DayEndDateUnknown, DayEndTooFarAhead: the date cannot be meant.
        DayEndNotSealed: an invariant does not hold, or journals cannot be posted; the day-end says which.
        DayEndInterrupted: the database stopped answering.
    """
    try:
        return _run(to_date, progress, chunk_customers)
    except (OperationalError, InterfaceError) as error:
        raise DayEndInterrupted(problem=str(error)[:200]) from error


def _run(to_date: date | None, progress: ProgressCallback | None, chunk_customers: int) -> DayEnd:
    first = _first_open_date()
    last = to_date or first
    if last < first:
        earlier = DayEnd.objects.filter(business_date=last).first()
        if earlier is None:
            raise DayEndDateUnknown(business_date=first, to_date=last)
        return earlier
    if (days := (last - first).days + 1) > DAYS_AT_ONCE:
        raise DayEndTooFarAhead(business_date=first, to_date=last, days=days, maximum=DAYS_AT_ONCE)
    day_end = _close_day(first, progress, chunk_customers)
    while day_end.business_date < last:
        day_end = _close_day(day_end.business_date + _ONE_DAY, progress, chunk_customers)
    return day_end


def _first_open_date() -> date:
    """Return the day that a stopped run left unfinished, else the business date.

    Days begin under the lock of the books. Without it, one that begins between the two questions would be missed, and
    the day after it would begin while it is open.
    """

    def read() -> date:
        books = business_date_for_update()
        unfinished = DayEnd.objects.exclude(state=DayEnd.State.CLOSED).order_by("business_date").first()
        return unfinished.business_date if unfinished else books.date

    return run_step(read)


def _close_day(day: date, progress: ProgressCallback | None, chunk_customers: int) -> DayEnd:
    _lines_true_up(day)
    day_end = _begin(day, chunk_customers)
    if day_end.state == DayEnd.State.CLOSED:
        return day_end
    claim = day_end_claim(day_end_id=day_end.pk)
    if claim is None:
        day_end.refresh_from_db()
        return day_end
    try:
        _tell(progress, day_end, Stage.STARTED)
        _close_chunks(claim, day_end, progress)
        _post(claim, day_end)
        _tell(progress, day_end, Stage.POSTED)
        _seal(claim, day_end)
    except DatabaseError:
        # The lease cannot be given back now; the next run sees that this one is gone.
        claim_forget(claim=claim)
        raise
    except BaseException:
        claim_release(claim=claim)
        raise
    claim_release(claim=claim)
    _tell(progress, day_end, Stage.SEALED)
    return day_end


def _lines_true_up(day: date) -> None:
    """Bring the commitments of credit lines up to the day's repayments, while the books still stand on it."""
    if business_date() == day:
        commitments_true_up(today=day)


def _begin(day: date, chunk_customers: int) -> DayEnd:
    """Cut the day off, once for each day: the books move on, and the borrowers are cut into chunks."""
    # Read before the books are locked, which every receipt asks for their date.
    loans = Loan.objects.filter(status=LoanStatus.ACTIVE).count()
    ranges = ranges_cut(chunk_customers=chunk_customers)

    def cut_off() -> DayEnd:
        books = business_date_for_update()
        earlier = DayEnd.objects.filter(business_date=day).first()
        if earlier is not None:
            return earlier
        if books.date != day:
            raise DayEndDateUnknown(business_date=books.date, to_date=day)
        day_end = DayEnd.objects.create(business_date=day, loans_total=loans, chunks_total=len(ranges))
        chunks_create(day_end=day_end, ranges=ranges)
        business_date_set(to=day + _ONE_DAY)
        return day_end

    return run_step(cut_off)


def _close_chunks(claim: Claim, day_end: DayEnd, progress: ProgressCallback | None) -> None:
    pending = DayEndChunk.objects.filter(day_end=day_end, state=DayEndChunk.State.PENDING).order_by("number")
    for chunk in list(pending):
        chunk_close(claim=claim, chunk=chunk)
        _tell(progress, day_end, Stage.CHUNK_CLOSED)


def _post(claim: Claim, day_end: DayEnd) -> None:
    """Post the journals of the day; a product whose accounts do not allow it leaves the day unsealed.

    Each in a transaction of its own: one that held many accounts would cross the ways of receipts.
    """

    def post(item: AccrualSum) -> None:
        claim_renew(claim=claim)
        accrual_post(day_end=day_end, item=item)

    try:
        for item in accrual_sums(on_date=claim.business_date):
            run_step(partial(post, item))
    except DayEndTakenOver:
        raise
    except KistError as error:
        check = Check(name="Journals of the day", expected="posted", found=f"{error.code}: {error.message}")
        _fail(claim, Certificate(checks=(check,), figures={}, state_hash="").to_json())
        raise DayEndNotSealed(business_date=claim.business_date, problem=error.message) from error


def _seal(claim: Claim, day_end: DayEnd) -> None:
    certificate = certificate_make(day_end=day_end)
    if certificate.broken:
        _fail(claim, certificate.to_json())
        names = "; ".join(f"{check.name}: {check.expected}, but {check.found}" for check in certificate.broken)
        raise DayEndNotSealed(business_date=claim.business_date, problem=f"{names}.")
    run_step(lambda: _close(claim, certificate))


def _close(claim: Claim, certificate: Certificate) -> None:
    claim_renew(
        claim=claim,
        state=DayEnd.State.CLOSED,
        finished_at=database_now(),
        certificate=certificate.to_json(),
        state_hash=certificate.state_hash,
    )


def _fail(claim: Claim, certificate: dict[str, object]) -> None:
    run_step(lambda: claim_renew(claim=claim, state=DayEnd.State.FAILED, certificate=certificate))


def _tell(progress: ProgressCallback | None, day_end: DayEnd, stage: Stage) -> None:
    """Read the day-end anew and report where it stands."""
    day_end.refresh_from_db()
    if progress is not None:
        progress(
            DayEndProgress(
                business_date=day_end.business_date,
                stage=stage,
                chunks_done=day_end.chunks_done,
                chunks_total=day_end.chunks_total,
                loans_closed=day_end.loans_closed,
                loans_total=day_end.loans_total,
            )
        )
