"""Rows written hundreds at a time, by statements that follow the model's columns.

Django's own `bulk_create` makes an object of each row and asks each of its fields twice: four times the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache
from typing import Any, Final, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import AutoField, CharField, DateField, Field, IntegerField, Lookup, Model, QuerySet
from django.db.models.constants import OnConflict

from core.fields import EncryptedTextField
from core.prepared import PreparedQuery

_AT_ONCE: Final = 500
# What may stand between quotes in a statement as it is: references, fingerprints, instants and ciphertexts.
_is_plain: Final = re.compile(r"[A-Za-z0-9_+/=:. -]*").fullmatch
_Prepare = Callable[[Any], Any]
Keys = Collection[int] | Collection[str]
Row = TypeVar("Row")
_MARK: Final = "KEYS"


class Among(Lookup):
    """`among` is `in` for keys and fingerprints: numbers, letters and digits stand in the statement as they are.

    Django prepares, quotes and sends hundreds of them one by one; here a set of them costs what joining them costs.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition.

        Raises:
            ValueError: a value is neither a number nor letters and digits.
        """
        column, parameters = self.process_lhs(compiler, connection)
        if not self.rhs:
            raise EmptyResultSet
        return f"{column} IN ({_listed(self.rhs)})", tuple(parameters)


class AmongQuery(Generic[Row]):
    """A query by `among` that Django compiles at its first run.

    Args:
        build: gives the query for one set of keys, which it uses once; nothing else in it may differ.
    """

    def __init__(self, build: Callable[[Keys], QuerySet[Any, Row]]) -> None:
        self._query = PreparedQuery(lambda: build({_MARK}))

    def rows(self, keys: Keys) -> list[Row]:
        """Run the query and return what iterating over it would give; nothing without keys.

        Raises:
            ValueError: a key is neither a number nor letters and digits.
        """
        return self._query.rows(written=(f"'{_MARK}'", _listed(keys))) if keys else []


def rows_insert(*, model: type[Model], columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows; what is not named gets its default, which is empty or NULL.

    Args:
        columns: names as they are on the model, such as `vendor_id`.
        rows: values in the order of the columns.

    Raises:
        IntegrityError: a constraint refuses one of them.
    """
    _write(model, columns, rows, ())


def rows_overwrite(*, model: type[Model], columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write some columns of rows that exist and are locked: an insert that meets its own row, and changes it.

    Args:
        columns: names as they are on the model, without the key.
        rows: the key first, then values in the order of the columns.

    Raises:
        IntegrityError: a row does not exist.
    """
    _write(model, ("id", *columns), rows, columns)


def _write(
    model: type[Model], columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], changed: tuple[str, ...]
) -> None:
    start, others, end, prepare = _statement(model, columns, changed, connection.vendor)
    for place in range(0, len(rows), _AT_ONCE):
        part = rows[place : place + _AT_ONCE]
        written: list[str] = []
        values: list[Any] = []
        for row in part:
            texts: list[str] = []
            for make, value in zip(prepare, row, strict=True):
                sent = value if make is None or value is None else make(value)
                text = _written(sent)
                if text is None:
                    values.append(sent)
                texts.append(text or "%s")
            written.append(f"({','.join(texts)}{others})")
        with connection.cursor() as cursor:
            cursor.execute(start + ",".join(written) + end, values)


@cache
def _statement(
    model: type[Model], columns: tuple[str, ...], changed: tuple[str, ...], vendor: str
) -> tuple[str, str, str, tuple[_Prepare | None, ...]]:
    quote = connection.ops.quote_name
    fields = {str(field.attname): field for field in model._meta.concrete_fields}
    # A row that is only changed needs them too; were it inserted after all, no parent would have this key.
    others = [name for name, field in fields.items() if name not in columns and not isinstance(field, AutoField)]
    names = ",".join(quote(str(fields[name].column)) for name in (*columns, *others))
    nothing = "".join(f",{_nothing(fields[name])}" for name in others)
    end = ""
    if changed:
        written = [str(fields[name].column) for name in changed]
        end = " " + connection.ops.on_conflict_suffix_sql(list(fields.values()), OnConflict.UPDATE, written, ["id"])
    start = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608  # only our own names and numbers stand in it
    return start, nothing, end, tuple(_prepare(fields[name]) for name in columns)


def _listed(keys: Keys) -> str:
    written = [_written(key) or "" for key in keys]
    if "" in written:
        raise ValueError("Only numbers, letters and digits stand in a statement as they are.")
    return ",".join(written)


def _written(value: Any) -> str | None:
    """Return a value as it stands in a statement; None for one that has to be sent beside it."""
    if value is None:
        return "NULL"
    if type(value) is int:
        return str(value)
    is_plain = type(value) is str and value.isascii() and (value.isalnum() or _is_plain(value))
    return f"'{value}'" if is_plain else None


def _nothing(field: Field[Any, Any]) -> str:
    """Return what stands in a column that nobody names."""
    if field.null:
        return "NULL"
    return "''" if field.get_default() == "" else "0"


def _prepare(field: Field[Any, Any]) -> _Prepare | None:
    if isinstance(field, EncryptedTextField):
        return field.get_prep_value
    if isinstance(field, DateField):
        # Mostly one moment for all rows.
        return lru_cache(maxsize=8)(lambda value: field.get_db_prep_save(value, connection))
    return None


for _kind in (IntegerField, CharField):
    _kind.register_lookup(Among)
