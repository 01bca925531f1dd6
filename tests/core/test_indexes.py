"""What is looked for on every page, or after every batch, is found by an index: the tables only ever grow."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.events import publish
from core.idempotency.models import IdempotencyKey
from core.inbox.models import InboxMessage
from core.outbox.relay import outbox_relay
from core.selectors import backlogs
from payments.alarms import alarms
from payments.models import NameBand, PayeeCheck
from tests.core.machinery.sagas import ThingHappened, register
from tests.factories.lms import set_business_date
from tests.factories.payments import make_parameters

pytestmark = pytest.mark.django_db
# SQLite gives the index of a constraint a name of its own.
BY_SOURCE_AND_ID = {"mysql": "message_once", "sqlite": "(source=? AND event_id=?)"}


def indexes_considered(sql: str) -> str:
    """Return what the database says of a statement: which index it takes, or on MariaDB which it could take."""
    word = "EXPLAIN" if connection.vendor == "mysql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {sql}")
        return str(cursor.fetchall())


def reads_of(table: str, act: Callable[[], object]) -> list[str]:
    """Return the statements by which an act reads a table."""
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries if f"FROM {connection.ops.quote_name(table)}" in query["sql"]]


def test_relay_finds_the_messages_that_it_made_by_their_key() -> None:
    register()
    with transaction.atomic():
        publish(ThingHappened(thing_id=1))

    found = reads_of(InboxMessage._meta.db_table, outbox_relay)

    assert len(found) == 1
    assert BY_SOURCE_AND_ID[connection.vendor] in indexes_considered(found[0])


def test_requests_without_an_answer_are_counted_by_an_index() -> None:
    found = reads_of(IdempotencyKey._meta.db_table, backlogs)

    assert found
    assert all("request_by_state" in indexes_considered(sql) for sql in found)


def test_names_in_doubt_are_counted_by_an_index() -> None:
    set_business_date(date(2026, 1, 1))
    make_parameters()

    found = reads_of(PayeeCheck._meta.db_table, alarms)

    assert found
    assert all("payee_check_by_band" in indexes_considered(sql) for sql in found)
    assert NameBand.REVIEW in found[0]
