"""Between two commits of a refund: another worker, a late answer, a person; and a payment is given back once."""

from dataclasses import replace
from datetime import date

import pytest

from core.models import Saga, SagaStep
from core.sagas import runner
from core.sagas.models import SagaState
from core.sagas.runner import LeaseLost
from core.sagas.services import saga_compensate
from core.transactions import run_in_transaction
from payments.models import AttemptState, IncomingPayment, PaymentRefund, PaymentState, ProviderAttempt, RefundState
from payments.protocol import Told
from payments.sagas import refund as refunds
from payments.sagas.calls import call_make
from payments.services.refunds import refund_request, refund_told
from payments.vendors.answers import PayoutNews
from payments.vendors.errors import VendorAway
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor, run_sagas
from tests.payments.test_call_windows import overtaken
from tests.payments.test_receipts import AMOUNT, SUSPENSE, TAKEN, ask
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db


@pytest.fixture
def refund(simulators: Simulators) -> PaymentRefund:
    """A refund of a payment by card, of which nothing was sent."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    make_vendor(address=simulators.address, float_paise=0)
    simulators.set("pay", ask=ask(loan).vendor_reference, method="card")
    run_sagas()
    return refund_request(payment_id=IncomingPayment.objects.get().pk, reason="Paid twice")


def given_back_once(refund: PaymentRefund, simulators: Simulators) -> bool:
    """Tell whether bank and books have one refund."""
    refund.refresh_from_db()
    rows = [simulators.truth(row.our_reference)["entries"] for row in ProviderAttempt.objects.all()]
    paid = [entry["paise"] for entries in rows for entry in entries]
    state = (refund.state, refund.payment.state, balance_of(TAKEN), balance_of(SUSPENSE))
    return (paid, *state) == ([AMOUNT], RefundState.PAID, PaymentState.REFUNDED, 0, 0)


def test_request_that_did_not_leave_is_not_forgotten_when_another_worker_has_sent_it(
    refund: PaymentRefund, simulators: Simulators
) -> None:
    step = SagaStep.objects.get(saga_id=refund.saga_id or 0)
    claim = run_in_transaction(lambda: runner._claim(step.pk))
    assert claim is not None
    attempt = refunds._intent(claim.run, refund)

    def away() -> PayoutNews:
        overtaken(claim.run)
        raise VendorAway("The vendor's circuit is open")

    call_make(run=claim.run, wire=replace(refunds._wire(refund, attempt), send=away))

    attempt.refresh_from_db()
    assert (attempt.sends, attempt.first_sent_at is None) == (2, False)
    run_sagas()
    refund.payment.refresh_from_db()
    assert given_back_once(refund, simulators)
    with pytest.raises(LeaseLost):
        refunds._intent(claim.run, refund)
    assert ProviderAttempt.objects.count() == 1


def test_refund_that_was_made_is_booked_although_it_was_to_be_undone(
    refund: PaymentRefund, simulators: Simulators
) -> None:
    simulators.set("fault", vendor="razorpay", fault="lost_answer")
    run_sagas(rounds=1)
    saga_compensate(saga_id=refund.saga_id or 0, actor=None, reason="Mistake")

    run_sagas()

    refund.payment.refresh_from_db()
    assert Saga.objects.get(pk=refund.saga_id or 0).state == SagaState.COMPENSATED
    assert given_back_once(refund, simulators)


def test_refund_that_the_gateway_makes_while_it_is_given_up_is_booked(
    refund: PaymentRefund, simulators: Simulators
) -> None:
    simulators.set("fault", vendor="razorpay", fault="fails")
    run_sagas(rounds=1)
    attempt = ProviderAttempt.objects.get()
    assert attempt.state == AttemptState.PROCESSING
    refund_told(attempt_id=attempt.pk, news=PayoutNews(told=Told.FAILED), source="WEBHOOK")

    refund_told(attempt_id=attempt.pk, news=PayoutNews(told=Told.PROCESSED), source="WEBHOOK")
    run_sagas()

    refund.refresh_from_db()
    refund.payment.refresh_from_db()
    assert (refund.state, refund.payment.state) == (RefundState.PAID, PaymentState.REFUNDED)
    assert (balance_of(TAKEN), balance_of(SUSPENSE)) == (0, 0)
