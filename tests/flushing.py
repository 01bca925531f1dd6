"""Empty the tables between tests that commit, although the database refuses to delete posted rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

PROTECTED_TABLES = """
    SELECT DISTINCT event_object_table FROM information_schema.triggers
    WHERE trigger_schema = DATABASE() AND event_manipulation = 'DELETE'
"""


@pytest.fixture(scope="session", autouse=True)
def _flush_past_triggers() -> Iterator[None]:
    """Let Django's flush go past the append-only triggers, which stay in force for everything else."""
    operations = type(connection.ops)
    around = _around_mysql if connection.vendor == "mysql" else _around_sqlite
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", around(operations.sql_flush))
        yield


def _around_sqlite(sql_flush: Any) -> Any:
    def flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        drops = [f"DROP TRIGGER {name}" for name, _ in triggers]
        return [*drops, *sql_flush(self, style, tables, **options), *(sql for _, sql in triggers)]

    return flush


def _around_mysql(sql_flush: Any) -> Any:
    def flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        with self.connection.cursor() as cursor:
            cursor.execute(PROTECTED_TABLES)
            protected = {table for (table,) in cursor.fetchall()}
        # TRUNCATE fires no trigger, but is slow: only where it is needed.
        deleted = sql_flush(self, style, [table for table in tables if table not in protected], **options)
        emptied = [table for table in tables if table in protected and _has_rows(self.connection, table)]
        return [*deleted, *sql_flush(self, style, emptied, **{**options, "reset_sequences": True})]

    return flush


def _has_rows(database: Any, table: str) -> bool:
    """Tell whether a table has to be emptied: most tests write to few of them."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {database.ops.quote_name(table)})")  # noqa: S608  # our own tables
        return bool(cursor.fetchone()[0])
