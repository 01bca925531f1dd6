"""The diary names the instalment and the loan that cause a class, down to non-performing and back."""

from datetime import date
from typing import Any

import pytest

from ledger.selectors import balance_of
from lms.models import ClassificationEntry, Loan
from lms.services.day_end import day_end_run
from tests.factories.book import receive
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date

pytestmark = pytest.mark.django_db


def diary(loan: Loan) -> list[tuple[str, str, str, int | None, date | None]]:
    """Return day, class, causing loan, causing instalment and its due date, in the order of writing."""
    rows = ClassificationEntry.objects.filter(loan=loan).order_by("on_date", "pk")
    return [
        (f"{row.on_date:%d %b}", row.asset_class, row.caused_by.number, row.cause_instalment, row.cause_due_date)
        for row in rows.select_related("caused_by")
    ]


@pytest.fixture
def loans() -> tuple[Loan, Loan]:
    """Two loans of a borrower: the first instalment of the one is due on 31 March, that of the other in December."""
    set_business_date(date(2026, 3, 30))
    version, customer = make_version(terms={}), make_customer()
    lent: dict[str, Any] = {"sanctioned_on": date(2026, 3, 30), "value_date": date(2026, 3, 30)}
    late = make_loan(version=version, customer=customer, first_due_date=date(2026, 3, 31), **lent)
    mate = make_loan(version=version, customer=customer, first_due_date=date(2026, 12, 31), **lent)
    return late, mate


def test_diary_names_the_causing_instalment_of_the_borrower_as_one(loans: tuple[Loan, Loan]) -> None:
    late, mate = loans
    due = date(2026, 3, 31)

    day_end_run(to_date=due)
    set_business_date(date(2026, 6, 29))
    day_end_run()

    assert diary(late) == [
        ("31 Mar", "SMA_0", late.number, 1, due),
        ("29 Jun", "SUB_STANDARD", late.number, 1, due),
    ]
    assert diary(mate) == [("29 Jun", "SUB_STANDARD", late.number, 1, due)]

    # A part of the arrears brings days past due down, and nothing else.
    late.refresh_from_db()
    receive(late, 11_400_00, date(2026, 6, 30))
    day_end_run()
    late.refresh_from_db()
    assert (late.days_past_due, late.asset_class) == (62, "SUB_STANDARD")
    # Interest goes on for the borrower's statement and is no income of the lender's.
    assert balance_of(product_code="PL", role="INTEREST_SUSPENSE") < 0
    before = balance_of(product_code="PL", role="INTEREST_INCOME")
    owed = late.interest_outstanding_paise
    day_end_run()
    late.refresh_from_db()
    assert late.interest_outstanding_paise - owed == 53_03
    assert balance_of(product_code="PL", role="INTEREST_INCOME") == before

    # Every arrear of every loan paid: both are standard again.
    receive(late, late.overdue_paise, date(2026, 7, 2))
    day_end_run()
    assert [diary(loan)[-1][:3] for loan in loans] == [
        ("02 Jul", "STANDARD", late.number),
        ("02 Jul", "STANDARD", mate.number),
    ]
    assert balance_of(product_code="PL", role="INTEREST_SUSPENSE") == 0
