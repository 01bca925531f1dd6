"""Workers on the database of the test itself, in threads or processes, and a lender on it whose payouts they make."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from core.broker import broker
from core.clock import database_now
from core.models import OutboxEvent, Saga, SagaStep
from core.workers import LANES, LaneWorker
from lms.models import ProductVersion
from payments.models import Payout, PayoutState, ProviderAttempt
from payments.services.vendors import clients_close
from payments.vendors import http, rates
from tests.factories.lms import make_customer, make_sanctioned_loan, make_version, set_business_date
from tests.factories.payments import (
    GOOD_ACCOUNT,
    ask_payout,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
    own_branch,
)
from tests.guarantees.waiting import until
from tests.project_process import ROOT
from tests.simulators.process import Simulators

HURRY = 30
DAY = date(2026, 1, 1)
AT_VENDOR = 10_00_00_000_00
ENDED = ("DONE", "COMPENSATED", "MANUAL")
FINAL = (PayoutState.PAID, PayoutState.FAILED, PayoutState.REVERSED, PayoutState.CANCELLED)


def lender(
    world: Simulators, *, vendors: tuple[str, ...] = ("razorpay", "cashfree"), calls_per_second: int = 1000
) -> None:
    """Make a lender with a product, and money at vendors of a world that is as new."""
    world.set("reset")
    world.set("scenario", latency_median=0.01, settle_seconds=0.1)
    world.set("config", **{code: {"calls_per_second": 0} for code in vendors})
    fresh_vendors()
    set_business_date(DAY)
    make_parameters()
    make_version()
    for code in vendors:
        make_vendor(
            address=world.address,
            code=code,
            float_paise=AT_VENDOR,
            answer_seconds=2,
            calls_per_second=calls_per_second,
        )


def fresh_vendors() -> None:
    """Forget connections, circuits and counts; also the circuits that processes share."""
    clients_close()
    http._breaker.cache_clear()
    rates.counts_forget()
    shared = broker(answer_seconds=2)
    if shared is not None:
        with suppress(redis.RedisError):
            for key in shared.scan_iter("kist:circuit:*"):
                shared.delete(key)


def ask(count: int, *, accounts: tuple[str, ...] = (GOOD_ACCOUNT,), amount_paise: int = 1_20_000_00) -> list[Payout]:
    """Ask for payouts on new loans of new borrowers, to proven accounts."""
    version = ProductVersion.objects.latest("pk")
    asked = []
    for number in range(count):
        customer = make_customer(full_name="Asha Verma", phone="9" + str(uuid.uuid4().int)[:9])
        loan = make_sanctioned_loan(customer=customer, version=version, idempotency_key=uuid.uuid4().hex)
        account = make_account(customer=customer, number=accounts[number % len(accounts)], ifsc=own_branch())
        make_proof(account=account, our_reference=uuid.uuid4().hex[:26])
        key = uuid.uuid4().hex
        asked.append(ask_payout(loan=loan, account=account, amount_paise=amount_paise, idempotency_key=key))
    return asked


@contextmanager
def hands(*, threads: int = 2) -> Iterator[None]:
    """Let threads of this process work, as healthy workers do, and end them afterwards."""
    stop = threading.Event()
    lanes = ["relay", "inbox", "rollback", *["sagas"] * threads]
    workers = [
        threading.Thread(target=LaneWorker(lane=LANES[lane], number=number, stop=stop).run)
        for number, lane in enumerate(lanes)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join(timeout=60)
        fresh_vendors()


@contextmanager
def working(
    command: tuple[str, ...] = ("work", "--sagas", "2"), *, log: Path, **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process of workers on the test's database, wait until it works, and end it afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=process_environment(**environment),
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: "working with" in log.read_text() or process.poll() is not None, what="a process of workers")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def process_environment(**chosen: str) -> dict[str, str]:
    """Return the environment of a process that works on the test's own database, in a hurry."""
    own = connection.settings_dict
    server = f"{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT'] or 3306}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"mysql://{server}/{own['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "VAR_DIR": str(settings.VAR_DIR),
        "HURRY": str(HURRY),
        **chosen,
    }


def open_work() -> int:
    """Return how much is not at its end: sagas that pay, and events that nobody has handed over."""
    live = Saga.objects.filter(kind="payments.payout").exclude(state__in=ENDED)
    return live.count() + OutboxEvent.objects.count()


def all_done(*, seconds: float = 180, longest_pause: float = 600) -> datetime:
    """Wait until everything that pays is at its end, and return when that was, by the database's clock.

    Args:
        longest_pause: seconds; who has climbed the ladder of looks further does not keep the test waiting.
    """

    def is_done() -> bool:
        late = SagaStep.objects.filter(saga__kind="payments.payout", state__in=("PENDING", "COMP_PENDING"))
        now = database_now()
        # By key, so that nobody locks in another order.
        for pk in list(late.filter(run_at__gt=now + timedelta(seconds=longest_pause)).values_list("pk", flat=True)):
            late.filter(pk=pk).update(run_at=now)
        return not open_work()

    until(is_done, what="every saga to end", seconds=seconds)
    return database_now()


def paid_as_booked(world: Simulators) -> list[str]:
    """Return what is wrong between books and bank: each attempt, and nobody paid twice."""
    wrong = [f"{reference} was paid more than once" for reference in world.summary()["paid_more_than_once"]]
    for attempt in ProviderAttempt.objects.select_related("vendor"):
        net = world.truth(attempt.our_reference)["net_out_paise"]
        if net != (attempt.amount_paise if attempt.state == "PROCESSED" else 0):
            wrong.append(f"{attempt.our_reference} is {attempt.state} and the bank has {net} paise out")
    payouts = Payout.objects.exclude(state__in=FINAL).values_list("number", "state")
    return wrong + [f"payout {number} is {state}" for number, state in payouts]
