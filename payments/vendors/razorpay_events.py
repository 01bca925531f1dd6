"""The events of the gateway that counts in paise, read into our words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from payments.errors import WebhookUnreadable
from payments.vendors.heard import (
    DisputeHeard,
    DisputeTold,
    DowntimeHeard,
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
from payments.vendors.payers import moment_of, razorpay_payer
from payments.vendors.razorpay import payout_news, proof_news

_PAYMENT: Final = {
    "created": PaymentTold.CREATED,
    "authorized": PaymentTold.CREATED,
    "captured": PaymentTold.CAPTURED,
    # The payment was made; what was given back later is told by the events of the refund.
    "refunded": PaymentTold.CAPTURED,
    "failed": PaymentTold.FAILED,
}
_LINK: Final = {
    "created": LinkTold.OPEN,
    "issued": LinkTold.OPEN,
    "attempted": LinkTold.OPEN,
    "partially_paid": LinkTold.OPEN,
    "paid": LinkTold.PAID,
    "expired": LinkTold.EXPIRED,
    "cancelled": LinkTold.CANCELLED,
}
_REFUND: Final = {
    "created": RefundTold.PROCESSING,
    "pending": RefundTold.PROCESSING,
    "processed": RefundTold.PROCESSED,
    "failed": RefundTold.FAILED,
}
_DISPUTE: Final = {
    "open": DisputeTold.OPEN,
    "under_review": DisputeTold.OPEN,
    "action_required": DisputeTold.OPEN,
    "won": DisputeTold.WON,
    "lost": DisputeTold.LOST,
    "closed": DisputeTold.CLOSED,
}
Entity = Mapping[str, Any]


def envelope_of(body: Entity) -> Envelope:
    """Return the name of an event and what it is about."""
    kind = word(body.get("event"))
    contains, payload = body.get("contains"), body.get("payload")
    names = [*(contains if isinstance(contains, list) else ()), *(payload if isinstance(payload, dict) else ())]
    for name in map(word, names):
        entity = _entity(body, name)
        if entity.get("id"):
            return Envelope(kind=kind, entity=word(entity["id"]), status=word(entity.get("status")))
    return Envelope(kind=kind, entity="")


def reading_of(body: Entity) -> Reading:
    """Return what an event says, in our words.

    Raises:
        WebhookUnreadable: something that must be there is missing or is no amount.
    """
    kind = str(body.get("event") or "")
    if not kind:
        raise WebhookUnreadable(what="the name of the event")
    reader = next((read for start, read in _READERS if kind == start or kind.startswith(f"{start}.")), None)
    return Reading(reader(body) if reader else ())


def payment_heard(entity: Entity, **about: str) -> PaymentHeard:
    """Read a payment as the gateway tells it, in an event or in an answer."""
    acquirer = entity.get("acquirer_data") or {}
    told = _PAYMENT.get(str(entity.get("status")))
    if told is None or not entity.get("id"):
        raise WebhookUnreadable(what="the state of the payment")
    return PaymentHeard(
        told=told,
        vendor_reference=str(entity["id"]),
        amount_paise=_paise(entity, "amount"),
        method=str(entity.get("method") or ""),
        utr=str(about.get("utr") or acquirer.get("rrn") or acquirer.get("bank_transaction_id") or ""),
        fee_paise=_paise(entity, "fee", default=0),
        tax_paise=_paise(entity, "tax", default=0),
        link_reference=about.get("link", ""),
        order_reference=str(entity.get("order_id") or ""),
        our_reference=about.get("ours", ""),
        account_reference=about.get("account", ""),
        payer_account=about.get("payer_account", ""),
        payer_ifsc=about.get("payer_ifsc", ""),
        reason=str(entity.get("error_reason") or "")[:120],
        paid_epoch=entity.get("created_at"),
        payer=razorpay_payer(entity),
    )


def credit_heard(entity: Entity, transfer: Entity, *, account: str) -> PaymentHeard:
    """Read a credit to a virtual account: the payment, and the transfer that names who has paid it."""
    payer = transfer.get("payer_bank_account") or {}
    heard = payment_heard(
        entity,
        account=account,
        utr=str(transfer.get("bank_reference") or ""),
        payer_account=str(payer.get("account_number") or ""),
        payer_ifsc=str(payer.get("ifsc") or ""),
    )
    return replace(heard, payer=razorpay_payer(entity, transfer))


def link_heard(entity: Entity) -> LinkHeard:
    """Read a link or an order as the gateway tells it."""
    told = _LINK.get(str(entity.get("status")))
    if told is None or not entity.get("id"):
        raise WebhookUnreadable(what="the state of the link")
    is_order = entity.get("entity") == "order" or "receipt" in entity
    return LinkHeard(
        told=told,
        vendor_reference=str(entity["id"]),
        our_reference=str(entity.get("receipt" if is_order else "reference_id") or ""),
        order_reference=str(entity["id"] if is_order else entity.get("order_id") or ""),
    )


def refund_heard(entity: Entity) -> RefundHeard:
    """Read a refund as the gateway tells it."""
    told = _REFUND.get(str(entity.get("status")))
    if told is None or not entity.get("id"):
        raise WebhookUnreadable(what="the state of the refund")
    return RefundHeard(
        told=told,
        vendor_reference=str(entity["id"]),
        our_reference=str(entity.get("receipt") or ""),
        payment_reference=str(entity.get("payment_id") or ""),
        amount_paise=_paise(entity, "amount"),
        reason=str(entity.get("error_reason") or "")[:120],
    )


def settlement_heard(entity: Entity) -> SettlementHeard:
    """Read a settlement as the gateway tells it."""
    return SettlementHeard(
        vendor_reference=str(entity.get("id") or ""),
        amount_paise=_paise(entity, "amount"),
        fee_paise=_paise(entity, "fees", default=0),
        tax_paise=_paise(entity, "tax", default=0),
        utr=str(entity.get("utr") or ""),
    )


def _payout(body: Entity) -> tuple[Heard, ...]:
    entity = _entity(body, "payout")
    amount = _paise(entity, "amount") if "amount" in entity else None
    return (
        PayoutHeard(our_reference=str(entity.get("reference_id") or ""), amount_paise=amount, news=payout_news(entity)),
    )


def _proof(body: Entity) -> tuple[Heard, ...]:
    entity = _entity(body, "fund_account.validation")
    return (ProofHeard(our_reference=str(entity.get("reference_id") or ""), news=proof_news(entity)),)


def _downtime(body: Entity) -> tuple[Heard, ...]:
    name = next(iter(body.get("payload") or {}), "")
    entity = _entity(body, name)
    method = entity.get("method") or ""
    return (
        DowntimeHeard(
            vendor_reference=str(entity.get("id") or ""),
            method=", ".join(map(str, method)) if isinstance(method, list) else str(method),
            instrument=", ".join(map(str, (entity.get("instrument") or {}).values())),
            status=str(entity.get("status") or ""),
            began_epoch=entity.get("begin"),
            ended_epoch=entity.get("end"),
        ),
    )


def _payment(body: Entity) -> tuple[Heard, ...]:
    return (payment_heard(_entity(body, "payment")),)


def _link(body: Entity) -> tuple[Heard, ...]:
    name = "payment_link" if "payment_link" in body["payload"] else "order"
    link = _entity(body, name)
    heard: list[Heard] = []
    if payment := _entity(body, "payment"):
        by_name = {"link": str(link.get("id") or "")} if name == "payment_link" else {}
        ours = str(link.get("reference_id" if name == "payment_link" else "receipt") or "")
        heard.append(payment_heard(payment, ours=ours, **by_name))
    return (*heard, link_heard(link))


def _virtual_account(body: Entity) -> tuple[Heard, ...]:
    transfer = _entity(body, "bank_transfer")
    payment = credit_heard(
        _entity(body, "payment"), transfer, account=str(_entity(body, "virtual_account").get("id") or "")
    )
    if "amount" in transfer and _paise(transfer, "amount") != payment.amount_paise:
        raise WebhookUnreadable(what="the amount, which differs within the event")
    return (payment,)


def _refund(body: Entity) -> tuple[Heard, ...]:
    return (refund_heard(_entity(body, "refund")),)


def _dispute(body: Entity) -> tuple[Heard, ...]:
    entity = _entity(body, "dispute")
    told = _DISPUTE.get(str(entity.get("status")))
    if told is None or not entity.get("id"):
        raise WebhookUnreadable(what="the state of the dispute")
    return (
        DisputeHeard(
            told=told,
            vendor_reference=str(entity["id"]),
            payment_reference=str(entity.get("payment_id") or ""),
            amount_paise=_paise(entity, "amount"),
            reason=str(entity.get("reason_code") or "")[:120],
            respond_by=moment_of(entity.get("respond_by")),
        ),
    )


def _settlement(body: Entity) -> tuple[Heard, ...]:
    return (settlement_heard(_entity(body, "settlement")),)


def _nothing(_body: Entity) -> tuple[Heard, ...]:
    return ()


# The first that fits counts; what none fits concerns nothing of ours.
_READERS: Final[tuple[tuple[str, Callable[[Entity], tuple[Heard, ...]]], ...]] = (
    ("payout.downtime", _downtime),
    ("payment.downtime", _downtime),
    ("payment.dispute", _dispute),
    ("payout", _payout),
    ("fund_account.validation", _proof),
    ("payment", _payment),
    ("payment_link", _link),
    ("order.notification", _nothing),
    ("order", _link),
    ("virtual_account.credited", _virtual_account),
    ("refund", _refund),
    ("settlement", _settlement),
)


def _entity(body: Entity, name: str) -> dict[str, Any]:
    payload = body.get("payload")
    part = payload.get(name) if isinstance(payload, dict) else None
    entity = part.get("entity") if isinstance(part, dict) else None
    return entity if isinstance(entity, dict) else {}


def _paise(entity: Entity, name: str, *, default: int | None = None) -> int:
    value = entity.get(name)
    if value is None and default is not None:
        return default
    # A number with a point is in another unit: this gateway counts in whole paise.
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise WebhookUnreadable(what=f"{name}, which is no whole number of paise")
    return value
