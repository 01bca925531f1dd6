"""A loan with a past, and a lender with a name."""

from datetime import date

import pytest

from customers.services import address_add
from lms.models import Loan
from tests.factories.book import levy, receive
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.lms.documents.book import publish_lender


@pytest.fixture
def loan(db: None) -> Loan:
    """1,20,000 at 24 % from 1 January 2026: an instalment paid in time, a charge, a part paid; closed up to 9 March."""
    set_business_date(date(2026, 3, 10))
    publish_lender(date(2026, 3, 10))
    customer = make_customer(full_name="Asha Verma")
    address_add(
        customer=customer,
        kind="CURRENT",
        line_1="12 Tilak Road",
        line_2="Shivajinagar",
        city="Pune",
        state_code="MH",
        pin_code="411005",
    )
    loan = make_loan(customer=customer)
    receive(loan, 11_348_00, date(2026, 2, 1), reference="UTR-FEB")
    levy(loan, "STATEMENT", date(2026, 3, 1))
    receive(loan, 5_000_50, date(2026, 3, 5), reference="UTR-MAR")
    loan.refresh_from_db()
    return loan
