"""Databases for processes of their own: copies of one that exists, because migrating an empty one takes far longer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from django.conf import settings
from django.db import connection

# What migrations leave behind besides tables; everything else in the run's own database belongs to some test.
_LEFT_BY_MIGRATIONS: Final = ("django_migrations", "django_content_type", "auth_permission")


@contextmanager
def migrated_database(*, folder: Path, name: str, blocker: Any) -> Iterator[str]:
    """Make a database with every table and no row of ours, and take it away again.

    Args:
        folder: where a SQLite file goes.
        name: what it is for; the tests command removes databases that begin with the run's own name, even from a run
            that was cut short.
        blocker: `django_db_blocker` of a test whose own database exists.

    Yields:
        The address of the database.
    """
    with blocker.unblock(), empty_database(folder=folder, name=name) as url:
        if connection.vendor == "mysql":
            copy_mysql(
                source=str(connection.settings_dict["NAME"]), target=_mysql_name(name), rows_of=_LEFT_BY_MIGRATIONS
            )
        else:
            _copy_sqlite(folder / f"{name}.sqlite3")
        yield url


@contextmanager
def copied_database(*, url: str, folder: Path, name: str, blocker: Any) -> Iterator[str]:
    """Make a copy of a database that one of these functions gave, with its rows, and take it away again."""
    with blocker.unblock(), empty_database(folder=folder, name=name) as copy:
        if connection.vendor == "mysql":
            copy_mysql(source=url.rpartition("/")[2], target=_mysql_name(name), rows_of=None)
        else:
            path = unquote(url.removeprefix("sqlite:///"))
            copied = folder / f"{name}.sqlite3"
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copied)) as target:
                source.backup(target)
        yield copy


@contextmanager
def empty_database(*, folder: Path, name: str) -> Iterator[str]:
    """Make a database without tables on the engine of this run, and take it away again."""
    if connection.vendor != "mysql":
        yield f"sqlite:///{quote(str(folder / f'{name}.sqlite3'))}"
        return
    config = settings.DATABASES["default"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_mysql_name(name)}")
        cursor.execute(f"CREATE DATABASE {_mysql_name(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    server = f"mysql://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT'] or 3306}"
    try:
        yield f"{server}/{_mysql_name(name)}"
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {_mysql_name(name)}")


def schema_of(*, source: str) -> tuple[dict[str, str], list[str]]:
    """Return the statements that make a database on this server anew: of its tables by their names, of its triggers."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'",
            [source],
        )
        tables = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SHOW CREATE TABLE {source}.{table}")
            tables[table] = cursor.fetchone()[1]
        triggers = []
        cursor.execute("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = %s", [source])
        for (trigger,) in cursor.fetchall():
            cursor.execute(f"SHOW CREATE TRIGGER {source}.{trigger}")
            triggers.append(cursor.fetchone()[2])
    return tables, triggers


def copy_mysql(*, source: str, target: str, rows_of: tuple[str, ...] | None) -> None:
    """Copy tables and triggers of a database on this server into an empty one, with rows of some tables or all."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 0")
        cursor.execute(f"USE {target}")
        tables, triggers = schema_of(source=source)
        for table, statement in tables.items():
            cursor.execute(_plain(statement))
            if rows_of is None or table in rows_of:
                cursor.execute(f"INSERT INTO {table} SELECT * FROM {source}.{table}")  # noqa: S608
        for statement in triggers:
            cursor.execute(_plain(statement))
        cursor.execute("SET SESSION foreign_key_checks = 1")


def _mysql_name(name: str) -> str:
    return f"{settings.DATABASES['default']['NAME']}_{name}"


def _plain(statement: str) -> str:
    """Keep per cent signs from being taken for places of parameters."""
    return statement.replace("%", "%%")


def _copy_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as target, target:
        connection.connection.backup(target)
        target.execute("PRAGMA foreign_keys = OFF")
        tables = [row[0] for row in target.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        triggers = target.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            target.execute(f"DROP TRIGGER {name}")
        for table in tables:
            if table not in _LEFT_BY_MIGRATIONS and not table.startswith("sqlite_"):
                target.execute(f"DELETE FROM {table}")  # noqa: S608
        for _, statement in triggers:
            target.execute(statement)
