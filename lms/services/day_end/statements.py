"""Many rows in few statements: model objects and one round trip for each row would be most of a day-end's time."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection, models

# Rows in one statement on MySQL.
_AT_ONCE: Final = 500


def rows_insert(*, model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of plain values, in the order of the columns."""
    if not rows:
        return
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def rows_update(*, model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set columns of rows by key: each row is the key and then the values of the columns."""
    if not rows:
        return
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), [quote(column) for column in columns]
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            for start in range(0, len(rows), _AT_ONCE):
                _update_joined(cursor, table, names, rows[start : start + _AT_ONCE])
        else:
            assignments = ", ".join(f"{name} = %s" for name in names)
            statement = f"UPDATE {table} SET {assignments} WHERE id = %s"  # noqa: S608
            cursor.executemany(statement, [(*values, key) for key, *values in rows])


def _update_joined(cursor: Any, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Update from a table of values, which costs one round trip instead of one for each row."""
    first = "SELECT %s AS id, " + ", ".join(f"%s AS {name}" for name in names)
    following = " UNION ALL SELECT " + ", ".join(["%s"] * (len(names) + 1))
    values = first + following * (len(rows) - 1)
    assignments = ", ".join(f"{table}.{name} = fresh.{name}" for name in names)
    statement = f"UPDATE {table} JOIN ({values}) AS fresh ON fresh.id = {table}.id SET {assignments}"  # noqa: S608
    cursor.execute(statement, [value for row in rows for value in row])
