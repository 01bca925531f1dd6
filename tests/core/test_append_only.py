"""The database itself refuses to change or delete what was posted."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import DatabaseError, connection, transaction
from django.db.migrations.state import ProjectState

from core import audit
from core.append_only import AppendOnly
from core.models import AuditEntry

TABLE = "core_scratch"


def _run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def _refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as refusal:
        _run(sql)
    return str(refusal.value)


def _rows() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, amount, journal_id, note FROM core_scratch ORDER BY id")
        return [tuple(row) for row in cursor.fetchall()]


def _apply(operation: AppendOnly, *, forwards: bool = True) -> None:
    state = ProjectState()
    with connection.schema_editor() as editor:
        act = operation.database_forwards if forwards else operation.database_backwards
        act("core", editor, state, state)


@pytest.fixture
def scratch(transactional_db: None) -> Iterator[None]:
    """A table with one row, gone after the test."""
    _run(
        "CREATE TABLE core_scratch"
        " (id INTEGER PRIMARY KEY, amount BIGINT, journal_id BIGINT NULL, note VARCHAR(20) NULL)"
    )
    _run("INSERT INTO core_scratch VALUES (1, 100, NULL, 'first')")
    yield
    _run("DROP TABLE core_scratch")


@pytest.mark.usefixtures("scratch")
def test_update_and_delete_are_refused_with_the_reason() -> None:
    _apply(AppendOnly(TABLE))

    assert "core_scratch is append-only: update is refused, add a correcting row" in _refused(
        "UPDATE core_scratch SET amount = 1"
    )
    assert "core_scratch is append-only: delete is refused" in _refused("DELETE FROM core_scratch")
    assert _rows() == [(1, 100, None, "first")]


@pytest.mark.usefixtures("scratch")
def test_replacing_a_row_is_refused_and_adding_one_is_not() -> None:
    _apply(AppendOnly(TABLE))

    _refused("REPLACE INTO core_scratch VALUES (1, 1, NULL, 'other')")
    _run("INSERT INTO core_scratch VALUES (2, 200, NULL, 'second')")

    assert _rows() == [(1, 100, None, "first"), (2, 200, None, "second")]


@pytest.mark.usefixtures("scratch")
def test_mutable_column_changes_and_the_others_do_not() -> None:
    _apply(AppendOnly(TABLE, mutable=["note"]))

    _run("UPDATE core_scratch SET note = 'second', amount = 100")
    _run("UPDATE core_scratch SET note = NULL")
    _refused("UPDATE core_scratch SET note = 'third', amount = 101")
    _refused("UPDATE core_scratch SET amount = NULL")

    assert _rows() == [(1, 100, None, None)]


@pytest.mark.usefixtures("scratch")
def test_change_of_case_alone_is_a_change() -> None:
    _apply(AppendOnly(TABLE, mutable=["amount"]))

    _refused("UPDATE core_scratch SET note = 'FIRST'")

    assert _rows() == [(1, 100, None, "first")]


@pytest.mark.usefixtures("scratch")
def test_column_that_is_set_once_keeps_its_first_value() -> None:
    _apply(AppendOnly(TABLE, set_once=["journal_id"]))

    _run("UPDATE core_scratch SET journal_id = 7")
    _run("UPDATE core_scratch SET journal_id = 7")
    _refused("UPDATE core_scratch SET journal_id = 8")
    _refused("UPDATE core_scratch SET journal_id = NULL")

    assert _rows() == [(1, 100, 7, "first")]


@pytest.mark.usefixtures("scratch")
def test_rows_may_go_where_the_table_allows_it() -> None:
    _apply(AppendOnly(TABLE, may_delete=True))

    _refused("UPDATE core_scratch SET amount = 1")
    _run("DELETE FROM core_scratch")

    assert _rows() == []


@pytest.mark.usefixtures("scratch")
def test_operation_runs_again_and_can_be_undone() -> None:
    _apply(AppendOnly(TABLE))
    _apply(AppendOnly(TABLE))
    _apply(AppendOnly(TABLE), forwards=False)

    _run("UPDATE core_scratch SET amount = 1")

    assert _rows() == [(1, 1, None, "first")]


@pytest.mark.usefixtures("scratch")
def test_unknown_column_stops_the_migration() -> None:
    with pytest.raises(ValueError, match="core_scratch has no column reason"):
        _apply(AppendOnly(TABLE, mutable=["reason"]))


def test_operation_is_written_into_migrations_with_its_options() -> None:
    operation = AppendOnly("core_scratch", set_once=["journal_id"])

    assert operation.deconstruct() == ("AppendOnly", ["core_scratch"], {"set_once": ("journal_id",)})
    assert operation.describe() == "Make core_scratch append-only"


@pytest.mark.django_db
def test_audit_trail_cannot_be_rewritten() -> None:
    entry = audit.record(actor=None, action="core.test", object_type="core.thing", object_id=1, reason="why")

    _refused("UPDATE core_auditentry SET reason = 'other'")
    _refused("DELETE FROM core_auditentry")
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.delete()

    assert list(AuditEntry.objects.values_list("reason", flat=True)) == ["why"]


@pytest.mark.django_db
def test_audit_entry_names_actor_object_and_reason() -> None:
    user = User.objects.create_user("maker")

    entry = audit.record(actor=user, action="core.test", obj=user, reason="asked by phone", detail={"paise": 5})

    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (stored.actor, stored.action, stored.object_type, stored.object_id) == (
        user,
        "core.test",
        "auth.user",
        str(user.pk),
    )
    assert (stored.reason, stored.detail) == ("asked by phone", {"paise": 5})


@pytest.mark.django_db
def test_audit_entry_without_an_object_is_a_broken_promise() -> None:
    with pytest.raises(ValueError, match="names the object"):
        audit.record(actor=None, action="core.test")
    with pytest.raises(ValueError, match="names the object"):
        audit.record(actor=None, action="core.test", obj=User(username="unsaved"))


@pytest.mark.django_db
def test_nobody_acts_without_logging_in() -> None:
    with pytest.raises(ValueError, match="did not log in"):
        audit.record(actor=AnonymousUser(), action="core.test", object_type="core.thing", object_id=1)

    assert AuditEntry.objects.count() == 0
