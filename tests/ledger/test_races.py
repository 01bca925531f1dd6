"""Callers at the same moment post once, and each of them is told so."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction

from core.errors import KistError
from core.transactions import run_in_transaction
from ledger.models import Journal, Transfer
from ledger.selectors import trial_balance
from ledger.services import journal_post, journal_reverse
from tests.factories.ledger import PRODUCT, VALUE_DATE, ledger_ready, moved, post

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

CALLERS = 8


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls in threads that start together; return each result or the refusal."""
    start = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        start.wait(timeout=10)
        try:
            results[place] = call()
        except (KistError, Journal.DoesNotExist) as refusal:
            results[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def _post(key: str, amount_paise: int) -> int:
    def use_case() -> int:
        journal = journal_post(
            idempotency_key=key,
            event="TEST",
            reference_type="tests.loan",
            reference_id=1,
            product_code=PRODUCT,
            movements=[moved("RECEIVED", "PRINCIPAL", amount_paise)],
            value_date=VALUE_DATE,
            booked_on=VALUE_DATE,
        )
        assert journal is not None
        return journal.pk

    return run_in_transaction(use_case)


@pytest.mark.guarantee("G2")
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_same_posting_from_many_callers_is_one_journal(isolation: str) -> None:
    ledger_ready()

    def call() -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
        return _post("k", 500)

    results = _at_once(*[call] * CALLERS)

    assert results == [Journal.objects.get().pk] * CALLERS
    assert Transfer.objects.get().amount_paise == 500


def test_same_key_with_other_content_lets_one_in_and_refuses_the_others() -> None:
    ledger_ready()

    results = _at_once(*[lambda amount=amount: _post("k", amount) for amount in range(1, CALLERS + 1)])

    journal = Journal.objects.get()
    codes = [getattr(result, "code", None) for result in results]
    assert codes.count("ledger.journal_key_reused") == CALLERS - 1
    assert results[journal.total_paise - 1] == journal.pk
    assert Transfer.objects.count() == 1


def test_first_posting_that_is_rolled_back_leaves_the_key_to_the_second() -> None:
    ledger_ready()
    posted, give_up = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            post(moved("RECEIVED", "PRINCIPAL", 1), key="k")
            posted.set()
            give_up.wait(timeout=10)
            transaction.set_rollback(True)

    def second() -> int:
        posted.wait(timeout=10)
        threading.Timer(0.3, give_up.set).start()
        return _post("k", 2)

    results = _at_once(first, second)

    assert results == [None, Journal.objects.get().pk]
    assert Transfer.objects.get().amount_paise == 2


def test_postings_with_keys_of_their_own_all_arrive() -> None:
    ledger_ready()

    results = _at_once(
        *[lambda caller=caller: [_post(f"{caller}:{n}", 10) for n in range(10)] for caller in range(CALLERS)]
    )

    assert sorted(key for keys in results for key in keys) == sorted(Journal.objects.values_list("pk", flat=True))
    assert trial_balance().debit_total_paise == 10 * 10 * CALLERS


def test_journal_is_reversed_by_one_caller() -> None:
    ledger_ready()
    journal = post(moved("RECEIVED", "PRINCIPAL", 1))
    assert journal is not None

    def reverse(key: str) -> int:
        with transaction.atomic():
            return journal_reverse(journal_id=journal.pk, idempotency_key=key, booked_on=date(2026, 4, 11)).pk

    results = _at_once(*[lambda key=key: reverse(f"r{key}") for key in range(CALLERS)])

    reversal = Journal.objects.get(reverses=journal)
    assert results.count(reversal.pk) == 1
    assert [getattr(result, "code", None) for result in results].count("ledger.journal_already_reversed") == CALLERS - 1
