"""Thresholds of payments are dated rows: what counts today is what the row in force says, and no row is nonsense."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import database_now
from core.models import AuditEntry, InboxMessage, Saga, SagaStep
from core.sagas.models import SagaState
from ledger.checks import ledger_check
from payments.alarms import alarms
from payments.errors import ParameterOutOfRange
from payments.models import (
    CounterReceipt,
    Operation,
    PaymentParameters,
    PaymentRefund,
    PaymentState,
    ProviderAttempt,
    Vendor,
)
from payments.receipt_errors import ChequeIncomplete
from payments.services.deposits import Cheque, CounterOrder, counter_take
from payments.services.rules import RANGES, PaymentRules, payment_parameters_publish
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.factories.staff import client_of
from tests.payments.test_alarms import payment

pytestmark = pytest.mark.django_db
TODAY, TOMORROW = date(2026, 3, 10), date(2026, 3, 11)


@pytest.fixture
def vendor() -> Vendor:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    make_loan()
    set_business_date(TODAY)
    return make_vendor(address="http://127.0.0.1:9", float_paise=0)


def publish(**changes: int) -> None:
    """Publish thresholds that count from tomorrow on."""
    payment_parameters_publish(
        valid_from=TOMORROW, rules=replace(PaymentRules(), **changes), source="Board", reason="Other limits"
    )


def undoing(since: timedelta) -> None:
    Saga.objects.create(
        kind="payments.payout", intent_key="1", state=SagaState.COMPENSATING, changed_at=database_now() - since
    )


def unproven(since: timedelta) -> None:
    ProviderAttempt.objects.create(
        saga_id=1,
        step="send",
        vendor=Vendor.objects.get(),
        operation=Operation.PAYOUT,
        our_reference=next_key("ours"),
        idempotency_key=next_key("key"),
        amount_paise=1_00,
        state="UNKNOWN",
        safe_retry_until=database_now(),
        changed_at=database_now() - since,
    )


def parked_webhook(since: timedelta) -> None:
    InboxMessage.objects.create(
        source="webhook:razorpay",
        event_id="evt",
        raw=b"{}",
        queue="tests",
        state="PARKED",
        received_at=database_now() - since,
    )


def open_refund(since: timedelta) -> None:
    row = payment(PaymentState.REFUNDING)
    PaymentRefund.objects.create(
        number="RF1",
        payment=row,
        open_payment=row,
        amount_paise=1_00,
        reason="Asked",
        requested_at=database_now() - since,
    )


@pytest.mark.parametrize(
    ("arrange", "name", "first", "unit"),
    [
        (undoing, "undo_late_minutes", 5, timedelta(minutes=1)),
        (unproven, "unproven_late_minutes", 15, timedelta(minutes=1)),
        (parked_webhook, "webhook_late_minutes", 30, timedelta(minutes=1)),
        (open_refund, "transfer_late_hours", 24, timedelta(hours=1)),
    ],
)
def test_alarm_rings_after_the_time_that_the_row_in_force_gives(
    vendor: Vendor, arrange: Any, name: str, first: int, unit: timedelta
) -> None:
    arrange(2 * first * unit)
    publish(**{name: 3 * first})
    today = len(alarms())

    set_business_date(TOMORROW)

    assert (today, len(alarms())) == (1, 0)


def test_call_that_nobody_looks_after_is_found_after_the_time_of_the_row(vendor: Vendor) -> None:
    unproven(timedelta(0))
    saga = Saga.objects.create(pk=1, kind="payments.payout", intent_key="1")
    late = database_now() - timedelta(minutes=15)
    SagaStep.objects.create(saga=saga, number=1, name="send", queue="tests", run_at=late, order_at=late)

    def offences() -> int:
        return next(len(found.offences) for found in ledger_check().findings if found.code == "I9")

    publish(look_late_minutes=20)
    today = offences()

    set_business_date(TOMORROW)

    assert (today, offences()) == (1, 0)


def test_check_of_an_empty_installation_needs_no_thresholds() -> None:
    assert ledger_check().is_held


def test_cheque_is_good_for_the_months_of_the_row_in_force(vendor: Vendor) -> None:
    loan = make_loan()
    cheque = Cheque(number="123456", bank="A bank", dated=date(2025, 12, 11))

    def take() -> None:
        counter_take(
            order=CounterOrder(
                loan_id=loan.pk, amount_paise=1_000_00, cheque=cheque, idempotency_key=next_key("counter")
            )
        )

    publish(cheque_valid_months=2)
    take()

    set_business_date(TOMORROW)

    with pytest.raises(ChequeIncomplete, match="not older than 2 months"):
        take()
    assert CounterReceipt.objects.count() == 1


@pytest.mark.parametrize(("name", "least", "most"), [(name, *limits) for name, limits in RANGES.items()])
def test_threshold_out_of_its_range_is_refused_by_name(vendor: Vendor, name: str, least: int, most: int) -> None:
    for value in (least - 1, most + 1):
        with pytest.raises(ParameterOutOfRange) as refusal:
            publish(**{name: value})
        assert refusal.value.code == "payments.parameter_out_of_range"
        assert refusal.value.context == {"name": name.replace("_", " "), "value": value, "least": least, "most": most}

    assert PaymentParameters.objects.count() == 1
    assert not AuditEntry.objects.filter(action="payments.parameters_publish").exists()


def test_page_begins_with_the_thresholds_in_force_and_shows_the_published_ones(vendor: Vendor) -> None:
    publish(call_asked_days=9, cheque_valid_months=2)
    set_business_date(TOMORROW)
    manager = client_of("manager")

    form = manager.get("/admin/money/parameters/new/").context["form"]
    row = PaymentParameters.objects.latest("valid_from")
    page = manager.get(f"/admin/payments/paymentparameters/{row.pk}/change/").content.decode()

    assert (form.initial["call_asked_days"], form.initial["cheque_valid_months"]) == (9, 2)
    assert "Call asked days" in page
