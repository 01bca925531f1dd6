"""A small lender with every kind of borrower, made through the services."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from core.business_date import business_date_set
from lms.engine.facts import Disburse, Receive
from lms.models import Loan, ProductVersion
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.products import terms_for_loan
from tests.factories.lms import PERSONAL_LOAN_TERMS, make_customer, make_product, make_version

# Penal that grows daily, once in slabs, and none: each closes in its own way.
PLANS: dict[str, dict[str, Any]] = {
    "DAILY": {"penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24", "grace_days": 3}},
    "SLABS": {
        "penal_plan": {
            "method": "SLAB",
            "slabs": [
                {"from_days_past_due": 5, "amount_paise": 250_00},
                {"from_days_past_due": 31, "amount_paise": 500_00},
            ],
        }
    },
    "NONE": {"day_count": "ACTUAL_ACTUAL"},
}
# Instalments paid of those due since 30 January, for one borrower after the other.
_PAID = (4, 3, 2, 1, 0, 5)


def make_lender(*, first_day: date, borrowers: int = 18, plans: dict[str, dict[str, Any]] | None = None) -> list[Loan]:
    """Lend to borrowers on 30 December 2025, every third of whom has two loans; the books stand on `first_day`."""
    business_date_set(to=first_day)
    versions = [
        make_version(product=make_product(code=code), terms={**PERSONAL_LOAN_TERMS, **terms})
        for code, terms in (plans or PLANS).items()
    ]
    drafts = [
        _draft(number, copy, versions[(number + copy) % len(versions)], make_customer().pk if copy == 0 else 0)
        for number in range(borrowers)
        for copy in range(2 if number % 3 == 0 else 1)
    ]
    return list(loans_book_many(drafts=_same_borrowers(drafts), batch_key="lender"))


def _draft(number: int, copy: int, version: ProductVersion, customer_id: int) -> LoanDraft:
    day = date(2025, 12, 30) + timedelta(days=number % 4)
    terms = terms_for_loan(
        version=version,
        principal_paise=50_000_00 + 1_234_00 * number,
        annual_rate_pct=version.rate_max_pct / 2,
        instalment_count=12,
        first_due_date=date(2026, 1, 30) + timedelta(days=number % 4),
    )
    paid = _PAID[(number + copy) % len(_PAID)]
    receipts = [
        Receive(
            sequence=2 + index,
            value_date=day + timedelta(days=29 * (index + 1)),
            amount_paise=terms.principal_paise // 10,
            reference=f"UTR{number}-{copy}-{index}",
        )
        for index in range(paid)
        if day + timedelta(days=29 * (index + 1)) < date(2026, 4, 29)
    ]
    lent = Disburse(sequence=1, value_date=day, amount_paise=terms.principal_paise, reference=f"OUT{number}-{copy}")
    return LoanDraft(
        key=f"loan-{number}-{copy}",
        customer_id=customer_id,
        product_version=version,
        terms=terms,
        sanctioned_on=day,
        facts=(lent, *receipts),
    )


def _same_borrowers(drafts: list[LoanDraft]) -> list[LoanDraft]:
    """Give second loans to the borrower of the first."""
    result: list[LoanDraft] = []
    for draft in drafts:
        result.append(draft if draft.customer_id else replace(draft, customer_id=result[-1].customer_id))
    return result
