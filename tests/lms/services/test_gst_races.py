"""Charges at the same moment: consecutive numbers, no gap, no deadlock that comes through."""

import threading
from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from django.db import connection

from core.errors import KistError
from core.rehearsal import rehearse
from core.transactions import run_in_transaction
from ledger.checks.tax import register_equals_ledger
from ledger.gst.registrations import series_open
from ledger.models import TaxDocument
from lms.engine.terms import Component
from lms.models import Loan, LoanFact
from lms.services.charges import charge_levy
from lms.services.reversals import fact_reverse
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified
from tests.factories.lms import make_customer, make_loan, set_business_date

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

CALLERS = 8


@pytest.fixture(autouse=True, params=["read committed", "repeatable read", "serializable"])
def _isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the threads' connections run at each level; ours in production is the first."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)


@pytest.fixture
def loans(transactional_db: None) -> list[Loan]:
    """Loans of as many borrowers, half of them in another state, committed."""
    set_business_date(date(2026, 1, 1))
    first = make_loan()
    series_open(on_date=date(2026, 1, 1))
    states = ("MH", "TN")
    return [first] + [
        make_loan(customer=make_customer(state_code=states[number % 2]), version=first.product_version)
        for number in range(1, CALLERS)
    ]


def _at_once(*calls: Callable[[], object]) -> list[object]:
    """Run calls in threads that start together; return each result, or what it was refused for."""
    start = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        start.wait(timeout=10)
        try:
            results[place] = call()
        except (KistError, RuntimeError) as refusal:
            results[place] = str(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def _levy(loan: Loan, key: str = "levy") -> Callable[[], LoanFact]:
    return partial(
        charge_levy, loan_id=loan.pk, code="STATEMENT", value_date=date(2026, 1, 1), idempotency_key=f"{key}-{loan.pk}"
    )


def _numbers(series: str) -> list[int]:
    return list(TaxDocument.objects.filter(series=series).order_by("serial").values_list("serial", flat=True))


def test_charges_of_many_borrowers_get_consecutive_numbers(loans: list[Loan]) -> None:
    results = _at_once(*(_levy(loan) for loan in loans))

    assert [type(result) for result in results] == [LoanFact] * CALLERS
    assert _numbers("I27-2526") == list(range(1, CALLERS + 1))
    assert list(register_equals_ledger()) == []
    assert_verified(loans[0])


def test_invoices_and_notes_at_once_leave_no_gap(loans: list[Loan]) -> None:
    half = CALLERS // 2
    charged = [_levy(loan)() for loan in loans[:half]]
    notes = [
        partial(
            fact_reverse, loan_id=fact.loan_id, sequence=fact.sequence, reason="Wrong", idempotency_key=f"r-{fact.pk}"
        )
        for fact in charged[:2]
    ] + [
        partial(
            waiver_grant,
            loan_id=fact.loan_id,
            component=Component.FEE,
            amount_paise=60_00,
            value_date=date(2026, 1, 1),
            reason="Goodwill",
            idempotency_key=f"w-{fact.pk}",
        )
        for fact in charged[2:]
    ]

    results = _at_once(*notes, *(_levy(loan) for loan in loans[half:]))

    assert [type(result) for result in results] == [LoanFact] * CALLERS
    assert _numbers("I27-2526") == list(range(1, CALLERS + 1))
    assert _numbers("C27-2526") == list(range(1, half + 1))
    assert list(register_equals_ledger()) == []


def test_rehearsals_and_failures_in_between_leave_no_gap(loans: list[Loan]) -> None:
    def failing(loan: Loan) -> None:
        def give_up() -> None:
            _levy(loan)()
            raise RuntimeError("the caller gave up")

        # At the highest level the database may ask for a repeat, which only the outermost can give.
        run_in_transaction(give_up)

    half = CALLERS // 2
    calls: list[Callable[[], object]] = [partial(rehearse, _levy(loan)) for loan in loans[:2]]
    calls += [partial(failing, loan) for loan in loans[2:half]]
    results = _at_once(*calls, *(_levy(loan) for loan in loans[half:]))

    assert [type(result) for result in results[half:]] == [LoanFact] * (CALLERS - half), results
    assert _numbers("I27-2526") == list(range(1, CALLERS - half + 1))
    assert list(register_equals_ledger()) == []
