"""G5: no webhook arrives for a whole day; asking alone finds out everything, no more often than the vendors allow.

The day passes in seconds: whenever nothing is due, the clocks of both sides are set forward to what comes next.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db.models import F, Min

from core.clock import database_now
from core.inbox.models import InboxMessage
from core.sagas.models import Saga, SagaState, SagaStep, StepState
from core.workers import LANES, lane_drain
from lms.models import Loan
from payments.models import AttemptState, PaymentLink, Payout, PayoutState, ProviderAttempt
from payments.services.links import LinkRequest, link_request
from payments.services.vendors import clients_close
from tests.factories.lms import make_loan, make_sanctioned_loan, next_key, set_business_date
from tests.factories.payments import (
    ask_payout,
    balance_of,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
    own_branch,
)
from tests.guarantees.crew import fresh_vendors
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.guarantee("G5")]
DAY = timedelta(days=1)
GOOD, CLOSED, SENT_BACK = "026291800001191", "026291800001190", "02014457596969"
VENDORS = ("razorpay", "cashfree")
# What a vendor may be asked for: money 4 and 6.
CAPS = {"first_look_seconds": 90, "looks_in_two_hours": 3}
FREE = {"first_look_seconds": 0, "looks_in_two_hours": 0, "webhook_url": ""}
# Each webhook is lost; some payouts take hours, and one account sends its money back in the afternoon.
SCENARIO = {
    "webhook_lost": 1,
    "deemed": 0.3,
    "deemed_seconds": 5 * 3600,
    "settle_seconds": 40,
    "reversed_seconds": 6 * 3600,
}


@pytest.fixture
def silent(world: Simulators) -> Iterator[Simulators]:
    """Vendors whose webhooks are all lost, and who count how often they are asked."""
    fresh_vendors()
    world.set("reset")
    world.set("scenario", latency_median=0, **SCENARIO)
    world.set("config", **{code: {**CAPS, "webhook_url": f"{world.address}/nowhere"} for code in VENDORS})
    yield world
    world.set("config", **dict.fromkeys(VENDORS, FREE))
    clients_close()


@pytest.fixture
def loan(silent: Simulators) -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    for code in VENDORS:
        make_vendor(address=silent.address, code=code, float_paise=10_00_00_000_00)
    set_business_date(date(2026, 1, 2))
    return loan


def asked(count: int) -> list[Payout]:
    """Ask for payouts of new loans; one account in five is closed, one sends back what it gets."""
    found = []
    for number in range(count):
        loan = make_sanctioned_loan()
        sort = (GOOD, GOOD, CLOSED, GOOD, SENT_BACK)[number % 5]
        account = make_account(customer=loan.customer, number=sort, ifsc=own_branch())
        make_proof(account=account)
        found.append(ask_payout(loan=loan, account=account))
    return found


def time_passes(simulators: Simulators, *, until: timedelta) -> None:
    """Work, and set both clocks forward whenever nothing is due, until so much time has passed."""
    passed = timedelta(0)
    while True:
        lane_drain(lane=LANES["sagas"], rounds=1)
        alive = SagaStep.objects.filter(saga__state__in=(SagaState.RUNNING, SagaState.COMPENSATING))
        waiting = alive.filter(state__in=(StepState.PENDING, StepState.COMP_PENDING))
        due = waiting.aggregate(first=Min("run_at"))["first"]
        if due is None:
            return
        pause = max(due - database_now(), timedelta(0)) + timedelta(seconds=5)
        if (passed := passed + pause) > until:
            return
        simulators.set("clock", step=pause.total_seconds())
        # What the vendors do at its time is done before anybody asks.
        time.sleep(0.15)
        SagaStep.objects.update(run_at=F("run_at") - pause)
        ProviderAttempt.objects.update(
            created_at=F("created_at") - pause,
            changed_at=F("changed_at") - pause,
            safe_retry_until=F("safe_retry_until") - pause,
        )
        PaymentLink.objects.update(changed_at=F("changed_at") - pause, expires_at=F("expires_at") - pause)


def test_day_without_a_webhook_ends_with_the_truth(loan: Loan, silent: Simulators, tally: Tally, times: Times) -> None:
    # The answers to some payouts are lost as well: who has none asks no sooner than who was told to wait.
    silent.set("fault", vendor="razorpay", fault="lost_answer", times=2)
    payouts = asked(times(short=10, long=200))
    lane_drain(lane=LANES["sagas"], rounds=2)
    assert ProviderAttempt.objects.filter(state=AttemptState.UNKNOWN).count() == 2
    requests = [LinkRequest(loan_id=loan.pk, amount_paise=1_000_00, idempotency_key=next_key("link")) for _ in range(3)]
    links = [link_request(request=request) for request in requests]
    lane_drain(lane=LANES["sagas"], rounds=2)
    for link in links[:2]:
        link.refresh_from_db()
        silent.set("pay", ask=link.vendor_reference, method="upi")

    # The daily look at what was paid comes a day after its payment.
    time_passes(silent, until=DAY + timedelta(hours=8))

    for attempt in ProviderAttempt.objects.all():
        net = silent.truth(attempt.our_reference)["net_out_paise"]
        known = attempt.amount_paise if attempt.state == AttemptState.PROCESSED else 0
        tally.expect(net == known, f"{attempt.our_reference} is {attempt.state}, and {net} paise are out")
    ended = Counter(Payout.objects.values_list("state", flat=True))
    fifth = len(payouts) // 5
    assert ended == {PayoutState.PAID: 3 * fifth, PayoutState.FAILED: fifth, PayoutState.REVERSED: fifth}
    assert sorted(PaymentLink.objects.values_list("state", flat=True)) == ["OPEN", "PAID", "PAID"]
    assert not Saga.objects.filter(state=SagaState.MANUAL).exists()
    assert {row["fault"] for row in silent.log("delivery")} == {"webhook_lost"}
    assert not InboxMessage.objects.exists()
    assert [row["detail"] for row in silent.summary()["violations"]] == []
    assert (balance_of("1060.razorpay"), balance_of("1060.cashfree")) == (0, 0)
