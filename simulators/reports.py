"""What each gateway reports of a settlement: one line for each payment, refund, dispute and adjustment in it."""

from collections.abc import Mapping
from typing import Any

from simulators.cashfree import _rupees
from simulators.till import Thing, Till


def razorpay_rows(till: Till, settlement: Thing) -> list[dict[str, Any]]:
    """Write a settlement's lines in whole paise, debit and credit apart."""
    common = {
        "settled": True,
        "settled_at": int(settlement["at"]),
        "settlement_id": settlement["id"],
        "settlement_utr": settlement["utr"],
        "on_hold": False,
    }
    payments = [
        {
            "entity_id": row["id"],
            "type": "payment",
            "debit": 0,
            "credit": row["paise"] - row["fee"],
            "amount": row["paise"],
            "fee": row["fee"],
            "tax": row["tax"],
            "order_receipt": row["reference"],
            "method": row["method"],
            **common,
        }
        for name in settlement["payments"]
        if (row := till.get(name))
    ]
    return payments + [_razorpay_other(other) | common for other in settlement.get("others", [])]


def cashfree_rows(till: Till, settlement: Thing) -> list[dict[str, Any]]:
    """Write a settlement's lines in rupees, each with its sign."""
    common = {"cf_settlement_id": settlement["id"], "settlement_utr": settlement["utr"]}
    payments = [
        {
            "event_type": "PAYMENT",
            "event_amount": _rupees(payment["paise"]),
            "event_settlement_amount": _rupees(payment["paise"] - payment["fee"]),
            "cf_payment_id": payment["id"],
            "payment_utr": payment["utr"],
            "service_charge": _rupees(payment["fee"] - payment["tax"]),
            "service_tax": _rupees(payment["tax"]),
            **common,
        }
        for name in settlement["payments"]
        if (payment := till.get(name))
    ]
    return payments + [_cashfree_other(other) | common for other in settlement.get("others", [])]


def _razorpay_other(other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "entity_id": other["id"],
        "type": "refund" if other["type"] == "refund" else "adjustment",
        "debit": max(0, -other["net"]),
        "credit": max(0, other["net"]),
        "amount": abs(other["net"]),
        "fee": 0,
        "tax": 0,
        "dispute_id": other["id"] if other["type"] == "dispute" else None,
    }


def _cashfree_other(other: Mapping[str, Any]) -> dict[str, Any]:
    names = {"refund": "REFUND", "dispute": "DISPUTE"}
    return {
        "event_type": names.get(other["type"], "OTHER_ADJUSTMENT"),
        "event_id": other["id"],
        "event_amount": _rupees(abs(other["net"])),
        "event_settlement_amount": _rupees(other["net"]),
    }
