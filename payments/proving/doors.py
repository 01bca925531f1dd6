"""The way to one vendor in the event loop: who waits, the places in its contract taken ahead, who is under way."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from queue import SimpleQueue
from typing import Final, Literal

import redis.asyncio

from payments.proving.connections import Connection, Connections, Reply
from payments.proving.wire import Way, request_bytes
from payments.vendors.answers import ProofCall
from payments.vendors.errors import VendorAway, VendorError, VendorUnsure
from payments.vendors.rates import places_take

logger = logging.getLogger(__name__)

# Places are taken for so long ahead, again when half of that is left, and at most so often.
_AHEAD_SECONDS: Final = 0.2
_LEASE_SECONDS: Final = 0.1
# An older place is not used: on a machine too busy to send at its moment, the call would arrive with the next ones.
_LATE_SECONDS: Final = 0.03
_SWEEP_SECONDS: Final = 0.25
# Connections are opened before a place is taken, for what may be sent in so many seconds.
_OPEN_SECONDS: Final = 0.4
# A call that found no place for so long is handed back: its account may go another way.
WAIT_SECONDS: Final = 5.0
Kind = Literal["ask", "find", "probe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to be made; `job_id` and `check_id` are 0 for a probe."""

    vendor: str
    operation: str
    kind: Kind
    sent: ProofCall
    job_id: int = 0
    check_id: int = 0
    our_reference: str = ""
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: with what the vendor answered, or with an error that says what it means."""

    call: Call
    reply: Reply | None
    error: VendorError | None = None


@dataclass(slots=True)
class Hall:
    """What all doors share: how many calls may be under way, and where they end."""

    limit: int
    ended: SimpleQueue[Ended]
    closed: frozenset[tuple[str, str]] = frozenset()
    in_flight: int = 0
    in_flight_peak: int = 0
    # Places taken and not used yet, for all vendors.
    taken: int = 0
    sent: int = 0
    unused: int = 0

    def end(self, call: Call, error: VendorError) -> None:
        """End a call of which nothing was sent."""
        self.ended.put(Ended(call, None, error))


class _Flight:
    """A call that is under way."""

    __slots__ = ("_call", "_hall", "connection", "deadline", "is_over")

    def __init__(self, hall: Hall, call: Call, connection: Connection, deadline: float) -> None:
        self._hall, self._call, self.connection, self.deadline = hall, call, connection, deadline
        self.is_over = False

    def land(self, found: Reply | VendorError) -> None:
        """End the call."""
        self.is_over = True
        self._hall.in_flight -= 1
        is_reply = isinstance(found, Reply)
        ended = Ended(self._call, found) if is_reply else Ended(self._call, None, found)  # type: ignore[arg-type]  # told apart by `is_reply`
        self._hall.ended.put(ended)


class Door:
    """Everything that goes to one vendor; touched by the event loop's thread alone."""

    def __init__(
        self,
        *,
        vendor: str,
        way: Way,
        hall: Hall,
        loop: asyncio.AbstractEventLoop,
        broker: "Callable[[], redis.asyncio.Redis | None]",
    ) -> None:
        self._vendor, self._way, self._hall, self._loop, self._broker = vendor, way, hall, loop, broker
        self._connections = self._connect()
        self._waiting: deque[tuple[float, Call, bytes]] = deque()
        # The moment from which each place counts, and the one after which it is too old.
        self._places: deque[tuple[float, float]] = deque()
        self._flights: deque[_Flight] = deque()
        self._lease: asyncio.Task[None] | None = None
        self._lease_from = self._sweep_from = 0.0

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return len(self._waiting)

    def take(self, way: Way, calls: Iterable[Call]) -> None:
        """Take calls in, and learn how the vendor is reached now."""
        if way != self._way:
            self._way = way
            # What is under way on the old ones ends there.
            self._connections.retire()
            self._connections = self._connect()
        now = time.monotonic()
        self._waiting.extend((now, call, request_bytes(way=way, sent=call.sent)) for call in calls)

    def tick(self) -> bool:
        """Do what is due; tell whether more will be."""
        now = time.monotonic()
        if now >= self._sweep_from:
            self._sweep_from = now + _SWEEP_SECONDS
            self._sweep(now)
        if self._places:
            self._send(now)
        if self._waiting:
            self._prepare(now)
        return bool(self._waiting or self._flights or self._places or self._connections.ready)

    def hand_back(self, reason: str) -> None:
        """End all that waits; nothing of it was sent."""
        while self._waiting:
            self._hall.end(self._waiting.popleft()[1], VendorAway(reason))
        self._hall.taken -= len(self._places)
        self._places.clear()

    def close(self) -> None:
        """Close the connections, and end what is under way without an answer."""
        if self._lease is not None:
            self._lease.cancel()
        for flight in self._flights:
            if not flight.is_over:
                flight.connection.give_up(VendorUnsure("No answer before the worker was stopped"))
        self._connections.retire()

    def _connect(self) -> Connections:
        return Connections(loop=self._loop, base_url=self._way.base_url, failed=self._unreachable)

    def _send(self, now: float) -> None:
        """Use the places that are due, one call each; what cannot be used now is lost."""
        while self._places and self._places[0][0] <= now:
            _, too_old = self._places.popleft()
            self._hall.taken -= 1
            now = time.monotonic()
            is_usable = self._waiting and now < too_old and self._hall.in_flight < self._hall.limit
            connection = self._connections.take() if is_usable else None
            if connection is None:
                self._hall.unused += 1
                continue
            _, call, data = self._waiting.popleft()
            flight = _Flight(self._hall, call, connection, now + self._way.answer_seconds)
            self._flights.append(flight)
            self._hall.sent += 1
            self._hall.in_flight += 1
            self._hall.in_flight_peak = max(self._hall.in_flight_peak, self._hall.in_flight)
            connection.send(data, flight.land)

    def _prepare(self, now: float) -> None:
        """Open connections for what waits, and take places for what there are connections for."""
        room = self._hall.limit - self._hall.in_flight
        soon = min(len(self._waiting), room, ceil(self._way.per_second * _OPEN_SECONDS))
        if (missing := soon - self._connections.ready - self._connections.opening) > 0:
            self._connections.open(missing)
        if now < self._lease_from or (self._lease is not None and not self._lease.done()):
            return
        if self._places and self._places[-1][0] > now + _AHEAD_SECONDS / 2:
            return
        want = min(len(self._waiting), self._connections.ready) - len(self._places)
        want = min(want, room - self._hall.taken, ceil(self._way.per_second * _AHEAD_SECONDS))
        if want > 0:
            self._lease_from = now + _LEASE_SECONDS
            self._hall.taken += want
            self._lease = self._loop.create_task(self._take_places(want))

    async def _take_places(self, want: int) -> None:
        kept = 0
        try:
            asked = time.monotonic()
            places = await places_take(
                self._broker(),
                vendor=self._vendor,
                per_second=self._way.per_second,
                want=want,
                ahead_seconds=_AHEAD_SECONDS,
            )
            # Never before its moment, whenever within the answer's way that was; and never long after.
            now = time.monotonic()
            self._places.extend((now + after, asked + after + _LATE_SECONDS) for after in places.after_seconds)
            kept = len(places.after_seconds)
            if not kept:
                self._lease_from = now + min(max(places.pause_seconds - _AHEAD_SECONDS, _LEASE_SECONDS), 1.0)
        except Exception:
            # Without places nothing is sent; what waits is handed back in time.
            logger.exception("No places in the contract of %s could be taken", self._vendor)
            self._lease_from = time.monotonic() + 1
        finally:
            self._hall.taken -= want - kept

    def _unreachable(self, error: VendorError) -> None:
        """End one call for each connection that could not be opened."""
        if self._waiting:
            self._hall.end(self._waiting.popleft()[1], error)

    def _sweep(self, now: float) -> None:
        """Hand back what waited too long or may not be sent any more, and give up what is not answered in time."""
        while self._waiting and self._waiting[0][0] < now - WAIT_SECONDS:
            error = VendorAway("The vendor's contract allows no further call now")
            self._hall.end(self._waiting.popleft()[1], error)
        if self._hall.closed and any(self._is_closed(call) for _, call, _ in self._waiting):
            kept = [entry for entry in self._waiting if not self._is_closed(entry[1])]
            for _, call, _ in self._waiting:
                if self._is_closed(call):
                    self._hall.end(call, VendorAway("The vendor's circuit is open"))
            self._waiting = deque(kept)
        while self._flights and (self._flights[0].is_over or self._flights[0].deadline < now):
            flight = self._flights.popleft()
            if not flight.is_over:
                flight.connection.give_up(VendorUnsure("No answer in time"))
        self._connections.close_old()

    def _is_closed(self, call: Call) -> bool:
        return call.kind != "probe" and (call.vendor, call.operation) in self._hall.closed
