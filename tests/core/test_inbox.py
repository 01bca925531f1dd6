"""Messages are stored once, applied once, parked, filed and given up on."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from core import audit
from core.acts.errors import ActReasonMissing
from core.clock import database_now
from core.inbox.errors import MessageNotFilable, MessageNotReplayable
from core.inbox.models import InboxMessage, MessageState
from core.inbox.services import message_apply, message_file, message_receive, message_replay, messages_due
from core.models import AuditEntry
from core.selectors import stuck_messages
from tests.core.machinery.sagas import register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registered() -> None:
    register()


def received(**content: Any) -> InboxMessage:
    raw = json.dumps({"id": "m1", **content}).encode()
    message, _ = message_receive(source="tests", event_id="evt_1", raw=raw, queue="tests")
    return message


def applied_count() -> int:
    return AuditEntry.objects.filter(action="tests.applied").count()


def test_second_delivery_is_the_first_message() -> None:
    first, is_first_new = message_receive(source="tests", event_id="evt_1", raw=b"{}", queue="tests")
    second, is_second_new = message_receive(source="tests", event_id="evt_1", raw=b"{}", queue="tests")

    assert (is_first_new, is_second_new) == (True, False)
    assert first.pk == second.pk


def test_message_is_applied_once() -> None:
    message = received()

    assert message_apply(message_id=message.pk) == MessageState.APPLIED
    assert message_apply(message_id=message.pk) is None
    assert applied_count() == 1


def test_message_that_does_not_concern_us_is_filed() -> None:
    message = received(is_foreign=True)

    assert message_apply(message_id=message.pk) == MessageState.IGNORED
    assert applied_count() == 0


def test_message_before_what_it_speaks_of_is_parked_and_applied_afterwards() -> None:
    message = received(waits_for="thing-9")
    assert message_apply(message_id=message.pk) == MessageState.PARKED
    assert messages_due(queue="tests", limit=10) == []

    audit.record(actor=None, action="tests.made", object_type="tests.thing", object_id="thing-9")
    InboxMessage.objects.update(next_at=timezone.now() - timedelta(seconds=1))

    assert messages_due(queue="tests", limit=10) == [message.pk]
    assert message_apply(message_id=message.pk) == MessageState.APPLIED
    assert applied_count() == 1


@pytest.mark.guarantee("G12")
def test_message_that_always_fails_needs_a_person_after_eight_tries_and_can_be_replayed(admin_user: User) -> None:
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b"no json", queue="tests")

    states = [message_apply(message_id=message.pk) for _ in range(9)]

    assert states == [MessageState.NEW] * 7 + [MessageState.POISON, None]
    replayed = message_replay(message_id=message.pk, actor=admin_user, reason="The parser was mended")
    assert (replayed.state, replayed.attempts) == (MessageState.NEW, 0)


@pytest.mark.parametrize(("hurry", "least", "most"), [(1.0, 2.5, 5.0), (10.0, 0.25, 0.5)])
def test_pause_before_the_next_try_is_cut_short_for_fault_tests(
    settings: Any, hurry: float, least: float, most: float
) -> None:
    settings.HURRY = hurry
    message = received(waits_for="thing-9")
    before = database_now()

    message_apply(message_id=message.pk)

    message.refresh_from_db()
    pause = (message.next_at - before).total_seconds()
    assert least <= pause < most + (database_now() - before).total_seconds()


def test_applied_message_cannot_be_replayed(admin_user: User) -> None:
    message = received()
    message_apply(message_id=message.pk)

    with pytest.raises(MessageNotReplayable) as refusal:
        message_replay(message_id=message.pk, actor=admin_user, reason="Again")

    assert refusal.value.code == "core.message_not_replayable"
    assert applied_count() == 1


def failed() -> InboxMessage:
    """Return a message that nobody will ever be able to read."""
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b"no json", queue="tests")
    for _ in range(8):
        message_apply(message_id=message.pk)
    message.refresh_from_db()
    assert message.state == MessageState.POISON
    return message


def test_failed_message_is_filed_without_effect_by_name_and_reason(admin_user: User) -> None:
    message = failed()

    for _ in range(2):
        message_file(message_id=message.pk, actor=admin_user, reason="Sent by the gateway's test system")

    message.refresh_from_db()
    assert (message.state, message.filed_by_id) == (MessageState.IGNORED, admin_user.pk)
    assert message.error == "Filed: Sent by the gateway's test system"
    assert (stuck_messages(), applied_count()) == ([], 0)
    entry = AuditEntry.objects.get(action="core.message_file")
    assert (entry.actor_id, entry.object_id, entry.reason) == (
        admin_user.pk,
        str(message.pk),
        "Sent by the gateway's test system",
    )
    assert entry.detail == {"problem": "JSONDecodeError"}


def test_message_that_was_filed_by_hand_is_opened_again_with_a_reason(admin_user: User) -> None:
    message = failed()
    message_file(message_id=message.pk, actor=admin_user, reason="Unreadable")

    opened = message_replay(message_id=message.pk, actor=admin_user, reason="The new release reads it")

    assert (opened.state, opened.attempts, opened.filed_by_id) == (MessageState.NEW, 0, None)
    entry = AuditEntry.objects.get(action="core.message_replay")
    assert (entry.reason, entry.detail) == ("The new release reads it", {"state_before": "IGNORED"})


@pytest.mark.parametrize("state", [state for state in MessageState if state != MessageState.POISON])
def test_only_a_failed_message_is_filed_by_hand(admin_user: User, state: MessageState) -> None:
    message = received()
    InboxMessage.objects.update(state=state)

    with pytest.raises(MessageNotFilable) as refusal:
        message_file(message_id=message.pk, actor=admin_user, reason="Away with it")

    assert refusal.value.code == "core.message_not_filable"
    message.refresh_from_db()
    assert (message.state, message.filed_by_id) == (state, None)
    assert not AuditEntry.objects.exists()


def test_message_that_its_reader_filed_is_not_replayed(admin_user: User) -> None:
    message = received(is_foreign=True)
    message_apply(message_id=message.pk)

    with pytest.raises(MessageNotReplayable):
        message_replay(message_id=message.pk, actor=admin_user, reason="Again")

    message.refresh_from_db()
    assert message.state == MessageState.IGNORED


def test_message_is_not_filed_without_a_reason(admin_user: User) -> None:
    message = failed()

    with pytest.raises(ActReasonMissing):
        message_file(message_id=message.pk, actor=admin_user, reason=" ")

    message.refresh_from_db()
    assert message.state == MessageState.POISON


@pytest.mark.guarantee("G3")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_hundred_deliveries_at_once_are_one_message_with_one_effect() -> None:
    outcomes: list[bool] = []

    def deliver() -> None:
        raw = json.dumps({"id": "m1"}).encode()
        message, is_new = message_receive(source="tests", event_id="evt_1", raw=raw, queue="tests")
        message_apply(message_id=message.pk)
        outcomes.append(is_new)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(True) == 1
    assert len(outcomes) == 100
    assert applied_count() == 1
