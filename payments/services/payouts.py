"""Ask for money to be paid out, and what is written when the bank has spoken."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.events import publish
from core.rehearsal import rehearse
from core.sagas.models import Saga
from core.sagas.services import saga_compensate, saga_start
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from customers.models import BankAccount
from ledger.services.content import content_hash
from lms.services.borrowers import loan_lock
from lms.services.checks import KEY_MAX, amount_check, key_check, reason_check
from lms.services.loans import loan_disburse
from lms.services.money_out import MoneyOut
from lms.services.refunds import refund_post
from payments.errors import (
    PayeeNotOwn,
    PayoutAlreadyOpen,
    PayoutKeyReused,
    PayoutNotOpen,
    PayoutUnknown,
    RailNotForPayee,
)
from payments.events import PayoutEnded
from payments.locks import payouts_for_update
from payments.models import Payout, PayoutKind, PayoutState, Rail
from payments.services.vendors import rail_for

PAYOUT_SAGA: Final = "payments.payout"
_OPEN: Final = (PayoutState.REQUESTED, PayoutState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """What a payout is asked for with; without a rail the fastest that takes the amount is chosen."""

    kind: PayoutKind
    loan_id: int
    bank_account_id: int
    amount_paise: int
    idempotency_key: str
    rail: Rail | None = None
    reason: str = ""
    actor: User | None = None

    @property
    def content_hash(self) -> str:
        """Fingerprint of what makes a repeat the same request."""
        content = [self.kind, self.loan_id, self.bank_account_id, self.amount_paise, self.rail or ""]
        return content_hash(content=content)


def payout_request(*, order: PayoutOrder) -> Payout:
    """Ask for a payout and start the saga that carries it out.

    Raises:
        PayeeNotOwn: the account is not the borrower's.
        RailNotForPayee: UPI pays to UPI addresses alone, and nothing else does.
        What the book would refuse, such as DisbursalAboveSanction or RefundAboveExcess.
        PayoutAlreadyOpen: one is under way.
        PayoutKeyReused: the key asked for something else.
        NoVendorAvailable: no vendor takes the amount now.
        AmountNotPositive, AmountTooLarge, IdempotencyKeyMissing: the input is wrong.

    Source: regulation 2 (own account of the borrower), money 8.
    """
    amount_check(amount_paise=order.amount_paise)
    key_check(idempotency_key=order.idempotency_key)
    return run_in_transaction(lambda: _request(order))


def payout_cancel(*, payout_id: int, actor: User | None, reason: str) -> Payout:
    """Cancel a payout of which nothing was sent.

    Raises:
        PayoutNotOpen, SagaPastPivot: it is too late.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    payout = payout_get(payout_id=payout_id)
    if payout.state != PayoutState.REQUESTED or payout.saga_id is None:
        raise PayoutNotOpen(payout=payout.number, state=payout.state)
    saga_compensate(saga_id=payout.saga_id, actor=actor, reason=reason)
    return payout_get(payout_id=payout_id)


def payout_get(*, payout_id: int) -> Payout:
    """Return a payout.

    Raises:
        PayoutUnknown: there is none.
    """
    payout = Payout.objects.filter(pk=payout_id).select_related("loan", "bank_account").first()
    if payout is None:
        raise PayoutUnknown(payout=payout_id)
    return payout


def payouts_open(*, kind: PayoutKind, loan_id: int) -> list[MoneyOut]:
    """Return what payouts of a loan nothing final is known of have on their way."""
    rows = Payout.objects.filter(kind=kind, open_loan_id=loan_id).values_list("number", "amount_paise")
    return [MoneyOut(name=number, amount_paise=paise) for number, paise in rows]


def payout_rehearse(*, payout: Payout) -> None:
    """Let the book refuse now what it would refuse when the money has left: a loan frozen or closed in between.

    Raises:
        The refusals of the book; nothing was written.
    """
    _rehearse(
        PayoutOrder(
            kind=PayoutKind(payout.kind),
            loan_id=payout.loan_id,
            bank_account_id=payout.bank_account_id,
            amount_paise=payout.amount_paise,
            idempotency_key=payout.idempotency_key,
            reason=payout.reason,
            actor=payout.requested_by,
        )
    )


def payout_end(*, payout_id: int, state: PayoutState, problem: str = "", paid_on: date | None = None) -> Payout:
    """Write the end of a payout, or its return by the bank, in the caller's transaction, and announce it."""
    payout = payouts_for_update().get(pk=payout_id)
    payout.state, payout.problem = state, problem[:255]
    payout.open_loan = None
    payout.paid_on = paid_on or payout.paid_on
    payout.changed_at = database_now()
    payout.save()
    publish(
        PayoutEnded(
            payout_id=payout.pk,
            loan_id=payout.loan_id,
            state=state,
            amount_paise=payout.amount_paise,
            on_date=business_date(),
        )
    )
    return payout


def _request(order: PayoutOrder) -> Payout:
    earlier = Payout.objects.filter(idempotency_key=order.idempotency_key).first()
    if earlier is not None:
        return _same(earlier, order)
    loan = loan_lock(loan_id=order.loan_id)
    account = BankAccount.objects.get(pk=order.bank_account_id)
    if account.customer_id != loan.customer_id:
        raise PayeeNotOwn(loan=loan.number)
    if order.rail and (order.rail == Rail.UPI) != account.is_upi:
        raise RailNotForPayee(rail=order.rail)
    open_payout = Payout.objects.filter(kind=order.kind, open_loan=loan).first()
    if open_payout is not None:
        raise PayoutAlreadyOpen(payout=open_payout.number, loan=loan.number)
    _rehearse(order)
    now = database_now()
    rail = order.rail or rail_for(amount_paise=order.amount_paise, now=now, is_upi=account.is_upi)
    payout = Payout(
        number=f"PO{take_numbers(name='payments.payout')[0]:08d}",
        kind=order.kind,
        loan=loan,
        customer_id=loan.customer_id,
        bank_account=account,
        account_index=account.account_index,
        ifsc=account.ifsc,
        is_to_primary=account.is_primary,
        amount_paise=order.amount_paise,
        rail=rail,
        open_loan=loan,
        reason=order.reason,
        requested_by=order.actor,
        requested_at=now,
        changed_at=now,
        idempotency_key=order.idempotency_key,
        content_hash=order.content_hash,
    )
    try:
        with transaction.atomic():
            payout.save(force_insert=True)
    except IntegrityError:
        return _same(Payout.objects.get(idempotency_key=order.idempotency_key), order)
    payout.saga_id = _saga(payout).pk
    payout.save(update_fields=["saga_id"])
    audit.record(
        actor=order.actor,
        action="payments.payout_request",
        obj=payout,
        reason=order.reason,
        detail={"loan": loan.number, "amount_paise": order.amount_paise, "rail": rail},
    )
    return payout


def _saga(payout: Payout) -> Saga:
    return saga_start(
        kind=PAYOUT_SAGA,
        intent_key=payout.number,
        context={"payout_id": payout.pk, "amount_paise": payout.amount_paise, "rail": payout.rail},
        subject_type="payments.payout",
        subject_id=payout.pk,
    )


def _rehearse(order: PayoutOrder) -> None:
    act = loan_disburse if order.kind == PayoutKind.DISBURSAL else refund_post
    rehearse(
        lambda: act(
            loan_id=order.loan_id,
            amount_paise=order.amount_paise,
            value_date=business_date(),
            reference=f"Rehearsal {order.idempotency_key}"[:64],
            idempotency_key=f"{order.idempotency_key}:rehearsal"[-KEY_MAX:],
            reason=order.reason or "Payout",
            actor=order.actor,
            is_on_its_way=True,
        )
    )


def _same(earlier: Payout, order: PayoutOrder) -> Payout:
    if earlier.content_hash != order.content_hash:
        raise PayoutKeyReused(payout=earlier.number)
    return earlier
