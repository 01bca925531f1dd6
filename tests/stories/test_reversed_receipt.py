"""A receipt posted to the wrong loan, found two weeks later, and posted to the right one."""

from datetime import date, timedelta

import pytest

from lms.services.day_end import day_end_run
from tests.factories.book import assert_verified, balances, owed, receive, reverse
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)
DUE = date(2026, 2, 1)
FOUND = date(2026, 2, 15)


def test_a_receipt_moves_from_the_wrong_loan_to_the_right_one() -> None:
    set_business_date(LENT)
    version = make_version()
    wrong = make_loan(version=version, customer=make_customer(full_name="Ravi Nair"))
    right = make_loan(version=version, customer=make_customer(full_name="Meena Iyer"))
    day_end_run(to_date=DUE - timedelta(days=1))

    # 1 February: the money of one borrower is credited to the other.
    misposted = receive(wrong, 11_348_00, DUE, reference="UTR-77", channel="NEFT")
    day_end_run(to_date=FOUND - timedelta(days=1))
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (wrong.days_past_due, right.days_past_due) == (0, 14)
    assert (wrong.asset_class, right.asset_class) == ("STANDARD", "SMA_0")
    book = balances()

    # 15 February: the entry is reversed, with its value date; the first borrower is past due since 1 February.
    reverse(wrong, misposted.sequence, reason="Credit of another borrower")
    assert owed(wrong)["overdue"] == 11_348_00
    assert (wrong.days_past_due, wrong.oldest_unpaid_due_date) == (14, DUE)
    assert balances()["BANK"] - book["BANK"] == -11_348_00
    assert_verified(wrong)

    # The same bank reference may now be credited where it belongs, as of the day of the credit.
    receive(right, 11_348_00, DUE, reference="UTR-77", channel="NEFT")
    assert (right.days_past_due, "overdue" in owed(right)) == (0, False)
    assert right.principal_outstanding_paise == 1_11_098_03

    # For the lender as a whole nothing changed, to the paisa.
    assert balances() == book
    assert_verified(right)

    # The next day-end classifies both by what is true.
    day_end_run(to_date=FOUND)
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (wrong.asset_class, right.asset_class) == ("SMA_0", "STANDARD")
    assert (wrong.days_past_due, right.days_past_due) == (15, 0)
    assert_verified(wrong)
    assert_verified(right)
