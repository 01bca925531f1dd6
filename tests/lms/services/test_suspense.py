"""Income of a non-performing loan: out of income when the class falls, back when it is received."""

from datetime import date

import pytest

from lms.engine.terms import Component
from lms.models import Loan
from lms.services.positions import movements_between, suspended_added
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified, balances, legs, levy, receive, reverse
from tests.factories.lms import set_business_date

# The instalment of 1 February is 91 days past due at the day-end of 2 May.
NPA_DAY = date(2026, 5, 3)


@pytest.fixture
def npa(loan: Loan) -> Loan:
    """Return the loan as non-performing; a statement fee of 118 with tax is what made the day close it."""
    set_business_date(NPA_DAY)
    levy(loan, "STATEMENT", NPA_DAY)
    return loan


def _suspended(loan: Loan) -> dict[str, int]:
    return {key: amount for key, amount in loan.booked.items() if key.startswith("SUSPENDED")}


def test_everything_earned_and_not_received_is_in_suspense(npa: Loan) -> None:
    assert npa.asset_class == "SUB_STANDARD"
    assert _suspended(npa) == {
        "SUSPENDED:INTEREST": npa.interest_outstanding_paise,
        "SUSPENDED:FEE": 100_00,
    }
    book = balances()
    assert book["INTEREST_SUSPENSE"] == -npa.interest_outstanding_paise
    assert book["INTEREST_RECEIVABLE"] == npa.interest_outstanding_paise
    assert "INTEREST_INCOME" not in book
    assert "FEE_INCOME" not in book
    # The tax is owed to the State whatever the borrower does.
    assert book["GST_PAYABLE"] == -18_00
    assert_verified(npa)


def test_received_interest_becomes_income(npa: Loan) -> None:
    before = npa.interest_outstanding_paise

    fact = receive(npa, 1_000_00, NPA_DAY)

    assert legs(fact) == {("1010", "1120"): 1_000_00, ("1220", "4110"): 1_000_00}
    assert _suspended(npa)["SUSPENDED:INTEREST"] == before - 1_000_00
    assert balances()["INTEREST_INCOME"] == -1_000_00
    assert_verified(npa)


def test_reversed_receipt_puts_the_income_back_into_suspense(npa: Loan) -> None:
    before = balances()
    fact = receive(npa, 1_000_00, NPA_DAY)

    reverse(npa, fact.sequence)

    assert balances() == before
    assert_verified(npa)


def test_waived_interest_leaves_suspense_without_passing_through_income_net(npa: Loan) -> None:
    waiver_grant(
        loan_id=npa.pk,
        component=Component.INTEREST,
        amount_paise=500_00,
        value_date=NPA_DAY,
        reason="Compromise",
        idempotency_key="waive",
    )

    book = balances()
    assert book["WAIVER_EXPENSE"] + book["INTEREST_INCOME"] == 0
    assert_verified(npa)


@pytest.mark.parametrize(
    ("totals", "suspended"),
    [
        ({"ACCRUED:INTEREST": 100}, 100),
        ({"ACCRUED:INTEREST": 100, "RECEIVED:INTEREST": 30, "APPLIED:INTEREST": 10, "WAIVED:INTEREST": 5}, 55),
        ({"ACCRUED:INTEREST": 100, "CAPITALISED:INTEREST": 40, "WRITTEN_OFF:INTEREST": 60}, None),
        ({"ACCRUED:INTEREST": 100, "RECEIVED:INTEREST": 120}, None),
        # Arrears that came with the loan were never income here, and are paid first.
        ({"TAKEN_OVER:INTEREST": 70, "ACCRUED:INTEREST": 100, "RECEIVED:INTEREST": 70}, 100),
        ({"TAKEN_OVER:INTEREST": 70, "ACCRUED:INTEREST": 100, "RECEIVED:INTEREST": 50}, 100),
        ({"TAKEN_OVER:INTEREST": 70, "ACCRUED:INTEREST": 100, "RECEIVED:INTEREST": 90}, 80),
    ],
)
def test_suspense_is_the_income_not_yet_received(totals: dict[str, int], suspended: int | None) -> None:
    assert suspended_added(totals=totals).get("SUSPENDED:INTEREST") == suspended


def test_differences_name_every_movement_once_with_its_sign() -> None:
    moved = movements_between(before={"A:B": 5, "C:D": 7}, after={"A:B": 9, "E:F": 1})

    assert [(item.movement, item.head, item.amount_paise) for item in moved] == [
        ("A", "B", 4),
        ("C", "D", -7),
        ("E", "F", 1),
    ]
