"""Loans taken off the books: the loss, the class, what is recovered, and the way back."""

from datetime import date
from typing import Any

import pytest

from core.models import AuditEntry
from ledger.checks import ledger_check
from lms.models import ClassificationEntry, Loan, LoanFact
from lms.services.day_end import day_end_run
from lms.services.foreclosures import foreclosure_quote
from lms.services.write_offs import loan_write_off, recovery_post
from tests.factories.book import assert_verified, balances, legs, levy, owed, receive, refused, reverse
from tests.factories.lms import make_loan, next_key, set_business_date

LENT = date(2026, 1, 1)
# The instalment of 1 February is 91 days past due at the day-end of 2 May.
NPA_DAY = date(2026, 5, 3)
OFF_DAY = date(2026, 5, 4)
MARCH = date(2026, 3, 10)


def write_off(loan: Loan, value_date: date, *, reason: str = "Borrower cannot be found") -> LoanFact:
    """Write a loan off as a technical matter, and read it anew."""
    fact = loan_write_off(
        loan_id=loan.pk, value_date=value_date, is_technical=True, reason=reason, idempotency_key=next_key("off")
    )
    loan.refresh_from_db()
    return fact


def recover(loan: Loan, amount_paise: int, value_date: date, *, reference: str = "") -> LoanFact:
    """Post a recovery, and read the loan anew."""
    fact = recovery_post(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=value_date,
        reference=reference or next_key("UTR"),
        idempotency_key=next_key("recover"),
    )
    loan.refresh_from_db()
    return fact


def diary(loan: Loan) -> list[tuple[str, str, str, int | None]]:
    """List what the diary says: date, class before, class after, entry."""
    rows = ClassificationEntry.objects.filter(loan=loan).order_by("pk")
    return [(row.on_date.isoformat(), row.previous_class, row.asset_class, row.fact_sequence) for row in rows]


def test_everything_owed_leaves_the_books_as_a_loss(loan: Loan) -> None:
    set_business_date(MARCH)
    levy(loan, "STATEMENT", MARCH)
    debt = foreclosure_quote(loan=loan, on_date=MARCH)

    fact = write_off(loan, MARCH)

    assert (loan.status, loan.closed_on, owed(loan)) == ("WRITTEN_OFF", MARCH, {})
    assert fact.details == {"is_technical": True}
    # 1,20,000 lent, 68 nights of interest, and a fee of 100 with its tax.
    assert balances()["WRITE_OFF_EXPENSE"] == 1_20_000_00 + debt.interest_paise + 118_00 == 1_25_211_86
    assert balances().keys() == {"BANK", "WRITE_OFF_EXPENSE", "INTEREST_INCOME", "FEE_INCOME", "GST_PAYABLE"}
    assert_verified(loan)


def test_written_off_loan_is_a_loss_at_once_and_the_diary_says_why(loan: Loan) -> None:
    set_business_date(MARCH)
    write_off(loan, MARCH)

    assert (loan.asset_class, loan.npa_since) == ("LOSS", MARCH)
    # The days since February were closed with the act; the class of that day-end comes first.
    assert diary(loan) == [("2026-03-09", "STANDARD", "SMA_1", None), ("2026-03-10", "SMA_1", "LOSS", 2)]


def test_suspended_interest_leaves_suspense_against_the_receivable_and_not_through_income(loan: Loan) -> None:
    set_business_date(OFF_DAY)
    levy(loan, "STATEMENT", NPA_DAY)
    suspended = loan.interest_outstanding_paise
    assert loan.booked["SUSPENDED:INTEREST"] == suspended

    fact = write_off(loan, OFF_DAY)

    # What was never received was no income and is no loss; the tax on the fee is owed to the State all the same.
    assert balances() == {
        "BANK": -1_20_000_00,
        "WRITE_OFF_EXPENSE": 1_20_000_00 + 18_00,
        "GST_PAYABLE": -18_00,
    }
    assert legs(fact) == {
        ("5120", "1110"): 1_20_000_00,
        ("5120", "1130"): 18_00,
        ("1220", "1120"): suspended,
        ("1230", "1130"): 100_00,
    }
    assert loan.npa_since == date(2026, 5, 2)
    assert_verified(loan)
    assert ledger_check().is_held


def test_reversed_write_off_of_a_non_performing_loan_puts_its_income_back_into_suspense(loan: Loan) -> None:
    set_business_date(OFF_DAY)
    levy(loan, "STATEMENT", OFF_DAY)
    before = (owed(loan), loan.asset_class, loan.npa_since, balances(), loan.booked)
    fact = write_off(loan, OFF_DAY)

    reverse(loan, fact.sequence)

    assert (owed(loan), loan.asset_class, loan.npa_since, balances(), loan.booked) == before
    assert_verified(loan)


def test_claim_after_a_write_off_from_suspense_is_all_that_was_owed(loan: Loan) -> None:
    set_business_date(OFF_DAY)
    levy(loan, "STATEMENT", NPA_DAY)
    other = make_loan(
        version=loan.product_version,
        customer=loan.customer,
        value_date=OFF_DAY,
        sanctioned_on=OFF_DAY,
        first_due_date=date(2026, 6, 4),
    )
    claim = sum(amount for name, amount in owed(loan).items() if name != "overdue")
    write_off(loan, OFF_DAY)

    recover(loan, claim - 1, OFF_DAY)
    day_end_run(to_date=OFF_DAY)

    # One paisa of the claim is left, and keeps the borrower non-performing.
    other.refresh_from_db()
    assert other.asset_class == "SUB_STANDARD"
    recover(loan, 1, date(2026, 5, 5))
    day_end_run(to_date=date(2026, 5, 5))
    other.refresh_from_db()
    assert other.asset_class == "STANDARD"
    assert_verified(loan)


def test_recovery_is_income_and_reduces_the_claim(loan: Loan) -> None:
    set_business_date(MARCH)
    write_off(loan, MARCH)

    fact = recover(loan, 20_000_00, MARCH)

    assert legs(fact).keys() == {("1010", "4140")}
    assert balances()["RECOVERY_INCOME"] == -20_000_00
    assert_verified(loan)


def test_recovery_above_the_claim_is_refused_with_what_is_left(loan: Loan) -> None:
    set_business_date(LENT)
    write_off(loan, LENT)
    recover(loan, 1_00_000_00, LENT)

    with refused("lms.recovery_above_claim") as caught:
        recover(loan, 20_000_01, LENT)

    assert "2000000 paise" in caught.value.message


def test_recovery_on_a_running_loan_is_refused(loan: Loan) -> None:
    with refused("lms.loan_not_written_off"):
        recover(loan, 1_000_00, LENT)


def test_recovery_before_the_write_off_is_refused(loan: Loan) -> None:
    set_business_date(MARCH)
    write_off(loan, MARCH)

    with refused("lms.recovery_before_write_off"):
        recover(loan, 1_000_00, date(2026, 3, 9))


def test_recovery_is_credited_once(loan: Loan) -> None:
    write_off(loan, LENT)
    recover(loan, 1_000_00, LENT, reference="UTR-R")

    with refused("lms.reference_reused"):
        recover(loan, 2_000_00, LENT, reference="UTR-R")


def test_receipt_on_a_written_off_loan_is_refused(loan: Loan) -> None:
    write_off(loan, LENT)

    with refused("lms.loan_closed"):
        receive(loan, 1_000_00, LENT)


def test_second_write_off_is_refused(loan: Loan) -> None:
    write_off(loan, LENT)

    with refused("lms.loan_closed"):
        write_off(loan, LENT)


def test_write_off_needs_a_reason_and_a_day_that_has_come(loan: Loan) -> None:
    with refused("lms.reason_missing"):
        write_off(loan, LENT, reason="")
    with refused("lms.value_date_in_future"):
        write_off(loan, MARCH)


def test_same_key_gives_the_first_write_off_and_other_content_is_refused(loan: Loan) -> None:
    values: dict[str, Any] = {"loan_id": loan.pk, "value_date": LENT, "reason": "Lost", "idempotency_key": "once"}
    first = loan_write_off(**values, is_technical=True)

    assert loan_write_off(**values, is_technical=True) == first
    assert AuditEntry.objects.filter(action="lms.loan_write_off").count() == 1
    with refused("lms.idempotency_key_reused"):
        loan_write_off(**values, is_technical=False)


def test_reversed_write_off_brings_debt_class_and_books_back(loan: Loan) -> None:
    set_business_date(MARCH)
    levy(loan, "STATEMENT", MARCH)
    before = (owed(loan), loan.asset_class, loan.npa_since, balances())
    fact = write_off(loan, MARCH)

    reverse(loan, fact.sequence)

    assert (owed(loan), loan.asset_class, loan.npa_since, balances()) == before
    assert loan.status == "ACTIVE"
    assert diary(loan)[-1] == ("2026-03-10", "LOSS", "SMA_1", 4)
    assert_verified(loan)


def test_written_off_claim_makes_the_other_loan_non_performing_at_the_day_end(loan: Loan) -> None:
    other = make_loan(version=loan.product_version, customer=loan.customer)
    write_off(loan, LENT)

    day_end_run(to_date=LENT)

    other.refresh_from_db()
    assert (other.asset_class, other.npa_since) == ("SUB_STANDARD", LENT)
    assert other.classification_entries.get().caused_by == loan


@pytest.mark.parametrize(("day", "loss"), [(date(2026, 2, 15), 1_23_468_74), (MARCH, 1_25_093_86)])
def test_back_dated_write_off_takes_the_debt_of_its_day(loan: Loan, day: date, loss: int) -> None:
    set_business_date(MARCH)

    write_off(loan, day)

    # 31 nights on 1,20,000 and 14 on 1,11,098.03 at 24 % up to 15 February.
    assert balances()["WRITE_OFF_EXPENSE"] == loss
    assert_verified(loan)
