"""Screens of payments: what a person sees, what they may decide, and that nothing happens unseen."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from core.approvals.authority import authority_seed
from core.approvals.models import ApprovalRequest
from core.models import AuditEntry
from core.sagas.models import Saga, SagaState
from core.sagas.services import saga_park
from customers.models import BankAccount
from lms.models import Loan
from payments.models import (
    AttemptEvent,
    NameBand,
    Operation,
    PayeeCheck,
    PaymentParameters,
    Payout,
    PayoutState,
    Vendor,
)
from payments.models import VendorRoute as Route
from payments.services.attempts import attempt_open
from payments.services.rules import PaymentRules, payment_parameters_seed, rules_on
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:9"
WHY = "Papers are complete"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    # Its product brings the chart of accounts that a vendor's money needs.
    loan = make_sanctioned_loan()
    make_vendor(address=NOWHERE)
    return loan


@pytest.fixture
def account(loan: Loan) -> BankAccount:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


def entered(account: BankAccount, **changes: str) -> dict[str, str]:
    values = {
        "kind": "DISBURSAL",
        "bank_account": str(account.pk),
        "amount_paise": "1,20,000.00",
        "rail": "",
        "reason": WHY,
        "idempotency_key": "once",
    }
    return {**values, **changes}


def ask_address(loan: Loan) -> str:
    return reverse("staff-payments:payout-ask", args=[loan.pk])


def page_of(payout: Payout) -> str:
    return reverse("admin:payments_payout_change", args=[payout.pk])


def decide(client: Client, payout: Payout, decision: str, reason: str = WHY) -> int:
    address = reverse("staff-payments:payout-decide", args=[payout.pk])
    return client.post(address, {"decision": decision, "reason": reason}).status_code


def saga_state(payout: Payout) -> str:
    return Saga.objects.get(pk=payout.saga_id or 0).state


def test_effect_is_shown_before_anything_is_asked_for(loan: Loan, account: BankAccount) -> None:
    page = client_of("operations").post(ask_address(loan), {**entered(account), "check": ""})

    text = page.content.decode()
    assert page.status_code == 200
    assert "…1191 at YESB0000262" in text
    assert "nothing sent yet" in text
    assert "Principal outstanding" in text
    assert not Payout.objects.exists()
    assert not loan.facts.exists()


def test_payout_is_asked_for_once_however_often_it_is_sent(loan: Loan, account: BankAccount) -> None:
    client = client_of("operations")

    first = client.post(ask_address(loan), entered(account))
    client.post(ask_address(loan), entered(account))

    payout = Payout.objects.get()
    assert first["Location"] == page_of(payout)
    assert (payout.amount_paise, payout.rail, payout.reason) == (1_20_000_00, "IMPS", WHY)
    assert payout.requested_by is not None
    assert payout.requested_by.username == "operations"


def test_payout_above_the_limit_waits_for_a_second_person(loan: Loan, account: BankAccount) -> None:
    authority_seed()
    PaymentParameters.objects.update(payout_approval_above_paise=1_00_000_00)
    client_of("operations").post(ask_address(loan), entered(account))
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.amount_paise) == ("payments.payout", 1_20_000_00)
    assert not Payout.objects.exists()
    finance = client_of("finance")
    shown = finance.get(reverse("staff-approvals:request", args=[request.pk])).content.decode()
    assert "How the money travels" in shown

    finance.post(
        reverse("staff-approvals:decide", args=[request.pk]), {"decision": "approve", "seen": request.effect_hash}
    )

    payout = Payout.objects.get()
    request.refresh_from_db()
    assert (request.state, request.result_id) == ("EXECUTED", str(payout.pk))
    assert payout.requested_by == request.made_by


def test_account_changed_while_the_request_waits_gets_nothing(loan: Loan, account: BankAccount) -> None:
    PaymentParameters.objects.update(payout_approval_above_paise=1_00_000_00)
    client_of("operations").post(ask_address(loan), entered(account))
    request = ApprovalRequest.objects.get()
    BankAccount.objects.filter(pk=account.pk).update(ifsc="HDFC0000077")

    client_of("finance").post(
        reverse("staff-approvals:decide", args=[request.pk]), {"decision": "approve", "seen": request.effect_hash}
    )

    request.refresh_from_db()
    assert request.state == "PENDING"
    assert not Payout.objects.exists()


def test_payout_is_parked_and_tried_again_with_reasons(loan: Loan, account: BankAccount) -> None:
    payout = ask_payout(loan=loan, account=account)
    finance = client_of("finance")

    without_reason = decide(finance, payout, "park", reason="")
    assert without_reason == 422
    assert decide(client_of("operations"), payout, "park") == 403
    assert saga_state(payout) == SagaState.RUNNING

    assert decide(finance, payout, "park") == 302
    assert saga_state(payout) == SagaState.MANUAL
    assert "Parked since" in finance.get(page_of(payout)).content.decode()
    assert decide(finance, payout, "retry") == 302

    assert saga_state(payout) == SagaState.RUNNING
    assert list(AuditEntry.objects.filter(action="core.saga_decide").values_list("reason", flat=True)) == [WHY, WHY]


def test_question_to_the_bank_is_kept_beside_the_call(loan: Loan, account: BankAccount) -> None:
    payout = ask_payout(loan=loan, account=account)
    Payout.objects.filter(pk=payout.pk).update(state=PayoutState.SENT)
    vendor = Vendor.objects.get()
    assert payout.saga_id is not None
    attempt_open(
        saga_id=payout.saga_id,
        step="send",
        vendor=vendor,
        operation=Operation.PAYOUT,
        rail="IMPS",
        amount_paise=1_20_000_00,
    )
    finance = client_of("finance")

    assert decide(finance, payout, "bank", reason="Mail to the branch") == 302

    event = AttemptEvent.objects.get()
    assert (event.source, event.told, event.note) == ("STAFF", "BANK_QUERY", "Mail to the branch")
    assert event.state_before == event.state_after
    assert saga_state(payout) == SagaState.MANUAL
    assert AuditEntry.objects.get(action="payments.payout_bank_query").reason == "Mail to the branch"
    assert "Mail to the branch" in finance.get(page_of(payout)).content.decode()


def test_payout_of_which_nothing_was_sent_is_cancelled(loan: Loan, account: BankAccount) -> None:
    payout = ask_payout(loan=loan, account=account)

    assert decide(client_of("operations"), payout, "cancel") == 302

    payout.refresh_from_db()
    assert (payout.state, payout.problem) == (PayoutState.CANCELLED, WHY)
    assert 'value="cancel"' not in client_of("operations").get(page_of(payout)).content.decode()


def test_payout_is_found_by_number_and_by_our_reference(loan: Loan, account: BankAccount) -> None:
    payout = ask_payout(loan=loan, account=account)
    assert payout.saga_id is not None
    vendor = Vendor.objects.get()
    attempt = attempt_open(
        saga_id=payout.saga_id,
        step="send",
        vendor=vendor,
        operation=Operation.PAYOUT,
        rail="IMPS",
        amount_paise=1_20_000_00,
    )
    listed = reverse("admin:payments_payout_changelist")
    analyst = client_of("analyst")

    found = [payout.number in analyst.get(listed, {"q": text}).content.decode() for text in (payout.number, "none")]
    by_reference = analyst.get(listed, {"q": attempt.our_reference}).content.decode()

    assert found == [True, False]
    assert page_of(payout) in by_reference


def test_name_in_doubt_is_shown_to_who_may_see_it_with_a_trace(loan: Loan, account: BankAccount) -> None:
    check = PayeeCheck.objects.get()
    PayeeCheck.objects.update(band=NameBand.REVIEW, holder_name="SOMEBODY SIMILAR", vendor=Vendor.objects.get())
    address = reverse("admin:payments_payeecheck_change", args=[check.pk])

    masked = client_of("operations").get(address).content.decode()
    clear = client_of("manager").get(address).content.decode()
    client_of("manager").post(
        reverse("staff-payments:check-decide", args=[check.pk]), {"decision": "same", "reason": "Passport seen"}
    )

    assert "SOMEBODY" not in masked
    assert "SOMEBODY SIMILAR" in clear
    assert AuditEntry.objects.filter(action="payments.check_read").count() == 1
    check.refresh_from_db()
    assert check.band == NameBand.PASS
    doubts = client_of("manager").get(reverse("staff-payments:doubts")).content.decode()
    assert "No name is in doubt" in doubts


def test_payout_that_waits_for_a_decision_about_a_name_stands_above_the_list(loan: Loan, account: BankAccount) -> None:
    payout = ask_payout(loan=loan, account=account)
    listed = reverse("admin:payments_payout_changelist")
    before = client_of("operations").get(listed).content.decode()

    PayeeCheck.objects.update(band=NameBand.REVIEW, score=71)
    waiting = client_of("operations").get(listed).content.decode()

    assert "Wait for a decision about the name" not in before
    above, _, _ = waiting.partition("result_list")
    assert "Wait for a decision about the name" in above
    assert payout.number in above
    assert "71 of 100" in above


def test_secrets_are_written_and_never_shown(loan: Loan) -> None:
    vendor = Vendor.objects.get()
    before = vendor.webhook_secret
    manager = client_of("manager")

    manager.post(
        reverse("staff-payments:vendor-secrets", args=[vendor.pk]),
        {"key_secret": "", "webhook_secret": "a-new-one", "reason": "Yearly change"},
    )

    vendor.refresh_from_db()
    assert (vendor.webhook_secret, vendor.previous_webhook_secret) == ("a-new-one", before)
    shown = "".join(
        manager.get(reverse(name, args=[vendor.pk])).content.decode()
        for name in ("admin:payments_vendor_change", "staff-payments:vendor-change", "staff-payments:vendor-secrets")
    )
    assert [secret in shown for secret in ("a-new-one", before, vendor.key_secret)] == [False, False, False]
    assert AuditEntry.objects.get(action="payments.secret_change").detail == {"replaced": ["webhook"]}


def test_new_route_ends_the_one_before_it(loan: Loan) -> None:
    vendor = Vendor.objects.get()
    values = {
        "operation": "PAYOUT",
        "rail": "IMPS",
        "rank": "5",
        "cost_paise": "4.00",
        "least_paise": "1.00",
        "most_paise": "5,00,000.00",
        "look_seconds": "90, 300",
        "looks_in_two_hours": "3",
        "valid_from": "2026-01-05",
        "reason": "New contract",
    }
    manager = client_of("manager")
    address = reverse("staff-payments:route-add", args=[vendor.pk])

    past = manager.post(address, {**values, "valid_from": "2025-12-31"})
    manager.post(address, values)

    assert past.status_code == 422
    rows = Route.objects.filter(operation=Operation.PAYOUT, rail="IMPS").order_by("valid_from")
    assert [(row.valid_from, row.valid_to, row.cost_paise) for row in rows] == [
        (date(2020, 1, 1), date(2026, 1, 4), 0),
        (date(2026, 1, 5), None, 4_00),
    ]


def test_route_that_has_ended_is_not_ended_again(loan: Loan) -> None:
    route = Route.objects.get(operation=Operation.PAYOUT, rail="IMPS")
    manager = client_of("manager")
    address = reverse("staff-payments:route-end", args=[route.pk])
    manager.post(address, {"reason": "Contract over"})
    route.refresh_from_db()
    first = route.valid_to
    set_business_date(date(2026, 3, 1))

    manager.post(address, {"reason": "An old page"})

    route.refresh_from_db()
    assert (first, route.valid_to) == (date(2026, 1, 1), date(2026, 1, 1))
    assert AuditEntry.objects.filter(action="payments.route_end").count() == 1


def test_contract_is_entered_with_its_accounts_and_by_https_alone(loan: Loan) -> None:
    values = {
        "code": "third",
        "kind": "RAZORPAY",
        "name": "Third gateway",
        "base_url": "http://vendor.example",
        "priority_class": "50",
        "calls_per_second": "5",
        "answer_seconds": "30",
        "idempotency_hours": "24",
        "is_active": "on",
        "reason": "Second source",
    }
    manager = client_of("manager")

    refused = manager.post(reverse("staff-payments:vendor-add"), values)
    manager.post(reverse("staff-payments:vendor-add"), {**values, "base_url": "https://vendor.example"})

    assert refused.status_code == 422
    assert Vendor.objects.get(code="third").base_url == "https://vendor.example"
    dashboard = manager.get(reverse("staff-payments:dashboard")).content.decode()
    assert "1060.third" in dashboard


def test_thresholds_are_published_from_a_day_on(loan: Loan) -> None:
    values = {name: str(value) for name, value in rules_on(day=date(2026, 1, 1)).as_columns().items()}
    money = {"payout_approval_above_paise": "75,000.00", "cash_receipt_limit_paise": "1,99,999.99"}
    row = {"valid_from": "2026-01-10", "source": "Board, 9 January 2026", "reason": "Smaller loans"}
    address = reverse("staff-payments:parameters-publish")
    manager = client_of("manager")

    disordered = manager.post(address, {**values, **money, **row, "name_review_score": "95"})
    manager.post(address, {**values, **money, **row})

    assert disordered.status_code == 422
    assert rules_on(day=date(2026, 1, 9)).payout_approval_above_paise == 5_00_000_00
    assert rules_on(day=date(2026, 1, 10)).payout_approval_above_paise == 75_000_00


def test_first_thresholds_are_set_once() -> None:
    payment_parameters_seed()
    payment_parameters_seed()

    row = PaymentParameters.objects.get()
    assert (row.payout_approval_above_paise, row.cash_receipt_limit_paise) == (5_00_000_00, 1_99_999_99)
    assert rules_on(day=date(2026, 1, 1)) == PaymentRules()


def test_stuck_money_is_told_on_the_first_page_and_above_every_page(loan: Loan, account: BankAccount) -> None:
    finance = client_of("finance")
    strip = reverse("staff-payments:alarms", args=["home"])
    counts = reverse("staff-payments:alarms", args=["header"])
    assert finance.get(counts).content.decode().strip() == ""
    payout = ask_payout(loan=loan, account=account)
    assert payout.saga_id is not None

    saga_park(saga_id=payout.saga_id, actor=None, reason="The bank was asked")

    assert "1 payment: waits for a person" in finance.get(strip).content.decode()
    assert "1 stuck" in finance.get(counts).content.decode()
    assert strip in finance.get(reverse("admin:index")).content.decode()
    assert counts in finance.get(reverse("admin:lms_loan_changelist")).content.decode()
    assert "The bank was asked" in finance.get(reverse("admin:payments_payout_changelist")).content.decode()


def test_loan_and_customer_show_their_payouts(loan: Loan, account: BankAccount) -> None:
    payout = ask_payout(loan=loan, account=account)
    analyst = client_of("analyst")
    of_loan = reverse("staff-payments:loan-payouts", args=[loan.pk])
    of_customer = reverse("staff-payments:customer-payouts", args=[loan.customer_id])

    assert of_loan in analyst.get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()
    assert (
        of_customer in analyst.get(reverse("admin:customers_customer_change", args=[loan.customer_id])).content.decode()
    )
    assert payout.number in analyst.get(of_loan).content.decode()
    assert payout.number in analyst.get(of_customer + "?part=1").content.decode()
    assert ask_address(loan) not in analyst.get(of_loan).content.decode()
