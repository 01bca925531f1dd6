"""Sanction and disbursal."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEntry
from ledger.models import Account, Journal, ProductAccount
from ledger.services import periods_create
from lms.models import Instalment, Loan
from lms.services.loans import loan_disburse
from lms.services.products import product_set_active
from tests.factories.book import assert_verified, balances, owed, receive, refused, reverse
from tests.factories.lms import (
    make_customer,
    make_loan,
    make_product,
    make_sanctioned_loan,
    make_version,
    next_key,
    set_business_date,
)

TODAY = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def _books(db: None) -> None:
    set_business_date(TODAY)


# A savepoint in the place of the transaction, its release, and the loan that is read again.
OF_THE_TEST = 3
LENT = date(2025, 12, 1)


def _disburse(loan: Loan, amount_paise: int, value_date: date = TODAY, **options: Any) -> None:
    values: dict[str, Any] = {"reference": next_key("UTR"), "idempotency_key": next_key("disburse"), **options}
    loan_disburse(loan_id=loan.pk, amount_paise=amount_paise, value_date=value_date, **values)
    loan.refresh_from_db()


def test_sanction_copies_the_terms_and_moves_no_money() -> None:
    loan = make_sanctioned_loan()

    assert (loan.status, loan.undrawn_paise, loan.principal_outstanding_paise) == ("SANCTIONED", 1_20_000_00, 0)
    assert loan.terms["charges"] == loan.product_version.terms_template["charges"]
    assert loan.terms["annual_rate_pct"] == "24.0000"
    assert Journal.objects.count() == 0
    assert_verified(loan)


def test_numbers_of_loans_follow_each_other() -> None:
    version = make_version()

    numbers = [make_sanctioned_loan(version=version).number for _ in range(3)]

    assert [int(number.removeprefix("L")) - int(numbers[0].removeprefix("L")) for number in numbers] == [0, 1, 2]


def test_second_sanction_with_the_same_key_returns_the_first_loan() -> None:
    customer, version = make_customer(), make_version()

    first = make_sanctioned_loan(customer=customer, version=version, idempotency_key="once")
    second = make_sanctioned_loan(customer=customer, version=version, idempotency_key="once")

    assert second == first
    assert Loan.objects.count() == 1
    assert AuditEntry.objects.filter(action="lms.loan_sanction").count() == 1


def test_same_key_with_other_terms_is_refused() -> None:
    customer, version = make_customer(), make_version()
    make_sanctioned_loan(customer=customer, version=version, idempotency_key="once")

    with refused("lms.idempotency_key_reused"):
        make_sanctioned_loan(customer=customer, version=version, idempotency_key="once", instalment_count=13)


def test_a_number_that_is_taken_is_refused() -> None:
    version, customer = make_version(), make_customer()
    make_sanctioned_loan(customer=customer, version=version, number="A-1")

    with refused("lms.loan_number_taken"):
        make_sanctioned_loan(customer=customer, version=version, number="A-1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"principal_paise": 999_99}, "lms.sanction_outside_limits"),
        ({"principal_paise": 10_00_000_01}, "lms.sanction_outside_limits"),
        ({"annual_rate_pct": Decimal("48.0001")}, "lms.sanction_outside_limits"),
        ({"instalment_count": 121}, "lms.sanction_outside_limits"),
        ({"instalment_count": 0}, "lms.sanction_outside_limits"),
        ({"annual_rate_pct": Decimal("18.12345")}, "lms.rate_invalid"),
        ({"annual_rate_pct": Decimal("-1")}, "lms.rate_invalid"),
        ({"annual_rate_pct": Decimal("NaN")}, "lms.rate_invalid"),
        ({"principal_paise": 0}, "lms.amount_not_positive"),
        ({"sanctioned_on": date(2026, 1, 2)}, "lms.sanction_in_future"),
        ({"sanctioned_on": date(2019, 12, 31)}, "lms.product_version_not_in_force"),
        ({"first_due_date": date(2025, 12, 1)}, "lms.terms_invalid"),
        ({"idempotency_key": " "}, "lms.idempotency_key_missing"),
    ],
)
def test_wrong_sanction_is_refused_and_changes_nothing(change: dict[str, Any], code: str) -> None:
    customer, version = make_customer(), make_version()

    with refused(code):
        make_sanctioned_loan(customer=customer, version=version, **change)


def test_inactive_product_takes_no_new_loan() -> None:
    customer, version = make_customer(), make_version()
    product_set_active(code="PL", is_active=False, reason="Replaced")
    version.refresh_from_db()

    with refused("lms.product_inactive"):
        make_sanctioned_loan(customer=customer, version=version)


def test_disbursal_lays_out_the_schedule_and_books_principal_against_bank() -> None:
    loan = make_loan()

    assert (loan.status, loan.disbursed_on, loan.closed_upto) == ("ACTIVE", TODAY, date(2025, 12, 31))
    assert owed(loan) == {"principal": 1_20_000_00, "interest": 78_90}
    assert Instalment.objects.filter(loan=loan).count() == 12
    assert balances() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 78_90,
        "INTEREST_INCOME": -78_90,
    }
    assert_verified(loan)


def test_tranches_add_up_to_the_sanction_and_no_further() -> None:
    loan = make_loan(amount_paise=50_000_00)
    _disburse(loan, 70_000_00)

    with refused("lms.disbursal_above_sanction"):
        _disburse(loan, 1)

    assert loan.principal_outstanding_paise == 1_20_000_00
    assert_verified(loan)


def test_reversed_disbursal_may_be_made_again() -> None:
    loan = make_loan()
    reverse(loan, 1)

    assert (loan.status, loan.disbursed_on, balances()) == ("SANCTIONED", None, {})
    assert_verified(loan)

    _disburse(loan, 1_20_000_00)
    assert loan.principal_outstanding_paise == 1_20_000_00
    assert_verified(loan)


def test_disbursal_that_receipts_stand_on_cannot_be_reversed() -> None:
    loan = make_loan()
    receive(loan, 1_000_00, TODAY)

    with refused("lms.later_fact_in_the_way"):
        reverse(loan, 1)


def test_back_dated_disbursal_books_interest_since_then_today() -> None:
    set_business_date(date(2026, 1, 11))
    loan = make_loan(value_date=TODAY)

    assert loan.closed_upto == date(2026, 1, 10)
    # 10 nights of 1,20,000 x 24 % / 365 = 78.904109...
    assert balances()["INTEREST_INCOME"] == -789_04
    assert_verified(loan)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_paise": 0}, "lms.amount_not_positive"),
        ({"amount_paise": 1_20_000_01}, "lms.disbursal_above_sanction"),
        ({"value_date": date(2026, 1, 2)}, "lms.value_date_in_future"),
        ({"value_date": date(2025, 12, 31)}, "lms.value_date_before_sanction"),
        ({"reference": ""}, "lms.reference_missing"),
        ({"loan_id": 10**9}, "lms.loan_unknown"),
    ],
)
def test_wrong_disbursal_is_refused_and_changes_nothing(change: dict[str, Any], code: str) -> None:
    loan = make_sanctioned_loan()
    values: dict[str, Any] = {
        "loan_id": loan.pk,
        "amount_paise": 1_000_00,
        "value_date": TODAY,
        "reference": "UTR-1",
        "idempotency_key": "key",
    }

    with refused(code):
        loan_disburse(**{**values, **change})


def test_product_without_an_account_is_refused_with_the_role_to_map() -> None:
    make_product()
    loan = make_sanctioned_loan()
    ProductAccount.objects.filter(role="LOAN_PRINCIPAL").delete()

    with refused("ledger.product_account_missing") as caught:
        _disburse(loan, 1_000_00)

    assert "LOAN_PRINCIPAL" in caught.value.message


def test_product_with_a_closed_account_is_refused() -> None:
    loan = make_sanctioned_loan()
    Account.objects.filter(code="1010").update(is_active=False)

    with refused("ledger.account_inactive"):
        _disburse(loan, 1_000_00)


def test_a_receipt_costs_sixteen_statements(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    loan = make_loan(value_date=LENT, sanctioned_on=LENT, version=make_version(terms={}))
    periods_create(upto=TODAY)

    with django_assert_num_queries(16 + OF_THE_TEST):
        receive(loan, 1_000_00, TODAY)


def test_a_receipt_after_many_costs_as_many_statements(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    loan = make_loan(value_date=LENT, sanctioned_on=LENT, version=make_version(terms={}))
    periods_create(upto=TODAY)
    for _ in range(5):
        receive(loan, 100_00, TODAY)

    # It may take back what an earlier one of the day left to the night: charges and allocations are compared too.
    with django_assert_num_queries(18 + OF_THE_TEST):
        receive(loan, 1_000_00, TODAY)
