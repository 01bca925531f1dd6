"""Which role may read and send what about money through the interface."""

import re
from datetime import date
from operator import attrgetter
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types

from core.models import ApprovalRequest, AuditEntry, IdempotencyKey, Saga
from core.reasons.services import reason_codes_seed
from lms.models import Loan
from payments.models import CounterReceipt, Deposit, IncomingPayment, PaymentLink, Payout
from payments.services.deposits import CounterOrder, counter_take, deposit_make
from payments.services.links import LinkRequest, link_request
from payments.services.settlements import settlement_told
from payments.services.virtual_accounts import payer_allow, virtual_account_request
from payments.vendors.heard import SettlementHeard
from tests.factories.api import send, tool_of
from tests.factories.lms import make_loan, make_sanctioned_loan, next_key, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor
from tests.factories.payments_in import arrive_on, disputed
from tests.factories.staff import ROLE_NAMES
from tests.payments.access import MONEY_ACT_ROLES, READ_MONEY, SENT_MONEY

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
NAMES = {
    Loan: "number",
    IncomingPayment: "number",
    Payout: "number",
    CounterReceipt: "payment.number",
    Deposit: "number",
    PaymentLink: "number",
}
ACTS = {f"api-{kind}-{slug}": found for slug, found in MONEY_ACT_ROLES.items() for kind in ("act", "preview")}


@pytest.fixture(autouse=True)
def _desk() -> None:
    """A row of everything that an address names."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    reason_codes_seed()
    sanctioned = make_sanctioned_loan()
    vendor = make_vendor(address="http://127.0.0.1:9")
    account = make_account(customer=sanctioned.customer)
    make_proof(account=account)
    ask_payout(loan=sanctioned, account=account)
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    paid = arrive_on(loan=loan, vendor=vendor)
    heard = SettlementHeard(vendor_reference="setl_1", amount_paise=1_00, fee_paise=0, tax_paise=0, utr="UTR1")
    settlement_told(vendor=vendor, heard=heard)
    disputed(payment=paid)
    taken = counter_take(order=CounterOrder(loan_id=loan.pk, amount_paise=5_00, idempotency_key=next_key("counter")))
    deposit_make(payment_ids=[taken.payment_id], bank_reference="SLIP 1", deposited_on=date(2026, 3, 1))
    link_request(request=LinkRequest(loan_id=loan.pk, amount_paise=1_00, idempotency_key=next_key("link")))
    own = virtual_account_request(loan_id=loan.pk)
    payer_allow(account_id=own.pk, label="Salary", account_number="50100011112222", ifsc="HDFC0000123")


def address(name: str, keys: dict[str, Any]) -> str:
    """Fill an address with what rows that exist are called."""
    rows = {key: model._default_manager.order_by("pk")[0] for key, model in keys.items()}
    return reverse(name, kwargs={key: attrgetter(NAMES.get(type(row), "pk"))(row) for key, row in rows.items()})


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that a request could touch."""
    beside = (ApprovalRequest, AuditEntry, IdempotencyKey, Saga)
    models: tuple[Any, ...] = (*apps.get_app_config("payments").get_models(), *beside)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """What the API says of itself."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@pytest.mark.parametrize("name", READ_MONEY)
def test_what_is_read_is_as_described(name: str, description: dict[str, Any]) -> None:
    answer = tool_of("manager").get(address(name, READ_MONEY[name][0]))

    path = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", answer.resolver_match.route)
    told = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    problems = Draft202012Validator({**told, "components": description["components"]}).iter_errors(answer.json())
    assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []


@pytest.mark.parametrize("name", READ_MONEY)
def test_addresses_are_read_by_their_roles_alone(name: str) -> None:
    keys, may_read = READ_MONEY[name]

    answers = {role: tool_of(role).get(address(name, keys)).status_code for role in ROLE_NAMES}

    assert answers == {role: 200 if role in may_read else 403 for role in ROLE_NAMES}
    assert tool_of("").get(address(name, keys)).status_code == 401


@pytest.mark.parametrize("name", [*SENT_MONEY, *ACTS])
def test_requests_of_other_roles_are_refused_and_leave_nothing(name: str) -> None:
    keys, may_send = {**SENT_MONEY, **ACTS}[name]
    path = address(name, keys).removeprefix("/api/v1")
    before = everything()

    refused = [send(tool_of(role), path, {}) for role in ROLE_NAMES if role not in may_send]

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "core.permission_missing")}
    assert everything() == before
    assert send(tool_of(""), path, {}).status_code == 401
    assert {send(tool_of(role), path, {}).status_code == 403 for role in may_send} == {False}
