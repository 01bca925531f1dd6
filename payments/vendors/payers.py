"""What both gateways say of a payer, read into our words; a field that is not there tells nothing."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from payments.vendors.heard import PayerTold
from payments.vendors.parts import storable

Entity = Mapping[str, Any]
_TEXT_MAX: Final = 160
_PHONE: Final = re.compile(r"(?:\+?91|0)?([6-9][0-9]{9})")
_SAYS_NOTHING: Final = frozenset({"na", "n/a", "none", "null", "-"})


def razorpay_payer(payment: Entity, transfer: Entity | None = None) -> PayerTold:
    """Read a payer from a payment of the gateway that counts in paise, and from the bank's transfer where one is."""
    account = (transfer or {}).get("payer_bank_account")
    bank = account if isinstance(account, dict) else {}
    notes = payment.get("notes")
    written = [payment.get("description"), *(notes.values() if isinstance(notes, dict) else ())]
    return PayerTold(
        name=_text(bank.get("name")),
        phone=_phone(payment.get("contact")),
        vpa=_text(payment.get("vpa")).lower(),
        account=_text(bank.get("account_number")),
        narration=_narration(written),
    )


def cashfree_payer(payment: Entity, data: Entity) -> PayerTold:
    """Read a payer from a payment of the gateway that counts in rupees, and from what stands beside it."""
    customer = data.get("customer_details")
    person = customer if isinstance(customer, dict) else {}
    method = payment.get("payment_method")
    upi = method.get("upi") if isinstance(method, dict) else None
    return PayerTold(
        name=_text(person.get("customer_name") or payment.get("remitter_name")),
        phone=_phone(person.get("customer_phone")),
        vpa=_text(upi.get("upi_id") if isinstance(upi, dict) else "").lower(),
        account=_text(payment.get("remitter_account")),
        narration=_narration([payment.get("payment_note"), payment.get("remarks")]),
    )


def moment_of(value: object) -> datetime | None:
    """Read an instant that a gateway names as seconds since 1970 or as text; None for neither."""
    try:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value, tz=UTC)
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return found if found is not None and found.tzinfo is not None else None


def _text(value: object) -> str:
    text = storable(" ".join(value.split())) if isinstance(value, str) else ""
    return "" if text.lower() in _SAYS_NOTHING else text[:_TEXT_MAX]


def _phone(value: object) -> str:
    found = _PHONE.fullmatch(re.sub(r"[\s()-]", "", value)) if isinstance(value, str) else None
    return found.group(1) if found else ""


def _narration(parts: list[object]) -> str:
    return " / ".join(text for text in map(_text, parts) if text)[:_TEXT_MAX]
