"""Callers at the same moment on the same accounts: sums exact, nothing waits for itself, at every isolation level."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from core.errors import KistError
from ledger.checks import ledger_check
from ledger.models import Account, AccountBalance, AccountKind, AccountMode, DeferredEntry, Entry, Hold, Journal
from ledger.selectors import balance_now
from ledger.services import (
    HoldOrder,
    JournalOrder,
    ManualJournal,
    ManualLine,
    account_create,
    account_roll,
    hold_place,
    hold_post,
    hold_void,
    journal_post,
    journals_post_many,
    ledger_roll,
    manual_journal_post,
    period_soft_close,
    periods_create,
)
from tests.factories.ledger import PRODUCT, ledger_ready, moved
from tests.factories.lms import set_business_date

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

TODAY = date(2026, 5, 2)
LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


@pytest.fixture(autouse=True)
def _books() -> None:
    ledger_ready()
    set_business_date(TODAY)
    periods_create(upto=TODAY, since=date(2026, 4, 1))


@pytest.fixture
def actor() -> User:
    """The person in whose name the vouchers are posted."""
    return User.objects.create_user("accountant")


@pytest.fixture(params=LEVELS)
def isolation(request: pytest.FixtureRequest) -> str:
    """Every level that the database has and that keeps uncommitted rows apart."""
    return str(request.param)


def at_once(calls: list[Callable[[], Any]], isolation: str) -> list[Any]:
    """Run calls in threads that start together at an isolation level; return each result, refusal or database error."""
    start = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
            start.wait(timeout=60)
            results[place] = call()
        except (KistError, OperationalError) as refusal:
            results[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    return results


def wallet(code: str, funds: int, actor: User) -> Account:
    """Return an account that may not go below nothing, with funds from the share capital."""
    account = account_create(code=code, name=code, kind=AccountKind.ASSET, mode=AccountMode.SYNC, min_paise=0)
    transfer(code, "3010", funds, f"fund:{code}", actor)
    return account


def transfer(debit: str, credit: str, amount_paise: int, key: str, actor: User) -> Journal:
    """Move an amount once, without a second try: a deadlock would come out."""
    lines = (
        ManualLine(account_code=debit, debit_paise=amount_paise),
        ManualLine(account_code=credit, credit_paise=amount_paise),
    )
    with transaction.atomic():
        return manual_journal_post(
            voucher=ManualJournal(lines=lines, value_date=TODAY, narration="Race"),
            idempotency_key=key,
            reference_type="tests.race",
            reference_id=1,
            actor=actor,
            reason="Race",
        )


def outcomes(results: list[Any]) -> Counter[str]:
    """Count what came of the calls: done, the code of the refusal, or the database's error."""
    return Counter(
        "done" if not isinstance(result, Exception) else getattr(result, "code", str(result)) for result in results
    )


def assert_sound() -> None:
    """Check every invariant before and after the roller."""
    assert ledger_check().broken == ()
    ledger_roll()
    assert ledger_check().broken == ()
    assert DeferredEntry.objects.count() == 0


def test_transfers_that_cross_do_not_wait_for_one_another(actor: User, isolation: str) -> None:
    first, second = wallet("W1", 100_000, actor), wallet("W2", 100_000, actor)

    def caller(number: int) -> Callable[[], Any]:
        sides = ("W1", "W2") if number % 2 else ("W2", "W1")
        return lambda: [transfer(*sides, 10 + number, f"{number}:{step}", actor) for step in range(8)]

    results = at_once([caller(number) for number in range(16)], isolation)

    assert outcomes(results) == {"done": 16}
    # The eight odd callers debit the first account by the same steps by which the eight even ones credit it.
    moved_paise = 8 * sum(10 + number for number in range(1, 16, 2)) - 8 * sum(
        10 + number for number in range(0, 16, 2)
    )
    assert [balance_now(account=account) for account in (first, second)] == [
        100_000 + moved_paise,
        100_000 - moved_paise,
    ]
    assert Entry.objects.filter(account=first).count() == 1 + 16 * 8
    assert_sound()


def test_sixty_four_callers_draw_on_one_account_until_it_is_empty(actor: User, isolation: str) -> None:
    account = wallet("W1", 1_000, actor)

    results = at_once([partial(transfer, "2410", "W1", 50, f"draw:{number}", actor) for number in range(64)], isolation)

    assert outcomes(results) == {"done": 20, "ledger.account_limit_reached": 44}
    assert AccountBalance.objects.get(account=account).balance_paise == 0
    assert Journal.objects.count() == 21
    assert_sound()


def test_postings_go_on_while_two_rollers_work(isolation: str) -> None:
    bank = Account.objects.get(code="1010")

    def poster(number: int) -> Callable[[], Any]:
        return lambda: [_receive(f"{number}:{step}", 100 + number) for step in range(12)]

    def roller() -> int:
        return sum(account_roll(account_id=bank.pk, limit=7) for _ in range(10))

    results = at_once([*(poster(number) for number in range(8)), roller, roller], isolation)

    assert outcomes(results) == {"done": 10}
    total = 12 * sum(100 + number for number in range(8))
    assert balance_now(account=bank) == total
    assert_sound()
    assert AccountBalance.objects.get(account=bank).balance_paise == total
    assert list(Entry.objects.filter(account=bank).order_by("seq").values_list("seq", flat=True)) == list(range(1, 97))


def test_holds_on_one_account_never_promise_more_than_it_has(actor: User, isolation: str) -> None:
    account = wallet("W1", 1_000, actor)
    now, bank = timezone.now(), Account.objects.get(code="1010")

    def caller(number: int) -> Callable[[], Any]:
        order = HoldOrder(
            idempotency_key=f"h{number}",
            debit_account=bank,
            credit_account=account,
            amount_paise=200,
            reference_type="tests.payout",
            reference_id=number,
            expires_at=now + timedelta(hours=1),
        )
        return lambda: hold_place(order=order, now=now)

    placed = at_once([caller(number) for number in range(12)], isolation)
    assert outcomes(placed) == {"done": 5, "ledger.account_limit_reached": 7}

    def end(hold: Hold, is_posted: bool) -> Callable[[], Any]:
        if is_posted:
            return partial(hold_post, hold_id=hold.pk, value_date=TODAY, booked_on=TODAY, now=now)
        return partial(hold_void, hold_id=hold.pk, now=now)

    holds = list(Hold.objects.order_by("pk"))
    ended = at_once([end(hold, is_posted) for hold in holds for is_posted in (True, False)], isolation)

    assert outcomes(ended) == {"done": 5, "ledger.hold_ended": 5}
    posted = Hold.objects.filter(state="POSTED").count()
    balance = AccountBalance.objects.get(account=account)
    assert (balance.balance_paise, balance.hold_credit_paise) == (1_000 - 200 * posted, 0)
    assert_sound()


def test_month_that_closes_takes_no_posting_afterwards(actor: User, isolation: str) -> None:
    day = date(2026, 4, 30)

    def poster(number: int) -> Callable[[], Any]:
        return lambda: [_receive(f"{number}:{step}", 100, booked_on=day) for step in range(10)]

    def close() -> int:
        period_soft_close(month=202604, actor=actor, reason="Month-end")
        return Journal.objects.filter(booked_on=day).count()

    results = at_once([*(poster(number) for number in range(6)), close], isolation)

    assert results[-1] == Journal.objects.filter(booked_on=day).count()
    assert set(outcomes(results[:-1])) <= {"done", "ledger.period_closed"}
    assert_sound()


def test_same_batch_from_many_callers_is_posted_once(isolation: str) -> None:
    orders = [_order(f"b{number}", 10 + number) for number in range(20)]

    def caller() -> list[int]:
        with transaction.atomic():
            return [journal.pk for journal in journals_post_many(orders=orders) if journal]

    results = at_once([caller] * 6, isolation)

    assert results == [list(Journal.objects.order_by("pk").values_list("pk", flat=True))] * 6
    assert Journal.objects.count() == 20
    assert_sound()


def _receive(key: str, amount_paise: int, booked_on: date = TODAY) -> Journal | None:
    order = _order(key, amount_paise, booked_on)
    with transaction.atomic():
        return journal_post(
            idempotency_key=order.idempotency_key,
            event=order.event,
            reference_type=order.reference_type,
            reference_id=order.reference_id,
            product_code=order.product_code,
            movements=order.movements,
            value_date=order.value_date,
            booked_on=order.booked_on,
        )


def _order(key: str, amount_paise: int, booked_on: date = TODAY) -> JournalOrder:
    return JournalOrder(
        idempotency_key=key,
        event="RACE",
        reference_type="tests.race",
        reference_id=1,
        product_code=PRODUCT,
        movements=[moved("RECEIVED", "PRINCIPAL", amount_paise)],
        value_date=booked_on,
        booked_on=booked_on,
    )
