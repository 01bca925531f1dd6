"""Measured relay of events: `python -m bench.outbox` beside the producers that write them, in the same run.

On the database of DATABASE_URL (MariaDB or MySQL), in one of its own that is dropped again, and on the broker of
REDIS_URL. Producers publish one event in each transaction, as fast as they can; relays run as `manage.py work` runs
them and hand every event over to one subscriber. At the end the whole way of an event is timed, to its effect.
"""

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min

from bench.app import load_line, own_database
from bench.callers import rate
from core import audit
from core.events import EVENTS_QUEUE, OUTBOX_QUEUE, Event, publish, subscribe
from core.inbox.models import InboxMessage, MessageState
from core.models import OutboxEvent, SentEvent
from core.streams import Hints
from core.workers import LANES, LaneWorker

PRODUCERS: Final = 16
EACH: Final = 400
RELAYS: Final = 2
ROUNDS: Final = 5
LEAST_RATIO: Final = 0.9
P99_SECONDS: Final = 1.0
PACED_SECONDS: Final = 8
# A pace that two workers apply on two processors.
EFFECTS_A_SECOND: Final = 50
_PATIENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingMeasured(Event):
    """Something of the benchmark."""

    topic: ClassVar[str] = "bench.thing_measured"
    thing_id: int

    @property
    def partition_key(self) -> str:
        """Name the thing."""
        return f"thing:{self.thing_id}"


def thing_noted(event: ThingMeasured) -> None:
    """Have an effect in the database."""
    audit.record(actor=None, action="bench.noted", object_type="bench.thing", object_id=event.thing_id)


def main() -> None:
    """Print the rate of the relay beside that of its producers, and how long events are on their way."""
    if connection.vendor != "mysql" or not settings.REDIS_URL:
        sys.exit("Set DATABASE_URL to a MariaDB or MySQL server, and REDIS_URL to a broker that nobody else uses.")
    subscribe(ThingMeasured, subscriber="bench.notes", handler=thing_noted)
    with own_database():
        print(f"{load_line()}; {PRODUCERS} producers, {RELAYS} relays")
        rounds = [_full_speed(number) for number in range(ROUNDS)]
        print(f"median ratio {statistics.median(ratio for ratio, _ in rounds):.2f}   bar {LEAST_RATIO}")
        half = statistics.median(produced for _, produced in rounds) / 2
        _handed_over(half)
        _effects(EFFECTS_A_SECOND)


def _full_speed(number: int) -> tuple[float, float]:
    """Let producers and relays run together; return the ratio of their rates, and the producers' rate."""
    _forget()
    with _workers(("relay",) * RELAYS):
        produced = rate(partial(_publish_each, number), callers=PRODUCERS, each=EACH, warm=_publish_one)
        _wait_until(lambda: not OutboxEvent.objects.exists())
    span = SentEvent.objects.aggregate(first=Min("created_at"), last=Max("created_at"), sent=Max("sent_at"))
    ratio = (span["last"] - span["first"]) / (span["sent"] - span["first"])
    print(f"relayed {produced * ratio:8.0f}/s   produced {produced:8.0f}/s   ratio {ratio:5.2f}")
    return ratio, produced


def _handed_over(per_second: float) -> None:
    """Print how long events take from their producer until a worker that waits for them is told."""
    _forget()
    with tempfile.TemporaryDirectory(prefix="kist-bench-") as folder:
        heard = Path(folder) / "heard.json"
        with _workers((*("relay",) * RELAYS, "listen"), heard=heard):
            paced = _produce(per_second)
        told = json.loads(heard.read_text())
    rows = InboxMessage.objects.filter(queue=EVENTS_QUEUE).values_list("pk", "event_id")
    created = dict(SentEvent.objects.values_list("event_id", "created_at"))
    times = [told[str(pk)] - created[event_id].timestamp() for pk, event_id in rows]
    _report(f"{paced:.0f}/s, half of that, until a worker is told", times)


def _effects(per_second: float) -> None:
    """Print how long events take from their producer until their effect is written."""
    _forget()
    with _workers(("relay", "inbox", "inbox")):
        paced = _produce(per_second)
        _wait_until(lambda: not InboxMessage.objects.filter(state=MessageState.NEW).exists())
    created = dict(SentEvent.objects.values_list("event_id", "created_at"))
    applied = InboxMessage.objects.filter(queue=EVENTS_QUEUE).values_list("event_id", "applied_at")
    _report(f"{paced:.0f}/s, until its effect", [(at - created[key]).total_seconds() for key, at in applied if at])


def _produce(per_second: float) -> float:
    """Publish at a pace for some seconds, and wait until everything is relayed."""
    callers = min(PRODUCERS, max(1, int(per_second / 25)))
    each = int(per_second * PACED_SECONDS / callers)
    paced = rate(partial(_publish_paced, each, callers / per_second), callers=callers, each=each)
    _wait_until(lambda: not OutboxEvent.objects.exists())
    return paced


def _report(what: str, seconds: list[float]) -> None:
    p99, median = statistics.quantiles(seconds, n=100)[98], statistics.median(seconds)
    print(
        f"{what}: median {1e3 * median:.0f} ms   p99 {1e3 * p99:.0f} ms   longest {1e3 * max(seconds):.0f} ms   "
        f"bar {1e3 * P99_SECONDS:.0f} ms"
    )


@contextmanager
def _workers(lanes: tuple[str, ...], heard: Path | None = None) -> Iterator[None]:
    """Run workers of lanes, each in a process of its own; `listen` only writes down what it is told, and when."""
    connection.close()
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    processes = [context.Process(target=_work, args=(name, number, stop, heard)) for number, name in enumerate(lanes)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        stop.set()
        for process in processes:
            process.join(_PATIENCE_SECONDS)


def _work(name: str, number: int, stop: Any, heard: Path | None) -> None:
    if heard is None or name != "listen":
        LaneWorker(lane=LANES[name], number=number, stop=stop).run()
        return
    told: dict[int, float] = {}
    hints = Hints(consumer="bench", lease_seconds=_PATIENCE_SECONDS)
    while not stop.is_set():
        found, now = hints.read(queues=(EVENTS_QUEUE,), limit=1000, block_ms=100), time.time()
        for _, _, row_id in found or ():
            told.setdefault(row_id, now)
        if found:
            hints.acknowledge(queue=EVENTS_QUEUE, hint_ids=[hint_id for _, hint_id, _ in found])
    heard.write_text(json.dumps(told))


def _publish_each(number: int, place: int) -> None:
    for index in range(EACH):
        _publish((number * PRODUCERS + place) * EACH + index)


def _publish_one(place: int) -> None:
    _publish(place)


def _publish_paced(each: int, pause: float, place: int) -> None:
    begun = time.perf_counter()
    for index in range(each):
        time.sleep(max(0.0, begun + index * pause - time.perf_counter()))
        _publish(place * each + index)


def _publish(thing_id: int) -> None:
    with transaction.atomic():
        publish(ThingMeasured(thing_id=thing_id))


def _forget() -> None:
    for model in (OutboxEvent, SentEvent, InboxMessage):
        model.objects.all().delete()
    # Nobody listened to what the rounds before told: who begins to would have to hear all of it first.
    redis.Redis.from_url(settings.REDIS_URL).delete(f"kist:{OUTBOX_QUEUE}", f"kist:{EVENTS_QUEUE}")


def _wait_until(is_so: Any) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise RuntimeError("The workers did not end their work.")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
