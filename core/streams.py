"""Hints through Redis Streams: which row to look at next. The row is the work; a lost hint only costs time."""

import logging
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import redis
from django.db import transaction
from redis.commands.core import Script

from core.broker import broker

logger = logging.getLogger(__name__)

GROUP: Final = "kist"
_PREFIX: Final = "kist:"
# Longer streams are cut: what falls out is found in the database.
_LENGTH_LIMIT: Final = 100_000
# Who gives a hint has a person or a vendor waiting; who reads hints has nothing better to do.
_GIVE_SECONDS: Final = 1
_READ_SECONDS: Final = 3
# One command for many hints: to write each as a command would cost more than the row that it speaks of.
_ADD: Final = """
for place = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'row', ARGV[place])
end
"""
_ROWS_MOST: Final = 1_000


def hint_on_commit(*, queue: str, row_ids: Iterable[int]) -> None:
    """Tell the workers of a queue about rows, once the caller's transaction has committed."""
    ids = list(row_ids)
    transaction.on_commit(lambda: hint(queue=queue, row_ids=ids))


def hint(*, queue: str, row_ids: Sequence[int]) -> None:
    """Tell the workers of a queue about rows now; without a server, or if it is away, they find them by looking."""
    client = broker(answer_seconds=_GIVE_SECONDS)
    if client is None or not row_ids:
        return
    try:
        for first in range(0, len(row_ids), _ROWS_MOST):
            _adding(client)(keys=[_PREFIX + queue], args=[_LENGTH_LIMIT, *row_ids[first : first + _ROWS_MOST]])
    except redis.RedisError:
        logger.warning("No hint for queue %s: the broker does not answer", queue)


@cache
def _adding(client: redis.Redis) -> Script:
    return client.register_script(_ADD)


class Hints:
    """One consumer of the hints of some queues, in the group that all workers share."""

    def __init__(self, *, consumer: str, lease_seconds: int) -> None:
        self._consumer = consumer
        self._lease_ms = lease_seconds * 1000
        self._known: set[str] = set()

    def read(self, *, queues: Sequence[str], limit: int, block_ms: int) -> list[tuple[str, str, int]] | None:
        """Wait for hints.

        Args:
            queues: which to read.
            limit: how many hints at most from each.
            block_ms: how long to wait for the first.

        Returns:
            Queue, id of the hint and row of each; None when no server answers, and the caller has to look and to wait.
        """
        client = broker(answer_seconds=_READ_SECONDS)
        if client is None:
            return None
        try:
            self._join(client, queues)
            # Redis waits for ever on 0: the shortest wait is a millisecond.
            answer: Any = client.xreadgroup(
                GROUP, self._consumer, {_PREFIX + queue: ">" for queue in queues}, count=limit, block=max(1, block_ms)
            )
        except redis.RedisError as error:
            self._known.clear()
            if "NOGROUP" not in str(error):
                logger.warning("Reading hints failed: %s", type(error).__name__)
            return None
        return [
            (stream.decode().removeprefix(_PREFIX), hint_id.decode(), int(fields[b"row"]))
            for stream, hints in answer or []
            for hint_id, fields in hints
        ]

    def take_over(self, *, queues: Sequence[str], limit: int) -> list[tuple[str, str, int]]:
        """Take hints that another worker read and did not acknowledge within the lease."""
        client = broker(answer_seconds=_READ_SECONDS)
        if client is None:
            return []
        found: list[tuple[str, str, int]] = []
        try:
            self._join(client, queues)
            for queue in queues:
                claimed: Any = client.xautoclaim(_PREFIX + queue, GROUP, self._consumer, self._lease_ms, count=limit)
                found += [(queue, hint_id.decode(), int(fields[b"row"])) for hint_id, fields in claimed[1] if fields]
        except redis.RedisError:
            self._known.clear()
        return found

    def acknowledge(self, *, queue: str, hint_ids: Sequence[str]) -> None:
        """Say that hints were dealt with; they are removed, since the rows tell the rest."""
        client = broker(answer_seconds=_READ_SECONDS)
        if client is None:
            return
        try:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.xack(_PREFIX + queue, GROUP, *hint_ids)
                pipeline.xdel(_PREFIX + queue, *hint_ids)
                pipeline.execute()
        except redis.RedisError:
            logger.warning("Hints of queue %s could not be acknowledged and will come again", queue)

    def _join(self, client: redis.Redis, queues: Sequence[str]) -> None:
        for queue in queues:
            if queue in self._known:
                continue
            try:
                client.xgroup_create(_PREFIX + queue, GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
            self._known.add(queue)


def lag(*, queue: str) -> int | None:
    """Return how many hints of a queue wait or are being worked on; None when no server answers."""
    client = broker(answer_seconds=_GIVE_SECONDS)
    if client is None:
        return None
    try:
        return int(client.xlen(_PREFIX + queue))
    except redis.RedisError:
        return None
