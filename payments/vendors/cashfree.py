"""The gateway that counts in rupees: transfers, bank account verification, webhooks signed with a time."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from payments.models import CheckState, Operation, Vendor
from payments.vendors.answers import PayoutNews, PayoutOrder, ProofCall, ProofNews, ProofOrder, Told
from payments.vendors.errors import VendorDuplicate, VendorNotFound, VendorRefused, VendorUnsure
from payments.vendors.http import VendorHttp

SIGNATURE_HEADER: Final = "X-Webhook-Signature"
TIMESTAMP_HEADER: Final = "X-Webhook-Timestamp"
API_VERSION: Final = "2024-01-01"
PROBE: Final = "/payout/balance"
# A number such as 1e999999999 is refused before it is written out.
_DIGITS_MOST: Final = 16
_TOLD: Final = {
    "RECEIVED": Told.PROCESSING,
    "PENDING": Told.PROCESSING,
    "APPROVAL_PENDING": Told.PROCESSING,
    "QUEUED": Told.PROCESSING,
    "SUCCESS": Told.PROCESSED,
    "REVERSED": Told.REVERSED,
    "FAILED": Told.FAILED,
    "REJECTED": Told.FAILED,
}
_PROVEN: Final = {"VALID": CheckState.VALID, "INVALID": CheckState.INVALID, "RECEIVED": CheckState.WAITING}


class CashfreeClient:
    """One contract with this gateway."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self.http = VendorHttp(
            code=vendor.code,
            base_url=vendor.base_url,
            calls_per_second=vendor.calls_per_second,
            answer_seconds=vendor.answer_seconds,
            headers={
                "x-client-id": vendor.key_id,
                "x-client-secret": vendor.key_secret,
                "x-api-version": API_VERSION,
            },
        )

    def payout_send(self, order: PayoutOrder) -> PayoutNews:
        """Ask for a transfer; its reference is what makes a repeat the same transfer.

        Raises:
            VendorAway: nothing was sent.
        """
        body = {
            "transfer_id": order.our_reference,
            "transfer_amount": rupees_number(order.amount_paise),
            "transfer_currency": "INR",
            "transfer_mode": order.rail.lower(),
            "transfer_remarks": order.narration[:70],
            "beneficiary_details": {
                "beneficiary_id": order.payee_reference,
                "beneficiary_name": order.holder_name,
                "beneficiary_instrument_details": {"vpa": order.account_number}
                if order.is_upi
                else {"bank_account_number": order.account_number, "bank_ifsc": order.ifsc},
            },
        }
        try:
            path = "/payout/transfers"
            return payout_news(self.http.call("POST", path, operation=Operation.PAYOUT, kind="money", json=body))
        except VendorRefused as error:
            return PayoutNews(told=Told.REFUSED, reason=error.code or error.reason)
        except (VendorUnsure, VendorDuplicate, VendorNotFound) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)

    def payout_find(self, *, our_reference: str, vendor_reference: str) -> PayoutNews:
        """Ask what became of a transfer.

        Raises:
            VendorAway: nothing was sent.
        """
        try:
            answer = self.http.call(
                "GET",
                "/payout/transfers",
                operation=Operation.PAYOUT,
                kind="read",
                params={"transfer_id": our_reference},
            )
        except VendorNotFound:
            return PayoutNews(told=Told.NOT_FOUND)
        except (VendorUnsure, VendorRefused, VendorDuplicate) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)
        return payout_news(answer)

    def probe(self, *, operation: Operation) -> None:
        """Make a call that moves nothing, to find out whether the vendor is back.

        Raises:
            VendorError: it is not.
        """
        self.http.call("GET", PROBE, operation=operation, kind="read")

    def is_genuine(self, *, raw: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether a webhook was signed with the secret, or with the one before it."""
        given = headers.get(SIGNATURE_HEADER, "").encode()
        signed = headers.get(TIMESTAMP_HEADER, "").encode() + raw
        secrets = [self._vendor.webhook_secret, self._vendor.previous_webhook_secret]
        expected = [b64encode(hmac.new(s.encode(), signed, hashlib.sha256).digest()) for s in secrets if s]
        # Every secret is compared, so that the time says nothing about which one fits.
        fits = [hmac.compare_digest(given, digest) for digest in expected]
        return True in fits


def rupees_number(paise: int) -> float:
    """Return an amount as this vendor's JSON wants it: a number with two decimals, which no sum is made of."""
    return float(Decimal(paise).scaleb(-2))


def paise_of(rupees: object) -> int:
    """Read an amount of this vendor, exactly.

    Raises:
        ValueError: it is no amount, or has more than two decimals.
    """
    try:
        exact = Decimal(str(rupees)).scaleb(2)
    except ArithmeticError as error:
        raise ValueError(f"{rupees!r} is no amount in rupees.") from error
    if not exact.is_finite() or exact.adjusted() > _DIGITS_MOST or exact != exact.to_integral_value():
        raise ValueError(f"{rupees!r} is no amount in rupees and paise.")
    return int(exact)


def proof_ask(order: ProofOrder) -> ProofCall:
    """Ask whether an account or a UPI address exists and whose it is; the answer comes at once, or by look-up."""
    if order.is_upi:
        body = {"verification_id": order.our_reference, "vpa": order.account_number, "name": order.holder_name}
        return ProofCall("POST", "/verification/upi", json=body)
    body = {
        "bank_account": order.account_number,
        "ifsc": order.ifsc,
        "name": order.holder_name,
        "user_id": order.our_reference,
    }
    return ProofCall("POST", "/verification/bank-account/sync", json=body)


def proof_find(*, our_reference: str, vendor_reference: str, is_upi: bool) -> ProofCall:
    """Ask what became of a verification."""
    if is_upi:
        return ProofCall("GET", "/verification/upi", params={"verification_id": our_reference})
    named = {"reference_id": vendor_reference} if vendor_reference else {"user_id": our_reference}
    return ProofCall("GET", "/verification/bank-account", params=named)


def payout_news(entity: Mapping[str, Any]) -> PayoutNews:
    """Read a transfer as the gateway tells it, in an answer or in a webhook."""
    told = _TOLD.get(str(entity.get("status")), Told.UNSURE)
    is_bad = told in (Told.FAILED, Told.REVERSED)
    return PayoutNews(
        told=told,
        vendor_reference=str(entity.get("cf_transfer_id") or ""),
        utr=str(entity.get("transfer_utr") or ""),
        reason=str(entity.get("status_code") or entity.get("status_description") or "")[:120] if is_bad else "",
    )


def proof_news(entity: Mapping[str, Any]) -> ProofNews:
    """Read a verification as the gateway tells it."""
    return ProofNews(
        # Of a UPI address the same is told in other fields.
        state=_PROVEN.get(str(entity.get("account_status") or entity.get("status")), CheckState.UNPROVEN),
        holder_name=str(entity.get("name_at_bank") or ""),
        vendor_reference=str(entity.get("reference_id") or ""),
        utr=str(entity.get("utr") or ""),
        reason=str(entity.get("account_status_code") or entity.get("message") or "")[:120],
    )
