"""A new rate on a running loan: instalments worked out anew, or a new tenor."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lms.engine.facts import PrepaymentEffect
from lms.models import Instalment, Loan, LoanFact
from lms.services.rates import rate_change
from tests.factories.book import assert_verified, owed, receive, refused, reverse
from tests.factories.lms import next_key, set_business_date

FIRST_DUE = date(2026, 2, 1)


@pytest.fixture
def paid(loan: Loan) -> Loan:
    """Return the loan on its first due date with that instalment paid: 1,11,098.03 are left in 11 instalments."""
    set_business_date(FIRST_DUE)
    receive(loan, 11_348_00, FIRST_DUE)
    return loan


def change(loan: Loan, rate: str, value_date: date = FIRST_DUE, **options: Any) -> LoanFact:
    """Change the rate, and read the loan anew."""
    values = {"reason": "Benchmark moved", "idempotency_key": next_key("rate"), **options}
    fact = rate_change(loan_id=loan.pk, annual_rate_pct=Decimal(rate), value_date=value_date, **values)
    loan.refresh_from_db()
    return fact


def open_rows(loan: Loan) -> list[int]:
    """List what is due on each instalment that is still to come."""
    return list(
        Instalment.objects.filter(loan=loan, open_paise__gt=0).order_by("number").values_list("due_paise", flat=True)
    )


def test_lower_rate_makes_the_instalments_smaller(paid: Loan) -> None:
    change(paid, "18")

    assert paid.current_rate_pct == Decimal(18)
    assert len(open_rows(paid)) == 11
    # 1,11,098.03 at 1.5 % a month over 11 months are 11,031.35; instalments are whole rupees, rounded up.
    assert paid.instalment_paise == 11_032_00
    assert_verified(paid)


def test_higher_rate_with_the_same_instalments_adds_one(paid: Loan) -> None:
    change(paid, "36", effect=PrepaymentEffect.CUT_TENOR)

    assert paid.instalment_paise == 11_348_00
    assert len(open_rows(paid)) == 12
    assert_verified(paid)


def test_back_dated_change_moves_the_interest_of_the_nights_since(loan: Loan) -> None:
    set_business_date(date(2026, 1, 11))
    receive(loan, 1_00, date(2026, 1, 10))

    change(loan, "12", date(2026, 1, 6))

    # Five nights at 24 %, five at 12 % up to the day-end of 10 January.
    assert owed(loan)["interest"] == 591_78
    assert_verified(loan)


def test_reversed_change_brings_the_instalments_back(paid: Loan) -> None:
    before = open_rows(paid)
    fact = change(paid, "18")

    reverse(paid, fact.sequence)

    assert (open_rows(paid), paid.current_rate_pct) == (before, Decimal(24))
    assert_verified(paid)


def test_rate_that_holds_already_is_refused(paid: Loan) -> None:
    with refused("lms.rate_unchanged"):
        change(paid, "24.0000")


@pytest.mark.parametrize("rate", ["48.0001", "60"])
def test_rate_outside_the_product_is_refused(paid: Loan, rate: str) -> None:
    with refused("lms.rate_outside_product"):
        change(paid, rate)


@pytest.mark.parametrize("rate", ["-1", "18.00001", "NaN"])
def test_rate_that_is_none_is_refused(paid: Loan, rate: str) -> None:
    with refused("lms.rate_invalid"):
        change(paid, rate)


def test_change_needs_a_reason_and_a_day_that_has_come(paid: Loan) -> None:
    with refused("lms.reason_missing"):
        change(paid, "18", reason="")
    with refused("lms.value_date_in_future"):
        change(paid, "18", date(2026, 2, 2))
    with refused("lms.value_date_before_disbursal"):
        change(paid, "18", date(2025, 12, 31))


def test_same_key_changes_once(paid: Loan) -> None:
    first = change(paid, "18", idempotency_key="once")

    assert change(paid, "18", idempotency_key="once") == first
    with refused("lms.idempotency_key_reused"):
        change(paid, "19", idempotency_key="once")
