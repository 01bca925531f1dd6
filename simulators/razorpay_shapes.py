"""Shapes in which the gateway that counts in paise shows what is in the till."""

from typing import Any

from simulators.till import Thing


def order(thing: Thing) -> dict[str, Any]:
    """Return an order as the gateway shows it."""
    return {
        "id": thing["id"],
        "entity": "order",
        "amount": thing["paise"],
        "amount_paid": thing["paid"],
        "amount_due": thing["paise"] - thing["paid"],
        "currency": "INR",
        "receipt": thing["reference"],
        "status": "paid" if thing["status"] == "paid" else "created",
        "created_at": int(thing["at"]),
    }


def refund(thing: Thing) -> dict[str, Any]:
    """Return a refund as the gateway shows it."""
    return {
        "id": thing["id"],
        "entity": "refund",
        "amount": thing["paise"],
        "currency": "INR",
        "payment_id": thing["payment"],
        "receipt": thing["reference"],
        "status": thing["status"],
        "created_at": int(thing["at"]),
    }


def account(thing: Thing) -> dict[str, Any]:
    """Return a virtual account with the bank account behind it."""
    receiver = {
        "id": f"ba_{thing['id'][3:]}",
        "entity": "bank_account",
        "ifsc": "RATN0VAAPIS",
        "account_number": thing["number"],
    }
    return {
        "id": thing["id"],
        "entity": "virtual_account",
        "status": "active" if thing["status"] == "open" else "closed",
        "amount_paid": thing["paid"],
        "amount_expected": None,
        "reference_id": thing["reference"],
        "receivers": [receiver],
        "allowed_payers": thing["payers"],
        "created_at": int(thing["at"]),
    }


def transfer(payment: Thing) -> dict[str, Any]:
    """Return the bank transfer that a payment was."""
    payer = {"name": payment["payer"], "account_number": payment["payer_account"], "ifsc": payment["payer_ifsc"]}
    return {
        "id": f"bt_{payment['id'][4:]}",
        "entity": "bank_transfer",
        "payment_id": payment["id"],
        "mode": payment["mode"],
        "bank_reference": payment["utr"],
        "amount": payment["paise"],
        "payer_bank_account": payer,
    }


def settlement(thing: Thing) -> dict[str, Any]:
    """Return a settlement as the gateway shows it."""
    return {
        "id": thing["id"],
        "entity": "settlement",
        "amount": thing["paise"],
        "status": thing["status"],
        "fees": thing["fee"],
        "tax": thing["tax"],
        "utr": thing["utr"],
        "created_at": int(thing["at"]),
    }


def collection(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a list as the gateway shows one."""
    return {"entity": "collection", "count": len(items), "items": items}
