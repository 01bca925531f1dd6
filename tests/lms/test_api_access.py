"""Which role may read and send what through the API: every address of it is in one of these tables."""

from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from core.approvals.services import Attachment, approval_request
from core.inbox.models import MessageState
from core.inbox.services import message_receive
from core.models import ApprovalAttachment, ApprovalRequest, AuditEntry, IdempotencyKey, InboxMessage, Saga
from core.reasons.services import reason_codes_seed
from core.sagas.models import SagaState
from core.tokens.services import token_issue
from customers.models import Customer
from ledger.approvals import MANUAL_JOURNAL, voucher_payload
from ledger.models import Account, Journal, Transfer
from ledger.services import ManualJournal, ManualLine
from lms.acts import ACTS
from lms.models import Loan, LoanFact, Product
from tests.factories.api import BODIES, body_of, tool_of
from tests.factories.book import receive
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.staff import BOOKKEEPERS, CASHIERS, EVERY_ROLE, MANAGER, ROLE_NAMES, make_staff
from tests.lms.access.api import OTHER_ACT_ROLES, READ_BESIDE, SENT_BESIDE
from tests.lms.access.commands import ACT_ROLES
from tests.payments.access import MONEY_ACT_ROLES, READ_MONEY, SENT_MONEY

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


# What is read: the keys that its address takes, the query that it needs, and who may read it.
READ: dict[str, tuple[dict[str, Any], dict[str, str], frozenset[str]]] = {
    "api-schema": ({}, {}, EVERY_ROLE),
    "api-docs": ({}, {}, EVERY_ROLE),
    "api-approvals": ({}, {}, EVERY_ROLE),
    "api-approval": ({"request_id": ApprovalRequest}, {}, EVERY_ROLE),
    # Made by finance: whose paper it is, and who may approve it, read it.
    "api-approval-paper": ({"request_id": ApprovalRequest, "paper_id": ApprovalAttachment}, {}, BOOKKEEPERS),
    "api-reason-codes": ({}, {"act": "waive"}, EVERY_ROLE),
    "api-sagas": ({}, {}, EVERY_ROLE),
    "api-saga": ({"saga_id": Saga}, {}, EVERY_ROLE),
    "api-messages": ({}, {}, EVERY_ROLE),
    "api-message": ({"message_id": InboxMessage}, {}, EVERY_ROLE),
    "api-customers": ({}, {}, EVERY_ROLE),
    "api-customer": ({"number": Customer}, {}, EVERY_ROLE),
    "api-accounts": ({}, {}, EVERY_ROLE),
    "api-account-statement": ({"code": Account}, {}, EVERY_ROLE),
    "api-trial-balance": ({}, {}, EVERY_ROLE),
    "api-profit-and-loss": ({}, {}, EVERY_ROLE),
    "api-balance-sheet": ({}, {}, EVERY_ROLE),
    "api-journals": ({}, {}, EVERY_ROLE),
    "api-journal": ({"journal_id": Journal}, {}, EVERY_ROLE),
    "api-loans": ({}, {}, EVERY_ROLE),
    "api-loan": ({"number": Loan}, {}, EVERY_ROLE),
    "api-loan-schedule": ({"number": Loan}, {}, EVERY_ROLE),
    "api-loan-statement": ({"number": Loan}, {}, EVERY_ROLE),
    "api-loan-facts": ({"number": Loan}, {}, EVERY_ROLE),
    "api-loan-quote": ({"number": Loan}, {}, EVERY_ROLE),
    "api-loan-explain": ({"number": Loan}, {"figure": "overdue"}, EVERY_ROLE),
    "api-products": ({}, {}, EVERY_ROLE),
    "api-product": ({"code": Product}, {}, EVERY_ROLE),
}
# What is sent: the keys of its address, its body, and who gets past the permission; the act may still refuse.
SENT: dict[str, tuple[dict[str, Any], dict[str, Any], frozenset[str]]] = {
    "api-customer-search": ({}, {"text": "Asha"}, EVERY_ROLE),
    "api-approval-approve": (
        {"request_id": ApprovalRequest},
        {"seen_effect_hash": "not the one"},
        # Made by finance: only the manager is a second person whose role may approve it.
        MANAGER,
    ),
    "api-approval-reject": ({"request_id": ApprovalRequest}, {"reason": "No"}, MANAGER),
    "api-approval-withdraw": ({"request_id": ApprovalRequest}, {}, frozenset({"finance"})),
    "api-saga-retry": ({"saga_id": Saga}, {"reason": "Looked at"}, BOOKKEEPERS),
    "api-saga-park": ({"saga_id": Saga}, {"reason": "Looked at"}, BOOKKEEPERS),
    "api-saga-compensate": ({"saga_id": Saga}, {"reason": "Looked at"}, BOOKKEEPERS),
    "api-message-replay": ({"message_id": InboxMessage}, {"reason": "Mended"}, BOOKKEEPERS),
    "api-message-file": ({"message_id": InboxMessage}, {"reason": "Unreadable"}, BOOKKEEPERS),
    "api-manual-journals": ({}, {"lines": []}, BOOKKEEPERS),
    "api-receipts-bulk": ({}, {"receipts": []}, CASHIERS),
}
NAMED = {Customer: "number", Loan: "number", Account: "code", Product: "code"}
BOOK = (
    *(Loan, LoanFact, Journal, Transfer, Customer, Product, Account),
    *(ApprovalRequest, IdempotencyKey, Saga, InboxMessage),
)


@pytest.fixture
def loan(settings: Any, tmp_path: Path) -> Loan:
    """A running loan with a receipt, a journal by hand that waits, and work, so that every address has a row."""
    settings.MEDIA_ROOT = tmp_path
    set_business_date(date(2026, 3, 10))
    reason_codes_seed()
    call_command("authority_seed", stdout=StringIO())
    loan = make_loan()
    receive(loan, 5_000_00, date(2026, 3, 1))
    first, second = (
        Account.objects.create(code=f"9{n}", name="Suspense", kind="ASSET", is_manual_allowed=True) for n in (1, 2)
    )
    lines = (ManualLine(account_code=first.code, debit_paise=5), ManualLine(account_code=second.code, credit_paise=5))
    voucher = ManualJournal(lines=lines, value_date=date(2026, 3, 10), narration="Rounding")
    approval_request(
        kind=MANUAL_JOURNAL,
        payload=voucher_payload(voucher=voucher, reason="Rounding"),
        reason="Rounding",
        actor=make_staff("finance"),
        idempotency_key="waiting",
        attachments=(Attachment(name="voucher.pdf", content=b"%PDF-1.4"),),
    )
    Saga.objects.create(kind="payments.of_a_newer_release", intent_key="1", state=SagaState.MANUAL)
    message_receive(source="razorpay", event_id="evt_1", raw=b"{}", queue="pay.webhook", state=MessageState.POISON)
    return loan


def address(name: str, keys: dict[str, Any]) -> str:
    """Fill an address with what rows that exist are called."""
    return reverse(name, kwargs={key: _name_of(model) for key, model in keys.items()})


def _name_of(model: Any) -> Any:
    row = model._default_manager.order_by("pk")[0]
    return getattr(row, NAMED.get(model, "pk"))


def post(client: APIClient, path: str, body: Any) -> Any:
    """Send a body under a key that was never used."""
    return client.post(path, body, format="json", headers={"Idempotency-Key": next_key("access")})


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that a request could touch."""
    return [list(model._default_manager.order_by("pk").values_list()) for model in BOOK]


def addresses() -> set[str]:
    """Collect the names of all addresses below /api/."""
    return set(_names(get_resolver().url_patterns, is_api=False)) - {"api-nowhere"}


def _names(patterns: list[Any], *, is_api: bool) -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        inside = is_api or str(pattern.pattern).startswith("api/")
        if isinstance(pattern, URLResolver):
            found += _names(pattern.url_patterns, is_api=inside)
        elif isinstance(pattern, URLPattern) and inside:
            found.append(str(pattern.name))
    return found


def test_every_address_is_in_a_table() -> None:
    acts = {f"api-loan-{kind}-{act.slug}" for kind in ("act", "preview") for act in ACTS}

    others = READ_BESIDE.keys() | SENT_BESIDE.keys()
    slugs = OTHER_ACT_ROLES.keys() | MONEY_ACT_ROLES.keys()
    other_acts = {f"api-{kind}-{slug}" for kind in ("act", "preview") for slug in slugs}
    money = READ_MONEY.keys() | SENT_MONEY.keys()
    assert addresses() == READ.keys() | SENT.keys() | money | acts | others | other_acts


def test_every_act_is_in_the_table() -> None:
    assert ACT_ROLES.keys() == BODIES.keys() == {act.slug for act in ACTS}


@pytest.mark.parametrize("name", READ)
def test_addresses_are_read_by_their_roles_alone(loan: Loan, name: str) -> None:
    keys, query, may_read = READ[name]
    target = address(name, keys)

    answers = {role: tool_of(role).get(target, query).status_code for role in ROLE_NAMES}

    assert answers == {role: 200 if role in may_read else 403 for role in ROLE_NAMES}
    assert tool_of("").get(target, query).status_code == (302 if name == "api-docs" else 401)


@pytest.mark.parametrize("name", sorted(READ.keys() - {"api-schema", "api-docs"}))
def test_user_without_a_role_reads_nothing(loan: Loan, name: str) -> None:
    client = APIClient()
    client.force_login(User.objects.create_user("new", is_staff=True))
    keys, query, _ = READ[name]

    answer = client.get(address(name, keys), query)

    assert (answer.status_code, answer.json()["code"]) == (403, "core.permission_missing")


@pytest.mark.parametrize("name", SENT)
def test_requests_of_other_roles_are_refused(loan: Loan, name: str) -> None:
    keys, body, may_send = SENT[name]
    target = address(name, keys)
    before = everything()

    answers = {role: post(tool_of(role), target, body).status_code for role in ROLE_NAMES if role not in may_send}

    assert set(answers.values()) <= {403}
    assert everything() == before
    assert post(tool_of(""), target, body).status_code == 401
    assert {post(tool_of(role), target, body).status_code == 403 for role in sorted(may_send)} == {False}


@pytest.mark.parametrize("slug", ACT_ROLES)
def test_acts_and_their_effects_are_refused_to_other_roles(loan: Loan, slug: str) -> None:
    act = reverse(f"api-loan-act-{slug}", args=[loan.number])
    preview = reverse(f"api-loan-preview-{slug}", args=[loan.number])
    others = [role for role in ROLE_NAMES if role not in ACT_ROLES[slug]]
    before = everything()

    refused = [post(tool_of(role), target, body_of(slug)) for role in others for target in (act, preview)]

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "core.permission_missing")}
    assert everything() == before
    assert post(tool_of(""), act, body_of(slug)).status_code == 401
    let_through = [post(tool_of(role), preview, body_of(slug)).status_code for role in sorted(ACT_ROLES[slug])]
    assert 403 not in let_through


def test_person_outside_staff_reads_nothing(loan: Loan) -> None:
    outsider = User.objects.create_user("outsider", password="x")
    outsider.groups.set(make_staff("manager").groups.all())
    client = APIClient()
    client.force_login(outsider)

    assert client.get(reverse("api-loans")).status_code == 403


def test_token_acts_as_its_owner(loan: Loan) -> None:
    owner = make_staff("operations")
    text = token_issue(owner=owner, actor=owner, name="Sheet", days=30).text
    client = APIClient(headers={"Authorization": f"Bearer {text}"})

    answer = post(client, reverse("api-loan-act-receipt", args=[loan.number]), body_of("receipt"))

    assert answer.status_code == 201
    assert LoanFact.objects.get(reference="UTR-R").recorded_by == owner
    assert AuditEntry.objects.get(action="lms.receipt_post", detail__reference="UTR-R").actor == owner
    assert post(client, reverse("api-loan-act-rate", args=[loan.number]), body_of("rate")).status_code == 403


def test_token_for_reading_previews_and_does_nothing(loan: Loan) -> None:
    owner = make_staff("operations")
    text = token_issue(owner=owner, actor=owner, name="Sheet", days=30, is_read_only=True).text
    client = APIClient(headers={"Authorization": f"Bearer {text}"})

    act = post(client, reverse("api-loan-act-receipt", args=[loan.number]), body_of("receipt"))
    preview = post(client, reverse("api-loan-preview-receipt", args=[loan.number]), body_of("receipt"))

    assert (act.status_code, act.json()["code"]) == (403, "core.token_read_only")
    assert preview.status_code == 200
    assert not LoanFact.objects.filter(reference="UTR-R").exists()


@pytest.mark.parametrize("header", ["Bearer kist_unknown", "Bearer", "Bearer ñ", "bearer kist_", "Token kist_x"])
def test_unknown_token_is_nobody(loan: Loan, header: str) -> None:
    answer = APIClient(headers={"Authorization": header.encode("utf-8").decode("latin-1")}).get(reverse("api-loans"))

    assert (answer.status_code, answer.json()["code"]) == (401, "core.not_logged_in")
    assert answer["WWW-Authenticate"] == 'Bearer realm="Kist"'


def test_session_without_its_proof_writes_nothing(loan: Loan) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make_staff("operations"))

    answer = post(client, reverse("api-loan-act-receipt", args=[loan.number]), body_of("receipt"))

    assert (answer.status_code, answer.json()["code"]) == (403, "core.csrf_failed")


def test_address_that_does_not_exist_is_said_to_in_the_same_form(loan: Loan) -> None:
    answer = tool_of("analyst").get("/api/v1/nowhere/at/all/")

    assert (answer.status_code, answer.json()["code"]) == (404, "core.not_found")
    assert tool_of("").get("/api/v1/nowhere/").status_code == 401
