"""Generated customers, made by the services so that every derived column is right."""

from itertools import count
from typing import Any

from customers.models import BankAccount, Customer
from customers.services import bank_account_add, customer_create

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SERIAL = count(1)


def pan_number(number: int) -> str:
    """Return the PAN of a person by number; numbers below 260,000 give PANs that differ."""
    return f"AAAP{_LETTERS[number // 10_000 % 26]}{number % 10_000:04d}{_LETTERS[number % 26]}"


def make_customer(**values: Any) -> Customer:
    """Create an individual with a name, a phone, a PAN and a state."""
    number = next(_SERIAL)
    generated = {
        "full_name": f"Asha Verma {_LETTERS[number % 26]}",
        "phone": f"9{number:09d}",
        "pan": pan_number(number),
        "state_code": "MH",
    }
    return customer_create(**(generated | values))


def make_bank_account(*, customer: Customer | None = None, **values: Any) -> BankAccount:
    """Create the primary bank account of a customer, of a new one unless one is given."""
    generated = {"account_number": f"50100{next(_SERIAL):09d}", "ifsc": "HDFC0000123"}
    return bank_account_add(customer=customer or make_customer(), **(generated | values))
