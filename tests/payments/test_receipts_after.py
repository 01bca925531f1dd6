"""What becomes of money that has arrived: suspense, moves, refunds, disputes, settlements."""

import itertools
from datetime import date
from typing import Any

import pytest

from core.inbox.models import InboxMessage, MessageState
from core.rehearsal import rehearse
from ledger.checks import ledger_check
from lms.models import Loan
from payments.errors import AmountDiffers
from payments.models import (
    AttemptState,
    Dispute,
    DisputeState,
    IncomingPayment,
    PaymentLink,
    PaymentState,
    ProviderAttempt,
    RefundState,
    Settlement,
    Vendor,
)
from payments.protocol import Told
from payments.receipt_errors import (
    PaymentNotApplied,
    PaymentNotInSuspense,
    PaymentNotRefundable,
    PaymentOnSameLoan,
    RefundNeedsPerson,
    SettlementAboveTaken,
)
from payments.services.chargebacks import dispute_told
from payments.services.refunds import refund_request, refund_told
from payments.services.settlements import settlement_told
from payments.services.suspense import payment_take_back, suspense_apply, suspense_keep
from payments.services.transfers import payment_move
from payments.vendors.answers import PayoutNews
from payments.vendors.heard import DisputeHeard, DisputeTold, SettlementHeard
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor, run_sagas
from tests.payments.test_receipts import AMOUNT, POOL, SUSPENSE, TAKEN, ask, payment_event
from tests.payments.test_webhooks import drain, tell
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
DISPUTED = "1080"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    return loan


@pytest.fixture
def vendor(simulators: Simulators, loan: Loan) -> Vendor:
    return make_vendor(address=simulators.address, float_paise=0)


@pytest.fixture
def payment(vendor: Vendor, loan: Loan, simulators: Simulators) -> IncomingPayment:
    """A payment by card on its loan."""
    link = ask(loan)
    simulators.set("pay", ask=link.vendor_reference, method="card")
    run_sagas()
    return IncomingPayment.objects.get()


@pytest.fixture
def unknown(vendor: Vendor, loan: Loan) -> IncomingPayment:
    """A payment in suspense."""
    link = PaymentLink(amount_paise=AMOUNT, order_reference="order_of_somebody")
    tell(payment_event(link, "payment.captured"), event_id="evt_unknown")
    drain()
    return IncomingPayment.objects.get()


def received(loan: Loan) -> list[int]:
    """Return what stands on a loan of receipts."""
    undone = {fact.details["reversed_sequence"] for fact in loan.facts.filter(kind="REVERSE")}
    return [fact.amount_paise for fact in loan.facts.filter(kind="RECEIVE") if fact.sequence not in undone]


def books_hold() -> bool:
    return ledger_check().is_held


def test_money_in_suspense_is_put_on_a_loan_as_of_its_day(unknown: IncomingPayment, loan: Loan) -> None:
    before = balance_of(POOL)

    for _ in range(2):
        suspense_apply(payment_id=unknown.pk, loan_id=loan.pk, reason="The payer called")

    unknown.refresh_from_db()
    assert (unknown.state, unknown.loan_id, unknown.turn) == (PaymentState.APPLIED, loan.pk, 1)
    assert received(loan) == [AMOUNT]
    assert loan.facts.get(kind="RECEIVE").value_date == unknown.taken_on
    assert (balance_of(TAKEN), balance_of(SUSPENSE), balance_of(POOL)) == (AMOUNT, 0, before)


def test_money_kept_in_suspense_has_a_reason_and_can_still_be_applied(unknown: IncomingPayment, loan: Loan) -> None:
    suspense_keep(payment_id=unknown.pk, reason="Asked the payer's bank")
    unknown.refresh_from_db()
    assert (unknown.state, unknown.problem) == (PaymentState.KEPT, "Asked the payer's bank")

    suspense_apply(payment_id=unknown.pk, loan_id=loan.pk, reason="Found")

    with pytest.raises(PaymentNotInSuspense) as refusal:
        suspense_keep(payment_id=unknown.pk, reason="Too late")
    assert refusal.value.code == "payments.payment_not_in_suspense"
    assert received(loan) == [AMOUNT]


def test_payment_is_moved_to_the_customer_it_was_meant_for(payment: IncomingPayment, loan: Loan) -> None:
    set_business_date(date(2026, 3, 2))
    other = make_loan()
    before = balance_of(POOL)

    for _ in range(2):
        payment_move(payment_id=payment.pk, to_loan_id=other.pk, reason="Wrong loan number")

    payment.refresh_from_db()
    assert (payment.state, payment.loan_id, payment.customer_id) == (PaymentState.APPLIED, other.pk, other.customer_id)
    assert (received(loan), received(other)) == ([], [AMOUNT])
    assert (balance_of(TAKEN), balance_of(SUSPENSE), balance_of(POOL)) == (AMOUNT, 0, before)


def test_move_to_the_same_loan_or_of_money_in_suspense_is_refused(payment: IncomingPayment, loan: Loan) -> None:
    with pytest.raises(PaymentOnSameLoan):
        payment_move(payment_id=payment.pk, to_loan_id=loan.pk, reason="Mistake")
    other = make_loan()
    payment_take_back(payment_id=payment.pk, reason="Not theirs")
    with pytest.raises(PaymentNotApplied):
        payment_move(payment_id=payment.pk, to_loan_id=other.pk, reason="Mistake")

    assert (received(loan), received(other)) == ([], [])
    assert balance_of(SUSPENSE) == -AMOUNT


@pytest.mark.guarantee("G6")
@pytest.mark.parametrize("fault", ["", "lost_request", "lost_answer", "error_after", "html", "busy"])
def test_payment_is_given_back_once_whatever_the_gateway_answers(
    payment: IncomingPayment, loan: Loan, simulators: Simulators, fault: str
) -> None:
    before = balance_of(POOL)
    for name in filter(None, [fault]):
        simulators.set("fault", vendor="razorpay", fault=name)

    refund = refund_request(payment_id=payment.pk, reason="Paid twice")
    assert refund_request(payment_id=payment.pk, reason="Paid twice").pk == refund.pk
    run_sagas()

    payment.refresh_from_db()
    refund.refresh_from_db()
    assert (payment.state, refund.state, received(loan)) == (PaymentState.REFUNDED, RefundState.PAID, [])
    entries = simulators.truth(ProviderAttempt.objects.get().our_reference)["entries"]
    assert [(entry["what"], entry["paise"]) for entry in entries] == [("REFUND", AMOUNT)]
    assert (balance_of(TAKEN), balance_of(SUSPENSE), balance_of(POOL)) == (0, 0, before)


def test_refund_that_the_gateway_fails_leaves_the_money_in_suspense(
    payment: IncomingPayment, loan: Loan, simulators: Simulators
) -> None:
    simulators.set("fault", vendor="razorpay", fault="fails")

    refund = refund_request(payment_id=payment.pk, reason="Paid twice")
    run_sagas()

    payment.refresh_from_db()
    refund.refresh_from_db()
    assert (payment.state, refund.state) == (PaymentState.SUSPENSE, RefundState.FAILED)
    assert (balance_of(TAKEN), balance_of(SUSPENSE)) == (AMOUNT, -AMOUNT)
    attempt = ProviderAttempt.objects.get()
    with pytest.raises(RefundNeedsPerson):
        refund_told(attempt_id=attempt.pk, news=PayoutNews(told=Told.PROCESSED), source="WEBHOOK")
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.FAILED
    again = refund_request(payment_id=payment.pk, reason="Paid twice, again")
    run_sagas()
    again.refresh_from_db()
    assert (again.state, balance_of(SUSPENSE)) == (RefundState.PAID, 0)


def dispute_event(payment: IncomingPayment, name: str, amount: int) -> dict[str, Any]:
    status = {"created": "open"}.get(name, name)
    entity = {"id": "disp_1", "payment_id": payment.vendor_reference, "amount": amount, "status": status}
    payload = {"payment": {"entity": {"id": payment.vendor_reference}}, "dispute": {"entity": entity}}
    return {"event": f"payment.dispute.{name}", "contains": ["payment", "dispute"], "payload": payload}


@pytest.mark.guarantee("G4")
@pytest.mark.parametrize(
    ("names", "amount", "end"),
    [
        (("created", "under_review", "won"), AMOUNT, (DisputeState.WON, PaymentState.APPLIED, [AMOUNT], AMOUNT)),
        (("created", "action_required", "lost"), AMOUNT, (DisputeState.LOST, PaymentState.CHARGED_BACK, [], 0)),
        (("created", "closed", "won"), AMOUNT, (DisputeState.WON, PaymentState.APPLIED, [AMOUNT], AMOUNT)),
        (("created", "closed", "lost"), 1_000_00, (DisputeState.LOST, PaymentState.APPLIED, [4_000_00], 4_000_00)),
    ],
    ids=["won", "lost", "closed and won", "lost in part"],
)
def test_events_of_a_dispute_have_the_same_end_in_every_order(
    payment: IncomingPayment, loan: Loan, names: tuple[str, ...], amount: int, end: tuple[object, ...]
) -> None:
    before = balance_of(POOL)

    for order in itertools.permutations(names):

        def play(order: tuple[str, ...] = order) -> tuple[object, ...]:
            for name in (*order, *reversed(order)):
                tell(dispute_event(payment, name, amount), event_id=f"evt_{name}")
                drain()
            found = IncomingPayment.objects.get()
            assert not InboxMessage.objects.exclude(state=MessageState.APPLIED).exists()
            assert (balance_of(DISPUTED), balance_of(POOL), balance_of(SUSPENSE)) == (0, before, 0), order
            return Dispute.objects.get().state, found.state, received(loan), balance_of(TAKEN)

        assert rehearse(play) == end, order


def test_disputed_payment_is_a_receivable_while_it_is_open(payment: IncomingPayment, loan: Loan) -> None:
    tell(dispute_event(payment, "created", AMOUNT), event_id="evt_1")
    drain()

    assert (balance_of(DISPUTED), balance_of(TAKEN), received(loan)) == (AMOUNT, 0, [AMOUNT])
    with pytest.raises(PaymentNotRefundable):
        refund_request(payment_id=payment.pk, reason="Paid twice")


def test_dispute_about_more_than_the_payment_is_refused(payment: IncomingPayment, vendor: Vendor) -> None:
    heard = DisputeHeard(
        told=DisputeTold.OPEN,
        vendor_reference="disp_1",
        payment_reference=str(payment.vendor_reference),
        amount_paise=AMOUNT * 100,
    )

    with pytest.raises(AmountDiffers):
        dispute_told(vendor=vendor, heard=heard)

    assert not Dispute.objects.exists()
    assert balance_of(DISPUTED) == 0


def test_settlement_brings_the_clearing_back_to_zero(
    payment: IncomingPayment, vendor: Vendor, simulators: Simulators
) -> None:
    before = balance_of(POOL)
    settled = simulators.set("settle", vendor="razorpay")
    payload = {
        "settlement": {
            "entity": {
                "id": settled["id"],
                "amount": settled["paise"],
                "fees": settled["fee"],
                "tax": settled["tax"],
                "utr": settled["utr"],
                "status": "processed",
            }
        }
    }

    for number in range(2):
        tell({"event": "settlement.processed", "payload": payload}, event_id=f"evt_{number}")
    drain()

    assert (settled["paise"], settled["fee"], settled["tax"]) == (AMOUNT - 118_00, 118_00, 18_00)
    assert Settlement.objects.get().utr == settled["utr"]
    assert (balance_of(TAKEN), balance_of(POOL) - before) == (0, AMOUNT - 118_00)
    assert (balance_of("5430"), balance_of("1810")) == (100_00, 18_00)
    assert books_hold()


def test_settlement_in_another_unit_is_never_booked(payment: IncomingPayment, vendor: Vendor) -> None:
    heard = SettlementHeard(
        vendor_reference="setl_1", amount_paise=AMOUNT * 100, fee_paise=0, tax_paise=0, utr="AXISCN1153863727"
    )

    with pytest.raises(SettlementAboveTaken) as refusal:
        settlement_told(vendor=vendor, heard=heard)

    assert refusal.value.context["held_paise"] == AMOUNT
    assert not Settlement.objects.exists()
    assert balance_of(TAKEN) == AMOUNT
