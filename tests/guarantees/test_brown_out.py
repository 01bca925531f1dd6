"""G16: a vendor is slow, fails half of what it is asked, and asks to slow down; then it is well again."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.models import F

from payments.models import AttemptEvent, Operation, Payout, PayoutState, ProviderAttempt, VendorRoute
from payments.vendors.circuits import Circuit
from tests.guarantees.crew import HURRY, all_done, ask, hands, lender, paid_as_booked
from tests.guarantees.waiting import until
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

ILL, WELL = "razorpay", "cashfree"
CONTRACT = 20
SMALL = 50_000_00
CALM = {"latency_median": 0.1, "error_before": 0, "error_after": 0, "busy": 0}
# Twenty times as slow, which is longer than we wait; of those that come through in time, half fail.
TROUBLE = {"latency_median": 2, "error_before": 0.25, "error_after": 0.25, "busy": 0.1}


def ask_small(count: int) -> list[int]:
    """Ask for payouts that only the vendor that stays well has a route for."""
    return [payout.pk for payout in ask(count, amount_paise=SMALL)]


def ask_until_open(circuit: Circuit, *, count: int) -> list[int]:
    """Keep so many payouts on their way until enough calls in a row have failed: some are lucky and paid at once."""
    asked: list[int] = []

    def is_open() -> bool:
        paid = Payout.objects.filter(pk__in=asked, state=PayoutState.PAID).count()
        asked.extend(payout.pk for payout in ask(count - (len(asked) - paid)))
        return not circuit.is_closed

    until(is_open, what="the circuit to open")
    return asked


def seconds_of(payouts: Sequence[int]) -> list[float]:
    """Return how long payouts took, from the request to the end, the slowest last."""
    rows = Payout.objects.filter(pk__in=payouts).annotate(took=F("changed_at") - F("requested_at"))
    return sorted(took.total_seconds() for took in rows.values_list("took", flat=True))


def sent_twice() -> list[int]:
    """Return sagas that have sent more than one call, to whomever."""
    sent = ProviderAttempt.objects.filter(first_sent_at__isnull=False).values_list("saga_id", flat=True)
    every = list(sent)
    return [saga for saga in set(every) if every.count(saga) > 1]


@pytest.mark.guarantee("G16")
@pytest.mark.mariadb
@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
def test_vendor_in_trouble_is_left_alone_pays_once_and_hurts_no_other(
    world: Simulators, settings: Any, tally: Tally, times: Times
) -> None:
    count = times(short=5, long=100)
    lender(world, calls_per_second=CONTRACT)
    for vendor in (ILL, WELL):
        world.set("config", **{vendor: {"calls_per_second": CONTRACT}})
        world.set("scenario", vendor=vendor, **CALM)
    VendorRoute.objects.filter(vendor__code=ILL, operation=Operation.PAYOUT).update(least_paise=SMALL + 1)
    circuit = Circuit(name=f"kist:circuit:{ILL}:{Operation.PAYOUT}")
    settings.HURRY = HURRY
    with hands(threads=6):
        before = ask_small(count)
        all_done()

        world.set("scenario", vendor=ILL, **TROUBLE)
        troubled = ask_until_open(circuit, count=count)
        during = ask_small(count)
        small = Payout.objects.filter(pk__in=during)
        until(lambda: small.filter(state=PayoutState.PAID).count() == count, what="the other vendor's payouts")
        world.set("scenario", vendor=ILL, **CALM)
        all_done(seconds=600, longest_pause=12)

    calm, beside, ill = seconds_of(before), seconds_of(during), seconds_of(troubled)
    print(f"slowest payout: {calm[-1]:.2f} s in calm, {beside[-1]:.2f} s beside the trouble, {ill[-1]:.2f} s in it")
    tally.ran(2 * count + len(troubled))
    assert paid_as_booked(world) == []
    assert set(Payout.objects.values_list("state", flat=True)) == {PayoutState.PAID}
    assert sent_twice() == []
    assert world.summary()["violations"] == []
    # Nothing of the vendor that stayed well was ever in doubt.
    well = AttemptEvent.objects.filter(attempt__vendor__code=WELL, attempt__amount_paise=SMALL)
    assert not well.filter(told__in=("UNSURE", "NOT_FOUND")).exists()
