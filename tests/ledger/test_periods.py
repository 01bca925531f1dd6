"""Months close in their order, refuse bookings by name, and are opened again by two persons."""

from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection

from core.approvals.errors import ApprovalByMaker, ApprovalForbidden
from core.approvals.services import approval_approve, approval_request
from core.models import AuditEntry
from ledger.approvals import PERIOD_REOPEN
from ledger.errors import (
    PeriodClosed,
    PeriodEarlierOpen,
    PeriodLedgerBroken,
    PeriodNotOver,
    PeriodReopenByOne,
    PeriodStateWrong,
    ReasonMissing,
)
from ledger.models import Journal, Period
from ledger.services import period_hard_close, period_reopen, period_soft_close, periods_create
from tests.factories.ledger import ledger_ready, moved, post
from tests.factories.lms import set_business_date
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db

MARCH, APRIL, MAY = 202603, 202604, 202605
IN_MARCH, IN_APRIL = date(2026, 3, 20), date(2026, 4, 10)


@pytest.fixture(autouse=True)
def _books() -> None:
    """A posting in March; the books are on 2 May."""
    ledger_ready()
    set_business_date(date(2026, 5, 2))
    post(moved("RECEIVED", "PRINCIPAL", 100), value_date=IN_MARCH, key="march")


@pytest.fixture
def finance() -> User:
    """The person who closes months."""
    return make_staff("finance")


def soft(month: int, actor: User) -> Period:
    """Close a month softly."""
    return period_soft_close(month=month, actor=actor, reason="Month-end")


def hard(month: int, actor: User) -> Period:
    """Close a month for everybody."""
    return period_hard_close(month=month, actor=actor, reason="Audited")


def test_months_have_rows_from_the_first_posting_to_the_next_month() -> None:
    periods_create(upto=date(2026, 5, 2))

    assert list(Period.objects.order_by("pk").values_list("pk", "state")) == [
        (202603, "OPEN"),
        (202604, "OPEN"),
        (202605, "OPEN"),
        (202606, "OPEN"),
    ]


@pytest.mark.parametrize("steps", [(soft,), (soft, hard)])
def test_posting_into_a_closed_month_is_refused_and_leaves_nothing(
    finance: User, steps: tuple[Callable[[int, User], Period], ...]
) -> None:
    for close in steps:
        close(MARCH, finance)

    with pytest.raises(PeriodClosed) as refusal:
        post(moved("RECEIVED", "PRINCIPAL", 5), value_date=IN_MARCH)

    assert refusal.value.context["month"] == "March 2026"
    assert Journal.objects.count() == 1


def test_back_dated_posting_is_booked_in_the_open_month(finance: User) -> None:
    soft(MARCH, finance)

    journal = post(moved("RECEIVED", "PRINCIPAL", 5), value_date=IN_MARCH, booked_on=IN_APRIL)

    assert journal is not None
    assert (journal.value_date, journal.booked_on) == (IN_MARCH, IN_APRIL)


def test_repeat_of_a_posting_returns_it_although_its_month_is_closed(finance: User) -> None:
    soft(MARCH, finance)

    assert post(moved("RECEIVED", "PRINCIPAL", 100), value_date=IN_MARCH, key="march") == Journal.objects.get()


def test_month_before_the_books_began_is_closed_with_the_first_one(finance: User) -> None:
    soft(MARCH, finance)

    with pytest.raises(PeriodClosed):
        post(moved("RECEIVED", "PRINCIPAL", 5), value_date=date(2026, 2, 1))


def test_months_close_in_their_order(finance: User) -> None:
    with pytest.raises(PeriodEarlierOpen):
        soft(APRIL, finance)
    with pytest.raises(PeriodStateWrong):
        hard(MARCH, finance)

    soft(MARCH, finance)
    with pytest.raises(PeriodStateWrong):
        soft(MARCH, finance)
    soft(APRIL, finance)
    with pytest.raises(PeriodEarlierOpen):
        hard(APRIL, finance)
    hard(MARCH, finance)

    assert hard(APRIL, finance).state == "HARD_CLOSED"
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "ledger.period_soft_closed",
        "ledger.period_soft_closed",
        "ledger.period_hard_closed",
        "ledger.period_hard_closed",
    ]


def test_month_that_is_not_over_stays_open(finance: User) -> None:
    soft(MARCH, finance)
    soft(APRIL, finance)

    with pytest.raises(PeriodNotOver):
        soft(MAY, finance)


def test_month_is_not_closed_for_good_on_a_broken_ledger(finance: User) -> None:
    soft(MARCH, finance)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_deferredentry")

    with pytest.raises(PeriodLedgerBroken):
        hard(MARCH, finance)

    assert Period.objects.get(pk=MARCH).state == "SOFT_CLOSED"


def test_closing_needs_a_reason(finance: User) -> None:
    with pytest.raises(ReasonMissing):
        period_soft_close(month=MARCH, actor=finance, reason=" ")


def test_two_persons_open_a_month_again(finance: User) -> None:
    soft(MARCH, finance)
    manager = make_staff("manager")

    with pytest.raises(PeriodReopenByOne):
        period_reopen(month=MARCH, first_actor=finance, second_actor=finance, reason="Late invoice")
    period_reopen(month=MARCH, first_actor=finance, second_actor=manager, reason="Late invoice")

    assert post(moved("RECEIVED", "PRINCIPAL", 5), value_date=IN_MARCH) is not None
    with pytest.raises(PeriodStateWrong):
        period_reopen(month=MARCH, first_actor=finance, second_actor=manager, reason="Late invoice")


def test_month_is_opened_again_through_maker_and_checker(finance: User) -> None:
    soft(MARCH, finance)
    manager = make_staff("manager")
    payload = {"month": MARCH, "reason": "Late invoice"}

    request = approval_request(
        kind=PERIOD_REOPEN, payload=payload, reason="Late invoice", actor=finance, idempotency_key="r"
    )
    assert request.effect == {"month": "March 2026", "state_before": "SOFT_CLOSED", "state_after": "OPEN"}
    with pytest.raises(ApprovalByMaker):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=finance)
    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=manager)

    assert Period.objects.get(pk=MARCH).state == "OPEN"
    entry = AuditEntry.objects.get(action="ledger.period_open")
    assert entry.detail == {"month": MARCH, "was": "SOFT_CLOSED", "request": request.pk}


def test_operations_cannot_ask_for_a_month_to_be_opened(finance: User) -> None:
    soft(MARCH, finance)

    with pytest.raises(ApprovalForbidden):
        approval_request(
            kind=PERIOD_REOPEN,
            payload={"month": MARCH, "reason": "x"},
            reason="x",
            actor=make_staff("operations"),
            idempotency_key="r",
        )
