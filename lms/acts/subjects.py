"""Customers as the subject of acts: their names, the locks on what they have, and what changes with it."""

from collections.abc import Sequence

from core.approvals.registry import Lock
from customers.errors import CustomerUnknown
from customers.models import Customer
from lms.locks import lines_of_borrowers_for_update, loans_of_borrowers_for_update
from lms.models import CreditLine, Loan
from lms.services.effects import loans_version


def customer_of(*, customer_id: int) -> Customer:
    """Return a customer.

    Raises:
        CustomerUnknown: there is none.
    """
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise CustomerUnknown(customer=customer_id)
    return customer


def customer_name(customer_id: int) -> str:
    """Return the number of a customer, "" for one who does not exist."""
    return Customer.objects.values_list("number", flat=True).filter(pk=customer_id).first() or ""


def borrower_lock(*customer_ids: int) -> Lock:
    """Return what locks the lines and then the loans of customers, in the one order."""

    def lock() -> None:
        list(lines_of_borrowers_for_update(customer_ids=customer_ids))
        list(loans_of_borrowers_for_update(customer_ids=customer_ids))

    return lock


def loan_ids_of(*customer_ids: int) -> Sequence[int]:
    """Return the loans of customers in key order."""
    return list(Loan.objects.filter(customer_id__in=customer_ids).order_by("pk").values_list("pk", flat=True))


def borrower_version(*customer_ids: int) -> str:
    """Return what changes whenever a line or a loan of these customers does, or one of them is merged."""
    lines = CreditLine.objects.filter(customer_id__in=customer_ids).order_by("pk").values_list("pk", "fact_count")
    customers = Customer.objects.filter(pk__in=customer_ids).order_by("pk").values_list("pk", "merged_into_id")
    return f"{list(customers)}|{list(lines)}|{loans_version(loan_ids=loan_ids_of(*customer_ids))}"
