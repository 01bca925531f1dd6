"""Locks of many processes through Redis: they save work; what is right is decided by a fence."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from redis.exceptions import LockError

from core.broker import broker

_ANSWER_SECONDS: Final = 5


@contextmanager
def shared_lock(*, name: str, ttl_seconds: int) -> Iterator[int | None]:
    """Hold a lock for at most its time to live.

    It may expire under a holder that was stopped. So whatever is written under it is written where the row's fence is
    not larger than the one that this holder got: a later holder's writes stay.

    Yields:
        The fence, larger for each holder in turn; None when somebody else holds the lock.
    """
    client = broker(answer_seconds=_ANSWER_SECONDS)
    assert client is not None  # noqa: S101  # whoever locks by a broker has one
    lock = client.lock(f"kist:lock:{name}", timeout=ttl_seconds, blocking=False)
    if not lock.acquire():
        yield None
        return
    try:
        yield int(client.incr(f"kist:fence:{name}"))
    finally:
        # An expired one may be somebody else's by now, and is not ours to release.
        with suppress(LockError):
            lock.release()
