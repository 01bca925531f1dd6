"""Who may work on a day: leases of the living, of the dead, and of other machines."""

import os
import socket
from datetime import date, timedelta

import pytest
from django.utils import timezone

from lms.models import DayEnd, DayEndChunk
from lms.services.day_end import day_end_run
from lms.services.day_end.errors import DayEndAlreadyRunning, DayEndTakenOver
from lms.services.day_end.lease import chunk_claim, chunk_finish, claim_renew, day_end_claim
from tests.lms.day_end.lender import make_lender

pytestmark = pytest.mark.django_db

DAY = date(2026, 4, 29)
HERE = socket.gethostname()[:60]


@pytest.fixture
def day_end() -> DayEnd:
    """A day-end of two chunks that nobody works on yet."""
    made = DayEnd.objects.create(business_date=DAY, chunks_total=2)
    for number in (1, 2):
        DayEndChunk.objects.create(day_end=made, number=number, first_customer_id=number, last_customer_id=number)
    return made


def owned_by(day_end: DayEnd, owner: str, *, minutes: int) -> None:
    """Let a run have the day, with so many minutes left of its lease."""
    DayEnd.objects.filter(pk=day_end.pk).update(owner=owner, lease_until=timezone.now() + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("owner", "minutes"),
    [("another-machine:1:abc", 1), (f"{HERE}:1:abc", 1), (f"{HERE}:{os.getppid()}:abc", 1)],
    ids=["another machine", "a process of another user", "a process that lives"],
)
def test_a_lease_that_runs_is_respected(day_end: DayEnd, owner: str, minutes: int) -> None:
    owned_by(day_end, owner, minutes=minutes)

    with pytest.raises(DayEndAlreadyRunning) as refusal:
        day_end_claim(day_end_id=day_end.pk)

    assert (refusal.value.code, refusal.value.context["owner"]) == ("lms.day_end_already_running", owner)


@pytest.mark.parametrize(
    ("owner", "minutes"),
    [("another-machine:1:abc", -1), (f"{HERE}:{2**22 + 1}:abc", 1), (f"{HERE}:{os.getpid()}:abc", 1)],
    ids=["lease ran out", "process is gone", "an earlier run of this process"],
)
def test_a_lease_of_the_dead_is_taken_over(day_end: DayEnd, owner: str, minutes: int) -> None:
    owned_by(day_end, owner, minutes=minutes)

    claim = day_end_claim(day_end_id=day_end.pk)

    assert claim is not None
    assert claim.fence == 1


def test_a_claim_that_was_taken_over_writes_nothing_more(day_end: DayEnd) -> None:
    first = day_end_claim(day_end_id=day_end.pk)
    assert first is not None
    chunk, other = day_end.chunks.order_by("number")
    assert chunk_claim(claim=first, chunk_id=chunk.pk)
    owned_by(day_end, first.owner, minutes=-1)
    second = day_end_claim(day_end_id=day_end.pk)
    assert second is not None
    assert chunk_claim(claim=second, chunk_id=chunk.pk)

    with pytest.raises(DayEndTakenOver):
        claim_renew(claim=first)
    with pytest.raises(DayEndTakenOver):
        chunk_finish(claim=first, chunk_id=chunk.pk, loans_closed=1)
    assert not chunk_claim(claim=first, chunk_id=chunk.pk)

    chunk_finish(claim=second, chunk_id=chunk.pk, loans_closed=3)
    day_end.refresh_from_db()
    assert (day_end.chunks_done, day_end.loans_closed) == (1, 3)
    assert not chunk_claim(claim=second, chunk_id=chunk.pk)
    assert chunk_claim(claim=second, chunk_id=other.pk)


def test_a_sealed_day_is_never_claimed_again() -> None:
    make_lender(first_day=DAY, borrowers=3)
    sealed = day_end_run()

    assert day_end_claim(day_end_id=sealed.pk) is None

    sealed.refresh_from_db()
    assert (sealed.state, sealed.owner, sealed.fence) == ("CLOSED", "", 1)
