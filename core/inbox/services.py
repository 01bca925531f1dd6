"""Store a message, apply it, try it again."""

import json
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, connection

from core import audit
from core.acts.errors import ActReasonMissing
from core.clock import database_now, in_a_hurry
from core.errors import KistError
from core.events import event_of, subscriptions
from core.failpoints import failpoint
from core.inbox.errors import EntityUnknown, MessageNotFilable, MessageNotReplayable
from core.inbox.models import InboxMessage, MessageState
from core.locks import rows_for_update, unlocked_rows
from core.prepared import row_insert, rows_insert
from core.streams import hint_on_commit
from core.together import WriteTogether
from core.transactions import run_in_transaction

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 8
_FIRST_PAUSE_SECONDS: Final = 5
_REASON_MAX: Final = 200
_OPEN: Final = (MessageState.NEW, MessageState.PARKED)
_BY_CLOCK: Final = ("received_at", "next_at")
# A statement has a greatest length, and whoever sends more than this is rare.
_RAW_MOST_TOGETHER: Final = 64 * 1024
_TOGETHER: Final = WriteTogether[InboxMessage](partial(rows_insert, now_columns=_BY_CLOCK))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a message: it had its effect, or it was filed because it concerns nothing of ours."""

    is_ignored: bool = False
    note: str = ""


Apply = Callable[[InboxMessage], Applied]
_SOURCES: dict[str, Apply] = {}


def inbox_source(*, source: str, apply: Apply) -> None:
    """Say who applies the messages of a source; called from an app's `ready`.

    `apply` runs in the transaction that marks the message; it reaches nothing outside the database, and raises
    `EntityUnknown` for what is not here yet.

    Raises:
        ValueError: another function has the source.
    """
    if _SOURCES.get(source, apply) != apply:
        raise ValueError(f"Two functions apply the messages of {source}.")
    _SOURCES[source] = apply


def message_receive(
    *,
    source: str,
    event_id: str,
    raw: bytes,
    queue: str,
    kind: str = "",
    entity: str = "",
    headers: Mapping[str, str] | None = None,
    state: MessageState = MessageState.NEW,
    error: str = "",
    priority: int = 50,
) -> tuple[InboxMessage, bool]:
    """Store a message durably, once for its source and id.

    Returns:
        The message, and whether it is new; for a repeat the one that was stored first.
    """
    message = InboxMessage(
        source=source,
        event_id=event_id,
        raw=raw,
        queue=queue,
        kind=kind[:96],
        entity=entity[:96],
        headers=dict(headers or {}),
        state=state,
        error=error[:255],
        priority=priority,
    )
    failpoint("webhook.before_commit")
    try:
        _store(message)
    except IntegrityError:
        return InboxMessage.objects.get(source=source, event_id=event_id), False
    return message, True


def message_apply(*, message_id: int) -> MessageState | None:
    """Apply a message that waits; effect and state are committed together.

    A message that cannot be applied stays, waits longer each time, and after eight tries needs a person.

    Returns:
        Its state afterwards; None when it is not waiting, or another worker has it.
    """
    try:
        state = run_in_transaction(lambda: _apply(message_id))
    except EntityUnknown as error:
        return _defer(message_id, MessageState.PARKED, error.message)
    except KistError as error:
        return _defer(message_id, MessageState.NEW, error.message)
    except Exception as error:
        logger.exception("Message %s could not be applied", message_id)
        return _defer(message_id, MessageState.NEW, type(error).__name__)
    failpoint("inbox.after_apply_commit")
    return state


def message_replay(*, message_id: int, actor: User | None, reason: str) -> InboxMessage:
    """Let a message that is parked, failed or filed by a person be tried again at once, from its first try.

    Raises:
        MessageNotReplayable: it had its effect, was filed by its reader or was refused.
    """

    def replay() -> InboxMessage:
        message = rows_for_update(InboxMessage.objects.filter(pk=message_id)).get()
        if not message.is_replayable:
            raise MessageNotReplayable(message=message_id, state=message.state)
        before, message.filed_by = message.state, None
        message.state, message.attempts, message.next_at = MessageState.NEW, 0, database_now()
        message.save(update_fields=["state", "attempts", "next_at", "filed_by"])
        detail = {"state_before": before}
        audit.record(actor=actor, action="core.message_replay", obj=message, reason=reason, detail=detail)
        hint_on_commit(queue=message.queue, row_ids=[message.pk])
        return message

    return run_in_transaction(replay)


def message_file(*, message_id: int, actor: User, reason: str) -> InboxMessage:
    """Close a failed message without effect, because nobody will ever be able to read it; a repeat changes nothing.

    Raises:
        ActReasonMissing: the reason is empty or too long.
        MessageNotFilable: it has not failed.
    """
    if not reason.strip() or len(reason) > _REASON_MAX:
        raise ActReasonMissing(maximum=_REASON_MAX)

    def file() -> InboxMessage:
        message = rows_for_update(InboxMessage.objects.filter(pk=message_id)).get()
        if message.state == MessageState.IGNORED and message.filed_by_id is not None:
            return message
        if message.state != MessageState.POISON:
            raise MessageNotFilable(message=message_id, state=message.get_state_display())
        detail = {"problem": message.error}
        message.state, message.error, message.filed_by = MessageState.IGNORED, f"Filed: {reason}"[:255], actor
        message.save(update_fields=["state", "error", "filed_by"])
        audit.record(actor=actor, action="core.message_file", obj=message, reason=reason, detail=detail)
        return message

    return run_in_transaction(file)


def messages_due(*, queue: str, limit: int) -> list[int]:
    """Return the keys of messages whose time has come, the most urgent first."""
    due = InboxMessage.objects.filter(queue=queue, state__in=_OPEN, next_at__lte=database_now())
    return list(due.order_by("priority", "next_at").values_list("pk", flat=True)[:limit])


def _store(message: InboxMessage) -> None:
    """Store a message, outside of a transaction with those that come at the same moment.

    Raises:
        IntegrityError: it is there.
    """
    is_alone = connection.in_atomic_block or len(message.raw) > _RAW_MOST_TOGETHER
    stored = None if is_alone else _TOGETHER.write(message)
    if stored is None:
        # One statement, which outside of a transaction commits by itself.
        row_insert(message, now_columns=_BY_CLOCK)
        stored = [message]
    for queue in {one.queue for one in stored if one.state == MessageState.NEW}:
        waiting = [one.pk for one in stored if one.queue == queue and one.state == MessageState.NEW]
        hint_on_commit(queue=queue, row_ids=waiting)


def _apply(message_id: int) -> MessageState | None:
    waiting = InboxMessage.objects.filter(pk=message_id, state__in=_OPEN)
    message = unlocked_rows(waiting).first()
    if message is None:
        return None
    outcome = _effect(message)
    message.state = MessageState.IGNORED if outcome.is_ignored else MessageState.APPLIED
    message.error, message.applied_at = outcome.note[:255], database_now()
    message.save(update_fields=["state", "error", "applied_at"])
    failpoint("inbox.before_apply_commit")
    return MessageState(message.state)


def _effect(message: InboxMessage) -> Applied:
    if message.source.startswith("event:"):
        return _event_effect(message)
    if message.source not in _SOURCES:
        raise ValueError(f"Nobody applies messages of {message.source}.")
    return _SOURCES[message.source](message)


def _event_effect(message: InboxMessage) -> Applied:
    name = message.source.removeprefix("event:")
    for subscription in subscriptions(topic=message.kind):
        if subscription.subscriber == name:
            payload = json.loads(bytes(message.raw))
            subscription.handler(event_of(event_class=subscription.event_class, payload=payload))
            return Applied()
    return Applied(is_ignored=True, note="Nobody subscribes under this name any more")


def _defer(message_id: int, state: MessageState, error: str) -> MessageState | None:
    def defer() -> MessageState | None:
        message = unlocked_rows(InboxMessage.objects.filter(pk=message_id, state__in=_OPEN)).first()
        if message is None:
            return None
        message.attempts += 1
        message.state = MessageState.POISON if message.attempts >= MAX_ATTEMPTS else state
        pause = timedelta(seconds=_FIRST_PAUSE_SECONDS * 2 ** (message.attempts - 1) * random.uniform(0.5, 1))
        message.next_at = database_now() + in_a_hurry(pause)
        message.error = error[:255]
        message.save(update_fields=["attempts", "state", "next_at", "error"])
        if message.state == MessageState.POISON:
            logger.error(
                "Message %s of %s failed %s times and needs a person", message.pk, message.source, MAX_ATTEMPTS
            )
        return MessageState(message.state)

    return run_in_transaction(defer)
