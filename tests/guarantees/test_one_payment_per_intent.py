"""G1, G10: whoever dies wherever, one intent moves money at most once, and everything comes to an end.

Payouts and refunds; debits by mandate do not exist yet.
"""

from collections.abc import Iterator

import pytest
import redis

from tests.guarantees.installation import CLOSED, GOOD, HURRY, Installation, agree, ask, ask_refunds
from tests.guarantees.served import serving
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.broker, pytest.mark.processes, pytest.mark.mariadb]
BRIEF = (
    "saga.before_intent_commit",
    "saga.after_intent_commit",
    "saga.during_call",
    "saga.after_call",
    "saga.in_compensation",
)
OF_A_SAGA = (*BRIEF, "saga.after_step_commit@3", "poll.before_commit")
OF_MESSAGES = ("inbox.before_apply_commit", "outbox.before_relay_commit", "roller.before_commit")


@pytest.fixture(scope="module")
def told(installation: Installation, world: Simulators) -> Iterator[int]:
    """Let the vendors tell their events to a web server, which may die and come back at its address."""
    world.set("clock", speed=HURRY)
    with serving(installation) as site:
        world.set("config", razorpay={"webhook_url": f"{site.address}/webhooks/razorpay/"})
        yield int(site.address.rpartition(":")[2])
    world.set("config", razorpay={"webhook_url": ""})


@pytest.mark.guarantee("G1", "G10")
def test_workers_that_die_one_after_the_other_pay_once(
    installation: Installation, world: Simulators, broker_url: str, tally: Tally
) -> None:
    ask(installation, count=12, accounts=(GOOD, CLOSED))
    for place in BRIEF:
        installation.die_at(place)
        tally.ran()
    redis.Redis.from_url(broker_url).flushdb()

    report = installation.work_to_the_end()

    agree(report, world)
    assert report["payouts"] == {"PAID": 6, "FAILED": 6}


@pytest.mark.guarantee("G1")
@pytest.mark.usefixtures("told")
def test_worker_that_dies_anywhere_pays_once(
    installation: Installation, world: Simulators, tally: Tally, times: Times
) -> None:
    before = installation.report()["payouts"]
    rounds = times(short=1, long=50)
    for place in (*OF_A_SAGA, *OF_MESSAGES) * rounds:
        ask(installation, count=2, accounts=(GOOD, CLOSED))
        installation.die_at(place)
        tally.ran()

    report = installation.work_to_the_end()

    agree(report, world)
    count = rounds * len(OF_A_SAGA + OF_MESSAGES)
    assert report["payouts"] == {state: before[state] + count for state in ("PAID", "FAILED")}


@pytest.mark.guarantee("G1")
def test_worker_that_dies_anywhere_gives_back_once(
    installation: Installation, world: Simulators, tally: Tally, times: Times
) -> None:
    places = OF_A_SAGA if times.is_long else ("saga.after_call",)
    rounds = times(short=1, long=50)
    for place in places * rounds:
        ask_refunds(installation, world, count=1)
        # Asking finishes what earlier deaths have left, so the fault is for the new refund alone.
        if place == "saga.in_compensation":
            world.set("fault", vendor="razorpay", fault="fails")
        installation.die_at(place)
        tally.ran()

    report = installation.work_to_the_end()

    agree(report, world)
    failed = rounds * ("saga.in_compensation" in places)
    assert (report["refunds"]["PAID"], report["refunds"].get("FAILED", 0)) == (rounds * len(places) - failed, failed)


@pytest.mark.guarantee("G1")
def test_web_server_that_dies_while_it_is_told_books_once(
    installation: Installation, world: Simulators, told: int, tally: Tally, times: Times
) -> None:
    before = installation.report()["payouts"]["PAID"]
    rounds = times(short=1, long=50)
    for _ in range(rounds):
        with serving(installation, failpoint="webhook.before_commit:kill9") as dying:
            world.set("config", razorpay={"webhook_url": f"{dying.address}/webhooks/razorpay/"})
            ask(installation, count=2)
            with installation.working():
                assert dying.died()
        world.set("config", razorpay={"webhook_url": f"http://127.0.0.1:{told}/webhooks/razorpay/"})
        tally.ran()

    report = installation.work_to_the_end()

    agree(report, world)
    assert report["payouts"]["PAID"] == before + 2 * rounds
