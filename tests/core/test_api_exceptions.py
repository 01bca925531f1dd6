"""Whatever goes wrong before an act is answered in the form of refusals, each cause by its own code."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.test import APIClient

from core.api.exceptions import exception_handler
from core.models import IdempotencyKey
from core.tasks import expire_requests
from tests.factories.api import V1, tool_of


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ParseError(), 400, "core.body_unreadable"),
        (exceptions.UnsupportedMediaType("text/xml"), 415, "core.media_type_unsupported"),
        (exceptions.NotAcceptable(), 406, "core.answer_not_acceptable"),
        (exceptions.MethodNotAllowed("PUT"), 405, "core.method_not_allowed"),
        (exceptions.PermissionDenied(), 403, "core.permission_missing"),
        (PermissionDenied(), 403, "core.permission_missing"),
        (exceptions.PermissionDenied("CSRF Failed: token missing"), 403, "core.csrf_failed"),
        (exceptions.NotFound(), 404, "core.not_found"),
        (Http404(), 404, "core.not_found"),
        (exceptions.Throttled(wait=30), 429, "core.too_many_requests"),
        (exceptions.ValidationError({"amount_paise": ["Required."]}), 400, "core.input_invalid"),
        (OperationalError(1213, "Deadlock found"), 503, "core.busy"),
    ],
)
def test_each_cause_has_its_code(error: Exception, status: int, code: str) -> None:
    answered = exception_handler(error, {})

    assert answered is not None
    assert (answered.status_code, answered.data["code"]) == (status, code)
    assert set(answered.data) == {"code", "message", "context"}


def test_broken_promise_is_left_alone() -> None:
    assert exception_handler(OperationalError(1146, "Table does not exist"), {}) is None


def test_caller_who_comes_too_often_or_at_a_bad_time_is_told_when_to_come_again() -> None:
    answers = [
        exception_handler(error, {}) for error in (exceptions.Throttled(wait=30), OperationalError(1205, "Lock"))
    ]

    assert [answer["Retry-After"] for answer in answers if answer is not None] == ["30", "2"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"data": "{", "content_type": "application/json"}, 400, "core.body_unreadable"),
        ({"data": "[1]", "content_type": "application/json"}, 400, "core.input_invalid"),
        ({"data": "a=1", "content_type": "application/x-www-form-urlencoded"}, 415, "core.media_type_unsupported"),
    ],
)
def test_body_that_is_no_object_is_refused(sent: dict[str, Any], status: int, code: str) -> None:
    answer = tool_of("analyst").post(f"{V1}/customers/search/", **sent)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.django_db
def test_method_and_form_of_the_answer_are_checked() -> None:
    put = tool_of("analyst").put(f"{V1}/loans/")
    as_xml = tool_of("analyst").get(f"{V1}/loans/", headers={"Accept": "text/xml"})

    assert (put.status_code, put.json()["code"], put["Allow"]) == (405, "core.method_not_allowed", "GET, HEAD, OPTIONS")
    assert (as_xml.status_code, as_xml.json()["code"]) == (406, "core.answer_not_acceptable")


@pytest.mark.django_db
def test_nobody_is_asked_to_log_in() -> None:
    answer = APIClient().get(f"{V1}/loans/")

    assert (answer.status_code, answer.json()["code"]) == (401, "core.not_logged_in")


@pytest.mark.django_db
def test_task_forgets_what_is_over() -> None:
    IdempotencyKey.objects.create(
        scope="s", key="k", request_hash="", created_at="2020-01-01T00:00Z", expires_at="2020-01-31T00:00Z"
    )

    expire_requests()

    assert IdempotencyKey.objects.count() == 0
