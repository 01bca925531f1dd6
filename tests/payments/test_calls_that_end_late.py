"""A call whose end nobody told in time is put before a person; when the end is told after all, its saga goes on."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from core.clock import database_now
from core.models import AuditEntry, Saga, SagaEvent
from core.sagas.models import SagaState
from ledger.checks import ledger_check
from ledger.models import Journal
from lms.models import Loan
from payments.models import (
    AttemptState,
    IncomingPayment,
    PaymentParameters,
    PaymentRefund,
    PaymentState,
    Payout,
    PayoutState,
    ProviderAttempt,
    RefundState,
)
from payments.protocol import Told
from payments.services.payout_decisions import payout_bank_query, payout_park
from payments.services.refunds import refund_request, refund_told
from payments.services.returns import payout_told
from payments.vendors.answers import PayoutNews
from tests.factories.lms import make_loan, make_sanctioned_loan, set_business_date
from tests.factories.payments import (
    ask_payout,
    balance_of,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
    run_sagas,
)
from tests.factories.staff import make_staff
from tests.payments.test_receipts import SUSPENSE, TAKEN, ask
from tests.payments.test_webhooks import drain, payout_event, tell
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
AMOUNT, AT_VENDOR, GIVEN_BACK = 1_20_000_00, 10_00_000_00, 5_000_00
FLOAT, SENT = "1050.razorpay", "1060.razorpay"
WEEK = timedelta(days=7)


@pytest.fixture
def payout(simulators: Simulators) -> Payout:
    """A payout that the vendor works on for a week: parked."""
    payout = begun(simulators)
    simulators.set("fault", vendor="razorpay", fault="deemed")
    run_sagas(rounds=2)
    ProviderAttempt.objects.update(first_sent_at=database_now() - WEEK)
    run_sagas(rounds=1)
    assert saga_of(payout).state == SagaState.MANUAL
    return payout


@pytest.fixture
def refund(simulators: Simulators) -> PaymentRefund:
    """A refund that the gateway works on for a week: parked."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    make_vendor(address=simulators.address, float_paise=0)
    simulators.set("pay", ask=ask(loan).vendor_reference, method="card")
    run_sagas()
    refund = refund_request(payment_id=IncomingPayment.objects.get().pk, reason="Paid twice")
    simulators.set("scenario", settle_seconds=100_000)
    run_sagas(rounds=1)
    ProviderAttempt.objects.update(first_sent_at=database_now() - WEEK)
    run_sagas(rounds=1)
    assert Saga.objects.get(pk=refund.saga_id or 0).state == SagaState.MANUAL
    return refund


def begun(simulators: Simulators) -> Payout:
    """Ask for a payout whose payee is proven."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_sanctioned_loan()
    make_vendor(address=simulators.address)
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    payout = ask_payout(loan=loan, account=account)
    run_sagas(rounds=1)
    return payout


def saga_of(payout: Payout) -> Saga:
    return Saga.objects.get(pk=payout.saga_id or 0)


def call() -> ProviderAttempt:
    return ProviderAttempt.objects.get()


def hear(told: Told, *, source: str = "WEBHOOK") -> None:
    payout_told(attempt_id=call().pk, news=PayoutNews(told=told, utr="404223241811"), source=source)


def standing(payout: Payout) -> tuple[object, ...]:
    payout.refresh_from_db()
    return payout.state, call().state, balance_of(FLOAT), balance_of(SENT)


def test_call_is_asked_for_as_long_as_the_thresholds_say(simulators: Simulators) -> None:
    payout = begun(simulators)
    PaymentParameters.objects.update(call_asked_days=9)
    simulators.set("fault", vendor="razorpay", fault="deemed")
    run_sagas(rounds=2)

    states = []
    for days in (8, 9):
        ProviderAttempt.objects.update(first_sent_at=database_now() - timedelta(days=days))
        run_sagas(rounds=1)
        states.append(saga_of(payout).state)

    assert states == [SagaState.RUNNING, SagaState.MANUAL]
    assert "has not said in 9 days" in saga_of(payout).problem


@pytest.mark.parametrize(
    ("status", "end", "kinds"),
    [
        ("processed", (PayoutState.PAID, AttemptState.PROCESSED, AT_VENDOR - AMOUNT, 0), ["DISBURSE"]),
        ("failed", (PayoutState.FAILED, AttemptState.FAILED, AT_VENDOR, 0), []),
        ("reversed", (PayoutState.REVERSED, AttemptState.REVERSED, AT_VENDOR, 0), []),
    ],
)
def test_webhook_that_tells_the_end_lets_a_parked_payout_go_on_once(
    payout: Payout, status: str, end: tuple[object, ...], kinds: list[str]
) -> None:
    for number in range(3):
        assert tell(payout_event(call(), status), event_id=f"evt_{number}") == 200
    drain()
    assert saga_of(payout).state == SagaState.RUNNING
    run_sagas()
    journals = Journal.objects.count()
    hear(Told(status.upper()))
    run_sagas()

    assert standing(payout) == end
    assert [fact.kind for fact in Loan.objects.get().facts.all()] == kinds
    assert (saga_of(payout).finished_at is not None, Journal.objects.count()) == (True, journals)
    assert ledger_check().is_held
    woken = AuditEntry.objects.get(action="core.saga_go_on")
    assert (woken.actor_id, woken.object_id) == (None, str(payout.saga_id))
    assert woken.reason.startswith(f"WEBHOOK: {status.upper()}, call {call().our_reference}")
    assert SagaEvent.objects.filter(saga_id=payout.saga_id or 0, what="went on by itself").count() == 1


def test_payout_that_was_paid_and_comes_back_after_it_went_on_is_taken_back(payout: Payout) -> None:
    hear(Told.PROCESSED)
    hear(Told.REVERSED)
    run_sagas()

    assert standing(payout) == (PayoutState.REVERSED, AttemptState.REVERSED, AT_VENDOR, 0)
    assert ledger_check().is_held


def test_payout_beyond_proof_goes_on_when_somebody_looks_and_finds_the_end(simulators: Simulators) -> None:
    payout = begun(simulators)
    simulators.set("fault", vendor="razorpay", fault="lost_request")
    run_sagas(rounds=1)
    ProviderAttempt.objects.update(safe_retry_until=database_now())
    run_sagas(rounds=2)
    assert (saga_of(payout).state, call().state) == (SagaState.MANUAL, AttemptState.UNKNOWN)

    hear(Told.PROCESSED, source="LOOK")
    run_sagas()

    assert standing(payout) == (PayoutState.PAID, AttemptState.PROCESSED, AT_VENDOR - AMOUNT, 0)


def test_news_that_is_not_the_end_leaves_a_payout_parked(simulators: Simulators) -> None:
    payout = begun(simulators)
    simulators.set("fault", vendor="razorpay", fault="lost_request")
    run_sagas(rounds=1)
    ProviderAttempt.objects.update(safe_retry_until=database_now())
    run_sagas(rounds=2)

    hear(Told.PROCESSING)
    run_sagas(rounds=1)

    assert (saga_of(payout).state, call().state) == (SagaState.MANUAL, AttemptState.PROCESSING)
    assert not AuditEntry.objects.filter(action="core.saga_go_on").exists()


def test_payout_that_a_person_stopped_stays_with_the_person(payout: Payout) -> None:
    payout_park(payout_id=payout.pk, actor=make_staff("finance"), reason="The borrower is under investigation")

    hear(Told.PROCESSED)
    run_sagas()

    assert standing(payout)[:2] == (PayoutState.SENT, AttemptState.PROCESSED)
    assert saga_of(payout).state == SagaState.MANUAL
    assert Loan.objects.get().facts.count() == 0


def test_payout_that_the_bank_was_asked_about_goes_on_when_the_vendor_tells(payout: Payout) -> None:
    payout_bank_query(payout_id=payout.pk, actor=make_staff("finance"), reason="No proof")

    hear(Told.PROCESSED)
    run_sagas()

    assert standing(payout) == (PayoutState.PAID, AttemptState.PROCESSED, AT_VENDOR - AMOUNT, 0)


def test_bank_that_is_asked_what_is_known_already_holds_the_payout_for_a_person(payout: Payout) -> None:
    ProviderAttempt.objects.update(state=AttemptState.PROCESSED)

    payout_bank_query(payout_id=payout.pk, actor=make_staff("finance"), reason="Which of our accounts?")

    assert (saga_of(payout).state, saga_of(payout).awaits) == (SagaState.MANUAL, "")


def test_payout_that_is_undone_and_parked_is_booked_when_it_was_paid_after_all(simulators: Simulators) -> None:
    payout = begun(simulators)
    simulators.set("fault", vendor="razorpay", fault="deemed")
    run_sagas(rounds=2)
    Saga.objects.filter(pk=payout.saga_id or 0).update(state=SagaState.COMPENSATING)
    saga_of(payout).steps.filter(name="send").update(state="COMP_PENDING", queue="rollback")
    ProviderAttempt.objects.update(first_sent_at=database_now() - WEEK)
    run_sagas(rounds=1)
    assert saga_of(payout).state == SagaState.MANUAL

    hear(Told.PROCESSED)
    assert saga_of(payout).state == SagaState.COMPENSATING
    run_sagas()

    assert standing(payout) == (PayoutState.PAID, AttemptState.PROCESSED, AT_VENDOR - AMOUNT, 0)
    assert ledger_check().is_held


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (Told.PROCESSED, (RefundState.PAID, PaymentState.REFUNDED, 0, 0)),
        (Told.FAILED, (RefundState.FAILED, PaymentState.SUSPENSE, GIVEN_BACK, -GIVEN_BACK)),
        (Told.REVERSED, (RefundState.FAILED, PaymentState.SUSPENSE, GIVEN_BACK, -GIVEN_BACK)),
    ],
)
def test_refund_whose_end_is_told_late_goes_on_once(refund: PaymentRefund, told: Told, end: tuple[object, ...]) -> None:
    for _ in range(2):
        refund_told(attempt_id=call().pk, news=PayoutNews(told=told), source="WEBHOOK")
    run_sagas()

    refund.refresh_from_db()
    refund.payment.refresh_from_db()
    assert (refund.state, refund.payment.state, balance_of(TAKEN), balance_of(SUSPENSE)) == end
    assert Saga.objects.get(pk=refund.saga_id or 0).finished_at is not None
    assert AuditEntry.objects.filter(action="core.saga_go_on").count() == 1
    assert ledger_check().is_held


def test_page_says_that_a_parked_payout_goes_on_by_itself(payout: Payout, admin_client: Any) -> None:
    parts = [
        admin_client.get(reverse("admin:payments_payout_change", args=[payout.pk])),
        admin_client.get(reverse("staff-work:saga", args=[payout.saga_id])),
    ]

    assert ["goes on by itself" in part.content.decode() for part in parts] == [True, True]
