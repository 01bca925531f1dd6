"""Tools of staff see what is stuck, and decide about it with a reason and a trace."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.inbox.models import MessageState
from core.inbox.services import message_apply, message_receive
from core.models import AuditEntry, InboxMessage, Saga
from core.sagas.models import SagaState
from tests.core.machinery.sagas import register
from tests.core.test_sagas import drained, start
from tests.factories.api import read, send, tool_of
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
WHY = {"reason": "Opened again"}


@pytest.fixture(autouse=True)
def _registered() -> None:
    register()


@pytest.fixture
def tool() -> APIClient:
    return tool_of("finance")


@pytest.fixture
def saga(settings: Any, tmp_path: Path) -> Saga:
    """A saga past its point of no return that waits for a person."""
    settings.VAR_DIR = tmp_path
    return drained(start(kind="tests.forward", books="refuse"))


@pytest.fixture
def message() -> InboxMessage:
    """A message that failed."""
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b"Rakesh no json", queue="tests")
    for _ in range(8):
        message_apply(message_id=message.pk)
    message.refresh_from_db()
    return message


def test_stuck_saga_is_listed_and_shown_step_by_step(tool: APIClient, saga: Saga) -> None:
    listed = read(tool, "/sagas/", state="MANUAL", kind="tests.forward").json()["results"]
    shown = read(tool, f"/sagas/{saga.pk}/").json()

    assert listed == [shown["saga"]]
    assert (shown["saga"]["state"], shown["saga"]["problem"]) == ("MANUAL", "the books are closed")
    assert [(step["title"], step["state"], step["is_pivot"]) for step in shown["steps"]] == [
        ("Hold", "DONE", False),
        ("Pay", "DONE", True),
        ("Book", "PENDING", False),
    ]
    assert shown["events"][0]["what"] == "started"
    assert read(tool, "/sagas/", state="RUNNING").json()["results"] == []
    assert read(tool, "/sagas/", state="STUCK").status_code == 400
    assert read(tool, "/sagas/999999/").status_code == 404


def test_parked_saga_is_tried_again_once_for_its_key(tool: APIClient, saga: Saga) -> None:
    first, again = (send(tool, f"/sagas/{saga.pk}/retry/", WHY, key="retry-1") for _ in range(2))
    late = send(tool, f"/sagas/{saga.pk}/retry/", WHY)

    assert (first.status_code, first.json()["state"]) == (200, "RUNNING")
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (200, first.json(), "true")
    assert (late.status_code, late.json()["code"]) == (409, "core.saga_not_parked")
    entry = AuditEntry.objects.get(action="core.saga_decide")
    assert (entry.reason, entry.actor) == ("Opened again", make_staff("finance"))


def test_saga_past_its_point_of_no_return_is_not_undone(tool: APIClient, saga: Saga) -> None:
    refused = send(tool, f"/sagas/{saga.pk}/compensate/", WHY)

    assert (refused.status_code, refused.json()["code"]) == (409, "core.saga_past_pivot")
    assert Saga.objects.get().state == SagaState.MANUAL
    assert not AuditEntry.objects.filter(action="core.saga_decide").exists()


def test_saga_is_parked_and_undone(tool: APIClient) -> None:
    saga = start(kind="tests.reversible")

    parked = send(tool, f"/sagas/{saga.pk}/park/", WHY).json()
    undone = send(tool, f"/sagas/{saga.pk}/compensate/", WHY).json()

    assert (parked["state"], parked["problem"]) == ("MANUAL", "Opened again")
    assert undone["state"] == "COMPENSATED"


@pytest.mark.parametrize("decision", ["retry", "park", "compensate"])
def test_decision_needs_a_reason_and_a_saga(tool: APIClient, saga: Saga, decision: str) -> None:
    before = list(Saga.objects.values_list())

    answers = [
        send(tool, f"/sagas/{saga.pk}/{decision}/", {"reason": " "}),
        send(tool, f"/sagas/{saga.pk}/{decision}/", {}),
        send(tool, f"/sagas/999999/{decision}/", WHY),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 404]
    assert list(Saga.objects.values_list()) == before


def test_failed_message_is_listed_without_its_content_and_tried_again(tool: APIClient, message: InboxMessage) -> None:
    listed = read(tool, "/messages/", state="POISON").json()["results"]
    shown = read(tool, f"/messages/{message.pk}/")
    assert listed == [shown.json()]
    assert (shown.json()["error"], shown.json()["attempts"]) == ("JSONDecodeError", 8)
    assert "Rakesh" not in shown.content.decode()

    answer = send(tool, f"/messages/{message.pk}/replay/", WHY)

    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (200, "NEW", 0)
    assert AuditEntry.objects.get(action="core.message_replay").reason == "Opened again"
    assert read(tool, "/messages/", state="POISON").json()["results"] == []


def test_failed_message_is_filed_by_name_and_opened_again(tool: APIClient, message: InboxMessage) -> None:
    filed = send(tool, f"/messages/{message.pk}/file/", {"reason": "A test of the gateway"})
    listed = read(tool, "/messages/", state="POISON").json()["results"]
    shown = read(tool, f"/messages/{message.pk}/").json()
    opened = send(tool, f"/messages/{message.pk}/replay/", WHY)

    assert (filed.status_code, filed.json()["state"], filed.json()["filed_by"]) == (200, "IGNORED", "finance")
    assert (listed, shown) == ([], filed.json())
    assert shown["error"] == "Filed: A test of the gateway"
    assert (opened.status_code, opened.json()["state"], opened.json()["filed_by"]) == (200, "NEW", None)
    assert send(tool, f"/messages/{message.pk}/file/", WHY).json()["code"] == "core.message_not_filable"
    assert InboxMessage.objects.get().state == MessageState.NEW


def test_message_that_had_its_effect_is_not_tried_again(tool: APIClient, message: InboxMessage) -> None:
    InboxMessage.objects.update(state=MessageState.APPLIED)

    refused = send(tool, f"/messages/{message.pk}/replay/", WHY)

    assert (refused.status_code, refused.json()["code"]) == (409, "core.message_not_replayable")
    assert InboxMessage.objects.get().state == MessageState.APPLIED
    assert not AuditEntry.objects.filter(action="core.message_replay").exists()


def test_list_is_not_sent_again_while_nothing_has_changed(tool: APIClient, saga: Saga) -> None:
    tag = read(tool, "/sagas/")["ETag"]

    unchanged = tool.get("/api/v1/sagas/", headers={"If-None-Match": tag})
    send(tool, f"/sagas/{saga.pk}/retry/", WHY)
    changed = tool.get("/api/v1/sagas/", headers={"If-None-Match": tag})

    assert (unchanged.status_code, changed.status_code) == (304, 200)
