"""Tools of staff open accounts of loans, say who pays into them, and decide about names in doubt."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.models import AuditEntry, Saga
from customers.models import BankAccount
from lms.models import Loan
from payments.models import AccountState, AllowedPayer, NameBand, PayeeCheck, ProofJob, VirtualAccount
from tests.factories.api import done, read, send, tool_of
from tests.factories.lms import make_loan, make_sanctioned_loan, set_business_date
from tests.factories.payments import GOOD_ACCOUNT, make_account, make_parameters, make_proof
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
WHY = {"reason": "Letter of the borrower"}
PAYER = {"label": "Salary", "account_number": "50100011112222", "ifsc": "HDFC0000123"}


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 10))
    return loan


@pytest.fixture
def tool() -> APIClient:
    return tool_of("operations")


@pytest.fixture
def account(loan: Loan) -> VirtualAccount:
    """An account that takes credits."""
    return VirtualAccount.objects.create(
        loan=loan, our_reference="OWN1", account_number="2223330001", ifsc="RAZR0000001", state=AccountState.OPEN
    )


@pytest.fixture
def check(loan: Loan) -> PayeeCheck:
    """A name in doubt."""
    bank_account = make_account(customer=loan.customer)
    return make_proof(account=bank_account, band=NameBand.REVIEW, score=72, holder_name="SOMEBODY SIMILAR")


def everything() -> list[list[tuple[Any, ...]]]:
    models = (VirtualAccount, AllowedPayer, PayeeCheck, ProofJob, Saga, AuditEntry)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_loan_gets_one_account_of_its_own(loan: Loan, tool: APIClient) -> None:
    first = send(tool, "/virtual-accounts/open/", {"loan": loan.number}, key="open-1")
    again = send(tool, "/virtual-accounts/open/", {"loan": loan.number}, key="open-1")
    second = send(tool, "/virtual-accounts/open/", {"loan": loan.number})

    opened = done(first)
    assert (opened["loan"], opened["state"], first["Location"]) == (loan.number, "OPENING", opened["address"])
    assert (again.json(), again["Idempotent-Replayed"], done(second)) == (opened, "true", opened)
    assert Saga.objects.get().kind == "payments.virtual_account"
    assert read(tool, "/virtual-accounts/", loan=loan.number, state="OPENING").json()["results"] == [opened]
    assert read(tool, "/virtual-accounts/", state="OPEN").json()["results"] == []


def test_payer_is_listed_by_its_last_digits_and_taken_back(account: VirtualAccount, tool: APIClient) -> None:
    path = f"/virtual-accounts/{account.pk}"

    allowed = done(send(tool, f"{path}/payers/allow/", PAYER))
    [payer] = allowed["payers"]
    assert (payer["label"], payer["last_digits"], payer["is_live"]) == ("Salary", "2222", True)
    assert PAYER["account_number"] not in str(allowed)
    assert read(tool, f"{path}/").json() == allowed
    removed = send(tool, f"{path}/payers/{payer['id']}/remove/", WHY)
    late = send(tool, f"{path}/payers/{payer['id']}/remove/", WHY)

    assert (removed.status_code, removed.json()["payers"][0]["is_live"]) == (200, False)
    assert (late.status_code, late.json()["code"]) == (409, "payments.payer_gone")
    assert AuditEntry.objects.get(action="payments.payer_remove").actor == make_staff("operations")


def test_account_is_closed_once(account: VirtualAccount, tool: APIClient) -> None:
    path = f"/virtual-accounts/{account.pk}"

    first, again = (send(tool, f"{path}/close/", WHY) for _ in range(2))

    assert (first.status_code, first.json()["account"]["state"]) == (200, "CLOSING")
    assert again.json() == first.json()
    assert AuditEntry.objects.get(action="payments.virtual_account_close").reason == WHY["reason"]
    refused = send(tool, f"{path}/payers/allow/", PAYER)
    assert (refused.status_code, refused.json()["code"]) == (409, "payments.virtual_account_not_open")


def test_what_cannot_be_done_to_an_account_is_refused(account: VirtualAccount, tool: APIClient) -> None:
    path, sanctioned = f"/virtual-accounts/{account.pk}", make_sanctioned_loan()
    before = everything()

    answers = [
        send(tool, "/virtual-accounts/open/", {"loan": sanctioned.number}),
        send(tool, "/virtual-accounts/open/", {"loan": "L99999999"}),
        send(tool, f"{path}/payers/allow/", {**PAYER, "ifsc": "HDFC"}),
        send(tool, f"{path}/payers/999/remove/", WHY),
        send(tool, f"{path}/close/", {"reason": ""}),
        send(tool, "/virtual-accounts/999/close/", WHY),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "payments.loan_takes_no_payment"),
        (400, "core.input_invalid"),
        (400, "customers.ifsc_invalid"),
        (404, "core.not_found"),
        (400, "core.input_invalid"),
        (404, "core.not_found"),
    ]
    assert everything() == before


def test_name_in_doubt_is_listed_masked_and_decided_once(check: PayeeCheck, loan: Loan) -> None:
    manager, path = tool_of("manager"), f"/payee-checks/{check.pk}"
    listed = read(manager, "/payee-checks/", band="REVIEW", customer=loan.customer.number)
    [row] = listed.json()["results"]
    assert row == read(manager, f"{path}/").json()
    assert (row["account"], row["score"], row["band"]) == ("…1191 at YESB0000262", 72, "REVIEW")
    assert not [word for word in (GOOD_ACCOUNT, "SIMILAR", loan.customer.full_name) if word in str(row)]
    body = {**WHY, "decision": "same"}

    first, again = (send(manager, f"{path}/decide/", body, key="doubt-1") for _ in range(2))
    late = send(manager, f"{path}/decide/", {**WHY, "decision": "other"})

    assert (first.status_code, first.json()["band"]) == (200, "PASS")
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert (late.status_code, late.json()["code"]) == (409, "payments.check_not_in_review")
    assert read(manager, "/payee-checks/", band="REVIEW").json()["results"] == []
    check.refresh_from_db()
    assert (check.band, check.decided_by_id) == (NameBand.PASS, make_staff("manager").pk)


def test_account_is_proven_anew_and_not_asked_for_twice(check: PayeeCheck, tool: APIClient) -> None:
    body = {"bank_account": read(tool, f"/payee-checks/{check.pk}/").json()["bank_account"]}

    first, second = (done(send(tool, "/payee-checks/prove/", body)) for _ in range(2))

    assert first == second
    assert (first["account"], first["done_at"]) == ("…1191 at YESB0000262", None)
    assert ProofJob.objects.get().bank_account == BankAccount.objects.get()
    asked_by = AuditEntry.objects.filter(action="payments.proof_request").values_list("actor__username", flat=True)
    assert list(asked_by) == ["operations", "operations"]
    assert send(tool, "/payee-checks/prove/", {"bank_account": 999}).status_code == 400
