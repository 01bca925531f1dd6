"""Insert many rows of the ledger by one statement: model objects would cost more than the database does."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from django.db import connection

_ROWS_AT_ONCE = 2_000
Value = int | bytes | date


def rows_insert(*, table: str, columns: str, rows: Iterable[tuple[Value, ...]]) -> None:
    """Insert rows of numbers, hashes and dates.

    Args:
        table: its name.
        columns: their names, parted by commas.
        rows: values in the order of the columns. Text is not among them, so nothing has to be escaped.
    """
    pending = iter(rows)
    with connection.cursor() as cursor:
        while values := ",".join(_batch(pending)):
            cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {values}")  # noqa: S608  # numbers and hashes only


def _batch(pending: Iterator[tuple[Value, ...]]) -> Iterator[str]:
    for row in islice(pending, _ROWS_AT_ONCE):
        yield f"({','.join(map(_literal, row))})"


def _literal(value: Value) -> str:
    if isinstance(value, int):
        return str(int(value))
    return f"X'{value.hex()}'" if isinstance(value, bytes) else f"'{value.isoformat()}'"
