"""The events of the gateway that counts in paise, read into our words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

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
from payments.vendors.parts import (
    Entity,
    Part,
    event_part,
    field_wrong,
    in_rupees,
    name_in,
    part_in,
    prose_in,
    second_in,
    state_in,
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
_KIND_MOST: Final = 96
_UTR_MOST: Final = 35


def envelope_of(body: Entity) -> Envelope:
    """Return the name of an event and what it is about."""
    kind = word(body.get("event"))
    contains, payload = body.get("contains"), body.get("payload")
    names = [*(contains if isinstance(contains, list) else ()), *(payload if isinstance(payload, dict) else ())]
    for name in map(word, names):
        entity = _named(body, name)
        if entity.get("id"):
            return Envelope(kind=kind, entity=word(entity["id"]), status=word(entity.get("status")))
    return Envelope(kind=kind, entity="")


def reading_of(body: Entity) -> Reading:
    """Return what an event says, in our words.

    Raises:
        WebhookUnreadable: something that must be there is missing or is no amount.
    """
    event = event_part(body, name="event")
    kind = name_in(event, "event", is_needed=True, most=_KIND_MOST)
    reader = next((read for start, read in _READERS if kind == start or kind.startswith(f"{start}.")), None)
    return Reading(reader(event) if reader else ())


def payment_heard(entity: Entity, **about: str) -> PaymentHeard:
    """Read a payment as the gateway tells it, in an event or in an answer."""
    acquirer = part_in(entity, "acquirer_data")
    return PaymentHeard(
        told=state_in(entity, "status", _PAYMENT),
        vendor_reference=name_in(entity, "id", is_needed=True),
        amount_paise=_paise(entity, "amount"),
        method=name_in(entity, "method"),
        utr=about.get("utr") or name_in(acquirer, "rrn") or name_in(acquirer, "bank_transaction_id"),
        fee_paise=_paise(entity, "fee", default=0),
        tax_paise=_paise(entity, "tax", default=0),
        link_reference=about.get("link", ""),
        order_reference=name_in(entity, "order_id"),
        our_reference=about.get("ours", ""),
        account_reference=about.get("account", ""),
        payer_account=about.get("payer_account", ""),
        payer_ifsc=about.get("payer_ifsc", ""),
        reason=prose_in(entity, "error_reason"),
        paid_epoch=second_in(entity, "created_at"),
        payer=razorpay_payer(entity),
    )


def credit_heard(entity: Entity, transfer: Entity, *, account: str) -> PaymentHeard:
    """Read a credit to a virtual account: the payment, and the transfer that names who has paid it."""
    payer = part_in(transfer, "payer_bank_account")
    heard = payment_heard(
        entity,
        account=account,
        utr=name_in(transfer, "bank_reference"),
        payer_account=name_in(payer, "account_number"),
        payer_ifsc=name_in(payer, "ifsc"),
    )
    return replace(heard, payer=razorpay_payer(entity, transfer))


def link_heard(entity: Entity) -> LinkHeard:
    """Read a link or an order as the gateway tells it."""
    is_order = entity.get("entity") == "order" or "receipt" in entity
    reference = name_in(entity, "id", is_needed=True)
    return LinkHeard(
        told=state_in(entity, "status", _LINK),
        vendor_reference=reference,
        our_reference=name_in(entity, "receipt" if is_order else "reference_id"),
        order_reference=reference if is_order else name_in(entity, "order_id"),
    )


def refund_heard(entity: Entity) -> RefundHeard:
    """Read a refund as the gateway tells it."""
    return RefundHeard(
        told=state_in(entity, "status", _REFUND),
        vendor_reference=name_in(entity, "id", is_needed=True),
        our_reference=name_in(entity, "receipt"),
        payment_reference=name_in(entity, "payment_id"),
        amount_paise=_paise(entity, "amount"),
        reason=prose_in(entity, "error_reason"),
    )


def settlement_heard(entity: Entity) -> SettlementHeard:
    """Read a settlement as the gateway tells it."""
    return SettlementHeard(
        vendor_reference=name_in(entity, "id", is_needed=True),
        amount_paise=_paise(entity, "amount"),
        fee_paise=_paise(entity, "fees", default=0),
        tax_paise=_paise(entity, "tax", default=0),
        utr=name_in(entity, "utr"),
    )


def _payout(event: Part) -> tuple[Heard, ...]:
    entity = _entity(event, "payout")
    # What an answer lacks is asked for again; an event comes once, so it has to say of which payout it speaks.
    for name in ("id", "status"):
        name_in(entity, name, is_needed=True)
    name_in(entity, "utr", most=_UTR_MOST)
    part_in(entity, "status_details")
    amount = _paise(entity, "amount") if "amount" in entity else None
    return (PayoutHeard(our_reference=name_in(entity, "reference_id"), amount_paise=amount, news=payout_news(entity)),)


def _proof(event: Part) -> tuple[Heard, ...]:
    entity = _entity(event, "fund_account.validation")
    for name in ("id", "status"):
        name_in(entity, name, is_needed=True)
    name_in(entity, "utr", most=_UTR_MOST)
    for name in ("results", "validation_results"):
        part_in(entity, name)
    return (ProofHeard(our_reference=name_in(entity, "reference_id"), news=proof_news(entity)),)


def _downtime(event: Part) -> tuple[Heard, ...]:
    payload = part_in(event, "payload", is_needed=True)
    entity = _entity(event, next(iter(payload), "payment.downtime"))
    method = entity.get("method") or ""
    return (
        DowntimeHeard(
            vendor_reference=name_in(entity, "id", is_needed=True),
            method=", ".join(map(str, method)) if isinstance(method, list) else prose_in(entity, "method"),
            instrument=", ".join(map(str, part_in(entity, "instrument").values())),
            status=name_in(entity, "status"),
            began_epoch=second_in(entity, "begin"),
            ended_epoch=second_in(entity, "end"),
        ),
    )


def _payment(event: Part) -> tuple[Heard, ...]:
    return (payment_heard(_entity(event, "payment")),)


def _link(event: Part) -> tuple[Heard, ...]:
    name = "payment_link" if "payment_link" in part_in(event, "payload", is_needed=True) else "order"
    link = _entity(event, name)
    heard: list[Heard] = []
    if payment := _entity(event, "payment", is_needed=False):
        by_name = {"link": name_in(link, "id")} if name == "payment_link" else {}
        ours = name_in(link, "reference_id" if name == "payment_link" else "receipt")
        heard.append(payment_heard(payment, ours=ours, **by_name))
    return (*heard, link_heard(link))


def _virtual_account(event: Part) -> tuple[Heard, ...]:
    transfer = _entity(event, "bank_transfer", is_needed=False)
    account = name_in(_entity(event, "virtual_account"), "id", is_needed=True)
    payment = credit_heard(_entity(event, "payment"), transfer, account=account)
    if "amount" in transfer and _paise(transfer, "amount") != payment.amount_paise:
        raise field_wrong(transfer, "amount", "is not the amount of the payment in the same event")
    return (payment,)


def _refund(event: Part) -> tuple[Heard, ...]:
    return (refund_heard(_entity(event, "refund")),)


def _dispute(event: Part) -> tuple[Heard, ...]:
    entity = _entity(event, "dispute")
    return (
        DisputeHeard(
            told=state_in(entity, "status", _DISPUTE),
            vendor_reference=name_in(entity, "id", is_needed=True),
            payment_reference=name_in(entity, "payment_id", is_needed=True),
            amount_paise=_paise(entity, "amount"),
            reason=prose_in(entity, "reason_code"),
            respond_by=moment_of(entity.get("respond_by")),
        ),
    )


def _settlement(event: Part) -> tuple[Heard, ...]:
    return (settlement_heard(_entity(event, "settlement")),)


def _nothing(_event: Part) -> tuple[Heard, ...]:
    return ()


# The first that fits counts; what none fits concerns nothing of ours.
_READERS: Final[tuple[tuple[str, Callable[[Part], tuple[Heard, ...]]], ...]] = (
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


def _entity(event: Part, name: str, *, is_needed: bool = True) -> Part:
    payload = part_in(event, "payload", is_needed=is_needed)
    return part_in(part_in(payload, name, is_needed=is_needed), "entity", is_needed=is_needed)


def _named(body: Entity, name: str) -> dict[str, Any]:
    payload = body.get("payload")
    part = payload.get(name) if isinstance(payload, dict) else None
    entity = part.get("entity") if isinstance(part, dict) else None
    return entity if isinstance(entity, dict) else {}


def _paise(entity: Entity, name: str, *, default: int | None = None) -> int:
    in_rupees(entity)
    value = entity.get(name)
    if value is None:
        if default is None:
            raise field_wrong(entity, name, "is missing")
        return default
    # A number with a point is in another unit: this gateway counts in whole paise.
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise field_wrong(entity, name, "is no whole number of paise")
    return value
