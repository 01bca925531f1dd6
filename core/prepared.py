"""Statements that are written once and sent many times: for the few that every posting sends.

Django compiles a query anew each time it runs. On the path of a receipt that costs more than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    AutoField,
    BigIntegerField,
    CharField,
    Field,
    Model,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    QuerySet,
)

from core.fields import RecordedAtField

Row = TypeVar("Row")
_Converter = Callable[[Any, Any, Any], Any]
_PLAIN = (CharField, PositiveSmallIntegerField, PositiveIntegerField, PositiveBigIntegerField, BigIntegerField)


class PreparedQuery(Generic[Row]):
    """A query that is compiled at its first run, by Django itself, so that it always has the columns of the model.

    Args:
        build: gives the query for one set of parameters. They are integers or text, each of them is used once, in the
            order of the arguments, and they may change neither which tables nor how many values are asked for.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[str, Any, Any]] = {}

    def rows(self, *parameters: int | str, written: tuple[str, str] = ("", "")) -> list[Row]:
        """Run the query and return what iterating over it would give: objects, tuples or values.

        Args:
            written: a text of the statement, and what stands in its place this time; both hold no parameter.
        """
        if connection.vendor not in self._compiled:
            if len(set(parameters)) < len(parameters):
                # Two that are equal would not tell in which order the statement has them.
                return list(self._build(*parameters))
            self._compiled[connection.vendor] = self._compile(parameters)
        sql, make, converters = self._compiled[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(sql.replace(*written) if written[0] else sql, parameters)
            found = cursor.fetchall()
        return [make(_converted(row, converters)) for row in found]

    def _compile(self, parameters: Sequence[int | str]) -> tuple[str, Any, Any]:
        query = self._build(*parameters)
        compiler = query.query.get_compiler(connection=connection)
        sql, used = compiler.as_sql()
        assert tuple(used) == tuple(parameters), "A prepared query sends its parameters as they are."  # noqa: S101  # a broken promise between our own functions
        converters = compiler.get_converters([column[0] for column in compiler.select])
        # Plain lists: a converter takes the expression, and the connection of the caller's own thread.
        kept = [(place, tuple(found), expression) for place, (found, expression) in converters.items()]
        return sql, _maker(query, compiler), kept


def row_insert(row: Model, *, now_columns: tuple[str, ...] = ()) -> None:
    """Insert a new row and give it its key; no signal is sent, and no savepoint is needed around it.

    Both databases take back the one statement that fails and go on with the transaction.

    Args:
        now_columns: instants that the database's clock sets, beside those of every new row; what the row has there is
            left out.

    Raises:
        IntegrityError: a constraint refuses it.
    """
    into, marks, fields, by_clock = _insert_statement(type(row), now_columns, connection.vendor)
    with connection.cursor() as cursor:
        through = connections[DEFAULT_DB_ALIAS]
        cursor.execute(into + marks, [_sent(field, row, through) for field in fields])
        if row.pk is None:
            row.pk = cursor.lastrowid
    _stored(row, by_clock)


def rows_insert(rows: Sequence[Model], *, now_columns: tuple[str, ...] = ()) -> None:
    """Insert new rows of one model, all or none, and give them their keys: one statement, if the database tells keys.

    Args:
        now_columns: as for `row_insert`.

    Raises:
        IntegrityError: a constraint refuses one of them.
    """
    if not connection.features.can_return_rows_from_bulk_insert:
        with transaction.atomic():
            for row in rows:
                row_insert(row, now_columns=now_columns)
        return
    model = type(rows[0])
    into, marks, fields, by_clock = _insert_statement(model, now_columns, connection.vendor)
    sql = f"{into}{','.join([marks] * len(rows))} RETURNING {connection.ops.quote_name(str(model._meta.pk.column))}"
    with connection.cursor() as cursor:
        through = connections[DEFAULT_DB_ALIAS]
        cursor.execute(sql, [_sent(field, row, through) for row in rows for field in fields])
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        _stored(row, by_clock)


def rows_update(*, rows: Sequence[Model], columns: tuple[str, ...]) -> None:
    """Write some columns of rows of one model, by their keys: one statement, sent for each row.

    Django's `bulk_update` would build one CASE over all rows for each column, which costs ten times more.
    """
    if not rows:
        return
    sql, fields = _update_statement(type(rows[0]), columns, connection.vendor)
    through = connections[DEFAULT_DB_ALIAS]
    values = [
        [*(field.get_db_prep_save(getattr(row, field.attname), through) for field in fields), row.pk] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


@cache
def _insert_statement(
    model: type[Model], now_columns: tuple[str, ...], vendor: str
) -> tuple[str, str, tuple[Field[Any, Any], ...], tuple[RecordedAtField[Any, Any], ...]]:
    all_fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    # A SQLite file has no clock of its own: there the row's values are sent.
    is_clocked = vendor == "mysql"
    recorded = tuple(field for field in all_fields if is_clocked and isinstance(field, RecordedAtField))
    by_clock = frozenset([*(now_columns if is_clocked else ()), *(field.column for field in recorded)])
    fields = tuple(field for field in all_fields if field.column not in by_clock)
    quote = connection.ops.quote_name
    names = ",".join(quote(str(field.column)) for field in all_fields)
    marks = ",".join("UTC_TIMESTAMP(6)" if field.column in by_clock else "%s" for field in all_fields)
    into = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608  # only our own names and numbers stand in it
    return into, f"({marks})", fields, recorded


@cache
def _update_statement(
    model: type[Model], columns: tuple[str, ...], vendor: str
) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = tuple(field for field in model._meta.concrete_fields if field.attname in columns)
    quote = connection.ops.quote_name
    assignments = ",".join(f"{quote(str(field.column))}=%s" for field in fields)
    key = quote(str(model._meta.pk.column))
    return f"UPDATE {quote(model._meta.db_table)} SET {assignments} WHERE {key}=%s", fields  # noqa: S608  # only our own names and numbers stand in it


def _stored(row: Model, by_clock: Sequence[RecordedAtField[Any, Any]]) -> None:
    for field in by_clock:
        field.forget(row)
    row._state.adding, row._state.db = False, connection.alias


def _sent(field: Field[Any, Any], row: Model, through: BaseDatabaseWrapper) -> Any:
    """Return what a field of a new row is sent as; text and whole numbers are sent as they are.

    Args:
        through: the connection itself: its proxy would look it up anew for each thing that a field asks of it.
    """
    if type(field) in _PLAIN:
        value = getattr(row, field.attname)
        if type(value) in (str, int):
            return value
    return field.get_db_prep_save(field.pre_save(row, True), through)


def _maker(query: QuerySet[Any, Any], compiler: Any) -> Callable[[Any], Any]:
    """Return what turns a row of the database into what the query gives."""
    if compiler.query.values_select or compiler.query.annotation_select:
        is_flat = query._iterable_class.__name__ == "FlatValuesListIterable"
        return _first if is_flat else tuple
    model, names = query.model, [column[0].target.attname for column in compiler.select]
    alias = connection.alias
    return lambda row: model.from_db(alias, names, row)


def _first(row: Sequence[Any]) -> Any:
    return row[0]


def _converted(row: Sequence[Any], converters: Sequence[tuple[int, tuple[_Converter, ...], Any]]) -> Sequence[Any]:
    if not converters:
        return row
    values = list(row)
    for place, found, expression in converters:
        value = values[place]
        for converter in found:
            value = converter(value, expression, connection)
        values[place] = value
    return values
