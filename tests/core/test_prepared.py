"""Statements that are written once give what the queries that they were made from give."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from core.models import AuditEntry, NumberSequence
from core.prepared import PreparedQuery, row_insert, rows_insert, rows_update

pytestmark = pytest.mark.django_db

ENTRIES = PreparedQuery(
    lambda object_type, object_id: AuditEntry.objects.filter(object_type=object_type).filter(object_id=object_id)
)
ACTIONS = PreparedQuery(
    lambda object_type: (
        AuditEntry.objects.filter(object_type=object_type).order_by("pk").values_list("action", flat=True)
    )
)
PAIRS = PreparedQuery(lambda pk: AuditEntry.objects.filter(pk=pk).values_list("detail", "at"))


def entry(action: str, object_id: str = "1") -> AuditEntry:
    return AuditEntry(action=action, object_type="core.test", object_id=object_id, detail={"day": "2026-04-10"})


def test_inserted_row_is_the_one_that_the_model_reads() -> None:
    row = entry("core.first")

    row_insert(row)

    found = AuditEntry.objects.get(pk=row.pk)
    assert (found.action, found.detail, found.at, found.actor_id) == ("core.first", {"day": "2026-04-10"}, row.at, None)


def test_instant_of_an_inserted_row_is_that_of_the_database() -> None:
    before, row = database_now(), entry("core.first")

    row_insert(row)

    assert before <= AuditEntry.objects.get(pk=row.pk).at <= database_now()


def test_rows_that_are_inserted_together_get_their_own_keys() -> None:
    before, rows = database_now(), [entry("core.first"), entry("core.second"), entry("core.third")]

    rows_insert(rows)

    found = AuditEntry.objects.in_bulk([row.pk for row in rows])
    assert [found[row.pk].action for row in rows] == ["core.first", "core.second", "core.third"]
    assert all(before <= found[row.pk].at <= database_now() for row in rows)


def test_none_of_the_rows_is_inserted_when_one_is_refused() -> None:
    rows = [NumberSequence(name=name, next_value=1) for name in ("one", "two", "one")]

    with pytest.raises(IntegrityError), transaction.atomic():
        rows_insert(rows)

    assert not NumberSequence.objects.filter(name__in=["one", "two"]).exists()


def test_prepared_query_gives_objects_tuples_and_single_values() -> None:
    first, second = entry("core.first"), entry("core.second", object_id="2")
    row_insert(first)
    row_insert(second)

    assert ENTRIES.rows("core.test", "2") == [second]
    assert ENTRIES.rows("core.test", "2")[0].detail == {"day": "2026-04-10"}
    assert ACTIONS.rows("core.test") == ["core.first", "core.second"]
    assert PAIRS.rows(first.pk) == [({"day": "2026-04-10"}, first.at)]
    assert ENTRIES.rows("core.test", "3") == []


def test_second_run_sends_the_same_statement_with_other_parameters() -> None:
    ACTIONS.rows("core.test")

    with CaptureQueriesContext(connection) as sent:
        ACTIONS.rows("core.other")

    assert len(sent) == 1
    assert "core.other" in sent[0]["sql"]


def test_parameter_that_the_database_would_get_in_another_form_is_not_prepared() -> None:
    by_day = PreparedQuery(lambda day: AuditEntry.objects.filter(at__date=day))

    with pytest.raises(AssertionError, match="sends its parameters as they are"):
        by_day.rows(date(2026, 4, 10))  # type: ignore[arg-type]


def test_equal_parameters_do_not_decide_the_order_of_the_statement() -> None:
    swapped = PreparedQuery(lambda a, b: AuditEntry.objects.filter(object_type=b).filter(object_id=a))
    row_insert(entry("core.first", object_id="core.test"))

    assert [row.action for row in swapped.rows("core.test", "core.test")] == ["core.first"]
    with pytest.raises(AssertionError, match="sends its parameters as they are"):
        swapped.rows("1", "core.test")


def test_insert_that_a_constraint_refuses_leaves_the_transaction_usable() -> None:
    row_insert(NumberSequence(name="test", next_value=5))

    with pytest.raises(IntegrityError):
        row_insert(NumberSequence(name="test", next_value=6))

    assert NumberSequence.objects.get(name="test").next_value == 5


def test_update_writes_the_named_columns_of_each_row() -> None:
    first, second = NumberSequence(name="a", next_value=5), NumberSequence(name="b", next_value=6)
    row_insert(first)
    row_insert(second)
    first.next_value, second.next_value = 7, 8

    rows_update(rows=[first, second], columns=("next_value",))
    rows_update(rows=[], columns=("next_value",))

    assert list(NumberSequence.objects.filter(name__in="ab").order_by("name").values_list("next_value", flat=True)) == [
        7,
        8,
    ]
