"""Receipts while the day-end runs: nobody waits for the whole of it, and every day is sealed."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from django.db import OperationalError, connection

from core.business_date import business_date
from lms.models import DayEnd, Loan, LoanFact
from lms.services.day_end import day_end_run
from lms.services.day_end.errors import DayEndAlreadyRunning
from lms.services.receipts import receipt_post
from lms.services.verification import control_accounts_verify, loans_verify
from tests.lms.day_end.lender import make_lender

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True, params=["read committed", "repeatable read", "serializable"])
def _isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the threads' connections run at each level; ours in production is the first."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)


def in_threads(*steps: Callable[[], object]) -> list[BaseException]:
    """Run callables at the same time, each on its own connection; return what they raised."""
    raised: list[BaseException] = []

    def run(step: Callable[[], object]) -> None:
        try:
            step()
        except BaseException as error:  # the thread's end is the entry point here
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    return raised


def test_receipts_at_the_same_time_count_once_each_and_every_day_is_sealed() -> None:
    loans = make_lender(first_day=date(2026, 4, 29))
    over = threading.Event()
    posted = [0, 0]

    def close() -> None:
        try:
            day_end_run(to_date=date(2026, 5, 4), chunk_customers=2)
        finally:
            over.set()

    def pay(who: int) -> None:
        while not over.is_set():
            loan = loans[(posted[who] * 7 + who) % len(loans)]
            key = f"race-{who}-{posted[who]}"
            # At the highest level a writer may be told once more to try again: the same key makes that safe.
            with suppress(OperationalError):
                receipt_post(
                    loan_id=loan.pk, amount_paise=10_00, value_date=business_date(), reference=key, idempotency_key=key
                )
                posted[who] += 1

    assert in_threads(close, lambda: pay(0), lambda: pay(1)) == []

    assert [day.state for day in DayEnd.objects.all()] == ["CLOSED"] * 6
    assert LoanFact.objects.filter(reference__startswith="race-").count() == sum(posted)
    assert min(posted) >= 5
    assert set(Loan.objects.filter(status="ACTIVE").values_list("closed_upto", flat=True)) == {date(2026, 5, 4)}
    assert [str(item) for batch in loans_verify() for item in batch.differences] == []
    assert control_accounts_verify()[1] == ()


def test_two_starts_at_the_same_moment_close_the_day_once() -> None:
    make_lender(first_day=date(2026, 4, 29))

    raised = in_threads(*[lambda: day_end_run(to_date=date(2026, 4, 30), chunk_customers=2)] * 2)

    assert [getattr(error, "code", "") for error in raised] == ["lms.day_end_already_running"], raised
    assert [day.state for day in DayEnd.objects.all()] == ["CLOSED"] * 2
    assert business_date() == date(2026, 5, 1)


def test_day_is_not_begun_while_another_run_begins_the_one_before_it() -> None:
    make_lender(first_day=date(2026, 4, 29))
    has_begun = threading.Event()
    raised: list[list[BaseException]] = []
    other = threading.Thread(
        target=lambda: raised.append(in_threads(lambda: day_end_run(progress=lambda _: has_begun.set())))
    )

    def meet(execute: Callable[..., object], sql: str, *rest: object) -> object:
        found = execute(sql, *rest)
        # The other run begins right behind the question whether a day is open, if the question lets it.
        if "`lms_dayend`" in sql and other.ident is None:
            other.start()
            has_begun.wait(1)
        return found

    with suppress(DayEndAlreadyRunning), connection.execute_wrapper(meet):
        day_end_run()
    other.join(timeout=300)

    assert list(DayEnd.objects.values_list("business_date", "state")) == [(date(2026, 4, 29), "CLOSED")]
    assert {getattr(error, "code", "") for errors in raised for error in errors} <= {"lms.day_end_already_running"}
