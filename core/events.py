"""What apps announce to each other: `publish` in the transaction that it tells of, `subscribe` once at start."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar, Final, TypeVar, get_type_hints

from django.db import transaction
from ulid import ULID

from core.failpoints import failpoint
from core.outbox.models import OutboxEvent
from core.streams import hint_on_commit

OUTBOX_QUEUE: Final = "outbox"
EVENTS_QUEUE: Final = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(ABC):
    """Something that has happened: a frozen dataclass of ids, whole numbers, text, dates and instants.

    `topic` is `app.what_happened`. Events with the same `partition_key` are about the same thing.
    """

    topic: ClassVar[str]
    priority: ClassVar[int] = 50

    @property
    @abstractmethod
    def partition_key(self) -> str:
        """Name what the event is about, such as `loan:12`."""


EventKind = TypeVar("EventKind", bound=Event)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One app that wants to hear of a topic."""

    subscriber: str
    event_class: type[Event]
    handler: Callable[[Any], None]


_SUBSCRIPTIONS: dict[str, dict[str, Subscription]] = {}


def subscribe(event_class: type[EventKind], *, subscriber: str, handler: Callable[[EventKind], None]) -> None:
    """Let a handler hear of every event of a class; called from an app's `ready`.

    The handler runs once for each event, in the transaction that also marks it as applied; it reaches nothing outside
    the database. It may see events in any order.

    Args:
        subscriber: `app.what_it_does`; it names the handler for ever, so that a renamed function misses nothing.

    Raises:
        ValueError: another handler has the name.
    """
    known = _SUBSCRIPTIONS.setdefault(event_class.topic, {})
    wanted = Subscription(subscriber, event_class, handler)
    if known.get(subscriber, wanted) != wanted:
        raise ValueError(f"Two handlers of {event_class.topic} are called {subscriber}.")
    known[subscriber] = wanted


def subscriptions(*, topic: str) -> tuple[Subscription, ...]:
    """Return who wants to hear of a topic."""
    return tuple(_SUBSCRIPTIONS.get(topic, {}).values())


def publish(event: Event) -> str:
    """Write an event beside the rows that it tells of; it leaves when they are committed, and not otherwise.

    Returns:
        The id of the event.

    Raises:
        ValueError: no transaction is open, so that the event could be committed without what it tells of.
    """
    if not transaction.get_connection().in_atomic_block:
        raise ValueError(f"{event.topic} is published outside of a transaction.")
    row = OutboxEvent.objects.create(
        event_id=str(ULID()),
        topic=event.topic,
        partition_key=event.partition_key,
        priority=event.priority,
        payload={name: _to_json(value) for name, value in asdict(event).items()},
    )
    failpoint("outbox.before_publish_commit")
    hint_on_commit(queue=OUTBOX_QUEUE, row_ids=[row.pk])
    return row.event_id


def event_of(*, event_class: type[EventKind], payload: Mapping[str, Any]) -> EventKind:
    """Build an event from what was stored; fields that an older publisher did not know keep their defaults."""
    types = get_type_hints(event_class)
    names = {field.name for field in fields(event_class)}
    return event_class(**{name: _from_json(value, types[name]) for name, value in payload.items() if name in names})


def _to_json(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    raise ValueError(f"An event carries ids, amounts, text and dates, not {type(value).__name__}.")


def _from_json(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    options = getattr(kind, "__args__", (kind,))
    if datetime in options:
        return datetime.fromisoformat(value)
    if date in options:
        return date.fromisoformat(value)
    return value
