"""A bank that refuses a payout because of the account ends the account's proof; other reasons leave it."""

from datetime import date

import pytest
from django.urls import reverse

from customers.models import BankAccount
from customers.services.changes import bank_account_change
from lms.models import Loan
from payments.alarms import alarms
from payments.models import AttemptState, CheckState, Operation, PaidCheck, PayeeCheck, Payout, PayoutState, Vendor
from payments.protocol import Told
from payments.proving.jobs import jobs_claim
from payments.services.attempts import attempt_of
from payments.services.payees import check_answered, proof_of
from payments.services.returns import payout_told
from payments.vendors.answers import PayoutNews, ProofNews
from tests.factories.lms import make_customer, make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor, run_sagas
from tests.factories.staff import client_of
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)
CLOSED = "026291800001190"
ALARM = "refused by the bank: prove it anew, or ask for another"


@pytest.fixture
def loan() -> Loan:
    set_business_date(TODAY)
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def vendor(simulators: Simulators, loan: Loan) -> Vendor:
    return make_vendor(address=simulators.address)


def proven(loan: Loan, *, number: str = CLOSED) -> BankAccount:
    account = make_account(customer=loan.customer, number=number)
    make_proof(account=account)
    return account


def told(payout: Payout, *, reason: str, word: Told = Told.FAILED) -> None:
    attempt = attempt_of(saga_id=payout.saga_id or 0, step="send")
    assert attempt is not None
    payout_told(attempt_id=attempt.pk, news=PayoutNews(told=word, reason=reason), source="WEBHOOK")


def refused(loan: Loan, account: BankAccount) -> Payout:
    """Let the bank refuse a payout because of the account."""
    payout = ask_payout(loan=loan, account=account)
    run_sagas()
    payout.refresh_from_db()
    return payout


def test_final_answer_that_the_account_is_bad_ends_its_proof_by_a_later_row(vendor: Vendor, loan: Loan) -> None:
    account = proven(loan)
    before = PayeeCheck.objects.values().get()

    payout = refused(loan, account)

    assert (payout.state, payout.problem) == (PayoutState.FAILED, "bank_account_invalid")
    proof = proof_of(bank_account=account, today=TODAY)
    assert (proof.is_proven, proof.is_refused, proof.is_ended) == (False, False, True)
    assert proof.problem == "the bank refused a payout to it: bank_account_invalid"
    assert PayeeCheck.objects.values().get(pk=before["id"]) == before
    ended = PayeeCheck.objects.get(state=CheckState.ENDED)
    assert (ended.operation, ended.valid_until) == (Operation.PAYOUT, before["valid_until"])


def test_next_payout_to_it_waits_for_a_new_proof_and_sends_nothing(
    vendor: Vendor, loan: Loan, simulators: Simulators
) -> None:
    account = proven(loan)
    refused(loan, account)
    sent = len(simulators.log("request"))

    payout = refused(loan, account)

    assert payout.state == PayoutState.REQUESTED
    assert len(simulators.log("request")) == sent
    assert [item.account for item in jobs_claim(limit=10, today=TODAY)] == [(account.account_index, account.ifsc)]


def test_new_proof_after_it_counts_and_may_be_paid_for(vendor: Vendor, loan: Loan) -> None:
    account = proven(loan)
    PaidCheck.objects.create(
        account_index=account.account_index,
        ifsc=account.ifsc,
        check_made=PayeeCheck.objects.get(),
        taken_until=date(2026, 4, 1),
    )
    refused(loan, account)
    right = PaidCheck.objects.get()
    new = make_proof(account=account, state=CheckState.WAITING, band="", answered_at=None, valid_until=None)

    check_answered(
        check_id=new.pk, news=ProofNews(state=CheckState.VALID, holder_name=loan.customer.full_name), today=TODAY
    )

    assert (right.check_made_id, right.taken_until) == (None, None)
    assert proof_of(bank_account=account, today=TODAY).is_proven


@pytest.mark.parametrize(
    "reason",
    [
        "bank_account_invalid",
        "bank_account_closed",
        "bank_account_frozen",
        "beneficiary_vpa_invalid",
        "INVALID_ACCOUNT_FAIL",
        "ACCOUNT_BLOCKED",
    ],
)
def test_payout_that_comes_back_because_of_the_account_ends_its_proof_once(
    vendor: Vendor, loan: Loan, reason: str
) -> None:
    account = proven(loan, number="026291800001191")
    payout = refused(loan, account)
    assert payout.state == PayoutState.PAID

    told(payout, reason=reason, word=Told.REVERSED)
    told(payout, reason=reason, word=Told.REVERSED)

    assert proof_of(bank_account=account, today=TODAY).is_ended
    assert PayeeCheck.objects.filter(state=CheckState.ENDED).count() == 1


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "low_balance",
        "insufficient_funds",
        "amount_limit_exhausted_neft",
        "imps_not_allowed",
        "beneficiary_bank_offline",
        "npci_beneficiary_timeout",
        "BENE_BANK_REJECTED",
        "transfer_limit_breach",
    ],
)
def test_reason_that_says_nothing_about_the_account_leaves_its_proof(vendor: Vendor, loan: Loan, reason: str) -> None:
    account = proven(loan, number="026291800001191")
    payout = refused(loan, account)

    told(payout, reason=reason, word=Told.REVERSED)

    attempt = attempt_of(saga_id=payout.saga_id or 0, step="send")
    assert attempt is not None
    assert attempt.state == AttemptState.REVERSED
    assert proof_of(bank_account=account, today=TODAY).is_proven


def test_answer_that_is_not_final_leaves_the_proof(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    simulators.set("scenario", settle_seconds=3600)
    account = proven(loan, number="026291800001191")
    payout = refused(loan, account)

    told(payout, reason="bank_account_frozen", word=Told.PROCESSING)

    assert payout.state == PayoutState.SENT
    assert proof_of(bank_account=account, today=TODAY).is_proven


def test_account_is_ended_for_another_customer_who_has_it(vendor: Vendor, loan: Loan) -> None:
    other = make_account(customer=make_customer(), number=CLOSED)
    make_proof(account=other)

    refused(loan, proven(loan))

    assert proof_of(bank_account=other, today=TODAY).is_ended


def test_alarm_rings_until_the_account_is_proven_or_another_one_is_given(vendor: Vendor, loan: Loan) -> None:
    account = proven(loan)
    refused(loan, account)

    rings = {alarm.title: (alarm.count, alarm.tone) for alarm in alarms()}
    bank_account_change(
        customer_id=loan.customer_id, account_number="50100000777", ifsc="HDFC0000123", reason="The old one is closed"
    )

    assert rings[ALARM] == (1, "red")
    assert ALARM not in {alarm.title for alarm in alarms()}


def test_pages_of_loan_customer_and_account_show_that_the_proof_has_ended(vendor: Vendor, loan: Loan) -> None:
    account = proven(loan)
    refused(loan, account)
    ended = PayeeCheck.objects.get(state=CheckState.ENDED)
    manager = client_of("manager")

    pages = [
        manager.get(address).content.decode()
        for address in (
            reverse("staff-payments:loan-payouts", args=[loan.pk]),
            reverse("staff-payments:customer-payouts", args=[loan.customer_id]),
            reverse("admin:payments_payeecheck_change", args=[ended.pk]),
        )
    ]

    assert [("proven no more" in page, "bank_account_invalid" in page) for page in pages] == [(True, True)] * 3
