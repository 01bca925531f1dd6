"""Take a webhook in: prove it, store it as it came, answer. Everything else is the work of others."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db.models import F

from core.clock import database_now
from core.inbox.models import InboxMessage, MessageState
from core.inbox.services import message_receive
from payments.errors import VendorUnknown, WebhookNotGenuine, WebhookRefused
from payments.models import Vendor, VendorKind
from payments.services.vendors import client_of
from payments.vendors import cashfree, cashfree_events, razorpay, razorpay_events
from payments.vendors.heard import Envelope
from payments.vendors.lookup import LookupClient
from payments.vendors.parts import storable
from payments.webhooks.contracts import contracts

QUEUE: Final = "pay.webhook"
# Encrypted and quoted it fits into what a MySQL server takes in one statement as it is shipped, which is 16 megabytes.
BODY_MOST: Final = 10 * 1024 * 1024
_KEPT_HEADERS: Final = (
    razorpay.EVENT_ID_HEADER,
    cashfree.TIMESTAMP_HEADER,
    "X-Webhook-Attempt",
    "X-Webhook-Version",
)
HEADERS: Final = (razorpay.SIGNATURE_HEADER, cashfree.SIGNATURE_HEADER, *_KEPT_HEADERS)
_ID_MOST: Final = 60
# As `json.loads` does it, which makes its decoder anew for each event.
_JSON: Final = json.JSONDecoder(parse_float=Decimal)
_REFUSALS_COUNTED: Final = 10_000
ENVELOPES: Final = {
    VendorKind.RAZORPAY: razorpay_events.envelope_of,
    VendorKind.CASHFREE: cashfree_events.envelope_of,
}


def webhook_take(*, code: str, raw: bytes, headers: Mapping[str, str]) -> InboxMessage:
    """Store what a vendor tells, once for ever, if it is proven to come from it.

    Args:
        code: of the vendor, as in the address.
        raw: the body, byte for byte.
        headers: those of `HEADERS` that came.

    Raises:
        VendorUnknown: no vendor that tells anything has the code.
        WebhookNotGenuine: nothing of it was kept but that it came.
    """
    vendor = _proven_by(code, raw, headers)
    return webhook_store(vendor=vendor, raw=raw, headers=headers)


def webhook_unread(*, code: str, refusal: WebhookRefused) -> WebhookRefused:
    """Note that something was refused before it was read, if there is a vendor who could have told it.

    A vendor whose events all come without a length, or too long, would otherwise fall silent unseen.

    Returns:
        The refusal, to be answered.
    """
    vendor = next(contracts(code=code), None)
    return refusal if vendor is None or vendor.kind not in ENVELOPES else _noted(vendor, refusal)


def webhook_store(*, vendor: Vendor, raw: bytes, headers: Mapping[str, str]) -> InboxMessage:
    """Store a genuine event, once for ever.

    The vendor's own id is not signed: a body that comes under the id of another is stored under its fingerprint, so
    that nobody can push an event out by naming it first.
    """
    body = body_of(raw)
    envelope = ENVELOPES[VendorKind(vendor.kind)](body) if body is not None else Envelope(kind="", entity="")
    source = source_of(kind=vendor.kind)
    told_id = headers.get(razorpay.EVENT_ID_HEADER, "") if vendor.kind == VendorKind.RAZORPAY else ""
    for name in _names(told_id, source, envelope, raw):
        message, is_new = message_receive(
            source=source,
            event_id=f"{vendor.code}:{name}",
            raw=raw,
            queue=QUEUE,
            kind=storable(envelope.kind),
            entity=storable(envelope.entity),
            headers={"vendor": vendor.code, **{n: headers[n][:96] for n in _KEPT_HEADERS if n in headers}},
        )
        if is_new or bytes(message.raw) == raw:
            break
    return message


def source_of(*, kind: str) -> str:
    """Return the name under which the inbox knows a kind of vendor."""
    return f"webhook:{kind.lower()}"


def body_of(raw: bytes) -> dict[str, Any] | None:
    """Read an event's JSON object with exact numbers; None when it is none."""
    try:
        body = _JSON.decode(raw.decode(json.detect_encoding(raw), "surrogatepass"))
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _proven_by(code: str, raw: bytes, headers: Mapping[str, str]) -> Vendor:
    vendor = None
    for vendor in contracts(code=code):
        client = client_of(vendor=vendor)
        if isinstance(client, LookupClient):
            raise VendorUnknown(vendor=code)
        if client.is_genuine(raw=raw, headers=headers):
            return vendor
    if vendor is None:
        raise VendorUnknown(vendor=code)
    raise _noted(vendor, WebhookNotGenuine(vendor=code))


def _noted(vendor: Vendor, refusal: WebhookRefused) -> WebhookRefused:
    """Note that something was refused: one row a minute, counted, and nothing of what it said."""
    minute = database_now().strftime("%Y%m%dT%H%M")
    message, is_new = message_receive(
        source=source_of(kind=vendor.kind),
        event_id=f"{vendor.code}:{refusal.code}:{minute}",
        raw=b"",
        queue=QUEUE,
        kind="refused",
        headers={"vendor": vendor.code},
        state=MessageState.REFUSED,
        error=refusal.message,
    )
    if not is_new:
        counted = InboxMessage.objects.filter(pk=message.pk, attempts__lt=_REFUSALS_COUNTED)
        counted.update(attempts=F("attempts") + 1)
    return refusal


def _names(told_id: str, source: str, envelope: Envelope, raw: bytes) -> Iterator[str]:
    """Give the id under which an event is stored, and the one under which it is if that is taken by another."""
    if 0 < len(told_id) <= _ID_MOST:
        yield told_id
    yield _digest(source, envelope, raw)


def _digest(source: str, envelope: Envelope, raw: bytes) -> str:
    """Return the id of an event that has none: the same bytes are the same event."""
    told = "\0".join((source, envelope.entity, envelope.status)).encode(errors="replace")
    return hashlib.sha256(told + b"\0" + raw).hexdigest()
