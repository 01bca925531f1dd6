"""Long-lived loops that do what waits in the database: relay, messages, steps, and steps to be undone."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import close_old_connections, connection

from core.events import OUTBOX_QUEUE
from core.inbox.services import message_apply, messages_due
from core.outbox.models import OutboxEvent
from core.outbox.relay import BATCH, outbox_relay
from core.queues import inbox_queues, saga_queues
from core.sagas.definitions import ROLLBACK_QUEUE
from core.sagas.runner import step_queues, step_run, steps_due
from core.streams import Hints

logger = logging.getLogger(__name__)

# How often the database is looked at, for what no hint told of: with a broker, and without one.
LOOK_SECONDS: Final = 2.0
LOOK_WITHOUT_BROKER_SECONDS: Final = 0.3
_QUEUES_SECONDS: Final = 10.0
_LEASE_SECONDS: Final = 60
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One sort of work: its queues in the order of urgency, what is due on one, and how a row is worked on.

    Where `is_sweep`, working on any row does everything that waits: many hints are worth one.
    """

    name: str
    queues: Callable[[], Sequence[str]]
    due: Callable[[str], list[int]]
    work: Callable[[int], object]
    is_sweep: bool = False


def _relay(_row_id: int) -> None:
    while outbox_relay() == BATCH:
        pass


def _outbox_due(_queue: str) -> list[int]:
    return list(OutboxEvent.objects.order_by("pk").values_list("pk", flat=True)[:1])


LANES: Final = {
    "relay": Lane(name="relay", queues=lambda: (OUTBOX_QUEUE,), due=_outbox_due, work=_relay, is_sweep=True),
    "inbox": Lane(
        name="inbox",
        queues=inbox_queues,
        due=lambda queue: messages_due(queue=queue, limit=_AT_ONCE),
        work=lambda row_id: message_apply(message_id=row_id),
    ),
    # Whoever goes forward looks first for what has to be undone.
    "sagas": Lane(
        name="sagas",
        queues=lambda: tuple(dict.fromkeys((ROLLBACK_QUEUE, *saga_queues(), *step_queues()))),
        due=lambda queue: steps_due(queue=queue, limit=_AT_ONCE),
        work=lambda row_id: step_run(step_id=row_id),
    ),
    # Reserved: however much goes forward, what has to be undone finds a worker.
    "rollback": Lane(
        name="rollback",
        queues=lambda: (ROLLBACK_QUEUE,),
        due=lambda queue: steps_due(queue=queue, limit=_AT_ONCE),
        work=lambda row_id: step_run(step_id=row_id),
    ),
}


def lane_drain(*, lane: Lane, rounds: int = 100) -> int:
    """Do everything that is due on a lane now, without a broker; for tests, tools and the end of an outage.

    Returns:
        How many rows were worked on.
    """
    worked = 0
    for _ in range(rounds):
        due = [row_id for queue in lane.queues() for row_id in lane.due(queue)]
        if not due:
            return worked
        for row_id in due:
            lane.work(row_id)
            worked += 1
    return worked


class LaneWorker:
    """One thread's loop over a lane: hints first, then a look into the database, until it is told to stop."""

    def __init__(self, *, lane: Lane, number: int, stop: threading.Event) -> None:
        self._lane = lane
        self._stop = stop
        name = f"{socket.gethostname()}.{os.getpid()}.{lane.name}.{number}"
        self._hints = Hints(consumer=name, lease_seconds=_LEASE_SECONDS)
        self._queues: Sequence[str] = ()
        self._asked_at = self._looked_at = self._took_over_at = float("-inf")

    def run(self) -> None:
        """Work until stopped; an error of the database or the broker ends one round, not the loop."""
        while not self._stop.is_set():
            try:
                close_old_connections()
                self._round()
            except Exception:
                logger.exception("A round of %s failed", self._lane.name)
                connection.close()
                self._stop.wait(1)
        connection.close()

    def _round(self) -> None:
        now = time.monotonic()
        if now - self._asked_at > _QUEUES_SECONDS:
            self._queues, self._asked_at = self._lane.queues(), now
        most = BATCH if self._lane.is_sweep else _AT_ONCE
        hints = self._hints.read(queues=self._queues, limit=most, block_ms=int(LOOK_SECONDS * 500))
        if hints is None:
            self._stop.wait(LOOK_WITHOUT_BROKER_SECONDS)
        if now - self._took_over_at > _LEASE_SECONDS / 2:
            hints = [*(hints or ()), *self._hints.take_over(queues=self._queues, limit=_AT_ONCE)]
            self._took_over_at = now
        self._follow(hints or ())
        if hints is None or time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._look(self._queues)
            self._looked_at = time.monotonic()
        elif any(queue == ROLLBACK_QUEUE for queue, _, _ in hints):
            self._look((ROLLBACK_QUEUE,))

    def _follow(self, hints: Sequence[tuple[str, str, int]]) -> None:
        if self._lane.is_sweep and hints:
            self._work(hints[0][2])
            for name in {queue for queue, _, _ in hints}:
                self._hints.acknowledge(queue=name, hint_ids=[hint_id for queue, hint_id, _ in hints if queue == name])
            return
        for queue, hint_id, row_id in hints:
            # Hints come in the order in which they were given; what has to be undone comes in that of its urgency.
            if queue != ROLLBACK_QUEUE:
                self._work(row_id)
            self._hints.acknowledge(queue=queue, hint_ids=[hint_id])

    def _look(self, queues: Sequence[str]) -> None:
        for queue in queues:
            for row_id in self._lane.due(queue):
                if self._stop.is_set():
                    return
                self._work(row_id)

    def _work(self, row_id: int) -> None:
        """Work on a row; one that raises holds up nobody but itself."""
        try:
            self._lane.work(row_id)
        except Exception:
            logger.exception("Row %s of %s raised", row_id, self._lane.name)
            # Whatever it left of its connection, the next row begins with a new one.
            connection.close()
