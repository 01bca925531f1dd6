"""A small book, lent without interest to borrowers who pay differently."""

from datetime import date
from typing import Any

import pytest

from ledger.services import chart_seed
from lms.engine.provisions import Layer
from lms.models import Loan
from lms.services.provisions.seeding import provision_seed
from tests.factories.book import receive
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date
from tests.lms.services.provisions.month_ends import NO_INTEREST


@pytest.fixture(autouse=True)
def _books() -> None:
    chart_seed()
    provision_seed(layer=Layer.MIDDLE)
    set_business_date(date(2026, 1, 1))


@pytest.fixture
def version() -> Any:
    """A product without fees, lent without interest: what is owed is principal alone."""
    return make_version(terms={})


@pytest.fixture
def book(version: Any) -> dict[str, Loan]:
    """Lend 1,20,000 without interest in 12 instalments from 1 February, to borrowers who pay differently."""
    loans = {
        name: make_loan(customer=make_customer(), version=version, **NO_INTEREST)
        for name in ("punctual", "late", "silent", "gone")
    }
    payers = {2: ("punctual", "late", "gone"), 3: ("punctual", "late", "gone"), 4: ("punctual", "gone")}
    for month, names in (payers | {5: ("punctual", "gone")}).items():
        set_business_date(date(2026, month, 1))
        for name in names:
            receive(loans[name], 10_000_00, date(2026, month, 1))
    set_business_date(date(2026, 6, 1))
    return loans
