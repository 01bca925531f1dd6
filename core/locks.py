"""The only place where the rows of core that workers share are locked."""

import json
from collections.abc import Sequence
from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def unlocked_rows(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return those of the rows that nobody else has locked, locked for the caller's transaction.

    SQLite has one writer at a time, who has the whole database from BEGIN on: there is nobody to skip.
    """
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def rows_for_update(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return the rows in key order, locked for the caller's transaction."""
    return rows.select_for_update().order_by("pk")


def rows_delete(*, model: type[Model], keys: Sequence[int]) -> None:
    """Delete rows by their keys, touching no other row.

    MariaDB would rather read a short table from end to end, wait for every row that somebody else has locked, and
    deadlock with whoever does the same: a join that begins with the keys makes it look each of them up.
    """
    if not keys:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "mysql":
        found = "JSON_TABLE(%s, '$[*]' COLUMNS (id BIGINT PATH '$')) chosen"
        statement = f"DELETE {table} FROM {found} STRAIGHT_JOIN {table} ON {table}.id = chosen.id"
        parameters: list[str | int] = [json.dumps(list(keys))]
    else:
        statement = f"DELETE FROM {table} WHERE id IN ({', '.join(['%s'] * len(keys))})"  # noqa: S608  # only our own names and numbers stand in it
        parameters = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
