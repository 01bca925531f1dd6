"""A quiet day follows the lines of the last replay: the same book as a replay of every loan on every day."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from core.business_date import business_date
from lms.models import Loan, LoanAccrual
from lms.services.charges import charge_levy
from lms.services.day_end import day_end_run
from lms.services.day_end.closing import is_quiet
from lms.services.receipts import receipt_post
from lms.services.verification import loans_verify
from tests.lms.day_end.lender import PLANS, make_lender

pytestmark = pytest.mark.django_db

FIRST_DAY = date(2026, 4, 29)
# To 2 June: past two due dates of every loan.
DAYS = 35
COUNTS: dict[str, dict[str, Any]] = {
    "THIRTY": {"day_count": "THIRTY_360"},
    "BOTH": {"day_count": "ACTUAL_ACTUAL", "penal_plan": {"method": "FLAT", "amount_paise": 200_00, "grace_days": 2}},
    "RUPEES": {"interest_unit_paise": 100, "interest_rounding": "UP", "day_count": "ACTUAL_360"},
}
METHODS: dict[str, dict[str, Any]] = {
    "RECALC": {"is_interest_recalculated": True},
    "DAILYREST": {"is_interest_recalculated": True, "early_payment": "PAY_AT_ONCE"},
    "ATONCE": {"early_payment": "PAY_AT_ONCE"},
    "FLATRATE": {"interest_method": "FLAT", "interest_period": "WHOLE_PERIODS"},
    "OVERDUE": {"has_interest_on_overdue_principal": True, "amortisation": "EQUAL_PRINCIPAL"},
}


def live(*, seed: int, days: int, is_replayed: bool) -> list[tuple[str, int]]:
    """Close days, with receipts and charges between them; return the hash and the sum of accruals of each day."""
    chance = random.Random(seed)
    lived = []
    for _ in range(days):
        for loan in Loan.objects.filter(status="ACTIVE").order_by("number"):
            act(loan, chance.random(), chance.randint(100_00, 9_000_00), chance.randint(0, 40))
        if is_replayed:
            Loan.objects.update(next_change_date=F("as_of"))
        day_end = day_end_run()
        rows = LoanAccrual.objects.filter(booked_on=day_end.business_date)
        lived.append((day_end.state_hash, sum(rows.values_list("amount_paise", flat=True))))
    return lived


def act(loan: Loan, chance: float, amount_paise: int, days_back: int) -> None:
    """Sometimes post a receipt, of today or back-dated, or levy a charge."""
    today = business_date()
    key = f"{loan.number}-{today}"
    if chance < 0.03:
        value_date = max(today - timedelta(days=days_back), loan.disbursed_on or today)
        receipt_post(
            loan_id=loan.pk, amount_paise=amount_paise, value_date=value_date, reference=key, idempotency_key=key
        )
    elif chance > 0.99:
        charge_levy(loan_id=loan.pk, code="STATEMENT", value_date=today, idempotency_key=key, reason="Asked for")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("plans", [PLANS, COUNTS, METHODS], ids=["penal", "counts", "methods"])
def test_lines_and_replays_make_the_same_book(plans: dict[str, dict[str, Any]], seed: int) -> None:
    make_lender(first_day=FIRST_DAY, borrowers=8, plans=plans)
    start = transaction.savepoint()
    by_lines = live(seed=seed, days=DAYS, is_replayed=False)
    differences = [str(item) for batch in loans_verify() for item in batch.differences]
    transaction.savepoint_rollback(start)

    by_replays = live(seed=seed, days=DAYS, is_replayed=True)

    assert by_replays == by_lines
    assert differences == []
    assert len(by_lines) == DAYS


def test_loans_are_quiet_until_their_next_due_date() -> None:
    make_lender(first_day=FIRST_DAY)
    day_end_run(to_date=date(2026, 5, 3))

    # Due dates are the 30th, 31st, 1st and 2nd; penal that grows daily is replayed as long as something is overdue.
    loans = list(Loan.objects.filter(status="ACTIVE", product_code="NONE").order_by("number"))
    assert {loan.next_change_date for loan in loans} == {
        date(2026, 5, 30),
        date(2026, 5, 31),
        date(2026, 6, 1),
        date(2026, 6, 2),
    }
    assert [is_quiet(loan=loan, on_date=date(2026, 5, 29)) for loan in loans] == [True] * 6
    assert [is_quiet(loan=loan, on_date=date(2026, 6, 2)) for loan in loans] == [False] * 6
    daily = Loan.objects.filter(status="ACTIVE", product_code="DAILY", oldest_unpaid_due_date__lt=date(2026, 4, 20))
    assert [is_quiet(loan=loan, on_date=date(2026, 5, 4)) for loan in daily] == [False] * 3


def test_statements_of_a_quiet_day_do_not_grow_with_the_loans() -> None:
    make_lender(first_day=FIRST_DAY, borrowers=18, plans=COUNTS)
    day_end_run(to_date=date(2026, 5, 4))
    many = _statements_of_a_day()

    # Half of the borrowers leave the book.
    customers = sorted(Loan.objects.values_list("customer_id", flat=True).distinct())[9:]
    Loan.objects.filter(customer_id__in=customers).update(status="SANCTIONED")
    few = _statements_of_a_day()

    assert many == few


def _statements_of_a_day() -> int:
    """Close a day; count the statements that touch loans, accruals, chunks and the diary."""
    with CaptureQueriesContext(connection) as seen:
        day_end_run()
    return sum("lms_" in query["sql"] for query in seen.captured_queries)
