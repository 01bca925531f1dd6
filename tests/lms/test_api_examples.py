"""Requests made up from the description: none of them breaks a promise, and every answer is as described."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from core.approvals.services import approval_request
from core.models import ApprovalRequest
from core.reasons.services import reason_codes_seed
from core.tokens.services import token_issue
from ledger.approvals import MANUAL_JOURNAL, voucher_payload
from ledger.checks import ledger_check
from ledger.models import Account, Journal
from ledger.services import ManualJournal, ManualLine
from lms.models import Loan
from tests.factories.book import assert_verified, receive
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
TODAY = date(2026, 3, 10)
# Not among them that every wrong request is refused: text that is too long only by the spaces around it is taken.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# The short form makes up the same requests every time; the long form others in each run. A failure prints the request.
FEW = hypothesis_settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)
MANY = hypothesis_settings(FEW, max_examples=25, derandomize=False)


@pytest.fixture(autouse=True)
def _connection_stays() -> Iterator[None]:
    """Keep the test's connection, as Django's own client does: a server closes it around each request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def loan() -> Loan:
    """A running loan with a receipt, and a journal by hand that waits."""
    set_business_date(TODAY)
    reason_codes_seed()
    loan = make_loan()
    receive(loan, 5_000_00, date(2026, 3, 1))
    for code in ("91", "92"):
        Account.objects.create(code=code, name="Suspense", kind="ASSET", is_manual_allowed=True)
    lines = (ManualLine(account_code="91", debit_paise=5), ManualLine(account_code="92", credit_paise=5))
    voucher = ManualJournal(lines=lines, value_date=TODAY, narration="Rounding")
    payload = voucher_payload(voucher=voucher, reason="Rounding")
    maker = make_staff("finance")
    approval_request(kind=MANUAL_JOURNAL, payload=payload, reason="Rounding", actor=maker, idempotency_key="waiting")
    return loan


def test_made_up_requests_are_answered_as_described(loan: Loan) -> None:
    _ask_everything(loan, FEW)


@pytest.mark.long
def test_many_made_up_requests_are_answered_as_described(loan: Loan) -> None:
    _ask_everything(loan, MANY)


def _ask_everything(loan: Loan, settings: hypothesis_settings) -> None:
    manager = make_staff("manager")
    text = token_issue(owner=manager, actor=manager, name="Examples", days=1).text
    # Random names would find nothing: the rows that exist are asked for.
    known = {
        "number": loan.number,
        "request_id": ApprovalRequest.objects.values_list("pk", flat=True)[0],
        "journal_id": Journal.objects.values_list("pk", flat=True)[0],
    }
    statuses: Counter[int] = Counter()

    def ask(case: Any) -> None:
        case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            _make_likely(case)
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {text}"}, checks=CHECKS)
        statuses[answer.status_code] += 1

    for operation, mode in product(_operations(), (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
        settings(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    assert statuses.keys() >= {200, 201, 202, 400, 404, 409}
    assert_verified(loan)
    assert ledger_check().broken == ()


def _make_likely(case: Any) -> None:
    """Give a request that is of its form what lets it reach the services: a day, a reason, a key of its own."""
    if isinstance(case.body, dict):
        likely = {"value_date": TODAY.isoformat(), "reason_code": "OTHER", "account_code": "91"}
        case.body.update({name: likely[name] for name in case.body if name in likely})
    if case.method == "POST":
        case.headers["Idempotency-Key"] = next_key("example")


def _operations() -> list[Any]:
    description = SchemaGenerator().get_schema(request=None, public=True)
    api: Any = schemathesis.openapi.from_dict(description)
    api.app = application
    return [found.ok() for found in api.get_all_operations()]
