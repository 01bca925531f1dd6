"""The events of the gateway that counts in rupees, read into our words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from payments.errors import WebhookUnreadable
from payments.vendors.cashfree import paise_of, payout_news, proof_news
from payments.vendors.heard import (
    DisputeHeard,
    DisputeTold,
    Envelope,
    Heard,
    LinkHeard,
    LinkTold,
    PaymentHeard,
    PaymentTold,
    PayoutHeard,
    ProofHeard,
    Reading,
    RefundHeard,
    RefundTold,
    SettlementHeard,
    word,
)
from payments.vendors.payers import cashfree_payer, moment_of

_PAYMENT: Final = {
    "SUCCESS": PaymentTold.CAPTURED,
    "FAILED": PaymentTold.FAILED,
    "USER_DROPPED": PaymentTold.FAILED,
    "CANCELLED": PaymentTold.FAILED,
    "PENDING": PaymentTold.CREATED,
    "NOT_ATTEMPTED": PaymentTold.CREATED,
    "FLAGGED": PaymentTold.CREATED,
}
_LINK: Final = {
    "ACTIVE": LinkTold.OPEN,
    "PARTIALLY_PAID": LinkTold.OPEN,
    "PAID": LinkTold.PAID,
    "EXPIRED": LinkTold.EXPIRED,
    "CANCELLED": LinkTold.CANCELLED,
}
_REFUND: Final = {
    "PENDING": RefundTold.PROCESSING,
    "ONHOLD": RefundTold.PROCESSING,
    "SUCCESS": RefundTold.PROCESSED,
    "CANCELLED": RefundTold.FAILED,
    "FAILED": RefundTold.FAILED,
}
Entity = Mapping[str, Any]
# By which name each part of an event is known, the most telling first.
_NAMES: Final = (
    "transfer_id",
    "cf_transfer_id",
    "link_id",
    "cf_payment_id",
    "refund_id",
    "dispute_id",
    "settlement_id",
    "reference_id",
    "virtual_account_id",
    "order_id",
)
_STATUSES: Final = ("status", "link_status", "payment_status", "refund_status", "dispute_status", "account_status")


def envelope_of(body: Entity) -> Envelope:
    """Return the name of an event and what it is about."""
    data = _part(body, "data")
    parts = [data, *(part for part in data.values() if isinstance(part, dict))]
    entity = next((word(part[name]) for name in _NAMES for part in parts if part.get(name)), "")
    status = next((word(part[name]) for name in _STATUSES for part in parts if part.get(name)), "")
    return Envelope(kind=word(body.get("type")), entity=entity, status=status)


def reading_of(body: Entity) -> Reading:
    """Return what an event says, in our words.

    Raises:
        WebhookUnreadable: something that must be there is missing or is no amount.
    """
    kind = str(body.get("type") or "")
    if not kind:
        raise WebhookUnreadable(what="the name of the event")
    reader = next((read for start, read in _READERS if kind.startswith(start)), None)
    return Reading(reader(body) if reader else ())


def link_heard(data: Entity) -> LinkHeard:
    """Read a link as the gateway tells it."""
    told = _LINK.get(str(data.get("link_status")))
    if told is None or not data.get("link_id"):
        raise WebhookUnreadable(what="the state of the link")
    return LinkHeard(told=told, vendor_reference=str(data["link_id"]), our_reference=str(data["link_id"]))


def refund_heard(refund: Entity) -> RefundHeard:
    """Read a refund as the gateway tells it."""
    told = _REFUND.get(str(refund.get("refund_status")))
    if told is None:
        raise WebhookUnreadable(what="the state of the refund")
    return RefundHeard(
        told=told,
        vendor_reference=str(refund.get("cf_refund_id") or ""),
        our_reference=str(refund.get("refund_id") or ""),
        payment_reference=str(refund.get("cf_payment_id") or ""),
        amount_paise=_paise(refund, "refund_amount"),
        reason=str(refund.get("status_description") or "")[:120],
    )


def payment_heard(
    payment: Entity, *, ours: str = "", account: str = "", order: str = "", beside: Entity | None = None
) -> PaymentHeard:
    """Read a payment as the gateway tells it."""
    told = _PAYMENT.get(str(payment.get("payment_status")))
    if told is None or not payment.get("cf_payment_id"):
        raise WebhookUnreadable(what="the state of the payment")
    return PaymentHeard(
        told=told,
        vendor_reference=str(payment["cf_payment_id"]),
        amount_paise=_paise(payment, "payment_amount"),
        method=str(payment.get("payment_group") or ""),
        utr=str(payment.get("bank_reference") or ""),
        order_reference=str(payment.get("order_id") or order),
        our_reference=ours,
        account_reference=account,
        reason=str(payment.get("payment_message") or "")[:120] if told == PaymentTold.FAILED else "",
        paid_epoch=_epoch(payment.get("payment_time")),
        payer=cashfree_payer(payment, beside or {}),
    )


def _transfer(body: Entity) -> tuple[Heard, ...]:
    data = _part(body, "data")
    amount = _paise(data, "transfer_amount") if "transfer_amount" in data else None
    reference = str(data.get("transfer_id") or "")
    return (PayoutHeard(our_reference=reference, amount_paise=amount, news=payout_news(data)),)


def _proof(body: Entity) -> tuple[Heard, ...]:
    data = _part(body, "data")
    return (ProofHeard(our_reference=str(data.get("user_id") or ""), news=proof_news(data)),)


def _payment(body: Entity) -> tuple[Heard, ...]:
    data = _part(body, "data")
    order = _part(data, "order")
    ours = str(_part(order, "order_tags").get("link_id") or order.get("order_id") or "")
    order_id = str(order.get("order_id") or "")
    return (payment_heard(_part(data, "payment"), ours=ours, order=order_id, beside=data),)


def _virtual_account(body: Entity) -> tuple[Heard, ...]:
    data = _part(body, "data")
    account = str(_part(data, "virtual_account").get("virtual_account_id") or "")
    return (payment_heard(_part(data, "payment"), account=account, beside=data),)


def _link(body: Entity) -> tuple[Heard, ...]:
    return (link_heard(_part(body, "data")),)


def _refund(body: Entity) -> tuple[Heard, ...]:
    return (refund_heard(_part(_part(body, "data"), "refund")),)


def _dispute(body: Entity) -> tuple[Heard, ...]:
    data = _part(body, "data")
    dispute, order = _part(data, "dispute"), _part(data, "order_details")
    status = str(dispute.get("dispute_status") or "")
    told = DisputeTold.OPEN
    if status.endswith("MERCHANT_WON"):
        told = DisputeTold.WON
    elif status.endswith(("MERCHANT_LOST", "MERCHANT_ACCEPTED")):
        told = DisputeTold.LOST
    return (
        DisputeHeard(
            told=told,
            vendor_reference=str(dispute.get("dispute_id") or ""),
            payment_reference=str(order.get("cf_payment_id") or ""),
            amount_paise=_paise(dispute, "dispute_amount"),
            reason=str(dispute.get("reason_code") or "")[:120],
            respond_by=moment_of(dispute.get("respond_by")),
        ),
    )


def _settlement(body: Entity) -> tuple[Heard, ...]:
    settlement = _part(_part(body, "data"), "settlement")
    if settlement.get("status") != "PAID":
        return ()
    tax = _paise(settlement, "service_tax", default=0)
    return (
        SettlementHeard(
            vendor_reference=str(settlement.get("settlement_id") or ""),
            amount_paise=_paise(settlement, "amount_settled"),
            fee_paise=_paise(settlement, "service_charge", default=0) + tax,
            tax_paise=tax,
            utr=str(settlement.get("utr") or ""),
        ),
    )


_READERS: Final[tuple[tuple[str, Callable[[Entity], tuple[Heard, ...]]], ...]] = (
    ("TRANSFER_", _transfer),
    ("BANK_ACCOUNT_VERIFICATION", _proof),
    ("PAYMENT_LINK_EVENT", _link),
    ("PAYMENT_", _payment),
    ("VIRTUAL_ACCOUNT_CREDITED", _virtual_account),
    ("REFUND_STATUS_WEBHOOK", _refund),
    ("DISPUTE_", _dispute),
    ("SETTLEMENT_", _settlement),
)


def _part(body: Entity, name: str) -> dict[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _paise(entity: Entity, name: str, *, default: int | None = None) -> int:
    value = entity.get(name)
    if value is None and default is not None:
        return default
    try:
        paise = paise_of(value)
    except ValueError:
        paise = -1
    if paise < 0:
        raise WebhookUnreadable(what=f"{name}, which is no amount in rupees and paise")
    return paise


def _epoch(text: object) -> int | None:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        return None
