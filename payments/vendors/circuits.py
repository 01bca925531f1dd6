"""Whether a vendor's operation may be asked for: a circuit breaker that all processes share, by the broker's clock."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pybreaker
import redis

from core.broker import broker
from core.clock import in_a_hurry
from payments.vendors.errors import VendorAway, VendorDuplicate, VendorError, VendorNotFound, VendorRefused

OPEN_SECONDS: Final = 10
_FAILURES_TO_OPEN: Final = 5
_BROKER_SECONDS: Final = 2
# What a vendor understood and refused says nothing about its health.
_HEALTHY: Final = (VendorRefused, VendorNotFound, VendorDuplicate, VendorAway)
_MICRO: Final = 1_000_000


class Circuit:
    """One vendor's operation: closed, open since it failed, or tried again by a read.

    Calls are made outside of it and told afterwards: the breaker's own way lets one call through at a time, so that
    whoever waited for a slow vendor would hold up everybody else of the process.
    """

    def __init__(self, *, name: str) -> None:
        self._open = in_a_hurry(timedelta(seconds=OPEN_SECONDS))
        self._storage: pybreaker.CircuitBreakerStorage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        shared = broker(answer_seconds=_BROKER_SECONDS)
        if shared is not None:
            self._storage = _SharedStorage(pybreaker.STATE_CLOSED, shared, namespace=name)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=_FAILURES_TO_OPEN,
            reset_timeout=self._open.total_seconds(),
            exclude=list(_HEALTHY),
            state_storage=self._storage,
            name=name,
        )

    @property
    def is_closed(self) -> bool:
        """Tell whether money may be sent."""
        return bool(self._breaker.current_state == pybreaker.STATE_CLOSED)

    @property
    def is_shut(self) -> bool:
        """Tell whether not even a read may find out if the vendor is back, because it failed only just now."""
        if self._breaker.current_state != pybreaker.STATE_OPEN:
            return False
        opened_at = self._storage.opened_at
        return opened_at is not None and datetime.now(UTC) < opened_at + self._open

    def tell(self, error: VendorError | None) -> None:
        """Learn how a call ended."""

        def end() -> None:
            if error is not None:
                raise error

        try:
            self._breaker.call(end)
        except (VendorError, pybreaker.CircuitBreakerError):
            return


class _SharedStorage(pybreaker.CircuitRedisStorage):
    """Keeps when the circuit opened by the broker's clock, and tells it by that of the process that asks.

    The breaker compares with its own process's clock: one that goes wrong would keep everybody out for as long as it
    goes wrong, or let everybody in at once.
    """

    @property
    def opened_at(self) -> datetime | None:
        """Return when the circuit was opened, as the clock of this process shows it."""
        try:
            opened = self._redis.get(self._namespace("opened_micros"))
            return datetime.now(UTC) - timedelta(microseconds=self._now() - int(opened)) if opened else None
        except redis.RedisError:
            self.logger.warning("The broker does not tell since when a circuit is open")
            return None

    @opened_at.setter
    def opened_at(self, _now: datetime) -> None:
        try:
            self._redis.set(self._namespace("opened_micros"), self._now())
        except redis.RedisError:
            self.logger.warning("The broker does not take that a circuit is open")

    def _now(self) -> int:
        seconds, micros = self._redis.time()
        return int(seconds) * _MICRO + int(micros)

    def _initialize_redis_state(self, state: str) -> None:
        """Begin, also while the broker is away: it is asked again for every call."""
        try:
            super()._initialize_redis_state(state)
        except redis.RedisError:
            self.logger.warning("The broker does not take the state of a circuit")
