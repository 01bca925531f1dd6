"""Hand published events to the inbox of every subscriber."""

import json
from typing import Final

from core.clock import database_now
from core.events import EVENTS_QUEUE, subscriptions
from core.failpoints import failpoint
from core.inbox.models import InboxMessage
from core.locks import rows_delete, unlocked_rows
from core.outbox.models import OutboxEvent, SentEvent
from core.streams import hint
from core.transactions import run_in_transaction

BATCH: Final = 500


def outbox_relay(*, limit: int = BATCH) -> int:
    """Move a batch of events from the outbox to the inboxes, in one transaction.

    Any number of relays may run: each takes rows that no other has locked, and removes exactly those that it read.
    An event that nobody subscribes to is kept among the sent ones.

    Returns:
        How many events were moved.
    """
    moved, messages = run_in_transaction(lambda: _move(limit))
    failpoint("outbox.after_relay_commit")
    if messages:
        # By both columns of the one index that leads to them: the inbox only ever grows.
        handed = InboxMessage.objects.filter(
            source__in={message.source for message in messages}, event_id__in={message.event_id for message in messages}
        )
        hint(queue=EVENTS_QUEUE, row_ids=list(handed.values_list("pk", flat=True)))
    return moved


def _move(limit: int) -> tuple[int, list[InboxMessage]]:
    """Move events and return how many, and the messages that were made of them."""
    # In key order: any other would lock every row that it sorts.
    events = list(unlocked_rows(OutboxEvent.objects.order_by("pk"))[:limit])
    now = database_now()
    messages = [
        InboxMessage(
            source=f"event:{subscription.subscriber}",
            event_id=event.event_id,
            entity=event.partition_key,
            kind=event.topic,
            raw=json.dumps(event.payload).encode(),
            priority=event.priority,
            queue=EVENTS_QUEUE,
            received_at=now,
            next_at=now,
        )
        for event in events
        for subscription in subscriptions(topic=event.topic)
    ]
    InboxMessage.objects.bulk_create(messages, ignore_conflicts=True)
    SentEvent.objects.bulk_create(_sent(event) for event in events)
    # By the very keys that were read: rows with smaller keys may be committed later.
    rows_delete(model=OutboxEvent, keys=[event.pk for event in events])
    failpoint("outbox.before_relay_commit")
    return len(events), messages


def _sent(event: OutboxEvent) -> SentEvent:
    return SentEvent(
        event_id=event.event_id,
        topic=event.topic,
        partition_key=event.partition_key,
        payload=event.payload,
        created_at=event.created_at,
        subscribers=len(subscriptions(topic=event.topic)),
    )
