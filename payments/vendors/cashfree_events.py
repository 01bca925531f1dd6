"""The events of the gateway that counts in rupees, read into our words."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

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
from payments.vendors.parts import (
    Entity,
    Part,
    event_part,
    field_wrong,
    in_rupees,
    name_in,
    part_in,
    prose_in,
    state_in,
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
_KIND_MOST: Final = 96
_UTR_MOST: Final = 35
# Older and newer versions of the vendor's interface say it differently.
SETTLED: Final = frozenset({"PAID", "SUCCESS"})
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
    event = event_part(body, name="type")
    kind = name_in(event, "type", is_needed=True, most=_KIND_MOST)
    reader = next((read for start, read in _READERS if kind.startswith(start)), None)
    return Reading(reader(event) if reader else ())


def link_heard(data: Entity) -> LinkHeard:
    """Read a link as the gateway tells it."""
    reference = name_in(data, "link_id", is_needed=True)
    return LinkHeard(told=state_in(data, "link_status", _LINK), vendor_reference=reference, our_reference=reference)


def refund_heard(refund: Entity) -> RefundHeard:
    """Read a refund as the gateway tells it."""
    return RefundHeard(
        told=state_in(refund, "refund_status", _REFUND),
        vendor_reference=name_in(refund, "cf_refund_id", is_needed=True),
        our_reference=name_in(refund, "refund_id"),
        payment_reference=name_in(refund, "cf_payment_id"),
        amount_paise=_paise(refund, "refund_amount"),
        reason=prose_in(refund, "status_description"),
    )


def payment_heard(
    payment: Entity, *, ours: str = "", account: str = "", order: str = "", beside: Entity | None = None
) -> PaymentHeard:
    """Read a payment as the gateway tells it."""
    told = state_in(payment, "payment_status", _PAYMENT)
    return PaymentHeard(
        told=told,
        vendor_reference=name_in(payment, "cf_payment_id", is_needed=True),
        amount_paise=_paise(payment, "payment_amount"),
        method=name_in(payment, "payment_group"),
        utr=name_in(payment, "bank_reference"),
        order_reference=name_in(payment, "order_id") or order,
        our_reference=ours,
        account_reference=account,
        reason=prose_in(payment, "payment_message") if told == PaymentTold.FAILED else "",
        paid_epoch=_epoch(payment.get("payment_time")),
        payer=cashfree_payer(payment, beside or {}),
    )


def _transfer(event: Part) -> tuple[Heard, ...]:
    data = _data(event)
    name_in(data, "status", is_needed=True)
    name_in(data, "cf_transfer_id")
    name_in(data, "transfer_utr", most=_UTR_MOST)
    amount = _paise(data, "transfer_amount") if "transfer_amount" in data else None
    reference = name_in(data, "transfer_id", is_needed=True)
    return (PayoutHeard(our_reference=reference, amount_paise=amount, news=payout_news(data)),)


def _proof(event: Part) -> tuple[Heard, ...]:
    data = _data(event)
    name_in(data, "reference_id", is_needed=True)
    name_in(data, "account_status" if "account_status" in data else "status", is_needed=True)
    name_in(data, "utr", most=_UTR_MOST)
    return (ProofHeard(our_reference=name_in(data, "user_id"), news=proof_news(data)),)


def _payment(event: Part) -> tuple[Heard, ...]:
    data = _data(event)
    order = part_in(data, "order")
    order_id = name_in(order, "order_id")
    ours = name_in(part_in(order, "order_tags"), "link_id") or order_id
    return (payment_heard(part_in(data, "payment", is_needed=True), ours=ours, order=order_id, beside=data),)


def _virtual_account(event: Part) -> tuple[Heard, ...]:
    data = _data(event)
    account = name_in(part_in(data, "virtual_account", is_needed=True), "virtual_account_id", is_needed=True)
    return (payment_heard(part_in(data, "payment", is_needed=True), account=account, beside=data),)


def _link(event: Part) -> tuple[Heard, ...]:
    return (link_heard(_data(event)),)


def _refund(event: Part) -> tuple[Heard, ...]:
    return (refund_heard(part_in(_data(event), "refund", is_needed=True)),)


def _dispute(event: Part) -> tuple[Heard, ...]:
    dispute = part_in(_data(event), "dispute", is_needed=True)
    order = part_in(_data(event), "order_details", is_needed=True)
    status = name_in(dispute, "dispute_status", is_needed=True)
    told = DisputeTold.OPEN
    if status.endswith("MERCHANT_WON"):
        told = DisputeTold.WON
    elif status.endswith(("MERCHANT_LOST", "MERCHANT_ACCEPTED")):
        told = DisputeTold.LOST
    return (
        DisputeHeard(
            told=told,
            vendor_reference=name_in(dispute, "dispute_id", is_needed=True),
            payment_reference=name_in(order, "cf_payment_id", is_needed=True),
            amount_paise=_paise(dispute, "dispute_amount"),
            reason=prose_in(dispute, "reason_code"),
            respond_by=moment_of(dispute.get("respond_by")),
        ),
    )


def _settlement(event: Part) -> tuple[Heard, ...]:
    settlement = part_in(_data(event), "settlement", is_needed=True)
    if name_in(settlement, "status", is_needed=True) not in SETTLED:
        return ()
    tax = _paise(settlement, "service_tax", default=0)
    return (
        SettlementHeard(
            vendor_reference=name_in(settlement, "settlement_id", is_needed=True),
            amount_paise=_paise(settlement, "amount_settled"),
            fee_paise=_paise(settlement, "service_charge", default=0) + tax,
            tax_paise=tax,
            utr=name_in(settlement, "utr"),
        ),
    )


_READERS: Final[tuple[tuple[str, Callable[[Part], tuple[Heard, ...]]], ...]] = (
    ("TRANSFER_", _transfer),
    ("BANK_ACCOUNT_VERIFICATION", _proof),
    ("PAYMENT_LINK_EVENT", _link),
    ("PAYMENT_", _payment),
    ("VIRTUAL_ACCOUNT_CREDITED", _virtual_account),
    ("REFUND_STATUS_WEBHOOK", _refund),
    ("DISPUTE_", _dispute),
    ("SETTLEMENT_", _settlement),
)


def _data(event: Part) -> Part:
    return part_in(event, "data", is_needed=True)


def _part(body: Entity, name: str) -> dict[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _paise(entity: Entity, name: str, *, default: int | None = None) -> int:
    in_rupees(entity)
    value = entity.get(name)
    if value is None:
        if default is None:
            raise field_wrong(entity, name, "is missing")
        return default
    try:
        paise = paise_of(value)
    except ValueError:
        paise = -1
    if paise < 0 or isinstance(value, bool):
        raise field_wrong(entity, name, "is no amount in rupees and paise")
    return paise


def _epoch(text: object) -> int | None:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        return None
