"""The thread with the event loop: holds a thousand calls in flight, and knows nothing of the database."""

import asyncio
import selectors
import threading
import time
from collections.abc import Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import Final

import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from payments.proving.doors import Call, Door, Ended, Hall
from payments.proving.wire import Way

# One timer for all calls: what is due is looked for so often while anything waits, and what has come is read then.
_TICK_SECONDS: Final = 0.01
_CONNECT_SECONDS: Final = 1
_ANSWER_SECONDS: Final = 2
_CLOSING_TICK_SECONDS: Final = 0.05


class _Gathering(selectors.DefaultSelector):
    """Lets answers gather until the next tick: to wake up for each of them takes longer than to read it."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until something is due, a tick at most, before looking; without a timer until something comes."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        time.sleep(min(timeout, _TICK_SECONDS))
        return super().select(0)


class Sender:
    """Calls go in and their ends come out; everything that touches the database stays with the caller."""

    def __init__(self, *, in_flight: int) -> None:
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._doors: dict[str, Door] = {}
        self._broker: redis.asyncio.Redis | None = None
        self._is_ticking = False
        self._loop = asyncio.SelectorEventLoop(_Gathering())
        self._thread = threading.Thread(target=self._run, name="proofs", daemon=True)
        self.hall = Hall(in_flight, self._ended)

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def stop(self, *, seconds: float) -> None:
        """Let what is in flight end within some seconds, hand back what was not sent, and end the loop."""
        asyncio.run_coroutine_threadsafe(self._close(seconds), self._loop).result(seconds + 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def waiting(self, *, vendor: str) -> int:
        """Return how many calls wait for a place in a vendor's contract."""
        door = self._doors.get(vendor)
        return door.waiting if door else 0

    def submit(self, *, ways: Mapping[str, Way], calls: Iterable[Call]) -> None:
        """Hand calls over; each ends in `ended` one day, whatever happens to it."""
        by_vendor: dict[str, list[Call]] = {}
        for call in calls:
            by_vendor.setdefault(call.vendor, []).append(call)
        for vendor, given in by_vendor.items():
            self._loop.call_soon_threadsafe(self._take, vendor, ways[vendor], given)

    def ended(self, *, seconds: float) -> list[Ended]:
        """Wait up to some seconds for calls that ended, and return all that have."""
        try:
            found = [self._ended.get(timeout=seconds)] if seconds else [self._ended.get_nowait()]
        except Empty:
            return []
        while True:
            try:
                found.append(self._ended.get_nowait())
            except Empty:
                return found

    def cpu_seconds(self) -> float:
        """Return the processor's time that the loop has taken, where the system tells it."""
        if not hasattr(time, "pthread_getcpuclockid") or self._thread.ident is None or not self._thread.is_alive():
            return 0.0
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._broker = _connect(settings.REDIS_URL) if settings.REDIS_URL else None
        self._loop.run_forever()

    def _take(self, vendor: str, way: Way, calls: list[Call]) -> None:
        if vendor not in self._doors:
            self._doors[vendor] = Door(
                vendor=vendor, way=way, hall=self.hall, loop=self._loop, broker=lambda: self._broker
            )
        self._doors[vendor].take(way, calls)
        if not self._is_ticking:
            self._is_ticking = True
            self._tick()

    def _tick(self) -> None:
        # Not `any`: each of them has to be asked.
        self._is_ticking = True in [door.tick() for door in self._doors.values()]
        if self._is_ticking:
            self._loop.call_later(_TICK_SECONDS, self._tick)

    async def _close(self, seconds: float) -> None:
        for door in self._doors.values():
            door.hand_back("The worker was stopped")
        end = self._loop.time() + seconds
        while self.hall.in_flight and self._loop.time() < end:
            await asyncio.sleep(_CLOSING_TICK_SECONDS)
        for door in self._doors.values():
            door.close()
        if self._broker is not None:
            await self._broker.aclose()


def _connect(url: str) -> redis.asyncio.Redis:
    """Return the loop's own connections to the broker, which give up as soon as those of `core.broker`."""
    return redis.asyncio.Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), retries=1, supported_errors=(redis.ConnectionError,)),
    )
