"""Pages of the work under way: what is stuck is seen, and decided with a reason and a trace."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.inbox.models import MessageState
from core.inbox.services import message_apply, message_receive
from core.models import AuditEntry, InboxMessage, Saga
from core.sagas.models import SagaState
from tests.core.machinery.sagas import register
from tests.core.test_sagas import drained, start
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registered() -> None:
    register()


@pytest.fixture
def finance() -> Client:
    return client_of("finance")


def test_page_without_work_says_so(finance: Client) -> None:
    page = finance.get(reverse("staff-work:work")).content.decode()

    assert "No saga waits for a person" in page
    assert "Every message was applied or filed" in page


def test_stuck_saga_is_shown_with_its_reason_and_tried_again(finance: Client, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    saga = drained(start(kind="tests.forward", books="refuse"))
    assert "the books are closed" in finance.get(reverse("staff-work:work")).content.decode()
    address = reverse("staff-work:saga", args=[saga.pk])
    assert "point of no return" in finance.get(address).content.decode()

    refused = finance.post(address, {"decision": "retry", "reason": ""})
    undone = finance.post(address, {"decision": "compensate", "reason": "Back"})
    assert (refused.status_code, undone.status_code) == (422, 422)
    assert Saga.objects.get().state == SagaState.MANUAL
    finance.post(address, {"decision": "retry", "reason": "Opened again"})

    assert Saga.objects.get().state == SagaState.RUNNING
    assert AuditEntry.objects.get(action="core.saga_decide").reason == "Opened again"


def test_failed_message_is_shown_without_its_content_and_tried_again(finance: Client) -> None:
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b"Rakesh no json", queue="tests")
    for _ in range(8):
        message_apply(message_id=message.pk)
    address = reverse("staff-work:message", args=[message.pk])

    page = finance.get(address).content.decode()
    assert "JSONDecodeError" in page
    assert "Rakesh" not in page
    finance.post(address, {"reason": "The parser was mended"})

    assert InboxMessage.objects.get().state == MessageState.NEW


def failed(event_id: str) -> InboxMessage:
    message, _ = message_receive(source="tests", event_id=event_id, raw=b"no json", queue="tests")
    for _ in range(8):
        message_apply(message_id=message.pk)
    return message


def test_failed_message_is_filed_on_its_page_and_opened_again(finance: Client) -> None:
    address = reverse("staff-work:message", args=[failed("evt_1").pk])
    assert "File it" in finance.get(address).content.decode()

    refused = finance.post(address, {"act": "file", "reason": ""})
    assert (refused.status_code, InboxMessage.objects.get().state) == (422, MessageState.POISON)
    finance.post(address, {"act": "file", "reason": "A test of the gateway"})
    assert InboxMessage.objects.get().state == MessageState.IGNORED
    page = finance.get(address).content.decode()
    assert ("Filed by finance" in page, "Open it again" in page) == (True, True)
    finance.post(address, {"act": "replay", "reason": "It was none"})

    assert InboxMessage.objects.get().state == MessageState.NEW


def test_failed_messages_are_filed_together_each_with_its_own_outcome(finance: Client) -> None:
    first, second, third = failed("evt_1"), failed("evt_2"), failed("evt_3")
    chosen = {"action": "file_chosen", "_selected_action": [first.pk, second.pk]}

    page = finance.post(reverse("admin:core_inboxmessage_changelist"), chosen, follow=True)
    assert [message.pk for message in page.context["chosen"]] == [first.pk, second.pk]
    InboxMessage.objects.filter(pk=second.pk).update(state=MessageState.APPLIED)
    without = finance.post(page.redirect_chain[-1][0], {"message": [first.pk, second.pk], "reason": ""})
    assert (without.status_code, AuditEntry.objects.filter(action="core.message_file").exists()) == (422, False)
    done = finance.post(
        page.redirect_chain[-1][0], {"message": [first.pk, second.pk], "reason": "Sent by a test system"}, follow=True
    )

    assert [str(message) for message in done.context["messages"]] == [
        f"Message {second.pk} is applied: only one that failed can be filed.",
        "1 message is filed.",
    ]
    states = InboxMessage.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [MessageState.IGNORED, MessageState.APPLIED, MessageState.POISON]
    assert third.pk not in [int(entry.object_id) for entry in AuditEntry.objects.filter(action="core.message_file")]


def test_who_may_not_file_messages_is_not_offered_it(finance: Client) -> None:
    message = failed("evt_1")
    analyst = client_of("analyst")
    address = reverse("staff-work:message", args=[message.pk])

    assert "File it" not in analyst.get(address).content.decode()
    assert "file_chosen" not in analyst.get(reverse("admin:core_inboxmessage_changelist")).content.decode()
    refused = [
        analyst.post(address, {"act": "file", "reason": "Away"}),
        analyst.get(reverse("staff-work:messages-file"), {"message": message.pk}),
        analyst.post(reverse("staff-work:messages-file"), {"message": message.pk, "reason": "Away"}),
    ]

    assert [answer.status_code for answer in refused] == [403] * 3
    assert InboxMessage.objects.get().state == MessageState.POISON


def test_content_of_a_message_is_read_by_those_who_may_and_leaves_a_trace(finance: Client) -> None:
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b'{"vpa": "a@b"}', queue="tests")
    address = reverse("staff-work:message", args=[message.pk]) + "?content=1"

    assert "a@b" not in finance.get(address).content.decode()
    assert not AuditEntry.objects.filter(action="core.message_read").exists()
    assert "a@b" in client_of("manager").get(address).content.decode()

    assert AuditEntry.objects.filter(action="core.message_read", object_id=str(message.pk)).count() == 1


def test_list_of_messages_shows_states_in_a_word_and_what_came_of_each(finance: Client) -> None:
    message_receive(source="tests", event_id="evt_1", raw=b"{}", queue="tests")
    message_receive(
        source="tests",
        event_id="evt_2",
        raw=b"",
        queue="tests",
        state=MessageState.REFUSED,
        error="It was not genuine.",
    )

    page = finance.get(reverse("admin:core_inboxmessage_changelist")).content.decode()

    assert '<span class="k-badge k-badge--blue">Waiting</span>' in page
    assert '<span class="k-badge k-badge--red">Refused</span>' in page
    assert "It was not genuine." in page


def test_only_a_message_that_waits_has_a_next_try(finance: Client) -> None:
    waiting, _ = message_receive(source="tests", event_id="evt_1", raw=b"{}", queue="tests")
    failed, _ = message_receive(
        source="tests", event_id="evt_2", raw=b"{}", queue="tests", state=MessageState.POISON, error="Unreadable."
    )

    pages = [finance.get(reverse("staff-work:message", args=[one.pk])).content.decode() for one in (waiting, failed)]

    assert ["Next try" in page for page in pages] == [True, False]
