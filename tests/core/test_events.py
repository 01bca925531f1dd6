"""Events leave with their transaction and reach each subscriber once."""

import threading

import pytest
from django.db import connection, transaction

from core.events import event_of, publish
from core.inbox.models import InboxMessage, MessageState
from core.models import AuditEntry, OutboxEvent, SentEvent
from core.outbox.relay import outbox_relay
from core.workers import LANES, lane_drain
from tests.core.machinery.sagas import ThingHappened, register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registered() -> None:
    register()


def test_event_of_a_transaction_that_is_rolled_back_never_leaves() -> None:
    with transaction.atomic():
        publish(ThingHappened(thing_id=1))
        transaction.set_rollback(True)

    assert outbox_relay() == 0
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_event_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(ValueError, match="outside of a transaction"):
        publish(ThingHappened(thing_id=1))

    assert not OutboxEvent.objects.exists()


@pytest.mark.guarantee("G11")
def test_event_reaches_its_subscriber_once_however_often_it_is_relayed() -> None:
    with transaction.atomic():
        event_id = publish(ThingHappened(thing_id=7))
    row = OutboxEvent.objects.get()
    lane_drain(lane=LANES["relay"])
    lane_drain(lane=LANES["inbox"])

    # The relay died before it removed the row: the event comes again.
    SentEvent.objects.all().delete()
    row.pk = None
    row.save(force_insert=True)
    lane_drain(lane=LANES["relay"])
    lane_drain(lane=LANES["inbox"])

    assert AuditEntry.objects.filter(action="tests.noted", object_id="7").count() == 1
    assert InboxMessage.objects.get(event_id=event_id).state == MessageState.APPLIED
    assert not OutboxEvent.objects.exists()
    assert SentEvent.objects.get().subscribers == 1


def test_event_is_rebuilt_with_dates_and_without_fields_of_a_newer_publisher() -> None:
    rebuilt = event_of(event_class=ThingHappened, payload={"thing_id": 3, "colour": "red"})

    assert rebuilt == ThingHappened(thing_id=3)


def test_event_with_a_float_is_refused() -> None:
    with pytest.raises(ValueError, match="not float"), transaction.atomic():
        publish(ThingHappened(thing_id=1.5))  # type: ignore[arg-type]

    assert not OutboxEvent.objects.exists()


@pytest.mark.guarantee("G11")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_several_relays_lose_nothing_of_what_several_producers_write() -> None:
    producers, each = 6, 40
    is_producing = threading.Event()
    is_producing.set()

    def produce(number: int) -> None:
        for index in range(each):
            with transaction.atomic():
                publish(ThingHappened(thing_id=number * 1000 + index))
        connection.close()

    def relay() -> None:
        while is_producing.is_set() or OutboxEvent.objects.exists():
            outbox_relay(limit=17)
        connection.close()

    relays = [threading.Thread(target=relay) for _ in range(3)]
    writers = [threading.Thread(target=produce, args=(number,)) for number in range(producers)]
    for thread in relays + writers:
        thread.start()
    for thread in writers:
        thread.join()
    is_producing.clear()
    for thread in relays:
        thread.join()

    assert SentEvent.objects.count() == producers * each
    assert InboxMessage.objects.filter(source="event:tests.notes").count() == producers * each
