"""G15: the database dies under load, and connections break at COMMIT: what was acknowledged is there, nothing twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection

from core.idempotency.models import IdempotencyKey
from core.idempotency.services import Answer, request_once
from core.models import Saga
from core.workers import LANES, LaneWorker
from ledger.models import Journal
from ledger.services import house_journal_post
from tests.callers import at_once
from tests.factories.lms import set_business_date
from tests.guarantees import sagas
from tests.guarantees.crew import DAY
from tests.guarantees.proxy import cutting
from tests.guarantees.sagas import problems_of
from tests.guarantees.servers import Server, connected_to, own_database
from tests.guarantees.waiting import until
from tests.tallying import Books, Tally, Times, books_here

pytestmark = [
    pytest.mark.guarantee("G15"),
    pytest.mark.mariadb,
    pytest.mark.django_db(transaction=True),
]
LOST = (DatabaseError, InterfaceError)


class OwnDatabase:
    """A MariaDB of the test's own, whose books are those that count."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def ask(self, question: Callable[[], Any]) -> Any:
        """Ask it in a thread, whose connection goes there."""
        return at_once(question)[0]

    def books(self) -> Books:
        """Tell how the books are."""
        found: Books = self.ask(books_here)
        return found


@pytest.fixture
def database(tmp_path: Path) -> Any:
    """A database that may be killed."""
    with own_database(tmp_path) as server:
        yield OwnDatabase(server)


class Callers:
    """Many callers who each post under keys of their own, and repeat a key until they have an answer."""

    def __init__(self, *, callers: int, each: int) -> None:
        self.keys = [[f"caller-{caller}-{number}" for number in range(each)] for caller in range(callers)]
        self.acknowledged: list[str] = []
        self.tries: Counter[str] = Counter()
        self.replays: list[str] = []

    def call(self, keys: list[str], *, pause: float) -> None:
        """Post under each key until it is acknowledged."""
        for key in keys:
            while key not in self.acknowledged:
                self.tries[key] += 1
                try:
                    answer = request_once(scope="tests", key=key, content={"key": key}, act=partial(_post, key))
                except LOST:
                    # Nobody knows whether it was committed: the same key is asked for again.
                    with suppress(*LOST):
                        connection.close()
                    time.sleep(pause)
                    continue
                self.acknowledged.append(key)
                self.replays += [key] * (answer.is_replay and self.tries[key] > 1)

    def all_at_once(self, *, pause: float = 0.1) -> None:
        """Let all of them call."""
        at_once(*(partial(self.call, keys, pause=pause) for keys in self.keys))

    def problems(self) -> list[str]:
        """Return keys that are not there exactly once."""
        posted = Counter(Journal.objects.filter(event="LOADED").values_list("idempotency_key", flat=True))
        kept = Counter(IdempotencyKey.objects.filter(state="DONE").values_list("key", flat=True))
        wanted = [key for keys in self.keys for key in keys]
        return [key for key in wanted if (posted[key], kept[key]) != (1, 1)]


def _post(key: str) -> Answer:
    journal = house_journal_post(
        idempotency_key=key,
        event="LOADED",
        reference_type="tests.load",
        reference_id=1,
        debit_code=sagas.BANK,
        credit_code=sagas.PAID_OUT,
        amount_paise=1,
        value_date=DAY,
        booked_on=DAY,
    )
    return Answer(status_code=201, body={"journal": journal.pk})


def _prepare() -> None:
    set_business_date(DAY)
    sagas.accounts_open()


def test_database_that_is_killed_under_load_has_everything_that_it_acknowledged(
    database: OwnDatabase, tally: Tally, times: Times
) -> None:
    sagas.money_saga_register()
    database.ask(_prepare)
    kills = times(short=1, long=20)
    stop = threading.Event()
    workers = [
        threading.Thread(target=LaneWorker(lane=LANES[lane], number=number, stop=stop).run)
        for number, lane in enumerate(("sagas", "sagas", "rollback", "relay"))
    ]
    for worker in workers:
        worker.start()
    for number in range(kills):
        callers = Callers(callers=4, each=times(short=25, long=50))
        callers.keys = [[f"{number}-{key}" for key in keys] for keys in callers.keys]
        database.ask(partial(_sagas_start, number))
        killer = threading.Thread(target=_kill_in_the_middle, args=(database.server, callers))
        killer.start()
        callers.all_at_once()
        killer.join()

        tally.ran()
        for key in database.ask(callers.problems):
            tally.violated(f"{key} is not there exactly once")
    try:
        until(lambda: database.ask(_sagas_open) == 0, what="every saga to end")
    finally:
        stop.set()
        for worker in workers:
            worker.join(timeout=60)
    states, problems = database.ask(_sagas_told)
    assert states == {"DONE": 3 * kills, "COMPENSATED": 3 * kills}
    assert problems == []


def _kill_in_the_middle(server: Server, callers: Callers) -> None:
    half = sum(map(len, callers.keys)) // 2
    until(lambda: len(callers.acknowledged) >= half, what="half of the load")
    server.kill()
    server.start()


def _sagas_start(number: int) -> None:
    for one in range(3):
        sagas.start(f"{number}-{one}")
        sagas.start(f"{number}-{one}-undone", fails_at=sagas.CHARGE)


def _sagas_open() -> int:
    return Saga.objects.exclude(state__in=("DONE", "COMPENSATED", "MANUAL")).count()


def _sagas_told() -> tuple[Counter[str], list[str]]:
    every = list(Saga.objects.all())
    return Counter(saga.state for saga in every), [problem for saga in every for problem in problems_of(saga)]


def test_commit_of_which_nobody_knows_is_found_by_its_key(transactional_db: None, tally: Tally, times: Times) -> None:
    _prepare()
    own = connection.settings_dict
    callers = Callers(callers=4, each=times(short=10, long=500))

    def fate(commit: int) -> str:
        # Of ten commits one never reaches the server, and of one nobody hears that it did.
        return {3: "before", 7: "after"}.get(commit % 10, "")

    target = (str(own["HOST"]), int(own["PORT"] or 3306))
    with cutting(target=target, fate=fate) as cutter, connected_to(port=cutter.port):
        callers.all_at_once(pause=0)

    tally.ran(cutter.cuts["before"] + cutter.cuts["after"])
    assert callers.problems() == []
    # Each commit whose answer was lost was found by its key; those that never arrived were made by the repeat.
    assert min(cutter.cuts.values()) > 0
    assert len(callers.replays) == cutter.cuts["after"]
    assert sum(callers.tries.values()) - len(callers.acknowledged) == sum(cutter.cuts.values())
