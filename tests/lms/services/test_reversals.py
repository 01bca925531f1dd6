"""Reversals: what they undo, what they book, and what cannot be reversed."""

from datetime import date

from ledger.models import Journal
from lms.models import Loan, LoanFact
from tests.factories.book import assert_verified, balances, legs, levy, owed, receive, refused, reverse
from tests.factories.lms import set_business_date

FIRST_DUE = date(2026, 2, 1)


def test_reversed_receipt_leaves_no_trace_in_balances(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    fact = receive(loan, 12_000_00, FIRST_DUE)

    reversal = reverse(loan, fact.sequence)

    assert owed(loan) == {"principal": 1_20_000_00, "interest": 2_446_03 + 73_05, "overdue": 11_348_00}
    assert balances() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 2_519_08,
        "INTEREST_INCOME": -2_519_08,
    }
    assert legs(reversal) == {("1120", "1010"): 2_446_03, ("1110", "1010"): 8_901_97, ("2110", "1010"): 652_00}
    assert_verified(loan)


def test_reversal_is_dated_like_the_entry_and_booked_today(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    fact = receive(loan, 12_000_00, FIRST_DUE)
    set_business_date(date(2026, 2, 20))

    reversal = reverse(loan, fact.sequence)

    journal = Journal.objects.get(idempotency_key=f"lms.fact:{reversal.pk}")
    assert (reversal.value_date, reversal.recorded_on) == (FIRST_DUE, date(2026, 2, 20))
    assert (journal.value_date, journal.booked_on) == (FIRST_DUE, date(2026, 2, 20))
    assert loan.days_past_due == 19
    assert_verified(loan)


def test_reversal_keeps_the_reason_and_the_first_entry_untouched(loan: Loan) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1))
    before = LoanFact.objects.filter(pk=fact.pk).values("kind", "amount_paise", "reference", "content_hash").get()

    reversal = reverse(loan, fact.sequence, reason="Cheque of another customer")

    assert reversal.reason == "Cheque of another customer"
    assert LoanFact.objects.filter(pk=fact.pk).values(*before).get() == before


def test_second_call_with_the_same_key_returns_the_first_reversal(loan: Loan) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1))

    first = reverse(loan, fact.sequence, idempotency_key="once")
    second = reverse(loan, fact.sequence, idempotency_key="once")

    assert second == first
    assert LoanFact.objects.filter(loan=loan).count() == 3


def test_reversed_overpayment_leaves_the_instalment_overdue(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    fact = receive(loan, 10_00_000_00, FIRST_DUE)
    assert loan.overdue_paise == 0

    reverse(loan, fact.sequence)

    assert loan.overdue_paise == 11_348_00
    assert_verified(loan)


def test_reversed_charge_is_no_longer_owed(loan: Loan) -> None:
    fact = levy(loan, "STATEMENT", date(2026, 1, 1))
    assert (loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (100_00, 18_00)

    reverse(loan, fact.sequence)

    assert (loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (0, 0)
    assert "FEE_INCOME" not in balances()
    assert "GST_PAYABLE" not in balances()
    assert_verified(loan)


def test_unknown_entry_is_refused(loan: Loan) -> None:
    with refused("lms.fact_unknown"):
        reverse(loan, 9)


def test_reversal_of_a_reversal_is_refused(loan: Loan) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1))
    reversal = reverse(loan, fact.sequence)

    with refused("lms.reversal_of_reversal"):
        reverse(loan, reversal.sequence)


def test_entry_that_is_reversed_already_is_refused(loan: Loan) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1))
    reverse(loan, fact.sequence)

    with refused("lms.fact_already_reversed"):
        reverse(loan, fact.sequence)


def test_reversal_without_a_reason_is_refused(loan: Loan) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1))

    with refused("lms.reason_missing"):
        reverse(loan, fact.sequence, reason="  ")


def test_key_of_another_act_is_refused(loan: Loan) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1), idempotency_key="once")

    with refused("lms.idempotency_key_reused"):
        reverse(loan, fact.sequence, idempotency_key="once")
