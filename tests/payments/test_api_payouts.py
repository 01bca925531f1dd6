"""Tools of staff ask for payouts, with a second person above the limit, and decide about those under way."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.models import ApprovalRequest, AuditEntry, Saga
from core.sagas.models import SagaState
from customers.models import BankAccount
from lms.models import Loan
from payments.models import Payout
from tests.factories.api import done, read, send, tool_of, waiting
from tests.factories.approvals import approve
from tests.factories.lms import make_customer, make_sanctioned_loan, set_business_date
from tests.factories.payments import GOOD_ACCOUNT, make_account, make_parameters, make_proof, make_vendor
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
AMOUNT = 1_20_000_00
WHY = {"reason": "Asked for by the borrower"}


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    loan = make_sanctioned_loan()
    make_vendor(address="http://127.0.0.1:9")
    return loan


@pytest.fixture
def account(loan: Loan) -> BankAccount:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


@pytest.fixture
def tool() -> APIClient:
    return tool_of("operations")


@pytest.fixture
def payout(loan: Loan, account: BankAccount, tool: APIClient) -> Payout:
    make_parameters()
    return Payout.objects.get(number=done(send(tool, "/payouts/ask/", order(loan, account)))["number"])


def order(loan: Loan, account: BankAccount, **changes: Any) -> dict[str, Any]:
    values = {"loan": loan.number, "kind": "DISBURSAL", "bank_account": account.pk, "amount_paise": AMOUNT}
    return {**values, **WHY, **changes}


def everything() -> list[list[tuple[Any, ...]]]:
    models = (Payout, Saga, ApprovalRequest, AuditEntry)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_payout_is_previewed_and_asked_for_once(loan: Loan, account: BankAccount, tool: APIClient) -> None:
    make_parameters()
    [payee] = read(tool, f"/loans/{loan.number}/payees/").json()
    assert (payee["bank_account"], payee["account"], payee["is_proven"]) == (account.pk, "…1191 at YESB0000262", True)
    body = order(loan, account)
    look = send(tool, "/payouts/ask/preview/", body)
    assert (look.status_code, look.json()["effect"]["payout"]["rail"]) == (200, "IMPS")
    assert (look.json()["approval_reasons"], Payout.objects.count()) == ([], 0)

    first, again = (send(tool, "/payouts/ask/", body, key="out-1") for _ in range(2))

    asked = done(first)
    assert (again.json(), again["Idempotent-Replayed"], first["Location"]) == (asked, "true", asked["address"])
    assert (asked["loan"], asked["amount_paise"], asked["state"]) == (loan.number, AMOUNT, "REQUESTED")
    assert Payout.objects.get().requested_by == make_staff("operations")


def test_payout_above_the_limit_waits_for_a_second_person(loan: Loan, account: BankAccount, tool: APIClient) -> None:
    make_parameters(payout_approval_above_paise=1_00_000_00)
    body = order(loan, account)
    look = send(tool, "/payouts/ask/preview/", body).json()
    assert look["approval_reasons"] == ["it is above ₹1,00,000.00"]

    request = waiting(send(tool, "/payouts/ask/", body))

    assert (request.amount_paise, Payout.objects.count()) == (AMOUNT, 0)
    assert GOOD_ACCOUNT not in str(request.effect)
    approve(request)
    [payout] = read(tool, "/payouts/", loan=loan.number).json()["results"]
    assert payout["state"] == "REQUESTED"


def test_payout_that_cannot_be_is_refused_and_leaves_nothing(payout: Payout, loan: Loan, tool: APIClient) -> None:
    own = BankAccount.objects.get()
    foreign = make_account(customer=make_customer(), number="50100011112222")
    before = everything()

    bodies = [
        order(loan, own),
        order(loan, foreign),
        order(loan, own, amount_paise=0),
        order(loan, own, rail="UPI"),
        order(loan, own, reason=""),
        order(loan, own, bank_account=999),
    ]
    answers = [send(tool, "/payouts/ask/", body) for body in bodies]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "payments.payout_already_open"),
        (403, "payments.payee_not_own"),
        (400, "lms.amount_not_positive"),
        (422, "payments.rail_not_for_payee"),
        (400, "core.input_invalid"),
        (400, "core.input_invalid"),
    ]
    assert everything() == before


def test_payout_is_parked_goes_on_and_is_cancelled(payout: Payout, tool: APIClient) -> None:
    finance, path = tool_of("finance"), f"/payouts/{payout.number}"

    parked, again = (send(finance, f"{path}/park/", WHY, key="park-1") for _ in range(2))
    assert (parked.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert Saga.objects.get().state == SagaState.MANUAL
    send(finance, f"{path}/retry/", WHY)
    assert Saga.objects.get().state == SagaState.RUNNING
    looked = send(tool, f"{path}/look/", WHY)
    cancelled = send(tool, f"{path}/cancel/", WHY)

    assert (looked.json()["state"], cancelled.json()["state"]) == ("REQUESTED", "CANCELLED")
    assert AuditEntry.objects.get(action="payments.payout_look").reason == WHY["reason"]
    late = [send(finance, f"{path}/{name}/", WHY) for name in ("park", "retry", "bank", "cancel")]
    assert [(answer.status_code, answer.json()["code"]) for answer in late] == [
        *[(409, "payments.payout_ended")] * 3,
        (409, "payments.payout_not_open"),
    ]
    assert send(finance, "/payouts/P99999999/park/", WHY).status_code == 404


def test_bank_is_asked_and_the_payout_parked_until_it_answers(payout: Payout) -> None:
    answer = send(tool_of("finance"), f"/payouts/{payout.number}/bank/", WHY)

    assert (answer.status_code, Saga.objects.get().state) == (200, SagaState.MANUAL)
    assert Saga.objects.get().problem == "The bank was asked: Asked for by the borrower"
    assert AuditEntry.objects.get(action="payments.payout_bank_query").actor == make_staff("finance")
