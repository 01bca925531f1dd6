"""The trial balance is what was posted, on either clock, and always balances."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from ledger.errors import ProductAccountMissing
from ledger.models import Account, ProductAccount
from ledger.posting_rules import RULES
from ledger.selectors import Clock, account_balance, balance_of, product_balances, trial_balance
from ledger.services import journal_post, product_accounts_create
from tests.factories.ledger import ledger_ready, moved, post

pytestmark = pytest.mark.django_db

BASE = date(2026, 4, 1)


@pytest.fixture
def _story() -> None:
    """10 lakh lent on 1 April; a month's interest; a receipt of 5 April that is booked on 9 May."""
    ledger_ready()
    post(moved("DISBURSED", "PRINCIPAL", 100_000_000), value_date=date(2026, 4, 1))
    post(moved("ACCRUED", "INTEREST", 1_000_000), value_date=date(2026, 4, 30))
    post(
        moved("RECEIVED", "PRINCIPAL", 7_884_879),
        moved("RECEIVED", "INTEREST", 1_000_000),
        value_date=date(2026, 4, 5),
        booked_on=date(2026, 5, 9),
    )


def _rows(**options: Any) -> list[tuple[str, int, int]]:
    return [(row.code, row.debit_paise, row.credit_paise) for row in trial_balance(**options).rows]


@pytest.mark.usefixtures("_story")
def test_balance_of_everything_shows_each_account_on_its_side() -> None:
    balance = trial_balance()

    assert [(row.code, row.kind, row.debit_paise, row.credit_paise) for row in balance.rows] == [
        ("1010", "ASSET", 0, 91_115_121),
        ("1110.PL", "ASSET", 92_115_121, 0),
        ("1120.PL", "ASSET", 0, 0),
        ("4110.PL", "INCOME", 0, 1_000_000),
    ]
    assert (balance.debit_total_paise, balance.credit_total_paise) == (92_115_121, 92_115_121)
    assert balance.is_balanced
    assert (balance.rows[0].debit_turnover_paise, balance.rows[0].credit_turnover_paise) == (8_884_879, 100_000_000)


@pytest.mark.usefixtures("_story")
def test_value_date_and_booking_date_give_two_answers() -> None:
    day = date(2026, 4, 10)

    assert _rows(as_of=day) == [
        ("1010", 0, 91_115_121),
        ("1110.PL", 92_115_121, 0),
        ("1120.PL", 0, 1_000_000),
    ]
    assert _rows(as_of=day, clock=Clock.BOOKED_ON) == [("1010", 0, 100_000_000), ("1110.PL", 100_000_000, 0)]
    assert _rows(as_of=date(2026, 3, 31)) == []


@pytest.mark.usefixtures("_story")
def test_trial_balance_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        trial_balance(as_of=date(2026, 4, 30))


@pytest.mark.usefixtures("_story")
def test_balance_of_a_role_is_debits_less_credits() -> None:
    assert balance_of(product_code="PL", role="LOAN_PRINCIPAL") == 92_115_121
    assert balance_of(product_code="PL", role="INTEREST_INCOME") == -1_000_000
    assert balance_of(product_code="PL", role="LOAN_PRINCIPAL", as_of=date(2026, 4, 4)) == 100_000_000
    assert balance_of(product_code="PL", role="INTEREST_RECEIVABLE", as_of=date(2026, 4, 5)) == -1_000_000
    assert balance_of(product_code="PL", role="PENAL_INCOME") == 0


@pytest.mark.usefixtures("_story")
def test_shared_account_is_split_by_product() -> None:
    ledger_ready("GL")
    post(moved("DISBURSED", "PRINCIPAL", 500), product_code="GL")

    assert balance_of(product_code="GL", role="BANK") == -500
    assert balance_of(product_code="PL", role="BANK") == -91_115_121
    assert account_balance(account=Account.objects.get(code="1010")) == -91_115_621


@pytest.mark.usefixtures("_story")
def test_proof_of_products_lists_each_account_with_its_roles_and_the_products_part() -> None:
    ledger_ready("GL")
    shared = Account.objects.get(code="1130.GL")
    ProductAccount.objects.filter(product_code="GL", role="PENAL_RECEIVABLE").update(account=shared)
    post(moved("DISBURSED", "PRINCIPAL", 500), moved("CHARGED", "PENAL", 30), product_code="GL")

    proof = {(item.product_code, item.account_code): item for item in product_balances()}

    assert proof["GL", "1010"].balance_paise == -500
    assert proof["PL", "1010"].balance_paise == -91_115_121
    assert proof["PL", "1110.PL"].balance_paise == 92_115_121
    assert (proof["GL", "1130.GL"].balance_paise, proof["GL", "1130.GL"].roles) == (
        30,
        ("FEE_RECEIVABLE", "PENAL_RECEIVABLE"),
    )
    assert proof["GL", "5110.GL"].balance_paise == 0
    assert sum(item.balance_paise for item in proof.values()) == 0


def test_balance_of_an_unknown_product_is_refused() -> None:
    with pytest.raises(ProductAccountMissing):
        balance_of(product_code="GOLD", role="BANK")


_movements = st.tuples(st.sampled_from(sorted(RULES)), st.integers(min_value=-(10**15), max_value=10**15))
_journals = st.lists(
    st.tuples(st.lists(_movements, max_size=5), st.integers(0, 40), st.integers(0, 40), st.sampled_from(["PL", "GL"])),
    max_size=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(journals=_journals, day=st.integers(0, 40))
def test_books_balance_whatever_is_posted(journals: list[Any], day: int) -> None:
    with transaction.atomic():
        for code in ("PL", "GL"):
            ledger_ready(code)
            product_accounts_create(product_code=code, name=code, is_line=True)
        expected: dict[str, int] = {}
        for number, (movements, value_day, booked_day, product) in enumerate(journals):
            amounts = [moved(movement, head, amount) for (movement, head), amount in movements]
            journal_post(
                idempotency_key=f"property:{number}",
                event="TEST",
                reference_type="tests.loan",
                reference_id=number,
                product_code=product,
                movements=amounts,
                value_date=BASE.replace(day=1 + value_day % 30),
                booked_on=BASE.replace(day=1 + booked_day % 30),
            )
            for (movement, head), amount in movements:
                rule = RULES[movement, head]
                expected[product + rule.debit] = expected.get(product + rule.debit, 0) + amount
                expected[product + rule.credit] = expected.get(product + rule.credit, 0) - amount

        as_of = BASE.replace(day=1 + day % 30)
        assert trial_balance().is_balanced
        assert trial_balance(as_of=as_of).is_balanced
        assert trial_balance(as_of=as_of, clock=Clock.BOOKED_ON).is_balanced
        assert {key: balance_of(product_code=key[:2], role=key[2:]) for key in expected} == expected
        transaction.set_rollback(True)
