"""The books of every test here stand on a known day."""

from datetime import date

import pytest

from lms.models import Loan
from tests.factories.lms import make_loan, set_business_date


@pytest.fixture
def loan(db: None) -> Loan:
    """Return 1,20,000 rupees at 24 % in 12 instalments of 11,348, lent on 1 January 2026; the books are there too."""
    set_business_date(date(2026, 1, 1))
    return make_loan()
