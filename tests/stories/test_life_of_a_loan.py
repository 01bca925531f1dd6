"""A personal loan of 30,000 rupees from sanction to closure, every balance after every step."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ledger.selectors import trial_balance
from lms.engine.terms import Component
from lms.models import Loan
from lms.services.day_end import day_end_run
from lms.services.loans import loan_disburse
from lms.services.refunds import refund_post
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified, balances, bounce, levy, owed, paid_parts, receive
from tests.factories.lms import make_sanctioned_loan, set_business_date

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)


def _go_to(day: date) -> None:
    """Close every day before `day`."""
    day_end_run(to_date=day - timedelta(days=1))


def _close(loan: Loan, day: date) -> None:
    _go_to(day)
    loan.refresh_from_db()


def test_a_loan_from_sanction_to_closure() -> None:
    loan = _sanctioned()
    _money_goes_out(loan)
    _processing_fee_is_paid(loan)
    _first_instalment_comes_by_mandate(loan)
    _second_mandate_comes_back_unpaid(loan)
    _borrower_pays_at_the_counter(loan)
    _last_instalment_is_overpaid(loan)
    _excess_goes_back(loan)
    _closed_loan_is_left_alone(loan)


def _sanctioned() -> Loan:
    # Sanction: 30,000 at 18 % in three instalments. No money moves.
    set_business_date(LENT)
    loan = make_sanctioned_loan(principal_paise=30_000_00, annual_rate_pct=Decimal(18), instalment_count=3)
    assert (loan.status, loan.undrawn_paise, owed(loan), balances()) == ("SANCTIONED", 30_000_00, {}, {})
    return loan


def _money_goes_out(loan: Loan) -> None:
    # Disbursal: principal against bank; the night of 1 January earns 14.79.
    loan_disburse(
        loan_id=loan.pk, amount_paise=30_000_00, value_date=LENT, reference="NEFT-OUT-1", idempotency_key="disburse"
    )
    loan.refresh_from_db()
    assert (loan.status, loan.instalment_paise, loan.next_due_date) == ("ACTIVE", 10_302_00, date(2026, 2, 1))
    assert owed(loan) == {"principal": 30_000_00, "interest": 14_79}
    assert balances() == {
        "BANK": -30_000_00,
        "LOAN_PRINCIPAL": 30_000_00,
        "INTEREST_RECEIVABLE": 14_79,
        "INTEREST_INCOME": -14_79,
    }


def _processing_fee_is_paid(loan: Loan) -> None:
    # The processing fee of 2 % with 18 % GST is levied and paid the same day.
    levy(loan, "PROCESSING", LENT)
    assert owed(loan) == {"principal": 30_000_00, "interest": 14_79, "fee": 600_00, "tax": 108_00, "overdue": 708_00}
    fee = receive(loan, 708_00, LENT, channel="UPI")
    assert paid_parts(loan, fee.sequence) == [("FEE", 600_00), ("TAX", 108_00)]
    assert owed(loan) == {"principal": 30_000_00, "interest": 14_79}
    assert balances() == {
        "BANK": -29_292_00,
        "LOAN_PRINCIPAL": 30_000_00,
        "INTEREST_RECEIVABLE": 14_79,
        "INTEREST_INCOME": -14_79,
        "FEE_INCOME": -600_00,
        "GST_PAYABLE": -108_00,
    }
    assert_verified(loan)


def _first_instalment_comes_by_mandate(loan: Loan) -> None:
    # January passes night by night: 31 nights earn 458.63.
    _close(loan, date(2026, 2, 1))
    assert (loan.closed_upto, loan.overdue_paise) == (date(2026, 1, 31), 0)
    assert owed(loan) == {"principal": 30_000_00, "interest": 458_63}
    assert balances()["INTEREST_INCOME"] == -458_63
    assert_verified(loan)

    # First instalment by mandate, on the day. Its own night earns 9.94 on 20,156.63.
    first = receive(loan, 10_302_00, date(2026, 2, 1), channel="NACH")
    assert paid_parts(loan, first.sequence) == [("INTEREST", 458_63), ("PRINCIPAL", 9_843_37)]
    assert owed(loan) == {"principal": 20_156_63, "interest": 9_94}
    assert balances() == {
        "BANK": -18_990_00,
        "LOAN_PRINCIPAL": 20_156_63,
        "INTEREST_RECEIVABLE": 9_94,
        "INTEREST_INCOME": -468_57,
        "FEE_INCOME": -600_00,
        "GST_PAYABLE": -108_00,
    }
    assert_verified(loan)


def _second_mandate_comes_back_unpaid(loan: Loan) -> None:
    # Second instalment: the mandate comes back unpaid on 2 March; the loan is two days past due.
    _close(loan, date(2026, 3, 2))
    assert (loan.overdue_paise, loan.days_past_due, loan.asset_class) == (10_302_00, 1, "SMA_0")
    bounce(loan, date(2026, 3, 2), reason_code="01")
    assert (loan.overdue_paise, loan.days_past_due) == (10_892_00, 2)
    # 278.33 of February are due, two nights on 10,132.96 are earned.
    assert owed(loan) == {
        "principal": 20_156_63,
        "interest": 278_33 + 9_99,
        "fee": 500_00,
        "tax": 90_00,
        "overdue": 10_892_00,
    }
    assert_verified(loan)


def _borrower_pays_at_the_counter(loan: Loan) -> None:
    # The borrower pays the instalment at the counter on 5 March; the lender waives the bounce charge with its tax.
    _close(loan, date(2026, 3, 5))
    second = receive(loan, 10_302_00, date(2026, 3, 5), channel="CASH")
    assert paid_parts(loan, second.sequence) == [("INTEREST", 278_33), ("PRINCIPAL", 10_023_67)]
    waiver_grant(
        loan_id=loan.pk,
        component=Component.FEE,
        amount_paise=500_00,
        value_date=date(2026, 3, 5),
        reason="First bounce, goodwill",
        idempotency_key="waive-bounce",
    )
    loan.refresh_from_db()
    assert (loan.overdue_paise, loan.days_past_due) == (0, 0)
    # Five nights on 10,132.96.
    assert owed(loan) == {"principal": 10_132_96, "interest": 24_99}
    assert balances() == {
        "BANK": -8_688_00,
        "LOAN_PRINCIPAL": 10_132_96,
        "INTEREST_RECEIVABLE": 24_99,
        "INTEREST_INCOME": -(458_63 + 278_33 + 24_99),
        "FEE_INCOME": -1_100_00,
        "GST_PAYABLE": -198_00,
        "WAIVER_EXPENSE": 590_00,
    }
    assert_verified(loan)


def _last_instalment_is_overpaid(loan: Loan) -> None:
    # The day-end lets the borrower be standard again.
    _close(loan, date(2026, 3, 6))
    assert loan.asset_class == "STANDARD"

    # Last instalment of 10,287.87, paid with a round 10,300: the loan closes, 12.13 are held.
    _close(loan, date(2026, 4, 1))
    last = receive(loan, 10_300_00, date(2026, 4, 1), channel="UPI")
    assert paid_parts(loan, last.sequence) == [("INTEREST", 154_91), ("PRINCIPAL", 10_132_96), ("EXCESS", 12_13)]
    assert (loan.status, loan.closed_on, loan.next_due_date) == ("CLOSED", date(2026, 4, 1), None)
    assert owed(loan) == {"excess": 12_13}
    assert balances() == {
        "BANK": 1_612_00,
        "EXCESS": -12_13,
        "INTEREST_INCOME": -891_87,
        "FEE_INCOME": -1_100_00,
        "GST_PAYABLE": -198_00,
        "WAIVER_EXPENSE": 590_00,
    }
    assert_verified(loan)


def _excess_goes_back(loan: Loan) -> None:
    # The excess goes back; what is left in the bank is what was earned, and the tax.
    refund_post(
        loan_id=loan.pk,
        amount_paise=12_13,
        value_date=date(2026, 4, 1),
        reference="IMPS-OUT-1",
        reason="Overpaid",
        idempotency_key="refund",
    )
    loan.refresh_from_db()
    assert (loan.status, owed(loan)) == ("CLOSED", {})
    assert balances() == {
        "BANK": 1_599_87,
        "INTEREST_INCOME": -891_87,
        "FEE_INCOME": -1_100_00,
        "GST_PAYABLE": -198_00,
        "WAIVER_EXPENSE": 590_00,
    }
    assert_verified(loan)


def _closed_loan_is_left_alone(loan: Loan) -> None:
    # Later day-ends leave a closed loan alone.
    _close(loan, date(2026, 4, 5))
    assert (loan.status, loan.as_of) == ("CLOSED", date(2026, 4, 1))
    assert trial_balance().debit_total_paise == 2_189_87
    assert_verified(loan)
