"""Processes of workers that die at the worst moment: whatever was begun is finished once, by the next one."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.databases import migrated_database
from tests.project_process import ProjectProcess

pytestmark = [pytest.mark.broker, pytest.mark.processes]
EACH = 4
START = f"""
from django.db import transaction
from core.events import publish
from core.inbox.services import message_receive
from core.sagas.services import saga_start
from tests.core.machinery.sagas import ThingHappened
import json, uuid
for number in range({EACH}):
    key = uuid.uuid4().hex
    with transaction.atomic():
        saga_start(kind="tests.reversible", intent_key=key, context={{}})
        saga_start(kind="tests.reversible", intent_key=key + "-undone", context={{"books": "refuse"}})
        publish(ThingHappened(thing_id=number))
    raw = json.dumps({{"id": key}}).encode()
    message_receive(source="tests", event_id=key, raw=raw, queue="tests")
"""
REPORT = """
import json
from collections import Counter
from core.models import AuditEntry, InboxMessage, OutboxEvent, Saga
from tests.core.machinery import world
sagas = Counter(Saga.objects.values_list("kind", "state"))
print(json.dumps({
    "open": Saga.objects.exclude(state__in=("DONE", "COMPENSATED")).count()
        + OutboxEvent.objects.count() + InboxMessage.objects.exclude(state="APPLIED").count(),
    "sagas": Counter(Saga.objects.values_list("state", flat=True)),
    "acts": Counter(AuditEntry.objects.values_list("action", flat=True)),
    "twice": [key for key, count in Counter(world.effects()).items() if count > 1],
    "effects": Counter(effect.partition(":")[0] for effect in world.effects()),
}))
"""


class Installation(ProjectProcess):
    """A migrated database on which processes of workers run and die."""

    def work_to_the_end(self) -> dict[str, Any]:
        """Let workers run until nothing is open, and tell what came of everything."""
        process = self.work()
        deadline = time.monotonic() + 60
        try:
            while (report := json.loads(self.python(REPORT)))["open"]:
                assert time.monotonic() < deadline, report
        finally:
            process.terminate()
            process.wait(timeout=30)
        return report


@pytest.fixture(scope="module")
def database_url(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: Any, django_db_blocker: Any
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("faults")
    with migrated_database(folder=folder, name="faults", blocker=django_db_blocker) as url:
        yield url


@pytest.fixture(scope="module")
def installation(
    database_url: str, broker_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    chosen = {
        "DJANGO_SETTINGS_MODULE": "tests.core.machinery.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": broker_url,
        "VAR_DIR": str(tmp_path_factory.mktemp("world")),
    }
    installation = Installation(environment={**os.environ, **chosen})
    yield installation
    installation.close()


def prove(report: dict[str, Any], *, rounds: int) -> None:
    """Everything ended as it should, each effect happened once."""
    count = EACH * rounds
    assert report["sagas"] == {"DONE": count, "COMPENSATED": count}
    assert report["twice"] == []
    assert report["effects"] == {"call": 2 * count, "undo": count}
    assert report["acts"]["tests.held"] == 2 * count
    assert report["acts"]["tests.released"] == count
    assert report["acts"]["tests.booked"] == count
    assert report["acts"]["tests.ended"] == 2 * count
    assert report["acts"]["tests.noted"] == count
    assert report["acts"]["tests.applied"] == count


BRIEF = ("outbox.before_relay_commit", "inbox.before_apply_commit", "saga.after_call@3")
WHOLE = (
    "outbox.after_relay_commit",
    "inbox.after_apply_commit@2",
    "saga.after_claim@4",
    "saga.during_call@2",
    "saga.after_step_commit@5",
    "saga.in_compensation@2",
)


def die_at(installation: Installation, places: tuple[str, ...]) -> None:
    """Let a process die at each of the places in turn, with fresh work for each."""
    for place in places:
        installation.python(START)
        installation.die_at(place)


@pytest.mark.guarantee("G9", "G10", "G11")
def test_killed_workers_leave_nothing_undone_and_nothing_done_twice(
    installation: Installation, broker_url: str
) -> None:
    die_at(installation, BRIEF)
    # The broker forgets every hint as well: the rows are the work.
    redis.Redis.from_url(broker_url).flushdb()

    prove(installation.work_to_the_end(), rounds=len(BRIEF))


@pytest.mark.guarantee("G9", "G11")
@pytest.mark.long
def test_killed_workers_at_every_place(installation: Installation) -> None:
    before = json.loads(installation.python(REPORT))["sagas"].get("DONE", 0) // EACH
    die_at(installation, WHOLE * 3)

    prove(installation.work_to_the_end(), rounds=before + 3 * len(WHOLE))
