"""Part of a claim taken for the whole."""

from datetime import date
from typing import Any

import pytest

from lms.models import Loan, LoanFact
from lms.services.settlements import settlement_post
from tests.factories.book import assert_verified, balances, legs, levy, owed, paid_parts, receive, refused, reverse
from tests.factories.lms import next_key, set_business_date

LENT = date(2026, 1, 1)
MARCH = date(2026, 3, 10)
# 1,20,000 lent and 68 nights of interest.
DEBT = 1_25_093_86


@pytest.fixture
def overdue(loan: Loan) -> Loan:
    """Return the loan on 10 March, two instalments unpaid."""
    set_business_date(MARCH)
    return loan


def settle(loan: Loan, amount_paise: int, value_date: date = MARCH, **options: Any) -> LoanFact:
    """Settle a loan, and read it anew."""
    values = {"reason": "Compromise", "reference": next_key("UTR"), "idempotency_key": next_key("settle"), **options}
    fact = settlement_post(loan_id=loan.pk, amount_paise=amount_paise, value_date=value_date, **values)
    loan.refresh_from_db()
    return fact


def test_the_rest_is_given_up_and_the_loan_ends(overdue: Loan) -> None:
    fact = settle(overdue, 80_000_00)

    assert (overdue.status, overdue.closed_on, owed(overdue)) == ("SETTLED", MARCH, {})
    assert sum(legs(fact)[pair] for pair in legs(fact) if pair[0] == "1010") == 80_000_00
    assert balances()["WAIVER_EXPENSE"] == DEBT - 80_000_00
    assert balances().keys() == {"BANK", "INTEREST_INCOME", "WAIVER_EXPENSE"}
    assert_verified(overdue)


def test_excess_held_is_used_before_the_rest_is_given_up(loan: Loan) -> None:
    receive(loan, 5_000_00, LENT)
    set_business_date(date(2026, 1, 15))

    settle(loan, 1_00_000_00, date(2026, 1, 15))

    # 14 nights at 78.9041.
    assert balances()["WAIVER_EXPENSE"] == 1_20_000_00 + 1_104_66 - 5_000_00 - 1_00_000_00
    assert owed(loan) == {}
    assert_verified(loan)


def test_charges_and_penal_are_part_of_the_debt(overdue: Loan) -> None:
    levy(overdue, "STATEMENT", MARCH)

    settle(overdue, DEBT)

    assert balances()["WAIVER_EXPENSE"] == 118_00
    assert_verified(overdue)


@pytest.mark.parametrize("amount_paise", [DEBT, DEBT + 1])
def test_settlement_that_gives_nothing_up_is_refused(overdue: Loan, amount_paise: int) -> None:
    with refused("lms.settlement_not_below_debt") as caught:
        settle(overdue, amount_paise)

    assert f"{DEBT} paise are owed" in caught.value.message


def test_one_paisa_below_the_debt_is_a_settlement(overdue: Loan) -> None:
    settle(overdue, DEBT - 1)

    assert balances()["WAIVER_EXPENSE"] == 1


def test_settlement_needs_reason_reference_and_amount(overdue: Loan) -> None:
    with refused("lms.reason_missing"):
        settle(overdue, 80_000_00, reason="")
    with refused("lms.reference_missing"):
        settle(overdue, 80_000_00, reference=" ")
    with refused("lms.amount_not_positive"):
        settle(overdue, 0)


def test_settled_loan_takes_nothing_more(overdue: Loan) -> None:
    settle(overdue, 80_000_00)

    with refused("lms.loan_closed"):
        settle(overdue, 1_00)
    with refused("lms.loan_closed"):
        receive(overdue, 1_00, MARCH)


def test_bank_reference_is_credited_once(overdue: Loan) -> None:
    receive(overdue, 1_000_00, MARCH, reference="UTR-S")

    with refused("lms.reference_reused"):
        settle(overdue, 80_000_00, reference="UTR-S")


def test_same_key_settles_once(overdue: Loan) -> None:
    first = settle(overdue, 80_000_00, reference="UTR-1", idempotency_key="once")

    assert settle(overdue, 80_000_00, reference="UTR-1", idempotency_key="once") == first
    assert overdue.facts.count() == 2


def test_reversed_settlement_brings_the_debt_back(overdue: Loan) -> None:
    receive(overdue, 1_000_00, MARCH)
    before = (owed(overdue), balances())
    fact = settle(overdue, 80_000_00)
    assert paid_parts(overdue, fact.sequence)

    reverse(overdue, fact.sequence)

    assert (owed(overdue), balances(), overdue.status) == (*before, "ACTIVE")
    assert_verified(overdue)
