"""What each vendor is sent about a proof, and what its answer says."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from json import JSONEncoder
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from payments.models import CheckState, Operation, Vendor, VendorKind
from payments.vendors import cashfree, lookup, razorpay
from payments.vendors.answers import ProofCall, ProofNews, ProofOrder
from payments.vendors.errors import VendorNotFound, VendorRefused

# From the one that costs least to set up; which is asked first is decided by what the routes cost.
OPERATIONS: Final = (Operation.NAME_LOOKUP, Operation.PENNILESS, Operation.PENNY_DROP, Operation.VPA_CHECK)
# Refusals that speak of the account, not of the request.
_NO_SUCH_ACCOUNT: Final = frozenset(
    {"INVALID_BANK_ACCOUNT", "INVALID_IFSC", "ACCOUNT_BLOCKED", "bank_account_invalid", "bank_account_closed"}
)
_body: Final = JSONEncoder(separators=(",", ":")).encode
_quoted: Final = lru_cache(maxsize=64)(quote)


@dataclass(frozen=True, slots=True)
class Way:
    """How a vendor is reached; `path` is where its addresses begin, `head` what every request to it says."""

    base_url: str
    path: str
    head: bytes
    answer_seconds: int
    per_second: int


def way_to(*, vendor: Vendor) -> Way:
    """Return how a vendor is reached under its contract."""
    if vendor.kind == VendorKind.CASHFREE:
        headers = {
            "x-client-id": vendor.key_id,
            "x-client-secret": vendor.key_secret,
            "x-api-version": cashfree.API_VERSION,
        }
    else:
        headers = {"Authorization": f"Basic {b64encode(f'{vendor.key_id}:{vendor.key_secret}'.encode()).decode()}"}
    parts = urlsplit(vendor.base_url)
    lines = {"Host": parts.netloc.rpartition("@")[2], "Accept": "application/json", **headers}
    # A line break in a value would begin another line.
    text = "".join(f"{name}: {''.join(filter(str.isprintable, value))}\r\n" for name, value in lines.items())
    return Way(
        base_url=vendor.base_url,
        path=parts.path.rstrip("/"),
        head=text.encode("latin-1", "replace"),
        answer_seconds=vendor.answer_seconds,
        per_second=vendor.calls_per_second,
    )


def request_bytes(*, way: Way, sent: ProofCall) -> bytes:
    """Return a call as it goes over the wire."""
    target = way.path + _quoted(sent.path)
    if sent.params:
        target += f"?{urlencode(sent.params)}"
    if sent.json is None:
        return b"%s %s HTTP/1.1\r\n%s\r\n" % (sent.method.encode(), target.encode(), way.head)
    body = _body(sent.json).encode()
    return b"%s %s HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        sent.method.encode(),
        target.encode(),
        way.head,
        len(body),
        body,
    )


def call_to_ask(*, vendor: Vendor, order: ProofOrder) -> ProofCall:
    """Return what to send to ask about an account."""
    if vendor.kind == VendorKind.RAZORPAY:
        return razorpay.proof_ask(vendor, order)
    return cashfree.proof_ask(order) if vendor.kind == VendorKind.CASHFREE else lookup.proof_ask(order)


def call_to_find(*, vendor: Vendor, order: ProofOrder, vendor_reference: str) -> ProofCall:
    """Return what to send to find out what became of a question; a free one is asked again."""
    named = {"our_reference": order.our_reference, "vendor_reference": vendor_reference}
    if vendor.kind == VendorKind.RAZORPAY:
        return razorpay.proof_find(**named)
    if vendor.kind == VendorKind.CASHFREE:
        return cashfree.proof_find(**named, is_upi=order.is_upi)
    return lookup.proof_ask(order)


def call_to_probe(*, vendor: Vendor) -> ProofCall:
    """Return a call that moves nothing and costs nothing, to find out whether a vendor is back."""
    paths = {VendorKind.RAZORPAY: razorpay.PROBE, VendorKind.CASHFREE: cashfree.PROBE, VendorKind.LOOKUP: lookup.PROBE}
    return ProofCall("GET", paths[VendorKind(vendor.kind)])


def news_in(*, kind: str, answer: Mapping[str, Any], our_reference: str) -> ProofNews:
    """Read a vendor's answer to a question or to a search.

    Raises:
        VendorNotFound: the search found nothing of ours.
    """
    if kind == VendorKind.LOOKUP:
        return lookup.proof_news(answer)
    if kind == VendorKind.CASHFREE:
        return cashfree.proof_news(answer)
    if "items" not in answer:
        return razorpay.proof_news(answer)
    found = [item for item in answer["items"] if item.get("reference_id") == our_reference]
    if not found:
        raise VendorNotFound("not known there")
    return razorpay.proof_news(found[0])


def news_of_refusal(error: VendorRefused) -> ProofNews:
    """Read a refusal: it proves something only where it speaks of the account itself."""
    is_told = error.code in _NO_SUCH_ACCOUNT or error.reason in _NO_SUCH_ACCOUNT
    state = CheckState.INVALID if is_told else CheckState.UNPROVEN
    return ProofNews(state=state, reason=(error.code or error.reason)[:120])
