"""Connections to the broker that give up soon: whatever it does for us can be done without it, or later."""

from functools import cache
from typing import Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_CONNECT_SECONDS: Final = 1
_IDLE_SECONDS: Final = 30


def broker(*, answer_seconds: int) -> redis.Redis | None:
    """Return the connections of this process; None where no broker is set.

    The client by itself would try ten times: a person or a vendor who waits for us would wait for all of them. Here a
    connection that was lost is made anew once, and a broker that does not answer is not asked again.

    Args:
        answer_seconds: how long an answer may take.
    """
    return _connect(url=settings.REDIS_URL, answer_seconds=answer_seconds) if settings.REDIS_URL else None


@cache
def _connect(*, url: str, answer_seconds: int) -> redis.Redis:
    """Return the connections of this process to a broker."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=answer_seconds,
        health_check_interval=_IDLE_SECONDS,
        retry=Retry(NoBackoff(), retries=1, supported_errors=(redis.ConnectionError,)),
    )
