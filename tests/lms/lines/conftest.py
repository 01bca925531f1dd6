"""A line of 1,00,000 rupees on 1 January 2026."""

from datetime import date

import pytest

from lms.models import CreditLine
from tests.factories.lines import make_line
from tests.factories.lms import set_business_date


@pytest.fixture
def line(db: None) -> CreditLine:
    """Return a line at 24 %, valid until the end of 2026; the books are on 1 January 2026."""
    set_business_date(date(2026, 1, 1))
    return make_line()
