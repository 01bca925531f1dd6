"""Payments that arrive without a gateway being asked, and acts about money that a second person agrees to."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from core.clock import database_now
from core.reasons.services import reason_codes_seed
from lms.models import Loan
from payments.models import Dispute, IncomingPayment, Vendor
from payments.services.chargebacks import dispute_told
from payments.services.incoming import payment_told
from payments.services.suspense import suspense_apply
from payments.vendors.heard import DisputeHeard, DisputeTold, PayerTold, PaymentHeard, PaymentTold
from tests.factories.lms import next_key

AMOUNT = 5_000_00


def arrive(*, vendor: Vendor, payer: PayerTold | None = None, **overrides: Any) -> IncomingPayment:
    """Let a payment come in that nobody asked for."""
    values: dict[str, Any] = {
        "told": PaymentTold.CAPTURED,
        "vendor_reference": next_key("pay"),
        "amount_paise": AMOUNT,
        "method": "upi",
        "utr": f"40422324{IncomingPayment.objects.count():04d}",
        "payer": payer or PayerTold(),
    }
    return payment_told(vendor=vendor, heard=PaymentHeard(**{**values, **overrides}), source="WEBHOOK")


def arrive_on(*, loan: Loan, vendor: Vendor, **overrides: Any) -> IncomingPayment:
    """Let a payment come in and put it on a loan."""
    payment = arrive(vendor=vendor, **overrides)
    suspense_apply(payment_id=payment.pk, loan_id=loan.pk, reason="The payer called")
    payment.refresh_from_db()
    return payment


def disputed(
    *, payment: IncomingPayment, respond_by: datetime | None = None, amount_paise: int | None = None
) -> Dispute:
    """Let a payer dispute a payment."""
    assert payment.vendor is not None
    heard = DisputeHeard(
        told=DisputeTold.OPEN,
        vendor_reference=next_key("disp"),
        payment_reference=str(payment.vendor_reference),
        amount_paise=payment.amount_paise if amount_paise is None else amount_paise,
        reason="unauthorised_transaction",
        respond_by=respond_by,
    )
    return dispute_told(vendor=payment.vendor, heard=heard)


def send_act(client: Client, name: str, key: int, *what: str, **entered: Any) -> HttpResponse:
    """Send the form of an act, with a reason and a key of its own."""
    reason_codes_seed()
    values = {"reason": "Letter of the payer", "reason_code": "OTHER", "idempotency_key": next_key("form"), **entered}
    answer: Any = client.post(reverse(f"staff-payments:{name}", args=[key, *what]), values)
    assert isinstance(answer, HttpResponse)
    return answer


def moment_in(**ahead: int) -> datetime:
    """Return an instant from now on."""
    return database_now() + timedelta(**ahead)
