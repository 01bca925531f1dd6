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


def test_content_of_a_message_is_read_by_those_who_may_and_leaves_a_trace(finance: Client) -> None:
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b'{"vpa": "a@b"}', queue="tests")
    address = reverse("staff-work:message", args=[message.pk]) + "?content=1"

    assert "a@b" not in finance.get(address).content.decode()
    assert not AuditEntry.objects.filter(action="core.message_read").exists()
    assert "a@b" in client_of("manager").get(address).content.decode()

    assert AuditEntry.objects.filter(action="core.message_read", object_id=str(message.pk)).count() == 1
