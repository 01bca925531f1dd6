"""Which queues there are: each app names its own, and the workers ask again from time to time."""

from collections.abc import Callable, Iterable
from typing import Final

from core.events import EVENTS_QUEUE

_INBOX: Final[list[Callable[[], Iterable[str]]]] = [lambda: (EVENTS_QUEUE,)]
_SAGAS: Final[list[Callable[[], Iterable[str]]]] = []


def inbox_queues_register(queues: Callable[[], Iterable[str]]) -> None:
    """Add queues of messages; the function is asked anew, so it may read rows."""
    if queues not in _INBOX:
        _INBOX.append(queues)


def saga_queues_register(queues: Callable[[], Iterable[str]]) -> None:
    """Add queues of saga steps; the function is asked anew, so it may read rows."""
    if queues not in _SAGAS:
        _SAGAS.append(queues)


def inbox_queues() -> tuple[str, ...]:
    """Return the queues of messages in the order in which they are read."""
    return tuple(dict.fromkeys(name for queues in _INBOX for name in queues()))


def saga_queues() -> tuple[str, ...]:
    """Return the queues of steps that go forward, in the order in which they are read."""
    return tuple(dict.fromkeys(name for queues in _SAGAS for name in queues()))
