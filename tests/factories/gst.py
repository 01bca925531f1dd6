"""Registrations of a generated lender, and charges to be invoiced."""

from datetime import date
from itertools import count
from typing import Any

from django.db import transaction

from core.states import state_by_code
from ledger.gst.documents import InvoiceOrder, SupplyReference, invoice_issue
from ledger.gst.gstin import gstin_check_character
from ledger.gst.registrations import RegistrationTerms, registration_publish
from ledger.gst.rules import charge_tax_on
from ledger.models import GstRegistration, TaxDocument

_ENTRIES = count(1)


def gstin_of(state_code: str) -> str:
    """Return a well-formed number of a company that does not exist."""
    state = state_by_code(state_code)
    assert state is not None
    body = f"{state.gst_code}AAACK0000A1Z"
    return body + gstin_check_character(body=body)


def register(state_code: str = "MH", **overrides: Any) -> GstRegistration:
    """Publish a registration since the beginning; that of Maharashtra is the principal place."""
    values = {
        "state_code": state_code,
        "gstin": overrides.get("gstin") or gstin_of(state_code),
        "legal_name": "Kist Demo Finance Limited",
        "address": "1 Sample Street, Pune 411001",
        "effective_from": date(2017, 7, 1),
        "is_principal": state_code == "MH",
    }
    return registration_publish(terms=RegistrationTerms(**{**values, **overrides}), reason="Registered")


def invoice(
    customer_id: int, amount_paise: int = 100_00, issued_on: date = date(2026, 4, 10), **overrides: Any
) -> TaxDocument:
    """Invoice a charge of the day in a transaction of its own."""
    charge_code = overrides.pop("charge_code", "STATEMENT")
    supplied_on = overrides.pop("supplied_on", issued_on)
    rule = charge_tax_on(charge_code=charge_code, amount_paise=amount_paise, on_date=supplied_on)
    reference = SupplyReference(reference_type="tests.loan", reference_id=1, entry=next(_ENTRIES), label="L1")
    values = {
        "reference": reference,
        "customer_id": customer_id,
        "charge_code": charge_code,
        "sac": rule.sac,
        "rate_bps": rule.rate_bps,
        "taxable_paise": amount_paise,
        "tax_paise": rule.tax_paise,
        "supplied_on": supplied_on,
    }
    with transaction.atomic():
        return invoice_issue(order=InvoiceOrder(**{**values, **overrides}), issued_on=issued_on)
