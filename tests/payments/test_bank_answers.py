"""The bank's answer about a payout that nobody could prove: by two persons, through the rules of every other news."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.approvals.models import ApprovalAttachment, ApprovalRequest
from core.clock import database_now
from core.errors import KistError
from core.sagas.models import Saga, SagaState
from customers.models import BankAccount
from ledger.checks import ledger_check
from lms.models import Loan
from payments.desk_errors import (
    BankAnswerDoesNotFit,
    BankAnswerInFuture,
    BankAnswerNotPossible,
    BankAnswerWithoutUtr,
)
from payments.models import AttemptEvent, AttemptState, Payout, PayoutState, ProviderAttempt, Vendor
from payments.protocol import Told
from payments.services.payout_answers import BankAnswer, local_day, payout_answer
from payments.services.payout_decisions import payout_bank_query
from tests.factories.api import read, send, tool_of, waiting
from tests.factories.approvals import approve, last_request
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import (
    ask_payout,
    balance_of,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
    run_sagas,
)
from tests.factories.payments_in import send_act
from tests.factories.staff import client_of, make_staff
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
FLOAT, SENT, POOL = "1050.razorpay", "1060.razorpay", "1010"
AT_VENDOR = 10_00_000_00
AMOUNT = 1_20_000_00
UTR = "404223241811"
WHY = "Letter of the bank"


@pytest.fixture
def loan(settings: Any, tmp_path: Any) -> Loan:
    settings.MEDIA_ROOT = tmp_path
    set_business_date(date(2026, 1, 1))
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def vendor(simulators: Simulators, loan: Loan) -> Vendor:
    return make_vendor(address=simulators.address)


@pytest.fixture
def account(loan: Loan) -> BankAccount:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


@pytest.fixture
def payout(vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators) -> Payout:
    """A payout without proof either way, past the time in which its key protects a repeat: parked."""
    simulators.set("fault", vendor="razorpay", fault="lost_request")
    payout = ask_payout(loan=loan, account=account)
    run_sagas(rounds=2)
    ProviderAttempt.objects.update(safe_retry_until=database_now())
    run_sagas(rounds=2)
    payout.refresh_from_db()
    assert Saga.objects.get(pk=payout.saga_id or 0).state == SagaState.MANUAL
    return payout


def answer_of(told: Told = Told.PROCESSED, **changes: Any) -> BankAnswer:
    values = {"told": told, "utr": UTR, "reference": "Letter 17/2026", "answered_on": local_day(database_now())}
    return BankAnswer(**{**values, **changes})


def answer(payout: Payout, told: Told = Told.PROCESSED, **changes: Any) -> Payout:
    actor = make_staff("finance")
    return payout_answer(payout_id=payout.pk, answer=answer_of(told, **changes), reason=WHY, actor=actor)


def standing(payout: Payout) -> tuple[object, ...]:
    payout.refresh_from_db()
    attempt = ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).order_by("-generation").first()
    return payout.state, attempt.state if attempt else "", balance_of(FLOAT), balance_of(SENT), payout.utr


def entered(told: str, **changes: Any) -> dict[str, Any]:
    paper = SimpleUploadedFile("letter.pdf", b"%PDF-1.4")
    day = local_day(database_now()).isoformat()
    return {"told": told, "utr": UTR, "reference": "Letter 17", "answered_on": day, "paper": paper, **changes}


@pytest.mark.parametrize(
    ("told", "end", "kinds"),
    [
        ("PROCESSED", (PayoutState.PAID, AttemptState.PROCESSED, AT_VENDOR - AMOUNT, 0, UTR), ["DISBURSE"]),
        ("FAILED", (PayoutState.FAILED, AttemptState.FAILED, AT_VENDOR, 0, ""), []),
        ("REVERSED", (PayoutState.REVERSED, AttemptState.REVERSED, AT_VENDOR, 0, ""), []),
    ],
)
def test_answer_moves_the_payout_when_a_second_person_agrees(
    payout: Payout, loan: Loan, told: str, end: tuple[object, ...], kinds: list[str]
) -> None:
    send_act(client_of("operations"), "payout-answer", payout.pk, **entered(told))
    request = last_request()
    assert (request.kind, request.amount_paise) == ("payments.payout-answer", AMOUNT)
    assert request.effect["money_that_follows"][0]["amount_paise"] == AMOUNT
    assert request.effect["loans"] == 1
    assert ApprovalAttachment.objects.get().request_id == request.pk
    assert standing(payout)[:2] == (PayoutState.SENT, AttemptState.UNKNOWN)

    approve(request)
    run_sagas(rounds=4)

    assert standing(payout) == end
    assert [fact.kind for fact in loan.facts.all()] == kinds
    event = AttemptEvent.objects.get(source="BANK")
    assert (event.told, event.state_before, event.state_after) == (told, "UNKNOWN", told)
    assert ledger_check().is_held


def test_form_asks_for_the_paper_but_not_for_the_look(payout: Payout) -> None:
    client = client_of("operations")
    without = entered("FAILED")
    del without["paper"]

    look = send_act(client, "payout-answer", payout.pk, check="", **without)
    sent = send_act(client, "payout-answer", payout.pk, **without)

    assert (look.status_code, sent.status_code) == (200, 422)
    assert "Attach the paper that this is about" in sent.content.decode()
    assert not ApprovalRequest.objects.exists()
    assert standing(payout)[:2] == (PayoutState.SENT, AttemptState.UNKNOWN)


def told_by_tool(**changes: Any) -> dict[str, Any]:
    day = local_day(database_now()).isoformat()
    answer = {"told": "FAILED", "reference": "Letter 17", "answered_on": day, "reason": WHY}
    return {**answer, "paper": {"name": "letter.pdf", "content": "JVBERi0xLjQ="}, **changes}


def test_tool_enters_the_answer_with_its_paper_and_a_second_person_reads_it(payout: Payout) -> None:
    tool, path = tool_of("operations"), f"/payouts/{payout.number}/acts/answer/"
    look = send(tool, f"{path}preview/", {name: told for name, told in told_by_tool().items() if name != "paper"})
    assert (look.status_code, look.json()["effect"]["payout"]) == (200, payout.number)
    assert not ApprovalRequest.objects.exists()

    first, again = (send(tool, path, told_by_tool(), key="letter-17") for _ in range(2))

    request = waiting(first)
    assert (again.json(), ApprovalAttachment.objects.count()) == (first.json(), 1)
    [paper] = read(tool_of("manager"), f"/approvals/{request.pk}/").json()["papers"]
    file = tool_of("manager").get(paper["address"])
    assert (paper["name"], file.content, file["Content-Disposition"]) == (
        "letter.pdf",
        b"%PDF-1.4",
        'attachment; filename="letter.pdf"',
    )
    assert tool_of("analyst").get(paper["address"]).status_code == 403
    approve(request)
    run_sagas(rounds=4)
    assert standing(payout)[:2] == (PayoutState.FAILED, AttemptState.FAILED)
    assert read(tool, f"/payouts/{payout.number}/").json()["state"] == "FAILED"


@pytest.mark.parametrize(
    "paper",
    [
        None,
        {"name": "letter.pdf", "content": "no base 64"},
        {"name": "letter.exe", "content": "JVBERi0xLjQ="},
        {"name": "letter.pdf"},
    ],
    ids=["none", "no base 64", "no paper that one can look at", "empty"],
)
def test_answer_of_a_tool_without_its_paper_is_refused(payout: Payout, paper: Any) -> None:
    before = standing(payout)

    answer = send(tool_of("operations"), f"/payouts/{payout.number}/acts/answer/", told_by_tool(paper=paper))

    assert (answer.status_code, answer.json()["code"]) == (400, "core.input_invalid")
    assert list(answer.json()["context"]["fields"]) == ["paper"]
    assert not ApprovalRequest.objects.exists()
    assert standing(payout) == before


@pytest.mark.parametrize(
    ("told", "changes", "refusal"),
    [
        (Told.PROCESSED, {"utr": ""}, BankAnswerWithoutUtr),
        (Told.PROCESSED, {"utr": "12 34"}, BankAnswerWithoutUtr),
        (Told.FAILED, {"answered_on": date(2020, 1, 1)}, BankAnswerInFuture),
        (Told.FAILED, {"answered_on": date(2099, 1, 1)}, BankAnswerInFuture),
    ],
)
def test_incomplete_answer_is_refused_by_name(
    payout: Payout, told: Told, changes: dict[str, Any], refusal: type[KistError]
) -> None:
    before = standing(payout)

    with pytest.raises(refusal) as error:
        answer(payout, told, **changes)

    assert error.value.code == refusal.code
    assert standing(payout) == before
    assert not AttemptEvent.objects.filter(source="BANK").exists()


@pytest.mark.parametrize("told", [Told.UNSURE, Told.NOT_FOUND, Told.PROCESSING])
def test_anything_less_than_a_final_answer_is_none(payout: Payout, told: Told) -> None:
    before = standing(payout)

    with pytest.raises(ValueError, match="no final answer"):
        answer(payout, told)

    assert standing(payout) == before


def test_answer_is_not_taken_while_workers_are_at_it_nor_of_what_was_never_sent(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    payout = ask_payout(loan=loan, account=account)
    with pytest.raises(BankAnswerNotPossible, match="nothing was sent"):
        answer(payout)
    simulators.set("fault", vendor="razorpay", fault="lost_request")
    run_sagas(rounds=2)
    before = standing(payout)
    with pytest.raises(BankAnswerNotPossible, match="parks it"):
        answer(payout, Told.FAILED)
    assert standing(payout) == before

    payout_bank_query(payout_id=payout.pk, actor=make_staff("finance"), reason="No proof")
    answer(payout, Told.FAILED)
    run_sagas(rounds=4)

    assert standing(payout)[:4] == (PayoutState.FAILED, AttemptState.FAILED, AT_VENDOR, 0)


def test_answer_that_cannot_follow_is_refused_and_a_repeat_changes_nothing(payout: Payout) -> None:
    answer(payout)
    run_sagas(rounds=4)
    before, events = standing(payout), AttemptEvent.objects.count()

    answer(payout)
    with pytest.raises(BankAnswerDoesNotFit) as refusal:
        answer(payout, Told.FAILED)

    assert refusal.value.code == "payments.bank_answer_does_not_fit"
    assert (standing(payout), AttemptEvent.objects.count()) == (before, events)


def test_statement_shows_that_a_paid_payout_came_back(payout: Payout, loan: Loan) -> None:
    answer(payout)
    run_sagas(rounds=4)

    send_act(client_of("operations"), "payout-answer", payout.pk, **entered("REVERSED"))
    approve()
    run_sagas(rounds=4)

    assert standing(payout)[:4] == (PayoutState.REVERSED, AttemptState.REVERSED, AT_VENDOR, 0)
    assert [fact.kind for fact in loan.facts.order_by("sequence")] == ["DISBURSE", "REVERSE"]
    assert ledger_check().is_held


def test_page_offers_the_answer_to_those_who_may_enter_it(payout: Payout) -> None:
    page = reverse("admin:payments_payout_change", args=[payout.pk])
    address = reverse("staff-payments:payout-answer", args=[payout.pk])

    operations: Client = client_of("operations")
    assert address in operations.get(page).content.decode()
    assert address not in client_of("analyst").get(page).content.decode()
    assert client_of("analyst").get(address).status_code == 403


def test_day_is_by_the_lenders_own_time() -> None:
    late_evening = database_now().replace(hour=20, minute=0)

    assert local_day(late_evening) == late_evening.date() + timedelta(days=1)
