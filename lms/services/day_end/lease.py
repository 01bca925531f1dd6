"""Who works on a day-end: a lease that a dead process loses, and a fence that shuts out one that only slept."""

import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from django.db.models import F
from django.utils import timezone

from core.clock import database_now
from core.transactions import run_in_transaction
from lms.locks import day_ends_for_update
from lms.models import DayEnd, DayEndChunk
from lms.services.day_end.errors import DayEndAlreadyRunning, DayEndTakenOver

Result = TypeVar("Result")

# Longer than the longest transaction of a chunk; a run on the same machine that died is seen at once.
LEASE: Final = timedelta(minutes=5)

# A day-end meets every receipt of the day, and giving up costs more than trying again.
_ATTEMPTS: Final = 10

# Runs that are alive in this process: without them a failed run would look alive as long as its process.
_running: set[str] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on one day-end, as long as its row carries this fence."""

    day_end_id: int
    business_date: date
    fence: int
    owner: str


def run_step(step: Callable[[], Result]) -> Result:
    """Run one transaction of a day-end, and again as often as it crosses the locks of others."""
    return run_in_transaction(step, attempts=_ATTEMPTS)


def day_end_claim(*, day_end_id: int) -> Claim | None:
    """Take the day-end over, when nobody works on it or its worker is dead.

    Returns:
        The claim; None when another run sealed the day meanwhile.

    Raises:
        DayEndAlreadyRunning: another run holds the lease and may be alive.
    """
    owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    # Before the row names it: another thread that reads the row must find the run alive.
    _running.add(owner)
    try:
        return run_step(lambda: _claim(day_end_id, owner))
    except BaseException:
        _running.discard(owner)
        raise


def claim_renew(*, claim: Claim, **progress: Any) -> None:
    """Prolong the lease and save progress, in the caller's transaction; it is rolled back when the claim was lost.

    Args:
        progress: columns of the day-end and their new values.

    Raises:
        DayEndTakenOver: another run took the day over.
    """
    held = DayEnd.objects.filter(pk=claim.day_end_id, fence=claim.fence, owner=claim.owner)
    if not held.update(lease_until=database_now() + LEASE, **progress):
        raise DayEndTakenOver(business_date=claim.business_date)


def claim_release(*, claim: Claim) -> None:
    """Give the day-end back; nothing happens when another run has it."""
    _running.discard(claim.owner)
    mine = DayEnd.objects.filter(pk=claim.day_end_id, fence=claim.fence, owner=claim.owner)
    run_step(lambda: mine.update(owner="", lease_until=None))


def claim_forget(*, claim: Claim) -> None:
    """Stop counting the run as alive; its lease stays in the row until the next run takes it."""
    _running.discard(claim.owner)


def chunk_claim(*, claim: Claim, chunk_id: int) -> bool:
    """Mark a chunk as being worked on under the claim's fence; False when it is done."""
    pending = DayEndChunk.objects.filter(pk=chunk_id, state=DayEndChunk.State.PENDING, fence__lte=claim.fence)
    return bool(run_step(lambda: pending.update(fence=claim.fence, lease_until=database_now() + LEASE)))


def chunk_finish(*, claim: Claim, chunk_id: int, loans_closed: int) -> None:
    """Mark a chunk as done, in the transaction that closes its loans.

    Raises:
        DayEndTakenOver: another run has the chunk.
    """
    mine = DayEndChunk.objects.filter(pk=chunk_id, state=DayEndChunk.State.PENDING, fence=claim.fence)
    if not mine.update(state=DayEndChunk.State.DONE, lease_until=None, loans_closed=loans_closed):
        raise DayEndTakenOver(business_date=claim.business_date)
    claim_renew(claim=claim, chunks_done=F("chunks_done") + 1, loans_closed=F("loans_closed") + loans_closed)


def _claim(day_end_id: int, owner: str) -> Claim | None:
    day_end = day_ends_for_update().get(pk=day_end_id)
    if day_end.state == DayEnd.State.CLOSED:
        _running.discard(owner)
        return None
    now = database_now()
    if day_end.owner and not _is_dead(day_end.owner, day_end.lease_until, now):
        raise DayEndAlreadyRunning(
            business_date=day_end.business_date,
            owner=day_end.owner,
            lease_until=timezone.localtime(day_end.lease_until).strftime("%H:%M:%S"),
        )
    day_end.owner, day_end.lease_until, day_end.fence = owner, now + LEASE, day_end.fence + 1
    day_end.save(update_fields=["owner", "lease_until", "fence"])
    return Claim(day_end_id=day_end.pk, business_date=day_end.business_date, fence=day_end.fence, owner=owner)


def _is_dead(owner: str, lease_until: datetime | None, now: datetime) -> bool:
    """Tell whether the worker is gone: its lease ran out, or its process on this machine does not exist any more."""
    if lease_until is None or lease_until < now:
        return True
    host, process, _ = owner.rsplit(":", 2)
    if host != socket.gethostname()[:60]:
        return False
    if int(process) == os.getpid():
        return owner not in _running
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
