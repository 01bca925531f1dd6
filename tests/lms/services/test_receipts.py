"""Receipts: allocation, caches, postings, repeats and what is refused."""

from datetime import date
from typing import Any

import pytest

from core.models import AuditEntry
from ledger.models import Journal
from lms.models import Instalment, Loan, LoanFact
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.receipts import receipt_post
from tests.factories.book import assert_verified, balances, legs, owed, paid_parts, receive, refused, reverse
from tests.factories.core import make_user
from tests.factories.lms import make_sanctioned_loan, next_key, set_business_date

FIRST_DUE = date(2026, 2, 1)
RECEIPT: dict[str, Any] = {"amount_paise": 500_00, "value_date": FIRST_DUE, "reference": "UTR-1"}


def test_receipt_on_the_due_day_pays_interest_before_principal(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    fact = receive(loan, 11_348_00, FIRST_DUE)

    assert paid_parts(loan, fact.sequence) == [("INTEREST", 2_446_03), ("PRINCIPAL", 8_901_97)]
    assert owed(loan) == {"principal": 1_11_098_03, "interest": 73_05}
    assert Instalment.objects.get(loan=loan, number=1).open_paise == 0
    assert Instalment.objects.get(loan=loan, number=1).paid_on == FIRST_DUE
    assert_verified(loan)


def test_receipt_books_bank_against_receivables_in_one_journal(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    fact = receive(loan, 11_348_00, FIRST_DUE)

    # The night of the receipt's own day is earned with it: 73.05 on the lower balance.
    assert legs(fact) == {("1120", "4110"): 73_05, ("1010", "1120"): 2_446_03, ("1010", "1110"): 8_901_97}
    journal = Journal.objects.get(idempotency_key=f"lms.fact:{fact.pk}")
    assert (journal.event, journal.value_date, journal.booked_on) == ("RECEIVE", FIRST_DUE, FIRST_DUE)
    assert (journal.reference_type, journal.reference_id) == ("lms.loan", loan.pk)


def test_more_than_is_due_is_held_as_excess(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    fact = receive(loan, 12_000_00, FIRST_DUE)

    assert paid_parts(loan, fact.sequence)[-1] == ("EXCESS", 652_00)
    assert loan.excess_paise == 652_00
    assert balances()["EXCESS"] == -652_00
    assert_verified(loan)


def test_less_than_is_due_leaves_the_rest_overdue(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    receive(loan, 2_000_00, FIRST_DUE)

    assert loan.overdue_paise == 9_348_00
    assert (loan.oldest_unpaid_due_date, loan.days_past_due) == (FIRST_DUE, 1)
    assert_verified(loan)


def test_receipt_on_a_loan_that_is_behind_closes_it_first(loan: Loan) -> None:
    set_business_date(date(2026, 2, 11))

    receive(loan, 1_00, date(2026, 2, 11))

    assert loan.closed_upto == date(2026, 2, 10)
    closing = Journal.objects.filter(reference_type="lms.loan", reference_id=loan.pk).order_by("pk")[1]
    # 2,446.03 to the due date and 730.51 for 10 nights on the scheduled balance, less the night booked at disbursal.
    assert (closing.value_date, closing.total_paise) == (date(2026, 2, 10), 2_446_03 + 730_51 - 78_90)
    assert_verified(loan)


def test_receipt_writes_an_audit_entry_with_reason_and_actor(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    teller = make_user()

    fact = receive(loan, 500_00, FIRST_DUE, reason="Cash at the branch", actor=teller)

    entry = AuditEntry.objects.get(object_type="lms.loanfact", object_id=fact.pk)
    assert (entry.action, entry.reason, entry.actor) == ("lms.receipt_post", "Cash at the branch", teller)
    assert entry.detail["amount_paise"] == 500_00
    assert fact.recorded_by == teller


def test_second_call_with_the_same_key_returns_the_first_receipt(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    values: dict[str, Any] = {
        "amount_paise": 500_00,
        "value_date": FIRST_DUE,
        "reference": "UTR-1",
        "idempotency_key": "once",
    }

    first = receipt_post(loan_id=loan.pk, **values)
    journals = Journal.objects.count()
    second = receipt_post(loan_id=loan.pk, **values)

    assert second == first
    assert LoanFact.objects.filter(loan=loan, kind="RECEIVE").count() == 1
    assert Journal.objects.count() == journals


def test_same_bank_reference_and_content_under_another_key_is_the_same_receipt(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    first = receive(loan, 500_00, FIRST_DUE, reference="UTR-1", idempotency_key="a")
    second = receive(loan, 500_00, FIRST_DUE, reference="UTR-1", idempotency_key="b")

    assert second == first
    assert LoanFact.objects.filter(loan=loan, kind="RECEIVE").count() == 1


@pytest.mark.parametrize(
    "change", [{"amount_paise": 501_00}, {"value_date": date(2026, 1, 31)}, {"reference": "UTR-2"}]
)
def test_same_key_with_other_content_is_refused(loan: Loan, change: dict[str, Any]) -> None:
    set_business_date(FIRST_DUE)
    values: dict[str, Any] = {
        "amount_paise": 500_00,
        "value_date": FIRST_DUE,
        "reference": "UTR-1",
        "idempotency_key": "once",
    }
    receipt_post(loan_id=loan.pk, **values)

    with refused("lms.idempotency_key_reused"):
        receipt_post(loan_id=loan.pk, **{**values, **change})


def test_same_key_for_another_loan_is_refused(loan: Loan) -> None:
    other = make_sanctioned_loan(idempotency_key="other")
    receive(loan, 500_00, date(2026, 1, 1), idempotency_key="once")

    with refused("lms.idempotency_key_reused"):
        receive(other, 500_00, date(2026, 1, 1), idempotency_key="once")


@pytest.mark.parametrize("change", [{"amount_paise": 501_00}, {"value_date": date(2026, 1, 31)}])
def test_bank_reference_with_other_content_is_refused(loan: Loan, change: dict[str, Any]) -> None:
    set_business_date(FIRST_DUE)
    receipt_post(loan_id=loan.pk, idempotency_key="a", **RECEIPT)

    with refused("lms.reference_reused") as caught:
        receipt_post(loan_id=loan.pk, idempotency_key="b", **{**RECEIPT, **change})

    assert caught.value.context == {"reference": "BANK:UTR-1", "loan": loan.number, "sequence": 2}


def test_the_same_reference_on_another_channel_is_another_receipt(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    receive(loan, 500_00, FIRST_DUE, reference="17", channel="UPI")
    receive(loan, 500_00, FIRST_DUE, reference="17", channel="NACH")

    assert LoanFact.objects.filter(loan=loan, kind="RECEIVE").count() == 2


def test_reversal_sets_the_bank_reference_free(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    first = receive(loan, 500_00, FIRST_DUE, reference="UTR-1")
    reverse(loan, first.sequence)

    second = receive(loan, 700_00, FIRST_DUE, reference="UTR-1")

    assert second.sequence == 4
    assert second.credit_reference == "BANK:UTR-1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_paise": 0}, "lms.amount_not_positive"),
        ({"amount_paise": -1}, "lms.amount_not_positive"),
        ({"amount_paise": 10**17}, "lms.amount_too_large"),
        ({"amount_paise": 10**14 + 1}, "lms.amount_too_large"),
        ({"value_date": date(2026, 2, 2)}, "lms.value_date_in_future"),
        ({"value_date": date(2025, 12, 31)}, "lms.value_date_before_disbursal"),
        ({"reference": "  "}, "lms.reference_missing"),
        ({"reference": "X" * 65}, "lms.reference_too_long"),
        ({"idempotency_key": ""}, "lms.idempotency_key_missing"),
        ({"idempotency_key": "k" * 97}, "lms.idempotency_key_missing"),
        ({"reason": "r" * 201}, "lms.reason_too_long"),
        ({"loan_id": 10**9}, "lms.loan_unknown"),
    ],
)
def test_wrong_input_is_refused_and_changes_nothing(loan: Loan, change: dict[str, Any], code: str) -> None:
    set_business_date(FIRST_DUE)
    values: dict[str, Any] = {
        "loan_id": loan.pk,
        "amount_paise": 500_00,
        "value_date": FIRST_DUE,
        "reference": "UTR-1",
        "idempotency_key": "key",
    }

    with refused(code):
        receipt_post(**{**values, **change})


def test_an_amount_that_is_no_integer_is_a_fault_of_the_caller(loan: Loan) -> None:
    with pytest.raises(TypeError, match="integer paise"):
        receive(loan, 500.5, date(2026, 1, 1))  # type: ignore[arg-type]


def test_receipt_before_any_disbursal_is_refused(db: None) -> None:
    set_business_date(date(2026, 1, 1))
    sanctioned = make_sanctioned_loan()

    with refused("lms.loan_not_disbursed"):
        receive(sanctioned, 500_00, date(2026, 1, 1))


def test_receipt_on_a_closed_loan_is_refused(loan: Loan) -> None:
    quote = foreclosure_quote(loan=loan, on_date=date(2026, 1, 1))
    loan_foreclose(
        loan_id=loan.pk,
        amount_paise=quote.total_paise,
        value_date=date(2026, 1, 1),
        reference="UTR-1",
        idempotency_key=next_key(),
    )

    with refused("lms.loan_closed"):
        receive(loan, 500_00, date(2026, 1, 1))
