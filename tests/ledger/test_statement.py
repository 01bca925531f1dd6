"""The statement of an account tells each movement with the balance after it."""

from datetime import date
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from ledger.models import Account
from ledger.selectors import StatementLine, account_balance, account_statement
from tests.factories.ledger import ledger_ready, moved, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> Account:
    """The bank account after five movements, one of them back-dated."""
    ledger_ready()
    post(moved("DISBURSED", "PRINCIPAL", 1_000), value_date=date(2026, 4, 1), reference_id=7)
    post(moved("RECEIVED", "PRINCIPAL", 300), moved("RECEIVED", "INTEREST", 30), value_date=date(2026, 4, 10))
    post(moved("RECEIVED", "EXCESS", 50), value_date=date(2026, 4, 20))
    post(moved("REFUNDED", "EXCESS", 50), value_date=date(2026, 4, 20))
    post(moved("RECEIVED", "PENAL", 5), value_date=date(2026, 4, 10), booked_on=date(2026, 4, 25))
    return Account.objects.get(code="1010")


def _told(lines: tuple[StatementLine, ...]) -> list[tuple[int, str, int, int, int]]:
    return [
        (line.value_date.day, line.counter_account_code, line.debit_paise, line.credit_paise, line.balance_paise)
        for line in lines
    ]


WHOLE = [
    (1, "1110.PL", 0, 1_000, -1_000),
    (10, "1110.PL", 300, 0, -700),
    (10, "1120.PL", 30, 0, -670),
    (10, "1140.PL", 5, 0, -665),
    (20, "2110.PL", 50, 0, -615),
    (20, "2110.PL", 0, 50, -665),
]


def test_lines_come_by_value_date_with_a_running_balance(bank: Account) -> None:
    statement = account_statement(account=bank)

    assert _told(statement.lines) == WHOLE
    assert (statement.opening_paise, statement.closing_paise, statement.next_page) == (0, -665, None)
    assert statement.closing_paise == account_balance(account=bank)


def test_line_names_the_journal_behind_it(bank: Account) -> None:
    line = account_statement(account=bank).lines[3]

    assert (line.event, line.reference_type, line.reference_id) == ("TEST", "tests.loan", 1)
    assert (line.value_date, line.booked_on) == (date(2026, 4, 10), date(2026, 4, 25))
    assert line.counter_account_name == "Penal charges receivable: Product PL"


def test_what_was_before_the_first_day_is_the_opening_balance(bank: Account) -> None:
    statement = account_statement(account=bank, from_date=date(2026, 4, 2), to_date=date(2026, 4, 10))

    assert statement.opening_paise == -1_000
    assert _told(statement.lines) == WHOLE[1:4]
    assert statement.closing_paise == -665


def test_days_without_movement_keep_the_balance(bank: Account) -> None:
    statement = account_statement(account=bank, from_date=date(2026, 5, 1), to_date=date(2026, 5, 31))

    assert (statement.opening_paise, statement.lines, statement.closing_paise) == (-665, (), -665)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages_join_to_the_whole_statement(bank: Account, limit: int) -> None:
    told: list[tuple[int, str, int, int, int]] = []
    page = account_statement(account=bank, limit=limit)
    told += _told(page.lines)
    while page.next_page is not None:
        previous = page
        page = account_statement(account=bank, limit=limit, after=page.next_page)
        assert page.opening_paise == previous.closing_paise
        told += _told(page.lines)

    assert told == WHOLE


def test_page_of_a_period_stays_inside_it(bank: Account) -> None:
    period: dict[str, Any] = {"from_date": date(2026, 4, 2), "to_date": date(2026, 4, 10)}
    first = account_statement(account=bank, limit=2, **period)
    second = account_statement(account=bank, limit=2, after=first.next_page, **period)

    assert (first.opening_paise, _told(first.lines)) == (-1_000, WHOLE[1:3])
    assert (second.opening_paise, _told(second.lines), second.next_page) == (-670, WHOLE[3:4], None)


def test_page_costs_the_same_number_of_queries_at_any_length(
    bank: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(7):
        account_statement(account=bank, from_date=date(2026, 4, 1), limit=1)
    with django_assert_num_queries(7):
        account_statement(account=bank, from_date=date(2026, 4, 1), limit=100)


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_page_length_out_of_range_is_a_broken_promise(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 1,000"):
        account_statement(account=Account(pk=1), limit=limit)
