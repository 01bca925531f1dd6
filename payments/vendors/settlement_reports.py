"""What gateways report of their settlements, read into our words."""

from collections.abc import Mapping
from typing import Any, Final

from payments.errors import WebhookUnreadable
from payments.models import PartKind
from payments.vendors.cashfree import paise_of
from payments.vendors.heard import PartHeard
from payments.vendors.parts import in_rupees

_RAZORPAY: Final = {"payment": PartKind.PAYMENT, "refund": PartKind.REFUND}
_CASHFREE: Final = {"PAYMENT": PartKind.PAYMENT, "REFUND": PartKind.REFUND}
Row = Mapping[str, Any]


def razorpay_part(row: Row) -> PartHeard:
    """Read a line in whole paise: what is credited, less what is debited.

    Raises:
        WebhookUnreadable: an amount is none, or in another unit or currency.
    """
    in_rupees(row)
    kind = _RAZORPAY.get(str(row.get("type")), PartKind.ADJUSTMENT)
    return PartHeard(
        kind=PartKind.DISPUTE if row.get("dispute_id") and kind == PartKind.ADJUSTMENT else kind,
        vendor_reference=_name(row.get("entity_id")),
        amount_paise=_whole(row, "amount"),
        net_paise=_whole(row, "credit") - _whole(row, "debit"),
        fee_paise=_whole(row, "fee"),
        tax_paise=_whole(row, "tax"),
    )


def cashfree_part(row: Row) -> PartHeard:
    """Read a line in rupees; its amount has the sign of what it does to the settlement.

    Raises:
        WebhookUnreadable: an amount is none, finer than a paisa, or in another currency.
    """
    in_rupees(row)
    event = str(row.get("event_type"))
    kind = _CASHFREE.get(event, PartKind.ADJUSTMENT)
    tax = _rupees(row, "service_tax")
    return PartHeard(
        kind=PartKind.DISPUTE if event.startswith(("DISPUTE", "CHARGEBACK")) else kind,
        vendor_reference=_name(row.get("cf_payment_id") if kind == PartKind.PAYMENT else row.get("event_id")),
        amount_paise=_rupees(row, "event_amount"),
        net_paise=_rupees(row, "event_settlement_amount"),
        fee_paise=_rupees(row, "service_charge") + tax,
        tax_paise=tax,
        utr=str(row.get("payment_utr") or "")[:35],
    )


def _name(value: object) -> str:
    if not value:
        raise WebhookUnreadable(what="a line of the settlement report without a name")
    return str(value)[:64]


def _whole(row: Row, name: str) -> int:
    value = row.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise WebhookUnreadable(what=f"{name} in the settlement report, which is no whole number of paise")
    return value


def _rupees(row: Row, name: str) -> int:
    try:
        return paise_of(row.get(name) or 0)
    except ValueError as error:
        raise WebhookUnreadable(what=f"{name} in the settlement report, which is no amount in rupees") from error
