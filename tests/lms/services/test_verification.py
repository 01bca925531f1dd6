"""verify_loans finds every kind of damage, rebuild_loan repairs it and says what was wrong."""

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from core.models import AuditEntry
from ledger.models import Journal
from ledger.services import MovementAmount, journal_post
from lms.models import Allocation, Instalment, Loan, LoanCharge, LoanFact
from lms.services.charges import charge_levy
from lms.services.rebuilds import loan_rebuild
from lms.services.verification import control_accounts_verify, loan_verify, loans_verify
from tests.factories.book import assert_verified, balances, receive, refused
from tests.factories.lms import make_loan, make_sanctioned_loan, set_business_date

FIRST_DUE = date(2026, 2, 1)


@pytest.fixture
def paid(loan: Loan) -> Loan:
    """Return the loan with its first instalment paid on the day."""
    set_business_date(FIRST_DUE)
    receive(loan, 11_400_00, FIRST_DUE)
    return loan


def _found(loan: Loan) -> list[str]:
    loan.refresh_from_db()
    return [str(difference) for difference in loan_verify(loan=loan).differences]


def _rebuild(loan: Loan) -> list[str]:
    return [str(difference) for difference in loan_rebuild(loan_id=loan.pk, reason="Damaged by hand")]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("status", "CLOSED", "status is CLOSED, should be ACTIVE"),
        ("disbursed_on", date(2026, 1, 2), "disbursed_on is 2026-01-02, should be 2026-01-01"),
        ("as_of", date(2026, 1, 31), "as_of is 2026-01-31, should be 2026-02-01"),
        ("current_rate_pct", "23.5", "current_rate_pct is 23.5000, should be 24.0000"),
        ("principal_outstanding_paise", 1, "principal_outstanding_paise is 1, should be 11109803"),
        ("interest_outstanding_paise", 1, "interest_outstanding_paise is 1, should be 7305"),
        ("fee_outstanding_paise", 1, "fee_outstanding_paise is 1, should be 0"),
        ("tax_outstanding_paise", 1, "tax_outstanding_paise is 1, should be 0"),
        ("penal_outstanding_paise", 1, "penal_outstanding_paise is 1, should be 0"),
        ("accrued_not_due_paise", 1, "accrued_not_due_paise is 1, should be 7305"),
        ("overdue_paise", 1, "overdue_paise is 1, should be 0"),
        ("excess_paise", 1, "excess_paise is 1, should be 5200"),
        ("undrawn_paise", 1, "undrawn_paise is 1, should be 0"),
        ("instalment_paise", 1, "instalment_paise is 1, should be 1134800"),
        ("oldest_unpaid_due_date", FIRST_DUE, "oldest_unpaid_due_date is 2026-02-01, should be None"),
        ("days_past_due", 1, "days_past_due is 1, should be 0"),
        ("next_due_date", None, "next_due_date is None, should be 2026-03-01"),
        ("next_due_paise", 1, "next_due_paise is 1, should be 1134800"),
        ("closed_on", FIRST_DUE, "closed_on is 2026-02-01, should be None"),
        ("fact_count", 1, "fact_count is 1, should be 2"),
    ],
)
def test_a_wrong_column_is_found_and_repaired(paid: Loan, column: str, value: Any, words: str) -> None:
    Loan.objects.filter(pk=paid.pk).update(**{column: value})

    assert f"Loan {paid.number}: {words}" in _found(paid)
    assert f"Loan {paid.number}: {words}" in _rebuild(paid)
    assert_verified(paid)


@pytest.mark.parametrize("change", [{"due_paise": 1}, {"paid_on": None}, {"kind": "BROKEN_PERIOD"}, {"paid": {}}])
def test_a_wrong_instalment_is_found_and_repaired(paid: Loan, change: dict[str, Any]) -> None:
    Instalment.objects.filter(loan=paid, number=1).update(**change)

    (column,) = change
    assert [line.split(" is ")[0] for line in _found(paid)] == [f"Loan {paid.number}: instalment 1 {column}"]
    _rebuild(paid)
    assert_verified(paid)


def test_missing_and_surplus_rows_are_found_and_repaired(paid: Loan) -> None:
    Instalment.objects.filter(loan=paid, number=12).delete()
    Allocation.objects.create(loan=paid, position=9, fact_sequence=2, amount_paise=5, applied_on=FIRST_DUE)

    assert [line.split(" is ")[0] for line in _found(paid)] == [
        f"Loan {paid.number}: instalments",
        f"Loan {paid.number}: allocations",
    ]
    _rebuild(paid)
    assert_verified(paid)


def test_a_wrong_allocation_is_found_and_repaired(paid: Loan) -> None:
    Allocation.objects.filter(loan=paid, position=1).update(amount_paise=1)

    assert _found(paid) == [f"Loan {paid.number}: allocation 1 amount_paise is 1, should be 244603"]
    _rebuild(paid)
    assert_verified(paid)


def test_a_wrong_charge_is_found_and_repaired(paid: Loan) -> None:
    charge_levy(
        loan_id=paid.pk, code="STATEMENT", value_date=FIRST_DUE, idempotency_key="charge-1", reason="Paper statement"
    )
    # The excess of 52 rupees paid a part of the fee at once.
    assert list(LoanCharge.objects.filter(loan=paid).values_list("component", "amount_paise", "open_paise")) == [
        ("FEE", 100_00, 48_00),
        ("TAX", 18_00, 18_00),
    ]
    LoanCharge.objects.filter(loan=paid, position=2).update(open_paise=0)

    assert _found(paid) == [f"Loan {paid.number}: charge 2 open_paise is 0, should be 1800"]
    _rebuild(paid)
    assert_verified(paid)


def test_wrong_accrual_lines_are_found_and_repaired(paid: Loan) -> None:
    lines = [{**paid.accrual_lines[0], "per_day": 0}]
    Loan.objects.filter(pk=paid.pk).update(accrual_lines=lines)

    assert len(_found(paid)) == 1
    assert "accrual lines on 2026-02-28" in _found(paid)[0]
    _rebuild(paid)
    assert_verified(paid)


def test_a_wrong_fingerprint_is_found_and_repaired(paid: Loan) -> None:
    Loan.objects.filter(pk=paid.pk).update(state_hash="0" * 64)

    assert [line.split(" is ")[0] for line in _found(paid)] == [f"Loan {paid.number}: state_hash"]
    _rebuild(paid)
    assert_verified(paid)


def test_a_damaged_note_of_what_is_booked_is_repaired_without_a_posting(paid: Loan) -> None:
    Loan.objects.filter(pk=paid.pk).update(booked={**paid.booked, "RECEIVED:PRINCIPAL": 1})
    journals = Journal.objects.count()

    assert len(control_accounts_verify()[1]) == 2
    _rebuild(paid)

    assert Journal.objects.count() == journals
    assert_verified(paid)


def test_what_the_ledger_lacks_is_posted_by_the_rebuild(paid: Loan) -> None:
    # The book as it would be if a receipt had been written without its posting.
    before = balances()
    columns = [field.attname for field in LoanFact._meta.concrete_fields if field.attname != "id"]
    shown = ", ".join("'{}'" if column == "details" else column for column in columns)
    shown = shown.replace("sequence", "3").replace("idempotency_key", "'lost'").replace("credit_reference", "NULL")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO lms_loanfact ({', '.join(columns)}) SELECT {shown} FROM lms_loanfact WHERE sequence = 2"  # noqa: S608
        )

    _rebuild(paid)

    assert balances()["BANK"] - before["BANK"] == 11_400_00
    assert Journal.objects.filter(event="REBUILD", reference_id=paid.pk).count() == 1
    assert_verified(paid)


def test_facts_that_do_not_replay_are_reported_with_the_loan(paid: Loan) -> None:
    Loan.objects.filter(pk=paid.pk).update(terms={**paid.terms, "day_count": "LUNAR"})

    assert "replay is ValueError" in _found(paid)[0]


def test_a_loan_only_sanctioned_has_no_position(db: None) -> None:
    set_business_date(date(2026, 1, 1))
    sanctioned = make_sanctioned_loan()
    assert _found(sanctioned) == []

    Loan.objects.filter(pk=sanctioned.pk).update(overdue_paise=5, status="ACTIVE")

    assert _found(sanctioned) == [
        f"Loan {sanctioned.number}: status is ACTIVE, should be SANCTIONED",
        f"Loan {sanctioned.number}: overdue_paise is 5, should be 0",
    ]
    _rebuild(sanctioned)
    assert _found(sanctioned) == []


def test_a_running_loan_behind_the_day_is_found(paid: Loan) -> None:
    paid.refresh_from_db()
    differences = loan_verify(loan=paid, closed_to=date(2026, 2, 5)).differences

    assert [str(difference) for difference in differences] == [
        f"Loan {paid.number}: closed_upto is 2026-01-31, should be 2026-02-05"
    ]


def test_every_loan_is_compared_in_batches(loan: Loan) -> None:
    for _ in range(4):
        make_loan()

    batches = list(loans_verify(read_at_once=2))

    assert [batch.loans for batch in batches] == [2, 2, 1]
    assert [batch.loans for batch in loans_verify(limit=3, read_at_once=2)] == [2, 1]


def test_verify_command_prints_counts_when_all_is_right(paid: Loan) -> None:
    output = StringIO()

    call_command("verify_loans", "--as-of", "31-01-2026", stdout=output)

    assert output.getvalue().startswith("loans 1, figures ")
    assert ", differences 0, " in output.getvalue()


def test_verify_command_fails_with_loan_and_figure(paid: Loan) -> None:
    Loan.objects.filter(pk=paid.pk).update(overdue_paise=7)
    output = StringIO()

    with pytest.raises(CommandError, match="rebuild_loan") as caught:
        call_command("verify_loans", "--loan", paid.number, stdout=output)

    assert caught.value.returncode == 1
    assert f"Loan {paid.number}: overdue_paise is 7, should be 0" in output.getvalue()


@pytest.mark.parametrize(
    ("option", "value", "words"), [("--loan", "X", "no loan X"), ("--as-of", "31-02-2026", "31-02")]
)
def test_verify_command_refuses_wrong_options(paid: Loan, option: str, value: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("verify_loans", option, value)


def test_rebuild_command_says_what_was_wrong_and_audits_it(paid: Loan) -> None:
    Loan.objects.filter(pk=paid.pk).update(overdue_paise=7)
    output = StringIO()

    call_command("rebuild_loan", paid.number, "--reason", "Reported by audit", stdout=output)

    line = f"Loan {paid.number}: overdue_paise is 7, should be 0"
    assert line in output.getvalue()
    entry = AuditEntry.objects.get(action="lms.loan_rebuild")
    assert entry.reason == "Reported by audit"
    assert line in entry.detail["differences"]


def test_rebuild_of_an_unknown_loan_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="no loan X"):
        call_command("rebuild_loan", "X", "--reason", "Why not")


def test_rebuild_needs_a_reason(paid: Loan) -> None:
    with refused("lms.reason_missing"):
        loan_rebuild(loan_id=paid.pk, reason="")


def test_a_posting_that_a_loan_knows_nothing_of_is_found(paid: Loan) -> None:
    with transaction.atomic():
        journal_post(
            idempotency_key="stray",
            event="STRAY",
            reference_type="lms.loan",
            reference_id=paid.pk,
            product_code="PL",
            movements=[MovementAmount("RECEIVED", "PRINCIPAL", 5_00)],
            value_date=FIRST_DUE,
            booked_on=FIRST_DUE,
        )

    assert _found(paid) == [
        f"Loan {paid.number}: posted on account 1010 is -10859500, should be -10860000",
        f"Loan {paid.number}: posted on account 1110.PL is 11109303, should be 11109803",
    ]
