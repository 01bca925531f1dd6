"""Insert many rows of the ledger by one statement: model objects would cost more than the database does."""

from collections.abc import Iterable
from datetime import date
from itertools import islice, starmap

from django.db import connection

_ROWS_AT_ONCE = 2_000
Value = int | str | date


def rows_insert(*, table: str, columns: str, row: str, rows: Iterable[tuple[Value, ...]]) -> None:
    """Insert rows of numbers, hashes and dates.

    Args:
        table: its name.
        columns: their names, parted by commas.
        row: how a row is written, as `str.format` takes it: `{:d}` refuses what is no integer, a date is `'{!s}'`, and
            the hexadecimal digits of a hash are `X'{}'`. Text of other origin is not among them: nothing is escaped.
        rows: values in the order of the columns.
    """
    pending = starmap(row.format, rows)
    with connection.cursor() as cursor:
        while values := ",".join(islice(pending, _ROWS_AT_ONCE)):
            cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {values}")  # noqa: S608  # numbers and hashes only
