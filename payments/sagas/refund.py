"""The refund saga: sent to the gateway once, asked for before every repeat, booked when it is proven."""

from typing import Final

from core.failpoints import failpoint
from core.sagas.definitions import Done, Outcome, SagaKind, Step, StepRun
from core.sagas.models import Saga, SagaState
from core.sagas.runner import step_hold
from core.transactions import run_in_transaction
from payments.models import AttemptState, Operation, PaymentRefund, ProviderAttempt, RefundState
from payments.sagas.calls import Wire, call_make, call_unmake
from payments.services.attempts import attempt_of, attempt_open
from payments.services.refunds import REFUND_SAGA, SEND, refund_failed, refund_learn, refund_paid
from payments.services.vendors import collect_client_of
from payments.vendors.answers import RefundOrder

QUEUE: Final = "pay.refund"


def refund_send(run: StepRun) -> Outcome:
    """Ask the gateway for the refund, once; a key is kept until the gateway has finally refused it."""
    refund = _refund(run)
    attempt = attempt_of(saga_id=run.saga_id, step=SEND) or _intent(run, refund)
    return call_make(run=run, wire=_wire(refund, attempt))


def refund_send_undo(run: StepRun) -> Outcome:
    """Make sure that nothing was given back; what was cannot be undone: it is booked."""
    attempt = attempt_of(saga_id=run.saga_id, step=SEND)
    if attempt is None:
        return Done()
    refund = _refund(run)
    if attempt.state == AttemptState.PROCESSED:
        run_in_transaction(lambda: _book_after_all(run, refund))
        return Done()
    return call_unmake(run=run, wire=_wire(refund, attempt))


def refund_book(run: StepRun) -> Outcome:
    """Book the refund."""
    refund_paid(refund_id=run.context["refund_id"])
    return Done()


def refund_ended(saga_id: int, state: str) -> None:
    """Tell the refund that its saga was undone."""
    if state == SagaState.COMPENSATED:
        saga = Saga.objects.get(pk=saga_id)
        if PaymentRefund.objects.get(pk=saga.context["refund_id"]).state != RefundState.PAID:
            refund_failed(refund_id=saga.context["refund_id"], problem=saga.problem)


def _refund(run: StepRun) -> PaymentRefund:
    return PaymentRefund.objects.select_related("payment__vendor").get(pk=run.context["refund_id"])


def _book_after_all(run: StepRun, refund: PaymentRefund) -> None:
    if refund.state != RefundState.PAID:
        refund_paid(refund_id=refund.pk)
    step_hold(run=run)


def _intent(run: StepRun, refund: PaymentRefund) -> ProviderAttempt:
    vendor = refund.payment.vendor
    assert vendor is not None  # noqa: S101  # asked for only of what a gateway took

    def write() -> ProviderAttempt:
        step_hold(run=run)
        attempt = attempt_open(
            saga_id=run.saga_id,
            step=SEND,
            vendor=vendor,
            operation=Operation.REFUND,
            rail="",
            amount_paise=refund.amount_paise,
        )
        failpoint("saga.before_intent_commit")
        return attempt

    attempt = run_in_transaction(write)
    failpoint("saga.after_intent_commit")
    return attempt


def _wire(refund: PaymentRefund, attempt: ProviderAttempt) -> Wire:
    client = collect_client_of(vendor=attempt.vendor)
    order = RefundOrder(
        our_reference=attempt.our_reference,
        idempotency_key=attempt.idempotency_key,
        payment_reference=refund.payment.vendor_reference or "",
        order_reference=refund.payment.order_reference,
        amount_paise=refund.amount_paise,
    )
    return Wire(
        attempt=attempt,
        party="gateway",
        send=lambda: client.refund_send(order),
        find=lambda: client.refund_find(order),
        learn=lambda news, source: refund_learn(attempt_id=attempt.pk, news=news, source=source),
    )


REFUND: Final = SagaKind(
    code=REFUND_SAGA,
    title="Payment given back",
    queue=QUEUE,
    lease_seconds=90,
    on_end=refund_ended,
    steps=(
        Step(
            name=SEND,
            title="Ask the gateway",
            execute=refund_send,
            compensate=refund_send_undo,
            compensation_priority=1,
            is_pivot=True,
            max_attempts=20,
        ),
        Step(name="book", title="Book it", execute=refund_book, is_local=True),
    ),
)
