"""G11, G13: leases run out under workers that are stopped or dead; others finish, and nothing is done twice."""

import signal
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count

from core.clock import database_now
from core.models import SagaStep
from core.sagas.models import SagaEvent
from core.sagas.runner import step_run, steps_due
from core.workers import LOOK_SECONDS
from payments.models import ProviderAttempt
from tests.guarantees import sagas
from tests.guarantees.crew import HURRY, ask, hands, lender, open_work, paid_as_booked, working
from tests.guarantees.waiting import until
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

LEASE = timedelta(seconds=90) / HURRY


class Watch:
    """Looks at who has which step, and how long after a lease the next one took it, by the database's clock."""

    def __init__(self) -> None:
        self.overdue: dict[tuple[int, int], datetime] = {}
        self.delays: list[timedelta] = []

    def look(self) -> bool:
        """Look once."""
        now = database_now()
        for step in SagaStep.objects.filter(lease_until__isnull=False):
            assert step.lease_until is not None
            since = self.overdue.pop((step.pk, step.fence - 1), None)
            if since is not None:
                self.delays.append(step.lease_until - LEASE - since)
            if step.lease_until < now:
                self.overdue[step.pk, step.fence] = step.lease_until
        return True


@pytest.mark.guarantee("G11", "G13")
@pytest.mark.mariadb
@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
def test_work_of_a_stopped_and_of_a_killed_worker_is_finished_once(
    world: Simulators, settings: Any, tmp_path: Path, tally: Tally, times: Times
) -> None:
    lender(world)
    settings.HURRY = HURRY
    watch = Watch()
    rounds = times(short=1, long=30)
    for number in range(rounds):
        slow_log, dying_log = tmp_path / f"slow-{number}.log", tmp_path / f"dying-{number}.log"
        # One that is slow enough to be stopped in the middle, one that dies; the test's own threads finish for both.
        with (
            working(log=slow_log, FAILPOINT="saga.after_call:sleep=1") as slow,
            working(log=dying_log, FAILPOINT="saga.after_claim:kill9@2") as dying,
        ):
            ask(4)
            until(lambda: dying.poll() is not None or not ask(1), what="the death of a worker")
            assert dying.wait() == -signal.SIGKILL
            ask(3)
            until(lambda: is_stopped_with_steps_in_hand(slow), what="a moment to stop a worker")
            with hands():
                until(lambda: watch.look() and not open_work(), what="the others to finish", seconds=300)
            slow.send_signal(signal.SIGCONT)
            # It ends by itself when what it had in hand is done: what it writes now comes too late.
            slow.terminate()
            slow.wait(timeout=60)
    print(f"{len(watch.delays)} steps were taken over, after their lease by", *sorted(map(str, watch.delays))[-3:])

    tally.ran(2 * rounds)
    assert watch.delays
    assert paid_as_booked(world) == []
    assert twice() == []
    paid = ProviderAttempt.objects.filter(state="PROCESSED")
    assert {len(world.truth(attempt.our_reference)["keys"]) for attempt in paid} == {1}


def is_stopped_with_steps_in_hand(process: "subprocess.Popen[bytes]") -> bool:
    """Stop a process, unless it has nothing in hand or is in a transaction, whose locks nobody could take over."""
    process.send_signal(signal.SIGSTOP)
    # The database counts transactions anew ten times a second.
    time.sleep(0.2)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.innodb_trx JOIN information_schema.processlist "
            "ON id = trx_mysql_thread_id WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        is_free = cursor.fetchone() == (0,)
    if is_free and SagaStep.objects.filter(state="CLAIMED").exists():
        return True
    process.send_signal(signal.SIGCONT)
    return False


def twice() -> list[tuple[int, str]]:
    """Return steps that were written down as done more than once."""
    done = SagaEvent.objects.filter(what="done").values_list("saga_id", "step")
    return list(done.exclude(step="").annotate(times=Count("pk")).filter(times__gt=1).values_list("saga_id", "step"))


@pytest.mark.guarantee("G11")
@pytest.mark.django_db
def test_step_of_the_dead_is_due_at_the_first_look_after_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    sagas.money_saga_register()
    sagas.accounts_open()
    saga = sagas.start("dead")
    step = saga.steps.get()
    SagaStep.objects.filter(pk=step.pk).update(
        state="CLAIMED", fence=1, attempts=1, lease_until=database_now() + timedelta(minutes=1)
    )
    assert steps_due(queue=sagas.QUEUE, limit=10) == []

    sagas.lapse()

    assert steps_due(queue=sagas.QUEUE, limit=10) == [step.pk]
    # Money 6 allows five seconds: more than two looks.
    assert LOOK_SECONDS * 2 < 5
    assert step_run(step_id=step.pk)
