"""Profit and loss, balance sheet, day book and statements by either clock, as known at any instant, by product."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.append_only import AppendOnly
from ledger.models import Account, Journal
from ledger.selectors import (
    Clock,
    Question,
    account_statement,
    balance_sheet,
    day_book,
    entry_lines,
    profit_and_loss,
    trial_balance,
)
from ledger.services import ledger_roll
from tests.factories.ledger import ledger_ready, moved, post

pytestmark = pytest.mark.django_db

MARCH, APRIL = date(2026, 3, 20), date(2026, 4, 10)


@pytest.fixture(autouse=True)
def _books() -> None:
    """Two products; interest of March booked in April for one of them; a waiver in April."""
    ledger_ready()
    ledger_ready("GL")
    post(moved("DISBURSED", "PRINCIPAL", 1_000_000), value_date=MARCH)
    post(moved("DISBURSED", "PRINCIPAL", 500_000), product_code="GL", value_date=MARCH)
    post(moved("ACCRUED", "INTEREST", 900), value_date=MARCH)
    post(moved("ACCRUED", "INTEREST", 70), product_code="GL", value_date=MARCH, booked_on=APRIL)
    post(moved("WAIVED", "INTEREST", 30), value_date=APRIL)


def month(first: date, last: date, **changes: Any) -> Question:
    """Return a question about the bookings of a month."""
    return Question(**{"from_date": first, "to_date": last, "clock": Clock.BOOKED_ON, **changes})


IN_MARCH = month(date(2026, 3, 1), date(2026, 3, 31))
IN_APRIL = month(date(2026, 4, 1), date(2026, 4, 30))


def test_profit_of_a_month_is_what_was_booked_in_it() -> None:
    march, april = profit_and_loss(question=IN_MARCH), profit_and_loss(question=IN_APRIL)

    assert [(row.code, row.total_paise) for row in march.income.rows] == [("4110.PL", 900)]
    assert (march.expenses.rows, march.profit_paise) == ((), 900)
    assert [(row.code, row.total_paise) for row in april.income.rows] == [("4110.GL", 70)]
    assert [(row.code, row.total_paise) for row in april.expenses.rows] == [("5110.PL", 30)]
    assert april.profit_paise == 40


def test_profit_by_value_date_moves_to_the_month_that_it_belongs_to() -> None:
    march = profit_and_loss(question=Question(from_date=date(2026, 3, 1), to_date=date(2026, 3, 31)))

    assert march.profit_paise == 970


def test_profit_is_split_by_product_and_the_parts_add_up() -> None:
    report = profit_and_loss(question=Question())

    assert report.products == ("GL", "PL")
    assert report.profit_by_product == (70, 870)
    assert report.profit_paise == 940
    assert profit_and_loss(question=Question(product_code="GL")).profit_paise == 70
    assert profit_and_loss(question=Question(product_code="")).profit_paise == 0


def test_balance_sheet_balances_on_every_day_and_for_every_product() -> None:
    for to_date in (date(2026, 3, 1), MARCH, APRIL, None):
        for product_code in (None, "PL", "GL"):
            report = balance_sheet(question=Question(to_date=to_date, product_code=product_code))
            assert report.is_balanced

    report = balance_sheet(question=Question(from_date=APRIL, to_date=APRIL))
    assert report.profit_paise == 940
    assert report.assets.total_paise == 940
    assert [(row.code, row.total_paise, row.by_product) for row in report.assets.rows] == [
        ("1010", -1_500_000, (-500_000, -1_000_000)),
        ("1110.GL", 500_000, (500_000, 0)),
        ("1110.PL", 1_000_000, (0, 1_000_000)),
        ("1120.GL", 70, (70, 0)),
        ("1120.PL", 870, (0, 870)),
    ]


def test_day_book_lists_the_journals_of_a_day_page_by_page() -> None:
    first = day_book(booked_on=APRIL, limit=1)
    second = day_book(booked_on=APRIL, limit=1, after=first.next_after or 0)

    assert (first.journal_count, first.total_paise) == (2, 100)
    assert [journal.total_paise for journal in (*first.journals, *second.journals)] == [70, 30]
    assert second.next_after is None


def recorded_last_year() -> None:
    """Let the first two journals be recorded a year before the others, as an administrator could."""
    protection = AppendOnly("ledger_journal")
    with connection.schema_editor(atomic=False) as editor:
        protection._drop(editor)
    keys = list(Journal.objects.order_by("pk").values_list("pk", flat=True)[:2])
    Journal.objects.filter(pk__in=keys).update(recorded_at=datetime(2025, 5, 1, tzinfo=UTC))
    with connection.schema_editor(atomic=False) as editor:
        protection.database_forwards("ledger", editor, None, None)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_books_as_known_at_an_instant_show_what_was_recorded_by_then() -> None:
    recorded_last_year()
    then, bank = datetime(2025, 6, 1, tzinfo=UTC), Account.objects.get(code="1010")

    known = trial_balance(known_at=then)

    assert [(row.code, row.debit_paise - row.credit_paise) for row in known.rows] == [
        ("1010", -1_500_000),
        ("1110.GL", 500_000),
        ("1110.PL", 1_000_000),
    ]
    assert profit_and_loss(question=Question(known_at=then)).profit_paise == 0
    assert day_book(booked_on=MARCH, known_at=then).journal_count == 2
    assert trial_balance(known_at=timezone.now()) == trial_balance()
    assert account_statement(account=bank, known_at=datetime(2025, 4, 1, tzinfo=UTC)).lines == ()
    assert account_statement(account=bank, known_at=then).closing_paise == -1_500_000


def test_statement_by_booking_date_and_product_equals_the_figure_it_explains() -> None:
    account = Account.objects.get(code="1120.GL")

    by_value = account_statement(account=account, to_date=date(2026, 3, 31))
    by_booking = account_statement(account=account, to_date=date(2026, 3, 31), clock=Clock.BOOKED_ON)
    of_product = account_statement(account=Account.objects.get(code="1010"), product_code="GL")

    assert (by_value.closing_paise, by_booking.closing_paise) == (70, 0)
    assert [line.credit_paise for line in of_product.lines] == [500_000]


def test_pages_by_booking_date_follow_one_another() -> None:
    account = Account.objects.get(code="1010")

    first = account_statement(account=account, limit=1, clock=Clock.BOOKED_ON)
    second = account_statement(account=account, limit=1, clock=Clock.BOOKED_ON, after=first.next_page)

    assert [line.credit_paise for line in (*first.lines, *second.lines)] == [1_000_000, 500_000]
    assert second.opening_paise == first.closing_paise
    assert second.next_page is None


def test_entries_are_read_in_their_sequence() -> None:
    with transaction.atomic():
        ledger_roll()
    account = Account.objects.get(code="1010")

    lines = entry_lines(account=account, after_seq=1)

    assert [(line.seq, line.delta_paise, line.balance_after_paise) for line in lines] == [(2, -500_000, -1_500_000)]
    assert entry_lines(account=account, limit=1)[0].event == "TEST"
