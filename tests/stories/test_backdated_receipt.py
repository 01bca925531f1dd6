"""A receipt that the bank reports late: the loan is as if it had come in time, the ledger gets the difference today."""

from datetime import date, timedelta

import pytest

from ledger.models import Journal
from ledger.selectors import Clock, balance_of
from lms.engine.state import Head, Movement
from lms.models import Instalment
from lms.selectors import loan_state_as_of
from lms.services.day_end import day_end_run
from tests.factories.book import assert_verified, balances, legs, owed, receive
from tests.factories.lms import make_loan, make_version, set_business_date

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)
DUE = date(2026, 2, 1)
TODAY = date(2026, 2, 20)
# A penal charge of 24 % a year on what is overdue, and overdue principal goes on bearing interest.
TERMS = {
    "penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24"},
    "has_interest_on_overdue_principal": True,
}


def test_a_receipt_of_1_february_reported_on_20_february() -> None:
    set_business_date(LENT)
    loan = make_loan(version=make_version(terms=TERMS))
    day_end_run(to_date=TODAY - timedelta(days=1))
    loan.refresh_from_db()

    # Nineteen day-ends found the first instalment of 11,348 unpaid; the borrower was SMA-0. A night costs 7.4617 of
    # penal charges on the instalment, and 5.8533 of interest on its principal of 8,901.97.
    assert (loan.days_past_due, loan.asset_class) == (19, "SMA_0")
    assert loan.penal_outstanding_paise == 141_77
    assert loan.overdue_paise == 11_348_00 + 141_77 + 111_21
    income_before = balances()["INTEREST_INCOME"]
    journals_before = set(Journal.objects.values_list("pk", flat=True))

    # The bank's report of 20 February: the money was there on 1 February.
    late = receive(loan, 11_348_00, DUE)

    # The account is as if it had been posted in time.
    assert owed(loan) == {"principal": 1_11_098_03, "interest": 1_387_96}
    assert (loan.days_past_due, loan.oldest_unpaid_due_date, loan.penal_outstanding_paise) == (0, None, 0)
    first = Instalment.objects.get(loan=loan, number=1)
    assert (first.open_paise, first.paid_on) == (0, DUE)

    # The ledger gets one journal, dated back, booked today: the difference and nothing else.
    (journal,) = Journal.objects.exclude(pk__in=journals_before)
    assert (journal.value_date, journal.booked_on) == (DUE, TODAY)
    assert legs(late) == {
        ("4130", "1140"): 141_77,
        ("4110", "1120"): 111_21,
        ("1010", "1120"): 2_446_03,
        ("1010", "1110"): 8_901_97,
    }
    assert balances()["INTEREST_INCOME"] - income_before == 111_21
    assert "PENAL_INCOME" not in balances()
    assert balance_of(product_code="PL", role="BANK", as_of=DUE) == -1_08_652_00
    assert balance_of(product_code="PL", role="BANK", as_of=DUE, clock=Clock.BOOKED_ON) == -1_20_000_00
    assert_verified(loan)

    # What the book knew before the report can still be asked for.
    known_then = loan_state_as_of(loan=loan, as_of=date(2026, 2, 19), known_at=loan.facts.get(sequence=1).recorded_at)
    assert (known_then.days_past_due, known_then.total(Movement.ACCRUED, Head.PENAL)) == (19, 141_77)
    assert loan_state_as_of(loan=loan, as_of=date(2026, 2, 19)).days_past_due == 0

    # The next day-end books one night on the lower balance, and lets the class go.
    day_end_run(to_date=TODAY)
    loan.refresh_from_db()
    assert (loan.asset_class, loan.closed_upto) == ("STANDARD", TODAY)
    assert loan.interest_outstanding_paise == 1_461_02
    assert_verified(loan)
