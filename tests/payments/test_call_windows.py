"""Between two commits anything happens: another worker, a webhook, a crash, a person; and money leaves once."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.clock import database_now
from core.models import Saga, SagaStep
from core.sagas import runner
from core.sagas.definitions import Failed, StepRun, Wait
from core.sagas.models import SagaState
from core.sagas.runner import LeaseLost, step_run
from core.sagas.services import saga_compensate
from core.transactions import run_in_transaction
from customers.models import BankAccount
from lms.models import Loan
from lms.services.freezes import loan_freeze
from payments.models import AttemptState, Payout, PayoutState, ProviderAttempt, Vendor
from payments.protocol import Told
from payments.sagas import payout as payouts
from payments.sagas.calls import call_make
from payments.services.attempts import attempt_drop, attempt_mark_sent, attempt_unsend
from payments.services.returns import payout_told
from payments.vendors.answers import PayoutNews
from payments.vendors.errors import VendorAway
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
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
AMOUNT = 1_20_000_00
AT_VENDOR = 10_00_000_00
FLOAT, SENT = "1050.razorpay", "1060.razorpay"


@pytest.fixture
def account(simulators: Simulators) -> BankAccount:
    """The account of a borrower whose loan is sanctioned, with a vendor to pay it."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_sanctioned_loan()
    make_vendor(address=simulators.address)
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


@pytest.fixture
def payout(account: BankAccount) -> Payout:
    """A payout whose payee is proven and of which nothing was sent."""
    payout = ask_payout(loan=Loan.objects.get(), account=account)
    run_sagas(rounds=1)
    return payout


def claimed(payout: Payout) -> StepRun:
    """Begin to send, as a worker does, and return what the worker is told."""
    step = SagaStep.objects.get(saga_id=payout.saga_id or 0, name="send")
    claim = run_in_transaction(lambda: runner._claim(step.pk))
    assert claim is not None
    return claim.run


def overtaken(run: StepRun) -> None:
    """Let the lease of a worker run out and another one do the step."""
    SagaStep.objects.filter(pk=run.step_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert step_run(step_id=run.step_id)


def settled(payout: Payout) -> Payout:
    run_sagas()
    payout.refresh_from_db()
    return payout


def attempts(payout: Payout) -> list[ProviderAttempt]:
    return list(ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).order_by("generation"))


def paid_once(payout: Payout, simulators: Simulators) -> bool:
    """Tell whether bank and books have one payment, and nothing is on its way."""
    out = [simulators.truth(attempt.our_reference)["net_out_paise"] for attempt in attempts(payout)]
    booked = [fact.amount_paise for fact in payout.loan.facts.filter(kind="DISBURSE")]
    books = (balance_of(FLOAT), balance_of(SENT))
    return (sum(out), booked, books) == (AMOUNT, [AMOUNT], (AT_VENDOR - AMOUNT, 0))


def test_request_that_did_not_leave_is_not_given_up_when_another_worker_has_sent_it(
    payout: Payout, simulators: Simulators
) -> None:
    run = claimed(payout)
    attempt = payouts._intent(run, payout)

    def away() -> PayoutNews:
        overtaken(run)
        raise VendorAway("The vendor's circuit is open")

    outcome = call_make(run=run, wire=replace(payouts._wire(payout, attempt), send=away))

    assert isinstance(outcome, Wait)
    payout = settled(payout)
    assert [(a.generation, a.state) for a in attempts(payout)] == [(1, AttemptState.PROCESSED)]
    assert payout.state == PayoutState.PAID
    assert paid_once(payout, simulators)


def test_request_that_did_not_leave_is_given_up_with_its_money_or_not_at_all(
    payout: Payout, simulators: Simulators, settings: Any
) -> None:
    simulators.set("fault", vendor="razorpay", fault="busy", times=2)
    settings.FAILPOINT = "saga.before_drop_commit:raise"
    run_sagas(rounds=1)
    settings.FAILPOINT = ""

    assert [(a.state, a.sends) for a in attempts(payout)] == [(AttemptState.SENDING, 1)]
    payout = settled(payout)

    assert payout.state == PayoutState.PAID
    assert paid_once(payout, simulators)


def test_request_that_did_not_leave_makes_room_for_another_vendor(payout: Payout, simulators: Simulators) -> None:
    simulators.set("fault", vendor="razorpay", fault="busy")

    payout = settled(payout)

    assert [(a.state, a.sends) for a in attempts(payout)] == [(AttemptState.FAILED, 0), (AttemptState.PROCESSED, 1)]
    assert paid_once(payout, simulators)


def test_worker_that_lost_the_step_opens_no_call_and_sends_none(payout: Payout, simulators: Simulators) -> None:
    BankAccount.objects.filter(pk=payout.bank_account_id).update(ifsc="HDFC0000077")
    run = claimed(payout)
    overtaken(run)
    assert settled(payout).state == PayoutState.FAILED
    before = attempts(payout)

    with pytest.raises(LeaseLost):
        payouts._intent(run, payout)
    with pytest.raises(LeaseLost):
        attempt_mark_sent(attempt_id=before[0].pk, run=run)

    assert attempts(payout) == before
    assert simulators.log("request") == []
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)


def test_call_is_not_sent_after_its_end_nor_with_a_key_that_the_vendor_may_have_forgotten(payout: Payout) -> None:
    run = claimed(payout)
    attempt = payouts._intent(run, payout)
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) == 1
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) == 2

    ProviderAttempt.objects.update(safe_retry_until=timezone.now() - timedelta(seconds=1))
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) is None
    ProviderAttempt.objects.update(safe_retry_until=timezone.now() + timedelta(hours=1), state=AttemptState.PROCESSING)
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) is None

    attempt.refresh_from_db()
    assert attempt.sends == 2


def test_question_that_did_not_reach_the_vendor_does_not_lengthen_the_pauses(payout: Payout) -> None:
    run = claimed(payout)
    attempt = payouts._intent(run, payout)
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) == 1
    attempt.refresh_from_db()

    def away() -> PayoutNews:
        raise VendorAway("The vendor's circuit is open")

    outcome = call_make(run=run, wire=replace(payouts._wire(payout, attempt), find=away))

    assert isinstance(outcome, Wait)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.polls) == (AttemptState.SENDING, 0)


def test_call_whose_end_nobody_tells_in_a_week_is_put_before_a_person(payout: Payout, simulators: Simulators) -> None:
    simulators.set("fault", vendor="razorpay", fault="deemed")
    run_sagas(rounds=2)
    assert Saga.objects.get(pk=payout.saga_id or 0).state == SagaState.RUNNING
    ProviderAttempt.objects.update(first_sent_at=database_now() - timedelta(days=7))

    run_sagas(rounds=1)

    saga = Saga.objects.get(pk=payout.saga_id or 0)
    assert (saga.state, "has not said in 7 days" in saga.problem) == (SagaState.MANUAL, True)
    payout_told(attempt_id=attempts(payout)[0].pk, news=PayoutNews(told=Told.PROCESSED, utr="4042"), source="WEBHOOK")
    assert settled(payout).state == PayoutState.PAID


def test_only_the_first_and_only_request_is_taken_back(payout: Payout) -> None:
    run = claimed(payout)
    attempt = payouts._intent(run, payout)
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) == 1
    assert attempt_mark_sent(attempt_id=attempt.pk, run=run) == 2

    taken_back = [attempt_unsend(attempt_id=attempt.pk, sends=sends) for sends in (0, 1, 2)]
    taken_back += [attempt_drop(attempt_id=attempt.pk, sends=sends, reason="Away") for sends in (0, 1, 2)]

    assert taken_back == [False] * 6
    attempt.refresh_from_db()
    assert (attempt.state, attempt.sends, attempt.first_sent_at is None) == (AttemptState.SENDING, 2, False)


def test_key_counts_from_the_first_request_on_and_not_from_the_intent(payout: Payout) -> None:
    run = claimed(payout)
    attempt = payouts._intent(run, payout)
    ProviderAttempt.objects.update(safe_retry_until=timezone.now() - timedelta(days=1))

    attempt_mark_sent(attempt_id=attempt.pk, run=run)

    attempt.refresh_from_db()
    assert attempt.first_sent_at is not None
    assert attempt.safe_retry_until - attempt.first_sent_at == timedelta(hours=22)


def test_refusal_of_a_repeat_says_nothing_about_the_first_request(payout: Payout, simulators: Simulators) -> None:
    simulators.set("scenario", hidden_seconds=100)
    simulators.set("fault", vendor="razorpay", fault="lost_answer")
    run_sagas(rounds=1)
    # Another body under the same key: the vendor refuses the repeat, while it pays the first.
    BankAccount.objects.filter(pk=payout.bank_account_id).update(holder_name="Asha Verma-Rao")
    run_sagas(rounds=2)

    payout.refresh_from_db()
    assert (payout.state, [a.state for a in attempts(payout)]) == (PayoutState.SENT, [AttemptState.UNKNOWN])
    assert attempts(payout)[0].sends == 3
    simulators.set("clock", step=200)
    payout = settled(payout)

    assert payout.state == PayoutState.PAID
    assert paid_once(payout, simulators)


def test_account_that_was_changed_after_the_request_is_not_paid_again_nor_called_failed(
    payout: Payout, simulators: Simulators
) -> None:
    simulators.set("scenario", hidden_seconds=100)
    simulators.set("fault", vendor="razorpay", fault="lost_answer")
    run_sagas(rounds=1)
    BankAccount.objects.filter(pk=payout.bank_account_id).update(ifsc="HDFC0000077")
    run_sagas(rounds=2)

    payout.refresh_from_db()
    assert (payout.state, attempts(payout)[0].sends) == (PayoutState.SENT, 1)
    assert "may have arrived" in SagaStep.objects.get(saga_id=payout.saga_id or 0, name="send").problem
    simulators.set("clock", step=200)

    assert settled(payout).state == PayoutState.PAID
    assert paid_once(payout, simulators)


def test_payout_that_has_left_is_booked_although_it_was_to_be_undone(payout: Payout, simulators: Simulators) -> None:
    simulators.set("fault", vendor="razorpay", fault="lost_answer")
    run_sagas(rounds=1)
    for _ in range(2):
        saga_compensate(saga_id=payout.saga_id or 0, actor=None, reason="The borrower changed their mind")
    assert Saga.objects.get(pk=payout.saga_id or 0).state == SagaState.COMPENSATING

    payout = settled(payout)

    assert (payout.state, payout.open_loan_id) == (PayoutState.PAID, None)
    assert Saga.objects.get(pk=payout.saga_id or 0).state == SagaState.COMPENSATED
    assert Saga.objects.filter(kind="payments.watch", subject_id=str(payout.pk)).count() == 1
    assert paid_once(payout, simulators)


def test_paid_again_after_it_was_undone_by_the_bank_is_told_by_whoever_hears_it(
    payout: Payout, simulators: Simulators
) -> None:
    run = claimed(payout)
    attempt = payouts._intent(run, payout)

    def late_look() -> PayoutNews:
        overtaken(run)
        assert settled(payout).state == PayoutState.PAID
        return PayoutNews(told=Told.REVERSED, reason="bank_account_frozen")

    outcome = call_make(run=run, wire=replace(payouts._wire(payout, attempt), send=late_look))

    assert isinstance(outcome, Failed)
    assert settled(payout).state == PayoutState.REVERSED
    assert [fact.kind for fact in payout.loan.facts.order_by("sequence")] == ["DISBURSE", "REVERSE"]
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)


def test_payout_that_two_calls_have_paid_waits_for_a_person(payout: Payout, simulators: Simulators) -> None:
    simulators.set("fault", vendor="razorpay", fault="busy")
    payout = settled(payout)
    given_up = attempts(payout)[0]

    payout_told(attempt_id=given_up.pk, news=PayoutNews(told=Told.PROCESSED), source="STATEMENT")
    payout = settled(payout)

    late = Saga.objects.get(kind="payments.late_success")
    assert (late.state, payout.state) == (SagaState.MANUAL, PayoutState.PAID)
    assert late.problem.startswith(f"Payout {payout.number} has been paid twice")
    assert payout.loan.facts.count() == 1


def test_payout_that_was_paid_late_is_watched_too(payout: Payout, simulators: Simulators) -> None:
    simulators.set("fault", vendor="razorpay", fault="fails")
    assert settled(payout).state == PayoutState.FAILED

    payout_told(attempt_id=attempts(payout)[0].pk, news=PayoutNews(told=Told.PROCESSED, utr="4042"), source="WEBHOOK")

    assert settled(payout).state == PayoutState.PAID
    assert Saga.objects.filter(kind="payments.watch", subject_id=str(payout.pk)).count() == 1


def test_loan_that_was_frozen_after_the_request_gets_nothing(payout: Payout, simulators: Simulators) -> None:
    loan_freeze(loan_id=payout.loan_id, effects=["DISBURSAL"], reason="Suspicion of fraud", idempotency_key="freeze")

    payout = settled(payout)

    assert (payout.state, attempts(payout)) == (PayoutState.FAILED, [])
    assert "frozen" in payout.problem.lower() or "freeze" in payout.problem.lower()
    assert simulators.log("request") == []
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)
    assert Vendor.objects.count() == 1
