"""Give a payment back to its payer through the gateway that took it."""

from dataclasses import replace
from typing import Final

from django.contrib.auth.models import User

from core import audit
from core.clock import database_now
from core.inbox.errors import EntityUnknown
from core.sagas.services import saga_start
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from lms.services.checks import reason_check
from payments.locks import attempt_lock, payments_for_update, refunds_for_update
from payments.models import (
    UNDECIDED,
    AttemptState,
    IncomingPayment,
    PaymentRefund,
    PaymentState,
    RefundState,
)
from payments.protocol import Told
from payments.receipt_errors import PaymentNotRefundable, RefundNeedsPerson
from payments.services.attempts import AttemptMove, attempt_learn, saga_hears
from payments.services.incoming import money_move, payment_lock, payment_to
from payments.services.suspense import off_loan
from payments.services.vendors import SUSPENSE, vendor_accounts
from payments.vendors.answers import PayoutNews

REFUND_SAGA: Final = "payments.refund"
SEND: Final = "send"
_REFUNDABLE: Final = (*UNDECIDED, PaymentState.APPLIED)


def refund_request(*, payment_id: int, reason: str, actor: User | None = None) -> PaymentRefund:
    """Ask for a payment to be given back and start the saga that does it.

    A payment that is on a loan is taken off it first: from then on its money lies in suspense, until the gateway has
    given it back or has refused to. A repeat while one is under way, or after it is done, returns the first.

    Raises:
        PaymentUnknown, ReasonMissing: the input is wrong.
        PaymentNotRefundable: no gateway took it, it is disputed, or it is not ours any more.
        The refusals of `fact_reverse`.
    """
    reason_check(reason=reason, is_required=True)

    def request() -> PaymentRefund:
        payment = payment_lock(payment_id=payment_id)
        if payment.state in (PaymentState.REFUNDING, PaymentState.REFUNDED):
            return payment.refunds.exclude(state=RefundState.FAILED).latest("pk")
        _refundable_check(payment)
        if payment.state == PaymentState.APPLIED:
            off_loan(payment=payment, reason=reason, actor=actor)
        payment_to(payment=payment, state=PaymentState.REFUNDING, source="PERSON", note=reason, actor=actor)
        now = database_now()
        refund = PaymentRefund.objects.create(
            number=f"RF{take_numbers(name='payments.refund')[0]:08d}",
            payment=payment,
            open_payment=payment,
            amount_paise=payment.left_paise,
            reason=reason,
            requested_by=actor,
            requested_at=now,
            changed_at=now,
        )
        saga = saga_start(
            kind=REFUND_SAGA,
            intent_key=refund.number,
            context={"refund_id": refund.pk},
            subject_type="payments.incoming",
            subject_id=payment.pk,
        )
        refund.saga_id = saga.pk
        refund.save(update_fields=["saga_id"])
        detail = {"payment": payment.number, "amount_paise": refund.amount_paise}
        audit.record(actor=actor, action="payments.refund_request", obj=refund, reason=reason, detail=detail)
        return refund

    return run_in_transaction(request)


def refund_told(*, attempt_id: int, news: PayoutNews, source: str) -> str:
    """Learn something of a refund and wake its saga.

    A refund that was made and then fails at the payer's bank has come back to the gateway: its money is in suspense
    again, and it can be asked for anew.

    Raises:
        RefundNeedsPerson: it was given up, and has been made after all.
        EntityUnknown: it has come back before it was booked; to be told again.
    """

    def told() -> AttemptMove:
        # Locked before it is looked at: "failed" means something else once the refund is known to be made.
        attempt = attempt_lock(attempt_id=attempt_id)
        has_come_back = attempt.state == AttemptState.PROCESSED and news.told in (Told.FAILED, Told.REVERSED)
        if has_come_back:
            move = _come_back(attempt_id, news, source)
        else:
            move = refund_learn(attempt_id=attempt_id, news=news, source=source)
        saga_hears(move=move, source=source)
        return move

    move = run_in_transaction(told)
    return f"Refund {AttemptState(move.after).label}"


def refund_learn(*, attempt_id: int, news: PayoutNews, source: str) -> AttemptMove:
    """Learn something of a refund, in the caller's transaction.

    Raises:
        RefundNeedsPerson: it was given up, and has been made after all.
    """
    move = attempt_learn(attempt_id=attempt_id, news=news, source=source)
    if move.before == AttemptState.FAILED and move.after == AttemptState.PROCESSED:
        # The saga gives a refund up under this lock: it sees what was learnt here, or this sees that it is given up.
        refund = refunds_for_update().filter(saga_id=move.attempt.saga_id).first()
        if refund is not None and refund.state == RefundState.FAILED:
            raise RefundNeedsPerson(payment=refund.payment.number, state=refund.payment.get_state_display())
    return move


def refund_paid(*, refund_id: int) -> None:
    """Book a refund that the gateway has made, in the caller's transaction."""
    refund = PaymentRefund.objects.get(pk=refund_id)
    # Its loan is not touched: while a payment is being given back it is on none.
    payment = payments_for_update().get(pk=refund.payment_id)
    refund = refunds_for_update().get(pk=refund_id)
    assert payment.vendor is not None  # noqa: S101  # a gateway took it
    money_move(
        payment=payment,
        suffix=f"refunded:{refund.pk}",
        event="PAYMENT_REFUNDED",
        debit=SUSPENSE,
        credit=vendor_accounts(vendor=payment.vendor).taken_code,
        amount_paise=refund.amount_paise,
    )
    payment_to(payment=payment, state=PaymentState.REFUNDED, source="REFUND", note=refund.reason)
    _refund_to(refund, RefundState.PAID)


def refund_failed(*, refund_id: int, problem: str) -> None:
    """Leave the money of a refund that the gateway has refused in suspense, in the caller's transaction."""
    refund = PaymentRefund.objects.get(pk=refund_id)
    # Its loan is not touched: while a payment is being given back it is on none.
    payment = payments_for_update().get(pk=refund.payment_id)
    refund = refunds_for_update().get(pk=refund_id)
    refund.problem = problem[:255]
    note = f"Refund {refund.number} failed: {problem}"
    payment_to(payment=payment, state=PaymentState.SUSPENSE, source="REFUND", note=note)
    _refund_to(refund, RefundState.FAILED)


def _come_back(attempt_id: int, news: PayoutNews, source: str) -> AttemptMove:
    """Book a refund that its payer's bank did not take back into suspense; "failed" after "made" means just that."""
    move = attempt_learn(attempt_id=attempt_id, news=replace(news, told=Told.REVERSED), source=source)
    refund = PaymentRefund.objects.filter(saga_id=move.attempt.saga_id).first()
    if refund is None or not move.is_new:
        return move
    payment = payments_for_update().get(pk=refund.payment_id)
    refund = refunds_for_update().get(pk=refund.pk)
    if refund.state != RefundState.PAID:
        raise EntityUnknown(entity=f"the booking of refund {refund.number}, which has come back")
    assert payment.vendor is not None  # noqa: S101  # a gateway took it
    money_move(
        payment=payment,
        suffix=f"refund_back:{refund.pk}",
        event="PAYMENT_REFUND_BACK",
        debit=vendor_accounts(vendor=payment.vendor).taken_code,
        credit=SUSPENSE,
        amount_paise=refund.amount_paise,
    )
    refund.problem = (news.reason or "The payer's bank did not take it")[:255]
    note = f"Refund {refund.number} has come back: {refund.problem}"
    payment_to(payment=payment, state=PaymentState.SUSPENSE, source="REFUND", note=note)
    _refund_to(refund, RefundState.FAILED)
    return move


def _refund_to(refund: PaymentRefund, state: RefundState) -> None:
    refund.state, refund.open_payment, refund.changed_at = state, None, database_now()
    refund.save()


def _refundable_check(payment: IncomingPayment) -> None:
    problem = ""
    if payment.vendor is None:
        problem = "it did not come through a gateway"
    elif payment.state not in _REFUNDABLE:
        problem = f"it is {payment.get_state_display()}"
    elif payment.disputes.filter(state="OPEN").exists():
        problem = "its payer disputes it"
    if problem:
        raise PaymentNotRefundable(payment=payment.number, problem=problem)
