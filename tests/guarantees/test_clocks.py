"""G14: machines whose clocks are ten minutes wrong, either way, and jump: the database's clock alone decides."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count

from core.clock import database_now
from core.idempotency.models import IdempotencyKey
from core.models import Saga, SagaStep
from core.sagas.models import SagaEvent
from ledger.models import Account, Hold, Journal
from ledger.services import HoldOrder, hold_place
from lms.models import DayEnd
from payments.models import ProviderAttempt
from payments.vendors.circuits import Circuit
from tests.factories.lms import set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.guarantees.crew import (
    DAY,
    HURRY,
    all_done,
    ask,
    fresh_vendors,
    lender,
    paid_as_booked,
    working,
)
from tests.guarantees.waiting import until
from tests.payments.test_webhooks import tell_rupees
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

pytestmark = pytest.mark.guarantee("G14")
SOON = timedelta(minutes=5)
FAST, SLOW = "+10m", "-10m"
# A process with a wrong clock does everything that is done at its time, tells what came of it, and works.
PERIODIC = """
import json
from datetime import date
from django.core.management import call_command
from django.utils import timezone
from core.approvals.tasks import expire
from core.clock import database_now
from core.tasks import expire_requests
from ledger.services import ledger_seal
from ledger.tasks import expire_holds
from lms.models import DayEnd
from lms.services.day_end.errors import DayEndAlreadyRunning
from lms.services.day_end.lease import day_end_claim
from payments.vendors.circuits import Circuit
from payments.vendors.errors import VendorUnsure
expire_holds(); expire_requests(); expire()
try:
    claimed = day_end_claim(day_end_id=DayEnd.objects.get().pk) is not None
except DayEndAlreadyRunning:
    claimed = False
circuit = Circuit(name="kist:circuit:clocks")
for _ in range(5):
    circuit.tell(VendorUnsure("No answer"))
print(json.dumps({
    "wrong_by": round((timezone.now() - database_now()).total_seconds()),
    "seals": len(ledger_seal(now=database_now())),
    "claimed": claimed,
    "circuit_is_closed": circuit.is_closed,
}), flush=True)
call_command("work", sagas=2)
"""


@pytest.fixture
def wrong_clock(tmp_path: Path) -> dict[str, str]:
    """The environment of a process whose clock is wrong by what a file says."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("needs libfaketime to turn the clock of a process: apt-get install faketime")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def turn(environment: dict[str, str], by: str) -> None:
    """Turn the clock."""
    file = Path(environment["FAKETIME_TIMESTAMP_FILE"])
    # In one move, because the process may be reading it.
    fresh = file.with_suffix(".new")
    fresh.write_text(by)
    os.replace(fresh, file)


@pytest.mark.mariadb
@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
def test_process_whose_clock_is_wrong_and_jumps_pays_once_and_ends_nothing_early(
    world: Simulators, settings: Any, wrong_clock: dict[str, str], tally: Tally, times: Times
) -> None:
    lender(world)
    began = database_now()
    hold, key, waiting = hold_for(SOON), key_for(SOON), waiting_for(SOON)
    DayEnd.objects.create(business_date=DAY, chunks_total=1, owner="elsewhere:1:abc", lease_until=began + SOON)
    turn(wrong_clock, FAST)
    log = Path(wrong_clock["FAKETIME_TIMESTAMP_FILE"]).with_suffix(".log")
    jumps = times(short=2, long=50)
    with working(("shell", "-v0", "-c", PERIODIC), log=log, **wrong_clock):
        for _ in range(jumps):
            for by in (SLOW, FAST):
                ask(times(short=1, long=10))
                all_done()
                turn(wrong_clock, by)

    tally.ran(2 * jumps + 5)
    told = next(json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    assert told == {"wrong_by": 600, "seals": 0, "claimed": False, "circuit_is_closed": False}
    # What a fast clock has opened is open for its time, not until that clock is right.
    settings.HURRY = HURRY
    until(lambda: not Circuit(name="kist:circuit:clocks").is_shut, what="the circuit to be tried again")
    for row in (hold, key, waiting):
        row.refresh_from_db()
    assert (hold.state, waiting.state, waiting.fence) == ("ACTIVE", "PENDING", 0)
    assert paid_as_booked(world) == []
    done = SagaEvent.objects.filter(what="done").exclude(step="").values_list("saga_id", "step")
    assert list(done.annotate(times=Count("pk")).filter(times__gt=1)) == []
    keys = list(ProviderAttempt.objects.values_list("idempotency_key", flat=True))
    assert len(set(keys)) == len(keys)
    assert not Journal.objects.exclude(recorded_at__range=(began - timedelta(minutes=1), database_now())).exists()


@pytest.mark.django_db
def test_webhook_is_judged_by_its_signature_however_wrong_its_clock_is() -> None:
    set_business_date(DAY)
    make_parameters()
    make_vendor(address="http://127.0.0.1:9", code="cashfree", float_paise=0)
    fresh_vendors()

    # The vendor's clock is no proof of anything: what was told before is known by what it says, for ever.
    stamps = (database_now() + timedelta(minutes=sign * 10) for sign in (-1, 1))
    assert [tell_rupees({"type": "x"}, stamp=str(int(stamp.timestamp()))) for stamp in stamps] == [200, 200]


def hold_for(left: timedelta) -> Hold:
    """Set something aside for a time."""
    now = database_now()
    order = HoldOrder(
        idempotency_key="soon",
        debit_account=Account.objects.get(code="1060.razorpay"),
        credit_account=Account.objects.get(code="1050.razorpay"),
        amount_paise=100,
        reference_type="tests.move",
        reference_id=1,
        expires_at=now + left,
    )
    return hold_place(order=order, now=now)


def key_for(left: timedelta) -> IdempotencyKey:
    """Keep the answer to a request for a time."""
    now = database_now()
    return IdempotencyKey.objects.create(
        scope="tests", key="soon", request_hash="0" * 64, state="DONE", created_at=now, expires_at=now + left
    )


def waiting_for(left: timedelta) -> SagaStep:
    """Let a step of a saga wait for a time."""
    saga = Saga.objects.create(kind="payments.return", intent_key="soon")
    due = database_now() + left
    return SagaStep.objects.create(saga=saga, number=0, name="book", queue="pay.returns", order_at=due, run_at=due)
