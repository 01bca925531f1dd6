"""Products, loans and customers of generated people, made through the services."""

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from core.business_date import business_date_set
from customers.models import Customer
from customers.services import customer_create
from ledger.models import GstRegistration
from lms.models import Loan, Product, ProductVersion
from lms.services.loans import loan_disburse, loan_sanction
from lms.services.products import product_create, product_version_publish
from tests.factories.gst import register

_serial = itertools.count(1)

# Fee and tax as in a key facts statement; penal charges of two per cent a month on what is overdue.
PERSONAL_LOAN_TERMS: dict[str, Any] = {
    "charges": [
        {"code": "PROCESSING", "percent": "2", "tax_pct": "18", "is_upfront": True},
        {"code": "BOUNCE", "amount_paise": 50000, "tax_pct": "18"},
        {"code": "STATEMENT", "amount_paise": 10000, "tax_pct": "18"},
        {"code": "FORECLOSURE", "percent": "4", "tax_pct": "18"},
    ],
}


def next_key(prefix: str = "key") -> str:
    """Return an idempotency key, a reference or a number that no earlier call returned."""
    return f"{prefix}-{next(_serial):06d}"


def make_customer(**overrides: Any) -> Customer:
    """Create a generated person."""
    values = {"full_name": "Asha Verma", "phone": f"98{next(_serial):08d}", "state_code": "MH"}
    return customer_create(**{**values, **overrides})


def make_product(*, code: str = "PL", name: str = "Personal loan") -> Product:
    """Create a product with its ledger accounts, of a lender that may invoice its charges."""
    if not GstRegistration.objects.exists():
        register()
    return product_create(code=code, name=name)


def make_version(*, product: Product | None = None, terms: dict[str, Any] | None = None) -> ProductVersion:
    """Publish a version of a personal loan: 1,000 to 10,00,000 rupees, 0 to 48 %, 1 to 120 instalments."""
    return product_version_publish(
        product=product or make_product(),
        terms_template=PERSONAL_LOAN_TERMS if terms is None else terms,
        principal_min_paise=1_000_00,
        principal_max_paise=10_00_000_00,
        rate_min_pct=Decimal(0),
        rate_max_pct=Decimal(48),
        instalment_count_min=1,
        instalment_count_max=120,
        effective_from=date(2020, 1, 1),
    )


def make_sanctioned_loan(
    *, customer: Customer | None = None, version: ProductVersion | None = None, **overrides: Any
) -> Loan:
    """Sanction 1,20,000 rupees at 24 % in 12 instalments on 1 January 2026, the first due on 1 February."""
    values: dict[str, Any] = {
        "principal_paise": 1_20_000_00,
        "annual_rate_pct": Decimal(24),
        "instalment_count": 12,
        "first_due_date": date(2026, 2, 1),
        "sanctioned_on": date(2026, 1, 1),
        "idempotency_key": next_key("sanction"),
    }
    return loan_sanction(
        customer=customer or make_customer(), product_version=version or make_version(), **{**values, **overrides}
    )


def make_loan(*, amount_paise: int | None = None, value_date: date = date(2026, 1, 1), **overrides: Any) -> Loan:
    """Sanction a loan and disburse all of it, or `amount_paise`, on 1 January 2026."""
    loan = make_sanctioned_loan(**overrides)
    loan_disburse(
        loan_id=loan.pk,
        amount_paise=amount_paise or loan.principal_paise,
        value_date=value_date,
        reference=next_key("UTR"),
        idempotency_key=next_key("disburse"),
    )
    loan.refresh_from_db()
    return loan


def set_business_date(day: date) -> None:
    """Put the books on a day."""
    business_date_set(to=day)
