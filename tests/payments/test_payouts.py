"""Money leaves once: whatever the vendor answers, the book and the bank agree in the end."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from core.models import Saga, SagaStep
from core.sagas.models import SagaState, StepState
from core.workers import LANES, lane_drain
from customers.models import BankAccount
from customers.services.changes import bank_account_change
from lms.models import Loan
from payments.errors import PayeeNotOwn, PayoutAlreadyOpen, PayoutKeyReused
from payments.models import AttemptState, Operation, Payout, PayoutState, ProviderAttempt, Vendor
from payments.protocol import Told
from payments.services.payouts import payout_cancel
from payments.services.returns import payout_told
from payments.services.vendors import client_of
from payments.vendors.answers import PayoutNews
from payments.vendors.errors import VendorError
from tests.factories.lms import make_customer, make_sanctioned_loan, set_business_date
from tests.factories.payments import (
    ask_payout,
    balance_of,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
)
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
AMOUNT = 1_20_000_00
FLOAT, SENT, POOL = "1050.razorpay", "1060.razorpay", "1010"
AT_VENDOR = 10_00_000_00


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def account(loan: Loan) -> BankAccount:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


@pytest.fixture
def vendor(simulators: Simulators, loan: Loan) -> Vendor:
    return make_vendor(address=simulators.address)


def work(*, rounds: int = 12) -> None:
    """Let workers do everything, with every pause cut short."""
    for _ in range(rounds):
        due = SagaStep.objects.filter(state__in=(StepState.PENDING, StepState.COMP_PENDING))
        due.exclude(saga__kind="payments.watch").update(run_at=timezone.now() - timedelta(seconds=1))
        lane_drain(lane=LANES["sagas"], rounds=1)


def settled(payout: Payout) -> Payout:
    work()
    payout.refresh_from_db()
    return payout


def attempt_of(payout: Payout) -> ProviderAttempt:
    return ProviderAttempt.objects.get(saga_id=payout.saga_id or 0)


@pytest.mark.guarantee("G1")
def test_payout_is_sent_once_and_booked(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    payout = settled(ask_payout(loan=loan, account=account))

    assert (payout.state, payout.paid_on) == (PayoutState.PAID, date(2026, 1, 1))
    attempt = attempt_of(payout)
    truth = simulators.truth(attempt.our_reference)
    assert (truth["credits"], truth["net_out_paise"]) == (1, AMOUNT)
    assert payout.utr == truth["entries"][0]["utr"]
    assert loan.facts.get(kind="DISBURSE").reference == payout.utr
    # The fact paid from the pool, the payout brought the money there: only the balance at the vendor is smaller.
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR - AMOUNT, 0)
    assert balance_of(POOL) == -AT_VENDOR


@pytest.mark.guarantee("G6")
@pytest.mark.parametrize(
    "fault", ["lost_request", "lost_answer", "error_after", "error_before", "html", "redirect", "drip", "flood"]
)
def test_answer_that_proves_nothing_is_asked_for_and_never_paid_twice(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators, fault: str
) -> None:
    Vendor.objects.update(answer_seconds=1)
    simulators.set("fault", vendor="razorpay", fault=fault, times=2)

    payout = settled(ask_payout(loan=loan, account=account))

    truth = simulators.truth(attempt_of(payout).our_reference)
    assert (payout.state, truth["credits"]) == (PayoutState.PAID, 1)
    assert len(truth["keys"]) == 1
    assert simulators.summary()["paid_more_than_once"] == []
    assert balance_of(SENT) == 0


@pytest.mark.guarantee("G6")
def test_request_that_arrives_late_is_not_sent_again_under_another_key(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    simulators.set("fault", vendor="razorpay", fault="stuck")
    payout = ask_payout(loan=loan, account=account)
    work(rounds=3)
    simulators.set("clock", step=1300)

    payout = settled(payout)

    truth = simulators.truth(attempt_of(payout).our_reference)
    assert (payout.state, truth["credits"], len(truth["keys"])) == (PayoutState.PAID, 1, 1)


def test_refused_payout_gives_everything_back(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    closed = make_account(customer=loan.customer, number="026291800001190")
    make_proof(account=closed)

    payout = settled(ask_payout(loan=loan, account=closed))

    assert (payout.state, payout.open_loan_id) == (PayoutState.FAILED, None)
    assert payout.problem == "bank_account_invalid"
    assert attempt_of(payout).state == AttemptState.FAILED
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)
    assert not loan.facts.exists()
    assert Saga.objects.get(pk=payout.saga_id or 0).state == SagaState.COMPENSATED


@pytest.mark.guarantee("G6", in_flight=True)
def test_pending_payout_waits_and_is_never_called_failed(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    slow = make_account(customer=loan.customer, number="007711000031")
    make_proof(account=slow)

    payout = settled(ask_payout(loan=loan, account=slow))

    assert payout.state == PayoutState.SENT
    assert attempt_of(payout).state == AttemptState.PROCESSING
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR - AMOUNT, AMOUNT)


@pytest.mark.guarantee("G4")
def test_payout_that_the_bank_sends_back_is_taken_back_in_the_books(
    vendor: Vendor, loan: Loan, account: BankAccount
) -> None:
    payout = settled(ask_payout(loan=loan, account=account))
    attempt = attempt_of(payout)

    news = PayoutNews(told=Told.REVERSED, reason="bank_account_frozen")
    payout_told(attempt_id=attempt.pk, news=news, source="WEBHOOK")
    payout_told(attempt_id=attempt.pk, news=news, source="WEBHOOK")
    payout_told(attempt_id=attempt.pk, news=PayoutNews(told=Told.PROCESSED), source="WEBHOOK")
    payout = settled(payout)

    assert (payout.state, attempt_of(payout).state) == (PayoutState.REVERSED, AttemptState.REVERSED)
    assert [fact.kind for fact in loan.facts.order_by("sequence")] == ["DISBURSE", "REVERSE"]
    assert (balance_of(FLOAT), balance_of(SENT), balance_of(POOL)) == (AT_VENDOR, 0, -AT_VENDOR)
    # The bank has said that the account is frozen: nothing goes there until it is proven anew.
    make_proof(account=account)
    again = settled(ask_payout(loan=loan, account=account))
    assert again.state == PayoutState.PAID


@pytest.mark.guarantee("G6")
def test_payout_given_up_that_was_paid_after_all_is_booked(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    closed = make_account(customer=loan.customer, number="026291800001190")
    make_proof(account=closed)
    payout = settled(ask_payout(loan=loan, account=closed))
    assert payout.state == PayoutState.FAILED

    late = PayoutNews(told=Told.PROCESSED, utr="404223241811")
    payout_told(attempt_id=attempt_of(payout).pk, news=late, source="WEBHOOK")
    payout = settled(payout)

    assert (payout.state, payout.utr) == (PayoutState.PAID, "404223241811")
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR - AMOUNT, 0)


def test_vendor_without_money_of_ours_refuses_before_anything_is_sent(
    loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    make_vendor(address=simulators.address, float_paise=1_00)

    payout = ask_payout(loan=loan, account=account)
    work()

    assert simulators.log("request") == []
    assert not ProviderAttempt.objects.exists()
    assert Saga.objects.get(pk=payout.saga_id or 0).steps.get(name="send").problem != ""


@pytest.mark.guarantee("G16")
def test_vendor_that_is_down_is_left_for_another_before_anything_was_sent(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    make_vendor(address=simulators.address, code="cashfree")
    simulators.set("down", vendor="razorpay", is_down=True)
    for _ in range(6):
        with pytest.raises(VendorError):
            client_of(vendor=vendor).probe(operation=Operation.PAYOUT)

    payout = settled(ask_payout(loan=loan, account=account))
    simulators.set("down", vendor="razorpay", is_down=False)

    assert payout.state == PayoutState.PAID
    assert attempt_of(payout).vendor.code == "cashfree"
    assert (balance_of("1060.cashfree"), balance_of(SENT)) == (0, 0)


def test_cancelled_payout_leaves_nothing(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    unproven = make_account(customer=loan.customer)
    payout = ask_payout(loan=loan, account=unproven)
    work(rounds=2)

    payout_cancel(payout_id=payout.pk, actor=None, reason="The borrower changed their mind")
    payout = settled(payout)

    assert payout.state == PayoutState.CANCELLED
    assert simulators.log("request") == []
    assert balance_of(FLOAT) == AT_VENDOR


def test_account_of_somebody_else_is_refused(vendor: Vendor, loan: Loan) -> None:
    strange = make_account(customer=make_customer())

    with pytest.raises(PayeeNotOwn) as refusal:
        ask_payout(loan=loan, account=strange)

    assert refusal.value.code == "payments.payee_not_own"
    assert not Payout.objects.exists()


def test_account_that_the_borrower_has_left_after_the_request_gets_nothing(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    payout = ask_payout(loan=loan, account=account)
    bank_account_change(
        customer_id=loan.customer_id, account_number="50100000777", ifsc="HDFC0000123", reason="The old one was closed"
    )

    payout = settled(payout)

    problem = f"The account of payout {payout.number} was changed after it was asked for. Cancel it and ask anew."
    assert (payout.state, payout.problem) == (PayoutState.FAILED, problem)
    assert simulators.log("request") == []
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)
    assert not loan.facts.exists()


def test_account_that_was_chosen_beside_the_usual_one_is_paid(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    bank_account_change(
        customer_id=loan.customer_id, account_number="50100000777", ifsc="HDFC0000123", reason="A second account"
    )
    account.refresh_from_db()

    payout = settled(ask_payout(loan=loan, account=account))

    assert (payout.state, payout.bank_account_id) == (PayoutState.PAID, account.pk)


def test_account_that_was_changed_after_the_request_gets_nothing(
    vendor: Vendor, loan: Loan, account: BankAccount, simulators: Simulators
) -> None:
    payout = ask_payout(loan=loan, account=account)
    BankAccount.objects.filter(pk=account.pk).update(ifsc="HDFC0000077")

    payout = settled(payout)

    assert payout.state == PayoutState.FAILED
    assert "was changed after" in payout.problem
    assert simulators.log("request") == []


@pytest.mark.guarantee("G1", "G2")
def test_second_payout_of_a_loan_waits_for_the_first_and_a_repeat_is_the_first(
    vendor: Vendor, loan: Loan, account: BankAccount
) -> None:
    first = ask_payout(loan=loan, account=account, idempotency_key="one", amount_paise=50_000_00)

    assert ask_payout(loan=loan, account=account, idempotency_key="one", amount_paise=50_000_00).pk == first.pk
    with pytest.raises(PayoutKeyReused):
        ask_payout(loan=loan, account=account, idempotency_key="one", amount_paise=60_000_00)
    with pytest.raises(PayoutAlreadyOpen):
        ask_payout(loan=loan, account=account, idempotency_key="two", amount_paise=50_000_00)

    assert Payout.objects.count() == 1
