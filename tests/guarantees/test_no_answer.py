"""G6: answers are lost, requests arrive twenty minutes late, payouts end late: paid once, and never called failed.

The clock of the vendors runs as much faster as the pauses of the workers do.
"""

import json
import time
from collections.abc import Iterator

import pytest

from tests.guarantees.installation import CLOSED, GOOD, HURRY, Installation, agree, ask
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.broker, pytest.mark.processes, pytest.mark.mariadb]
# A fifth of the calls, with every way to learn nothing in it; new payouts are not found for half a minute.
FAULTS = {
    "lost_request": 0.05,
    "lost_answer": 0.05,
    "error_before": 0.02,
    "error_after": 0.03,
    "html": 0.01,
    "stuck": 0.04,
    "stuck_seconds": 1200,
    "hidden_seconds": 30,
    "deemed": 0.05,
    "deemed_seconds": 80,
}
LATE, LATE_FAILURE = "00224412311300", "7766666351000"
STORIES = """
import json
import time
from payments.models import AttemptEvent
order = AttemptEvent.objects.order_by("attempt_id", "pk")
rows = order.values_list("attempt__our_reference", "state_before", "state_after", "told")
print(json.dumps(list(rows)))
"""
# What a state may become; whatever else is seen is a step back.
FORWARD = {
    "SENDING": {"UNKNOWN", "PROCESSING", "PROCESSED", "FAILED", "REVERSED"},
    "UNKNOWN": {"PROCESSING", "PROCESSED", "FAILED", "REVERSED"},
    "PROCESSING": {"PROCESSED", "FAILED", "REVERSED"},
    "PROCESSED": {"REVERSED"},
    "FAILED": {"PROCESSED", "REVERSED"},
    "REVERSED": set(),
}


@pytest.fixture
def unreliable(world: Simulators) -> Iterator[Simulators]:
    before = {name: world.set("scenario")[name] for name in FAULTS}
    world.set("clock", speed=HURRY)
    world.set("scenario", **FAULTS)
    yield world
    world.set("scenario", **before)
    world.set("clock", speed=1)


@pytest.mark.guarantee("G6")
def test_payouts_of_which_a_fifth_of_the_calls_say_nothing_are_paid_once(
    installation: Installation, unreliable: Simulators, tally: Tally, times: Times
) -> None:
    count = times(short=30, long=2000)
    ask(installation, count=count, accounts=(GOOD, GOOD, GOOD, LATE, GOOD, GOOD, GOOD, CLOSED, GOOD, LATE_FAILURE))

    report = installation.work_to_the_end(seconds=300 + 2 * count, threads=8, longest_pause=10)
    # What is still stuck in the network arrives now, after everything has ended.
    unreliable.set("clock", step=1300)
    time.sleep(1)

    agree(report, unreliable)
    tally.ran(count)
    assert sum(report["payouts"].values()) == count
    assert report["payouts"]["FAILED"] == 2 * count // 10
    stories = json.loads(installation.python(STORIES))
    for reference, before, after, told in stories:
        if after != before and after not in FORWARD[before]:
            tally.violated(f"{reference} went from {before} to {after}")
        if after == "FAILED" and told not in ("FAILED", "REFUSED", "NOT_SENT"):
            tally.violated(f"{reference} was called failed because it was {told}")
    assert [story for story in stories if "UNKNOWN" in story] != []
