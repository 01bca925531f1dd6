"""Every write about customers."""

from customers.services.changes import (
    CustomerValues,
    bank_account_change,
    customer_change,
    customer_locked,
    customer_move,
    customer_stands_check,
)
from customers.services.people import (
    CustomerData,
    address_add,
    bank_account_add,
    customer_create,
    customers_create_many,
    upi_address_add,
)

__all__ = [
    "CustomerData",
    "CustomerValues",
    "address_add",
    "bank_account_add",
    "bank_account_change",
    "customer_change",
    "customer_create",
    "customer_locked",
    "customer_move",
    "customer_stands_check",
    "customers_create_many",
    "upi_address_add",
]
