"""Let an event have its effect: read into our words, then one service for each sort of thing that it tells."""

from collections.abc import Callable
from typing import Final

from django.db.models import Q

from core.business_date import business_date
from core.inbox.errors import EntityUnknown
from core.inbox.models import InboxMessage
from core.inbox.services import Applied
from payments.errors import AmountDiffers, WebhookUnreadable
from payments.models import Operation, PayeeCheck, ProviderAttempt, Vendor, VendorKind
from payments.services.chargebacks import dispute_told
from payments.services.downtimes import downtime_told
from payments.services.incoming import payment_told
from payments.services.links import link_told
from payments.services.payees import check_answered
from payments.services.refunds import refund_told
from payments.services.returns import payout_told
from payments.services.settlements import settlement_told
from payments.vendors import cashfree_events, razorpay_events
from payments.vendors.answers import PayoutNews
from payments.vendors.heard import (
    DisputeHeard,
    DowntimeHeard,
    Heard,
    LinkHeard,
    PaymentHeard,
    PayoutHeard,
    ProofHeard,
    RefundHeard,
    SettlementHeard,
)
from payments.vendors.razorpay_collect import REFUND_TOLD
from payments.webhooks.intake import body_of

_PATIENCE: Final = 4
READINGS: Final = {
    VendorKind.RAZORPAY: razorpay_events.reading_of,
    VendorKind.CASHFREE: cashfree_events.reading_of,
}


def webhook_apply(message: InboxMessage) -> Applied:
    """Apply an event of a vendor, in the transaction that marks it.

    Raises:
        EntityUnknown: it speaks of what we do not know yet, or never asked for.
        WebhookUnreadable, AmountDiffers: it cannot be right as it stands; it stays, and needs a person in the end.
    """
    vendor = Vendor.objects.get(code=message.headers["vendor"])
    body = body_of(bytes(message.raw))
    if body is None:
        raise WebhookUnreadable(what="an object in JSON")
    reading = READINGS[VendorKind(vendor.kind)](body)
    if not reading.heard:
        return Applied(is_ignored=True, note="Concerns nothing of ours")
    # What has come too early is known a little later; after some tries it is taken for unknown.
    is_patient = message.attempts < _PATIENCE
    notes = [_apply(vendor, heard, is_patient) for heard in reading.heard]
    return Applied(note="; ".join(filter(None, notes)))


def _apply(vendor: Vendor, heard: Heard, is_patient: bool) -> str:
    if isinstance(heard, PaymentHeard):
        payment = payment_told(vendor=vendor, heard=heard, source="WEBHOOK", is_patient=is_patient)
        return f"Payment {payment.number}: {payment.get_state_display()}"
    return _HANDLERS[type(heard)](vendor, heard)


def _payout(vendor: Vendor, heard: PayoutHeard) -> str:
    attempt = _attempt(vendor, heard)
    if heard.amount_paise is not None and heard.amount_paise != attempt.amount_paise:
        raise AmountDiffers(
            what="Payout",
            reference=attempt.our_reference,
            asked_paise=attempt.amount_paise,
            told_paise=heard.amount_paise,
        )
    move = payout_told(attempt_id=attempt.pk, news=heard.news, source="WEBHOOK")
    return f"{move.before} to {move.after}" if move.is_new else "Nothing new"


def _attempt(vendor: Vendor, heard: PayoutHeard) -> ProviderAttempt:
    attempts = ProviderAttempt.objects.filter(vendor=vendor, operation=Operation.PAYOUT)
    named = Q()
    if heard.our_reference:
        named |= Q(our_reference=heard.our_reference)
    if heard.news.vendor_reference:
        named |= Q(vendor_reference=heard.news.vendor_reference)
    attempt = attempts.filter(named).first() if named else None
    if attempt is None:
        raise EntityUnknown(entity=f"payout {heard.news.vendor_reference or heard.our_reference}")
    return attempt


def _proof(vendor: Vendor, heard: ProofHeard) -> str:
    checks = PayeeCheck.objects.filter(vendor=vendor)
    named = Q()
    if heard.our_reference:
        named |= Q(our_reference=heard.our_reference)
    if heard.news.vendor_reference:
        named |= Q(vendor_reference=heard.news.vendor_reference)
    check = checks.filter(named).first() if named else None
    if check is None:
        raise EntityUnknown(entity=f"validation {heard.news.vendor_reference or heard.our_reference}")
    answered = check_answered(check_id=check.pk, news=heard.news, today=business_date())
    return str(answered.get_state_display())


def _link(vendor: Vendor, heard: LinkHeard) -> str:
    link = link_told(vendor=vendor, heard=heard)
    if link is None:
        raise EntityUnknown(entity=f"link {heard.vendor_reference}")
    return f"Link {link.number}: {link.get_state_display()}"


def _refund(vendor: Vendor, heard: RefundHeard) -> str:
    attempts = ProviderAttempt.objects.filter(vendor=vendor, operation=Operation.REFUND)
    named = Q(vendor_reference=heard.vendor_reference)
    if heard.our_reference:
        named |= Q(our_reference=heard.our_reference)
    attempt = attempts.filter(named).first()
    if attempt is None:
        raise EntityUnknown(entity=f"refund {heard.vendor_reference} of payment {heard.payment_reference}")
    if heard.amount_paise != attempt.amount_paise:
        raise AmountDiffers(
            what="Refund",
            reference=attempt.our_reference,
            asked_paise=attempt.amount_paise,
            told_paise=heard.amount_paise,
        )
    news = PayoutNews(told=REFUND_TOLD[heard.told], vendor_reference=heard.vendor_reference, reason=heard.reason)
    return refund_told(attempt_id=attempt.pk, news=news, source="WEBHOOK")


def _dispute(vendor: Vendor, heard: DisputeHeard) -> str:
    dispute = dispute_told(vendor=vendor, heard=heard)
    return f"Dispute {dispute.vendor_reference}: {dispute.get_state_display()}"


def _settlement(vendor: Vendor, heard: SettlementHeard) -> str:
    return f"Settlement {settlement_told(vendor=vendor, heard=heard).vendor_reference} booked"


def _downtime(vendor: Vendor, heard: DowntimeHeard) -> str:
    return downtime_told(vendor=vendor, heard=heard)


_HANDLERS: Final[dict[type[Heard], Callable[..., str]]] = {
    PayoutHeard: _payout,
    ProofHeard: _proof,
    DowntimeHeard: _downtime,
    LinkHeard: _link,
    RefundHeard: _refund,
    DisputeHeard: _dispute,
    SettlementHeard: _settlement,
}
