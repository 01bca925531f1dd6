"""A refusal carries a code, a message that says what to do, and plain context."""

from datetime import date
from typing import ClassVar

import pytest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.response import Response

import core.api.errors
import core.business_date
import core.dates
import core.fields
import core.idempotency.errors
import core.money
import core.reasons.errors
import core.tokens.errors
import customers.errors
import ledger.errors
from core.api.exceptions import exception_handler
from core.errors import KistError


class _Refused(KistError):
    code: ClassVar[str] = "tests.refused"
    http_status: ClassVar[int] = 409
    template: ClassVar[str] = "Loan {loan_id} is not open on {day}. Pick another day."


MODULES = (
    core.api.errors,
    core.business_date,
    core.dates,
    core.fields,
    core.idempotency.errors,
    core.money,
    core.reasons.errors,
    core.tokens.errors,
    customers.errors,
    ledger.errors,
)
OURS = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, KistError) and value.__module__ == module.__name__
]


def test_refusal_fills_its_message_and_keeps_plain_context() -> None:
    refusal = _Refused(loan_id=7, day=date(2026, 4, 1))

    assert str(refusal) == "Loan 7 is not open on 2026-04-01. Pick another day."
    assert refusal.context == {"loan_id": 7, "day": "2026-04-01"}


def test_endpoint_answers_a_refusal_with_code_message_and_context() -> None:
    response = exception_handler(_Refused(loan_id=7, day=date(2026, 4, 1)), {})

    assert isinstance(response, Response)
    assert response.status_code == 409
    assert response.data == {
        "code": "tests.refused",
        "message": "Loan 7 is not open on 2026-04-01. Pick another day.",
        "context": {"loan_id": 7, "day": "2026-04-01"},
    }


def test_other_errors_are_left_to_the_framework() -> None:
    answered = exception_handler(NotAuthenticated(), {})

    assert answered is not None
    assert answered.status_code == 401
    assert exception_handler(ValueError("a broken promise"), {}) is None


def test_codes_are_distinct_and_begin_with_their_app() -> None:
    codes = [refusal.code for refusal in OURS]

    assert sorted(set(codes)) == sorted(codes)
    assert {"core.money_invalid", "customers.pan_taken", "ledger.journal_key_reused"} <= set(codes)
    assert {code: code.split(".")[0] for code in codes} == {r.code: r.__module__.split(".")[0] for r in OURS}


@pytest.mark.parametrize("refusal", OURS, ids=lambda refusal: refusal.code)
def test_message_says_what_to_do(refusal: type[KistError]) -> None:
    sentences = refusal.template.rstrip(".").split(". ")

    assert refusal.template.endswith(".")
    assert len(sentences) >= 2 or "must" in refusal.template
    assert 400 <= refusal.http_status < 600
