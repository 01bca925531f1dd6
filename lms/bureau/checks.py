"""What is missing of borrowers before files are built: the records that no bureau would take."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from customers.models import Address, CustomerKind
from lms.bureau.rows import account_types_on
from lms.engine.state import LoanStatus
from lms.models import Loan


@dataclass(frozen=True, slots=True)
class Lacking:
    """A running loan that would be rejected, and for what."""

    loan: Loan
    codes: tuple[str, ...]


def loans_lacking(*, on_date: date, after: int = 0, limit: int = 50) -> list[Lacking]:
    """Return loans that would be rejected for what is plainly missing, in the order of their keys.

    What cannot be written in Latin letters is found when a cycle is built.

    Args:
        on_date: the day whose account types count.
        after: key of the last loan that was seen.
    """
    types = account_types_on(on_date=on_date)
    has_address = Exists(Address.objects.filter(customer=OuterRef("customer")))
    running = Loan.objects.filter(pk__gt=after, status__in=(LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF))
    lacking = Q(customer__pan_index=None) | Q(customer__birth_date=None) | Q(has_address=False)
    lacking |= ~Q(customer__kind=CustomerKind.INDIVIDUAL) | ~Q(product_code__in=list(types))
    found = running.annotate(has_address=has_address).filter(lacking).select_related("customer")
    rows = found.only("number", "product_code", "customer").order_by("pk")[:limit]
    return [Lacking(loan, _codes(loan, types)) for loan in rows]


def _codes(loan: Loan, types: dict[str, str]) -> tuple[str, ...]:
    customer = loan.customer
    missing = {
        "borrower_not_a_person": customer.kind != CustomerKind.INDIVIDUAL,
        "birth_date_missing": customer.birth_date is None,
        "pan_missing": customer.pan_index is None,
        "address_missing": not loan.has_address,  # type: ignore[attr-defined]  # annotated above
        "account_type_missing": loan.product_code not in types,
    }
    return tuple(code for code, is_missing in missing.items() if is_missing)
