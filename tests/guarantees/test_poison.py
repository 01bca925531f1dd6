"""G12: what nobody can read or do is tried a few times and put before a person; everything beside it flows."""

import hashlib
import hmac
import json
import logging
import threading
import time

import pytest
from django.db import transaction

from core import audit
from core.clock import database_now
from core.inbox.models import InboxMessage
from core.inbox.services import Applied, inbox_source, message_receive
from core.models import AuditEntry, Saga, SagaStep
from core.queues import inbox_queues_register
from core.workers import LANES, LaneWorker, lane_drain
from tests.door import sent
from tests.factories.lms import set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.guarantees import sagas
from tests.guarantees.crew import DAY, fresh_vendors
from tests.guarantees.waiting import until
from tests.tallying import Tally, Times

pytestmark = pytest.mark.guarantee("G12")
SOURCE, TRIES = "guarantees", 8
NOWHERE = "http://127.0.0.1:9"


def note(message: InboxMessage) -> Applied:
    """Apply a message, or raise whatever it says."""
    content = json.loads(bytes(message.raw))
    if content.get("is_poison"):
        raise ZeroDivisionError
    audit.record(actor=None, action="tests.noted", object_type="tests.message", object_id=content["id"])
    return Applied()


@pytest.fixture
def source() -> str:
    """A source of messages, some of which always raise."""
    inbox_source(source=SOURCE, apply=note)
    inbox_queues_register(queues_of_tests)
    return SOURCE


def queues_of_tests() -> tuple[str, ...]:
    """Name the one queue."""
    return (SOURCE,)


def receive(number: int, *, is_poison: bool = False, raw: bytes | None = None) -> InboxMessage:
    """Take in a message of the source."""
    content = raw if raw is not None else json.dumps({"id": number, "is_poison": is_poison}).encode()
    kind = "poison-raw" if raw is not None else "poison" if is_poison else "good"
    return message_receive(source=SOURCE, event_id=f"{kind}-{number}", raw=content, queue=SOURCE)[0]


def drained() -> float:
    """Do what is due, and return how long that took."""
    began = time.perf_counter()
    lane_drain(lane=LANES["inbox"])
    return time.perf_counter() - began


def tried_to_the_end() -> None:
    """Cut every pause short, as often as a message is tried."""
    for _ in range(TRIES):
        InboxMessage.objects.update(next_at=database_now())
        drained()


@pytest.mark.django_db
def test_messages_that_always_fail_are_parked_with_an_alert_and_hold_up_no_other(
    source: str, caplog: pytest.LogCaptureFixture, tally: Tally, times: Times
) -> None:
    count = times(short=8, long=500)
    for number in range(count):
        receive(number)
    alone = drained()
    for number in range(count):
        receive(number, is_poison=True)
        receive(number, raw=b"{no json")
        receive(count + number)

    among = drained()

    # While the poisonous ones still wait for their next try, every good one is through.
    assert AuditEntry.objects.filter(action="tests.noted").count() == 2 * count
    poison = InboxMessage.objects.filter(event_id__startswith="poison")
    assert set(poison.values_list("state", flat=True)) == {"NEW"}
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        tried_to_the_end()
    alerts = [record for record in caplog.records if "needs a person" in record.getMessage()]
    tally.ran(2 * count)
    assert set(poison.values_list("state", "attempts")) == {("POISON", TRIES)}
    assert len(alerts) == 2 * count
    print(f"{count} good messages took {alone:.2f} s alone, {among:.2f} s with {2 * count} poisonous ones among them")


def tell(raw: bytes) -> int:
    """Send a signed webhook and return the status of the answer."""
    headers = {"X-Razorpay-Signature": hmac.new(b"kist-demo-webhook", raw, hashlib.sha256).hexdigest()}
    return int(sent(raw, where="/webhooks/razorpay/", headers=headers).status_code)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raw", "status", "state"),
    [
        (b"{no json", 200, "POISON"),
        (b"\xff\xfe\x00", 200, "POISON"),
        (b"[1, 2]", 200, "POISON"),
        (b"[" * 100_000, 200, "POISON"),
        (b'{"event": "galaxy.formed", "payload": {}}', 200, "IGNORED"),
        (b'{"event": "payout.processed", "payload": {"payout": {"entity": 7}}}', 200, "POISON"),
        (b'{"event": "x", "pad": "' + b"x" * (10 * 1024 * 1024 - 30) + b'"}', 200, "IGNORED"),
        (b'{"event": "x", "pad": "' + b"x" * (10 * 1024 * 1024) + b'"}', 413, None),
    ],
    ids=["no json", "no text", "a list", "a tower", "unknown", "other shape", "ten megabytes", "more"],
)
def test_webhook_that_cannot_be_used_is_answered_filed_or_put_before_a_person(
    raw: bytes, status: int, state: str | None
) -> None:
    set_business_date(DAY)
    make_parameters()
    make_vendor(address=NOWHERE, float_paise=0)
    fresh_vendors()

    assert tell(raw) == status
    tried_to_the_end()

    kept = InboxMessage.objects.exclude(state="REFUSED").values_list("state", flat=True)
    assert list(kept) == [state] * (state is not None)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_step_that_nobody_knows_how_to_do_holds_up_no_other(tally: Tally) -> None:
    sagas.money_saga_register()
    set_business_date(DAY)
    sagas.accounts_open()
    with transaction.atomic():
        for number in range(3):
            gone = Saga.objects.create(kind="tests.of_an_older_version", intent_key=f"gone-{number}")
            now = database_now()
            SagaStep.objects.create(saga=gone, number=0, name="gone", queue=sagas.QUEUE, order_at=now, run_at=now)
    good = [sagas.start(f"good-{number}") for number in range(3)]

    stop = threading.Event()
    worker = threading.Thread(target=LaneWorker(lane=LANES["sagas"], number=0, stop=stop).run)
    worker.start()
    try:
        until(lambda: Saga.objects.filter(state="DONE").count() == len(good), what="the good ones", seconds=60)
    finally:
        stop.set()
        worker.join(timeout=60)
    tally.ran(3)
