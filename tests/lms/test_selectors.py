"""Questions to the book: two clocks, the statement, postings and the diary."""

from datetime import date, timedelta

import pytest

from lms.models import Loan
from lms.selectors import (
    loan_accruals,
    loan_diary,
    loan_facts,
    loan_postings,
    loan_state_as_of,
    loan_statement,
)
from lms.services.day_end import day_end_run
from tests.factories.book import bounce, levy, receive, reverse
from tests.factories.lms import make_loan, set_business_date

LENT = date(2026, 1, 1)
DUE = date(2026, 2, 1)


@pytest.fixture
def loan(db: None) -> Loan:
    """Return a loan lent on 1 January whose first instalment was paid in two parts, one of them reversed."""
    set_business_date(LENT)
    loan = make_loan()
    set_business_date(date(2026, 2, 10))
    wrong = receive(loan, 5_000_00, DUE)
    reverse(loan, wrong.sequence)
    receive(loan, 2_000_00, DUE)
    receive(loan, 10_000_00, date(2026, 2, 5))
    return loan


def test_state_as_of_an_earlier_day_leaves_later_entries_out(loan: Loan) -> None:
    assert loan_state_as_of(loan=loan, as_of=date(2026, 2, 4)).overdue.total == 9_348_00
    assert loan_state_as_of(loan=loan, as_of=date(2026, 2, 5)).overdue.total == 0
    assert loan_state_as_of(loan=loan, as_of=date(2026, 2, 5)).excess_paise == 652_00


def test_state_as_known_at_an_instant_leaves_later_knowledge_out(loan: Loan) -> None:
    before_reversal = loan.facts.get(sequence=2).recorded_at

    state = loan_state_as_of(loan=loan, as_of=DUE, known_at=before_reversal)

    assert state.overdue.total == 6_348_00
    assert [fact.sequence for fact in loan_facts(loan=loan, known_at=before_reversal)] == [1, 2]


def test_state_before_the_disbursal_is_sanctioned(loan: Loan) -> None:
    assert loan_state_as_of(loan=loan, as_of=date(2025, 12, 31)).status == "SANCTIONED"


def test_statement_shows_entries_that_stand_with_their_parts_and_balance(loan: Loan) -> None:
    lines = loan_statement(loan=loan, to_date=date(2026, 2, 10))

    assert [(line.kind.value, line.sequence, line.amount_paise) for line in lines] == [
        ("DISBURSE", 1, 1_20_000_00),
        ("RECEIVE", 4, 2_000_00),
        ("RECEIVE", 5, 10_000_00),
    ]
    assert (lines[1].interest_paise, lines[1].principal_paise) == (2_000_00, 0)
    assert (lines[2].interest_paise, lines[2].principal_paise, lines[2].excess_paise) == (446_03, 8_901_97, 652_00)
    # 1,20,000.00 with the interest of January and of the night of 1 February, less 2,000.00.
    assert lines[1].balance_paise == 1_20_000_00 + 2_446_03 + 73_05 - 2_000_00
    assert lines[2].balance_paise == 1_11_098_03 + 365_25 - 652_00


def test_statement_of_a_span_has_only_its_entries(loan: Loan) -> None:
    lines = loan_statement(loan=loan, from_date=date(2026, 2, 2), to_date=date(2026, 2, 10))

    assert [line.sequence for line in lines] == [5]


def test_money_held_shows_in_the_statement_where_it_went(db: None) -> None:
    set_business_date(LENT)
    loan = make_loan()
    receive(loan, 12_000_00, LENT)
    set_business_date(DUE)
    levy(loan, "STATEMENT", DUE)

    line = loan_statement(loan=loan, to_date=DUE)[1]

    assert (line.interest_paise, line.principal_paise) == (2_446_03, 8_901_97)
    assert (line.fee_paise, line.tax_paise, line.excess_paise) == (100_00, 18_00, 534_00)


def test_statement_that_ends_before_a_return_shows_the_payment_that_still_stood(db: None) -> None:
    set_business_date(DUE)
    loan = make_loan()
    receipt = receive(loan, 11_348_00, DUE)
    set_business_date(DUE + timedelta(days=2))
    bounce(loan, DUE + timedelta(days=2), receipt_sequence=receipt.sequence)

    before = loan_statement(loan=loan, to_date=DUE)
    after = loan_statement(loan=loan, to_date=DUE + timedelta(days=2))

    assert [line.kind for line in before] == ["DISBURSE", "RECEIVE"]
    assert [line.kind for line in after] == ["DISBURSE", "BOUNCE"]


def test_postings_accruals_and_diary_of_a_loan(db: None) -> None:
    set_business_date(LENT)
    loan = make_loan()
    day_end_run(to_date=DUE)

    assert [journal.event for journal in loan_postings(loan=loan)] == ["DISBURSE"]
    # The night of 1 January was booked with the disbursal; 31 nights came from the day-end.
    accruals = list(loan_accruals(loan=loan))
    assert (len(accruals), accruals[0].booked_on, accruals[0].amount_paise) == (31, DUE, 73_05)
    assert [(entry.on_date, entry.asset_class, entry.caused_by) for entry in loan_diary(loan=loan)] == [
        (DUE, "SMA_0", loan)
    ]
