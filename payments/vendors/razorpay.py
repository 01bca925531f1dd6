"""The gateway that counts in paise: payouts, account validation, webhooks signed over the raw body."""

import hmac
from collections.abc import Mapping
from typing import Any, Final

from payments.models import CheckState, Operation, Vendor
from payments.vendors.answers import PayoutNews, PayoutOrder, ProofCall, ProofNews, ProofOrder, Told
from payments.vendors.errors import VendorDuplicate, VendorNotFound, VendorRefused, VendorUnsure
from payments.vendors.http import VendorHttp

SIGNATURE_HEADER: Final = "X-Razorpay-Signature"
EVENT_ID_HEADER: Final = "X-Razorpay-Event-Id"
PROBE: Final = "/v1/balance"
_VALIDATIONS: Final = "/v1/fund_accounts/validations"
_TOLD: Final = {
    "queued": Told.PROCESSING,
    "pending": Told.PROCESSING,
    "scheduled": Told.PROCESSING,
    "processing": Told.PROCESSING,
    "processed": Told.PROCESSED,
    "reversed": Told.REVERSED,
    "failed": Told.FAILED,
    "rejected": Told.FAILED,
    "cancelled": Told.FAILED,
}
_PROVEN: Final = {"active": CheckState.VALID, "invalid": CheckState.INVALID}


class RazorpayClient:
    """One contract with this gateway."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self.http = VendorHttp(
            code=vendor.code,
            base_url=vendor.base_url,
            calls_per_second=vendor.calls_per_second,
            answer_seconds=vendor.answer_seconds,
            auth=(vendor.key_id, vendor.key_secret),
        )

    def payout_send(self, order: PayoutOrder) -> PayoutNews:
        """Ask for a payout; the same key makes a repeat the same payout.

        Raises:
            VendorAway: nothing was sent.
        """
        body = {
            "account_number": self._vendor.account_number,
            "amount": order.amount_paise,
            "currency": "INR",
            "mode": order.rail,
            "purpose": "payout",
            "queue_if_low_balance": False,
            "reference_id": order.our_reference,
            "narration": order.narration[:30],
            "fund_account": {
                **_fund_account(order),
                "contact": {"name": order.holder_name, "type": "customer", "reference_id": order.payee_reference},
            },
        }
        try:
            answer = self.http.call(
                "POST",
                "/v1/payouts",
                operation=Operation.PAYOUT,
                kind="money",
                json=body,
                headers={"X-Payout-Idempotency": order.idempotency_key},
            )
        except VendorRefused as error:
            return PayoutNews(told=Told.REFUSED, reason=error.code or error.reason)
        except (VendorUnsure, VendorDuplicate, VendorNotFound) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)
        return payout_news(answer)

    def payout_find(self, *, our_reference: str, vendor_reference: str) -> PayoutNews:
        """Ask what became of a payout.

        Raises:
            VendorAway: nothing was sent.
        """
        path = f"/v1/payouts/{vendor_reference}" if vendor_reference else "/v1/payouts"
        params = {} if vendor_reference else {"reference_id": our_reference}
        try:
            answer = self.http.call("GET", path, operation=Operation.PAYOUT, kind="read", params=params)
        except VendorNotFound:
            return PayoutNews(told=Told.NOT_FOUND)
        except (VendorUnsure, VendorRefused, VendorDuplicate) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)
        if "items" not in answer:
            return payout_news(answer)
        found = [item for item in answer["items"] if item.get("reference_id") == our_reference]
        return payout_news(found[0]) if found else PayoutNews(told=Told.NOT_FOUND)

    def probe(self, *, operation: Operation) -> None:
        """Make a call that moves nothing, to find out whether the vendor is back.

        Raises:
            VendorError: it is not.
        """
        self.http.call("GET", PROBE, operation=operation, kind="read")

    def is_genuine(self, *, raw: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether a webhook was signed with the secret, or with the one before it."""
        given = headers.get(SIGNATURE_HEADER, "").encode()
        secrets = [self._vendor.webhook_secret, self._vendor.previous_webhook_secret]
        expected = [hmac.digest(s.encode(), raw, "sha256").hex().encode() for s in secrets if s]
        # Every secret is compared, so that the time says nothing about which one fits.
        fits = [hmac.compare_digest(given, digest) for digest in expected]
        return True in fits


def proof_ask(vendor: Vendor, order: ProofOrder) -> ProofCall:
    """Ask whether an account exists and whose it is: by a credit of a rupee, or of a UPI address without one."""
    body = {
        "account_number": vendor.account_number,
        "fund_account": _fund_account(order),
        "amount": 100,
        "currency": "INR",
        "reference_id": order.our_reference,
    }
    return ProofCall("POST", _VALIDATIONS, json=body)


def _fund_account(order: PayoutOrder | ProofOrder) -> dict[str, Any]:
    """Name an account, or a UPI address, as the gateway wants it."""
    if order.is_upi:
        return {"account_type": "vpa", "vpa": {"address": order.account_number}}
    account = {"name": order.holder_name, "ifsc": order.ifsc, "account_number": order.account_number}
    return {"account_type": "bank_account", "bank_account": account}


def proof_find(*, our_reference: str, vendor_reference: str) -> ProofCall:
    """Ask what became of a validation."""
    if vendor_reference:
        return ProofCall("GET", f"{_VALIDATIONS}/{vendor_reference}")
    return ProofCall("GET", _VALIDATIONS, params={"reference_id": our_reference})


def payout_news(entity: Mapping[str, Any]) -> PayoutNews:
    """Read a payout as the gateway tells it, in an answer or in a webhook."""
    details = _object(entity.get("status_details"))
    return PayoutNews(
        told=_TOLD.get(str(entity.get("status")), Told.UNSURE),
        vendor_reference=str(entity.get("id") or ""),
        utr=str(entity.get("utr") or ""),
        reason=str(details.get("reason") or entity.get("failure_reason") or "")[:120],
    )


def proof_news(entity: Mapping[str, Any]) -> ProofNews:
    """Read a validation as the gateway tells it."""
    results = _object(entity.get("results") or entity.get("validation_results"))
    status = str(entity.get("status"))
    state = CheckState.WAITING if status == "created" else CheckState.UNPROVEN
    if status == "completed":
        state = _PROVEN.get(str(results.get("account_status")), CheckState.UNPROVEN)
    return ProofNews(
        state=state,
        holder_name=str(results.get("registered_name") or ""),
        vendor_reference=str(entity.get("id") or ""),
        utr=str(entity.get("utr") or ""),
        reason=str(results.get("details") or "")[:120],
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
