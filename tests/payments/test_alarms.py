"""Stuck money cannot be overlooked: each sort is counted with its age, in one statement, and leads to its page."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from core.clock import database_now
from core.inbox.services import message_file
from core.models import InboxMessage, Saga, SagaStep
from core.sagas.models import SagaState
from lms.models import Loan
from payments.alarms import alarms
from payments.models import (
    IncomingPayment,
    Operation,
    PaymentRefund,
    ProviderAttempt,
    Settlement,
    SettlementStanding,
    Vendor,
)
from payments.services.deposits import Cheque, CounterOrder, counter_take, deposit_make
from payments.services.incoming import payment_told
from payments.vendors.heard import PaymentHeard, PaymentTold
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)
DAYS = timedelta(days=2)


@pytest.fixture
def vendor() -> Vendor:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    make_loan()
    set_business_date(TODAY)
    return make_vendor(address="http://127.0.0.1:9", float_paise=0)


def suspense(vendor: Vendor) -> None:
    payment("SUSPENSE")


def refund(vendor: Vendor) -> None:
    row = payment("REFUNDING")
    PaymentRefund.objects.create(
        number="RF1",
        payment=row,
        open_payment=row,
        amount_paise=1_00,
        reason="Asked",
        requested_at=database_now() - DAYS,
    )


def attempt(vendor: Vendor) -> None:
    ProviderAttempt.objects.create(
        saga_id=1,
        step="send",
        vendor=vendor,
        operation=Operation.REFUND,
        our_reference=next_key("ours"),
        idempotency_key=next_key("key"),
        amount_paise=1_00,
        state="UNKNOWN",
        safe_retry_until=database_now(),
        changed_at=database_now() - DAYS,
    )


def refund_saga(vendor: Vendor) -> None:
    Saga.objects.create(kind="payments.refund", intent_key="1", state=SagaState.MANUAL)


def undone_work(vendor: Vendor) -> None:
    step("PENDING")


def left_work(vendor: Vendor) -> None:
    step("CLAIMED")


def unread(vendor: Vendor) -> None:
    message("NEW", queue="pay.webhook", next_at=database_now() - DAYS)


def poison(vendor: Vendor) -> None:
    message("POISON")


def parked(vendor: Vendor) -> None:
    message("PARKED")


def unexplained(vendor: Vendor) -> None:
    settlement(vendor, booked_on=TODAY, standing=SettlementStanding.DIFFERS)


def late_report(vendor: Vendor) -> None:
    settlement(vendor, booked_on=TODAY - 2 * DAYS, credited_on=TODAY)


def late_credit(vendor: Vendor) -> None:
    settlement(vendor, booked_on=TODAY - 2 * DAYS, standing=SettlementStanding.EXPLAINED)


def late_cheque(vendor: Vendor) -> None:
    row = taken(cheque=Cheque(number="123456", bank="A bank", dated=TODAY))
    deposit_make(payment_ids=[row.payment_id], bank_reference="SLIP 1", deposited_on=TODAY)
    set_business_date(date(2026, 3, 14))


def cash_overnight(vendor: Vendor) -> None:
    taken(cheque=None)
    set_business_date(date(2026, 3, 15))


CASES: dict[str, tuple[Callable[[Vendor], None], str, str]] = {
    "suspense": (suspense, "payment: in suspense: nobody has decided whose it is", "state__exact=SUSPENSE"),
    "refund": (refund, "refund: not given back for more than 24 hours", "state__exact=REFUNDING"),
    "attempt": (attempt, "refund: sent without proof either way", "state__exact=REFUNDING"),
    "saga": (refund_saga, "refund: waits for a person", "incomingpayment"),
    "undone": (undone_work, "task: due for more than 5 minutes, and no worker takes it (pay.payout.imps)", "/work/"),
    "left": (left_work, "task: left by a worker that ended, and no other takes it over", "/work/"),
    "unread": (unread, "webhook: due for more than 5 minutes, and no worker reads it", "state__exact=NEW"),
    "poison": (poison, "webhook: could not be applied", "state__exact=POISON"),
    "parked": (parked, "webhook: parked: speaks of what we do not know", "state__exact=PARKED"),
    "differs": (unexplained, "settlement: does not add up to its parts", "standing__exact=DIFFERS"),
    "report": (late_report, "settlement: not explained by the gateway yet", "standing__exact=WAITING"),
    "credit": (late_credit, "settlement: not seen on the bank&#x27;s statement yet", "credited_on__isempty=1"),
    "cheque": (late_cheque, "cheque: at the bank for too long", "/money/counter/"),
    "cash": (cash_overnight, "receipt: taken before today and not brought to the bank", "/money/counter/"),
}


@pytest.mark.parametrize("name", CASES)
def test_stuck_money_is_told_and_leads_to_its_page(vendor: Vendor, name: str) -> None:
    arrange, words, place = CASES[name]
    assert alarms() == ()

    arrange(vendor)

    [alarm] = alarms()
    strip = client_of("analyst").get(reverse("staff-payments:alarms", args=["work"])).content.decode()
    counts = client_of("analyst").get(reverse("staff-payments:alarms", args=["header"])).content.decode()
    assert (alarm.count, alarm.oldest_at is not None) == (1, True)
    assert f"1 {words}" in strip
    assert place in alarm.address
    assert "1 stuck" in counts
    assert client_of("manager").get(alarm.address).status_code == 200


def test_alarms_cost_the_same_whatever_is_stuck(vendor: Vendor, django_assert_max_num_queries: Any) -> None:
    for name in CASES:
        CASES[name][0](vendor)
    set_business_date(date(2026, 3, 20))
    client = client_of("analyst")

    with django_assert_max_num_queries(4):
        found = alarms()
    assert len(found) == len(CASES)
    for page in ("alarms", "clearing"):
        with django_assert_max_num_queries(15):
            client.get(reverse(f"staff-payments:{page}", args=["header"] if page == "alarms" else []))
    for page in ("admin:index", "staff-work:work"):
        shown = client.get(reverse(page)).content.decode()
        assert reverse("staff-payments:clearing") in shown
        assert "/money/alarms/" in shown


def test_count_ends_at_a_hundred_with_the_oldest(vendor: Vendor) -> None:
    now = database_now()
    rows = [
        InboxMessage(
            source="webhook:razorpay",
            event_id=f"evt_{number}",
            raw=b"",
            queue="tests",
            state="POISON",
            received_at=now - timedelta(minutes=number),
        )
        for number in range(120)
    ]
    InboxMessage.objects.bulk_create(rows)

    [alarm] = alarms()

    assert (alarm.count, alarm.is_counted_out) == (100, True)
    assert alarm.oldest_at == now - timedelta(minutes=119)


def test_work_that_is_hardly_late_or_waits_for_a_person_is_not_told_as_left_by_workers(vendor: Vendor) -> None:
    step("PENDING", late=timedelta(minutes=4))
    step("CLAIMED", late=timedelta(minutes=4))
    step("PENDING", saga_state=SagaState.MANUAL)

    assert [alarm.title for alarm in alarms()] == ["waits for a person"]


def test_webhook_that_was_filed_counts_no_longer(vendor: Vendor, admin_user: User) -> None:
    poison(vendor)
    assert [alarm.noun for alarm in alarms()] == ["webhook"]

    message_file(message_id=InboxMessage.objects.get().pk, actor=admin_user, reason="Sent by the test system")

    assert alarms() == ()


def test_clearing_with_money_on_it_is_shown_with_its_age(vendor: Vendor) -> None:
    part = reverse("staff-payments:clearing")
    assert client_of("analyst").get(part).content.decode().strip() == ""

    taken_by_gateway(vendor)

    assert "1070.razorpay" in client_of("analyst").get(part).content.decode()


def payment(state: str) -> IncomingPayment:
    return IncomingPayment.objects.create(
        number=next_key("RC"), source="GATEWAY", amount_paise=1_00, state=state, changed_at=database_now() - DAYS
    )


def message(state: str, **values: Any) -> None:
    InboxMessage.objects.create(
        source="webhook:razorpay",
        event_id=next_key("evt"),
        raw=b"{}",
        state=state,
        received_at=database_now() - DAYS,
        **{"queue": "tests", **values},
    )


def step(state: str, *, saga_state: str = SagaState.RUNNING, late: timedelta = DAYS) -> None:
    due = database_now() - late
    SagaStep.objects.create(
        saga=Saga.objects.create(kind="payments.payout", intent_key=next_key("saga"), state=saga_state),
        number=0,
        name="send",
        state=state,
        queue="pay.payout.imps",
        order_at=due,
        run_at=due,
        lease_until=due,
    )


def settlement(vendor: Vendor, **values: Any) -> None:
    defaults = {"amount_paise": 1_00, "fee_paise": 0, "tax_paise": 0, "credited_on": TODAY}
    if values.get("standing") == SettlementStanding.EXPLAINED:
        defaults["credited_on"] = None
    Settlement.objects.create(vendor=vendor, vendor_reference=next_key("setl"), **defaults | values)


def taken(*, cheque: Cheque | None) -> Any:
    loan = Loan.objects.get()
    return counter_take(
        order=CounterOrder(loan_id=loan.pk, amount_paise=1_00, idempotency_key=next_key("take"), cheque=cheque)
    )


def taken_by_gateway(vendor: Vendor) -> None:
    heard = PaymentHeard(told=PaymentTold.CAPTURED, vendor_reference="pay_1", amount_paise=1_00)
    payment_told(vendor=vendor, heard=heard, source="WEBHOOK")
