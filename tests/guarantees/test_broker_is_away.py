"""G10: the broker forgets everything, dies, stands still, or refuses what it is given: no work is lost."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from core.clock import database_now
from core.streams import Hints, hint
from payments.vendors.rates import slots_take
from tests.guarantees.crew import HURRY, all_done, ask, hands, lender, paid_as_booked
from tests.guarantees.servers import own_broker
from tests.guarantees.waiting import until
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times


@pytest.mark.guarantee("G10")
@pytest.mark.mariadb
@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
def test_whatever_becomes_of_the_broker_everything_is_finished(
    world: Simulators, settings: Any, tmp_path: Path, tally: Tally, times: Times
) -> None:
    each = times(short=2, long=167)
    away = times(short=2, long=60)
    with own_broker(tmp_path) as (server, client, url):
        settings.REDIS_URL, settings.HURRY = url, HURRY
        lender(world)
        with hands(threads=times(short=2, long=4)):
            ask(each)
            client.flushall()

            ask(each)
            server.kill()
            ask(each)
            time.sleep(away)
            server.start()

            ask(each)
            server.halt()
            time.sleep(away)
            server.go_on()

            # Full, and throwing away whatever it likes; then full, and refusing everything.
            for policy in ("allkeys-random", "noeviction"):
                client.config_set("maxmemory-policy", policy)
                client.config_set("maxmemory", "1mb")
                ask(each)
                until(lambda: is_full(client), what="a full broker")
            client.config_set("maxmemory", "0")
            back_at = database_now()
            done_at = all_done(seconds=900)
    print(f"everything was finished {(done_at - back_at).total_seconds():.1f} s after the broker was back")
    tally.ran(6 * each)
    assert paid_as_booked(world) == []


def is_full(client: redis.Redis) -> bool:
    """Fill a broker until it refuses, or throws something away."""
    before: int = client.info("stats")["evicted_keys"]
    for number in range(200):
        try:
            client.set(f"filling:{number}", "x" * 50_000)
        except redis.ResponseError as error:
            return "maxmemory" in str(error)
    after: int = client.info("stats")["evicted_keys"]
    return after > before


@contextmanager
def deaf_broker(*, hangs_up: bool) -> Iterator[tuple[str, list[socket.socket]]]:
    """Listen as a broker does that never answers, or hangs up at once; keep the connections that were made."""
    made: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    made.append(listener.accept()[0])
                    if hangs_up:
                        made[-1].close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=30)
        for link in made:
            link.close()


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("hangs_up", [False, True])
def test_broker_that_does_not_answer_is_not_asked_over_and_over(settings: Any, hangs_up: bool) -> None:
    with deaf_broker(hangs_up=hangs_up) as (settings.REDIS_URL, made):
        hint(queue="tests", row_ids=[1])

        # A lost connection is made anew once, which takes two to agree on how to talk; the client by itself would do
        # so ten times and more, with pauses between.
        assert 1 <= len(made) <= 4
        assert slots_take(vendor="razorpay", per_second=10).given == 0
        assert len(made) <= 8
        assert Hints(consumer="tests", lease_seconds=1).read(queues=["tests"], limit=1, block_ms=1) is None
        assert len(made) <= 12
