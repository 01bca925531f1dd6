"""Bring cash and cheques to the bank as two persons do: one counts and asks, another one confirms."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import User

from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.registry import ApprovalKind, Payload, register
from core.approvals.services import approval_request
from core.money import format_rupees
from core.rehearsal import rehearse
from lms.services.checks import key_check
from payments.counter_errors import DepositAskedFor
from payments.first_limits import OUTGOING_PAISE
from payments.models import CounterKind, CounterReceipt, Deposit
from payments.services.deposits import deposit_make

DEPOSIT: Final = "payments.deposit"
_COMPARED: Final = ("pk", "state", "payment__amount_paise")


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositOrder:
    """What is counted for one slip."""

    payment_ids: Sequence[int]
    bank_reference: str
    deposited_on: date
    reason: str
    actor: User
    idempotency_key: str


def deposit_submit(*, order: DepositOrder) -> ApprovalRequest:
    """Ask a second person to confirm a slip; a repeat gives the first request.

    Raises:
        ApprovalForbidden, ApprovalReasonMissing, ApprovalKeyReused: the request is refused as such.
        DepositAskedFor: something listed is on another slip that waits.
        IdempotencyKeyMissing: there is no key.
        The refusals of `deposit_make`.
    """
    key_check(idempotency_key=order.idempotency_key)
    key = f"{DEPOSIT}:{order.idempotency_key}"
    if not ApprovalRequest.objects.filter(idempotency_key=key).exists():
        _waiting_check(order.payment_ids)
    return approval_request(
        kind=DEPOSIT, payload=_payload(order), reason=order.reason, actor=order.actor, idempotency_key=key
    )


def deposits_waiting() -> dict[int, ApprovalRequest]:
    """Return the requests that wait for a second person, by the payments on their slips."""
    rows = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, kind=DEPOSIT).select_related("made_by")
    return {payment_id: row for row in rows for payment_id in row.payload["payment_ids"]}


def deposit_request_of(*, deposit: Deposit) -> ApprovalRequest | None:
    """Return the request by which a deposit was confirmed; None for one that came of none."""
    rows = ApprovalRequest.objects.filter(state=ApprovalState.EXECUTED, kind=DEPOSIT, result_id=str(deposit.pk))
    return rows.select_related("decided_by").first()


def deposit_approval_register() -> None:
    """Make a deposit an act of two persons."""
    register(
        ApprovalKind(
            code=DEPOSIT,
            title="Deposit at the bank",
            make_permission="payments.deposit_cash",
            check_permission="payments.confirm_deposit",
            describe=_describe,
            subject=lambda _payload: (Deposit._meta.label_lower, 0),
            effect=_effect,
            version=_version,
            execute=_execute,
            amount_paise=lambda payload: payload["amount_paise"],
            template="payments/_deposit_effect.html",
            limits_paise=OUTGOING_PAISE,
        )
    )


def _waiting_check(payment_ids: Sequence[int]) -> None:
    waiting = deposits_waiting()
    for receipt in CounterReceipt.objects.filter(payment_id__in=payment_ids).select_related("payment"):
        if found := waiting.get(receipt.payment_id):
            raise DepositAskedFor(payment=receipt.payment.number, request=found.pk)


def _payload(order: DepositOrder) -> dict[str, Any]:
    amounts = CounterReceipt.objects.filter(payment_id__in=order.payment_ids)
    return {
        "payment_ids": sorted(order.payment_ids),
        "amount_paise": sum(amounts.values_list("payment__amount_paise", flat=True)),
        "bank_reference": order.bank_reference,
        "deposited_on": order.deposited_on.isoformat(),
    }


def _describe(payload: Payload) -> str:
    return f"Slip {payload['bank_reference']}: {format_rupees(payload['amount_paise'])} to the bank"


def _effect(payload: Payload, actor: User) -> dict[str, Any]:
    """Tell what is on the slip, after the deposit has gone through in a rehearsal."""

    def make() -> tuple[str, int]:
        deposit = _make(payload, actor)
        return deposit.kind, deposit.amount_paise

    kind, paise = rehearse(make)
    rows = CounterReceipt.objects.filter(payment_id__in=payload["payment_ids"]).select_related(
        "payment__loan", "taken_by"
    )
    return {
        "kind": CounterKind(kind).label,
        "slip": payload["bank_reference"],
        "deposited_on": payload["deposited_on"],
        "amount_paise": paise,
        "is_booked_now": kind == CounterKind.CASH,
        "receipts": [_row(receipt) for receipt in rows.order_by("pk")],
    }


def _row(receipt: CounterReceipt) -> dict[str, Any]:
    loan = receipt.payment.loan
    return {
        "payment": receipt.payment.number,
        "loan": loan.number if loan else "",
        "cheque": f"{receipt.cheque_number} of {receipt.cheque_bank}" if receipt.cheque_number else "",
        "taken_on": receipt.taken_on.isoformat(),
        "taken_by": receipt.taken_by.get_username() if receipt.taken_by else "",
        "amount_paise": receipt.payment.amount_paise,
    }


def _version(payload: Payload) -> str:
    """Name what the deposit follows from: where each receipt is, and what it is about."""
    rows = CounterReceipt.objects.filter(payment_id__in=payload["payment_ids"]).order_by("pk")
    content = "|".join(f"{pk}.{state}.{paise}" for pk, state, paise in rows.values_list(*_COMPARED))
    return hashlib.sha256(content.encode()).hexdigest()


def _execute(payload: Payload, maker: User, _key: str) -> Deposit:
    return _make(payload, maker)


def _make(payload: Payload, actor: User) -> Deposit:
    return deposit_make(
        payment_ids=payload["payment_ids"],
        bank_reference=payload["bank_reference"],
        deposited_on=date.fromisoformat(payload["deposited_on"]),
        actor=actor,
    )
