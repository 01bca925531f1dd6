"""Contract rates: never more calls in a second than the vendor allows, whoever asks, whatever clocks do."""

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest
import redis
import redis.asyncio

from payments.vendors import rates
from payments.vendors.rates import Places, places_take, slots_take

VENDOR = "gate"
RATE = 40
LOG, CLOCK = "kist:rate:{gate}", "kist:rate:{gate}:clock"


@pytest.fixture(params=["broker", "process"])
def counted(request: pytest.FixtureRequest, settings: Any) -> str:
    """Where calls are counted: by the broker for all processes, or by this process alone."""
    settings.REDIS_URL = ""
    if request.param == "broker":
        settings.REDIS_URL = request.getfixturevalue("broker_url")
        redis.Redis.from_url(settings.REDIS_URL).delete(LOG, CLOCK)
    rates.counts_forget()
    return str(settings.REDIS_URL)


@pytest.fixture
def broker(broker_url: str, settings: Any) -> redis.Redis:
    settings.REDIS_URL = broker_url
    client = redis.Redis.from_url(broker_url, decode_responses=True)
    client.delete(LOG, CLOCK)
    rates.counts_forget()
    return client


def ahead(url: str, *, want: int, seconds: float) -> Places:
    """Take places as the consumer does, with a connection of its own."""

    async def take() -> Places:
        client = redis.asyncio.Redis.from_url(url) if url else None
        try:
            return await places_take(client, vendor=VENDOR, per_second=RATE, want=want, ahead_seconds=seconds)
        finally:
            if client is not None:
                await client.aclose()

    return asyncio.run(take())


def moments(client: redis.Redis) -> list[float]:
    found: Any = client.zrange(LOG, 0, -1, withscores=True)
    return [moment / 1_000_000 for _, moment in found]


def most_in_a_second(found: list[float]) -> int:
    return max(sum(1 for other in found if moment <= other < moment + 1) for moment in found)


def time_passes(client: redis.Redis, *, seconds: float, is_true: bool) -> None:
    """Let the broker's clock go on, or back; where it is true the caller's own has gone on as far."""
    client.hincrby(CLOCK, "real", -round(seconds * 1_000_000))
    if is_true:
        rates._taken_at[VENDOR] -= seconds


def test_burst_is_allowed_up_to_the_contract_and_no_further(counted: str) -> None:
    slots = slots_take(vendor=VENDOR, per_second=RATE, want=RATE + 10)

    assert slots.given == RATE
    assert slots.pause_seconds == rates.WINDOW_SECONDS


def test_places_ahead_keep_their_distance_and_end_where_asked(counted: str) -> None:
    places = ahead(counted, want=200, seconds=2.0)

    assert {round((after - before) * 1000) for before, after in pairwise(places.after_seconds)} == {26}
    assert len(places.after_seconds) == 77
    assert most_in_a_second(list(places.after_seconds)) == 39
    assert places.pause_seconds > 2.0


def test_places_after_a_burst_wait_until_its_second_is_over(counted: str) -> None:
    slots_take(vendor=VENDOR, per_second=RATE, want=RATE)

    ahead(counted, want=2, seconds=2.0)

    found = (
        moments(redis.Redis.from_url(counted)) if counted else [m / 1_000_000 for m in rates._MEMORY._moments[VENDOR]]
    )
    assert [round(moment - found[0], 3) for moment in found] == [0.0] * RATE + [1.04, 1.066]


@pytest.mark.broker
def test_unused_places_of_an_idle_time_are_not_made_up_for(broker: redis.Redis, broker_url: str) -> None:
    ahead(broker_url, want=1, seconds=0.2)
    time_passes(broker, seconds=5, is_true=True)

    places = ahead(broker_url, want=200, seconds=1.0)

    assert len(places.after_seconds) == 39
    assert most_in_a_second(moments(broker)) <= RATE


@pytest.mark.broker
def test_two_consumers_share_one_contract(broker: redis.Redis, broker_url: str) -> None:
    for _ in range(10):
        ahead(broker_url, want=5, seconds=3.0)
        rates.counts_forget()
        ahead(broker_url, want=5, seconds=3.0)

    found = moments(broker)
    assert len(found) == 100
    assert most_in_a_second(found) <= RATE
    assert min(after - before for before, after in pairwise(found)) > 0.0259


@pytest.mark.broker
@pytest.mark.parametrize("seconds", [10, -10])
def test_clock_of_the_broker_that_jumps_gives_no_second_window(broker: redis.Redis, seconds: float) -> None:
    assert slots_take(vendor=VENDOR, per_second=RATE, want=RATE).given == RATE
    time_passes(broker, seconds=seconds, is_true=False)

    assert slots_take(vendor=VENDOR, per_second=RATE, want=RATE).given == 0


@pytest.mark.broker
def test_window_opens_again_after_a_clock_that_went_back(broker: redis.Redis) -> None:
    slots_take(vendor=VENDOR, per_second=RATE, want=RATE)
    time_passes(broker, seconds=-600, is_true=False)
    slots_take(vendor=VENDOR, per_second=RATE, want=RATE)
    time_passes(broker, seconds=2, is_true=True)

    assert slots_take(vendor=VENDOR, per_second=RATE, want=RATE).given == RATE


@pytest.mark.broker
def test_broker_that_forgot_everything_gives_no_second_window(broker: redis.Redis) -> None:
    slots_take(vendor=VENDOR, per_second=RATE, want=RATE)
    broker.delete(LOG, CLOCK)

    assert slots_take(vendor=VENDOR, per_second=RATE, want=1).given == 0


def test_consumer_that_begins_where_nothing_is_known_leaves_out_the_first_window(
    counted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "_BEGAN", time.monotonic() + 60)

    assert ahead(counted, want=5, seconds=0.2).after_seconds == ()


def test_nothing_is_sent_while_the_broker_is_away(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    rates.counts_forget()

    assert slots_take(vendor=VENDOR, per_second=RATE).given == 0
    assert ahead(settings.REDIS_URL, want=5, seconds=1.0).after_seconds == ()
    rates.counts_forget()
