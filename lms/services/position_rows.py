"""Caches of a state in rows of their own: instalments, allocations and charges. Only rows that changed are written."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache as remembered
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from django.db import connection

from lms.engine.state import Allocation as AllocationState
from lms.engine.state import Amounts, LoanState
from lms.engine.state import Instalment as InstalmentState
from lms.models import Allocation, Instalment, LoanCharge
from lms.services.row_reach import EVERYTHING, RowReach

_BATCH = 1000

INSTALMENT_COLUMNS = (
    "number",
    "kind",
    "from_date",
    "due_date",
    "balance_before_paise",
    "balance_after_paise",
    "due",
    "paid",
    "waived",
    "written_off",
    "due_paise",
    "open_paise",
    "paid_in_advance_paise",
    "paid_late_paise",
    "paid_on",
)
ALLOCATION_COLUMNS = (
    "position",
    "fact_sequence",
    "instalment_number",
    "component",
    "amount_paise",
    "applied_on",
    "is_from_excess",
)

CHARGE_COLUMNS = (
    "position",
    "fact_sequence",
    "component",
    "due_date",
    "instalment_number",
    "amount_paise",
    "open_paise",
)


def instalment_values(*, row: InstalmentState) -> tuple[Any, ...]:
    """Return what the columns of `INSTALMENT_COLUMNS` should hold for one row of the schedule."""
    return (
        row.number,
        row.kind.value,
        row.from_date,
        row.due_date,
        row.balance_before_paise,
        row.balance_after_paise,
        _amounts(row.due),
        _amounts(row.paid),
        _amounts(row.waived),
        _amounts(row.written_off),
        row.due.total,
        row.open.total,
        row.paid_in_advance_paise,
        row.paid_late_paise,
        row.paid_on,
    )


def allocation_values(*, position: int, part: AllocationState) -> tuple[Any, ...]:
    """Return what the columns of `ALLOCATION_COLUMNS` should hold for one part of a fact."""
    return (
        position,
        part.fact_sequence,
        part.instalment_number,
        part.component.value if part.component else "",
        part.amount_paise,
        part.applied_on,
        part.is_from_excess,
    )


def _instalments(state: LoanState, first: int = 1) -> list[tuple[Any, ...]]:
    """Return the rows that the instalment cache should hold, by number, from one of them on."""
    return [instalment_values(row=row) for row in state.instalments[first - 1 :]]


def _allocations(state: LoanState, first: int = 1) -> list[tuple[Any, ...]]:
    """Return the rows that the allocation cache should hold, by position from 1, from one of them on."""
    parts = state.allocations[first - 1 :]
    return [allocation_values(position=position, part=part) for position, part in enumerate(parts, first)]


def _charges(state: LoanState, first: int = 1) -> list[tuple[Any, ...]]:
    """Return the rows that the charge cache should hold, by position from 1, from one of them on."""
    return [
        (
            position,
            charge.fact_sequence,
            charge.component.value,
            charge.due_date,
            charge.instalment_number,
            charge.amount_paise,
            charge.open_paise,
        )
        for position, charge in enumerate(state.charges[first - 1 :], first)
    ]


@dataclass(frozen=True, slots=True)
class RowCache:
    """One table that caches a part of a state, row by row; the first column names a row within its loan.

    `rows_of` gives the rows of a state from one on, and `reach_of` which of them may have changed.
    """

    name: str
    model: type[Instalment | Allocation | LoanCharge]
    columns: tuple[str, ...]
    rows_of: Callable[..., list[tuple[Any, ...]]]
    reach_of: Callable[[RowReach], int]


ROW_CACHES: Final = (
    RowCache("instalment", Instalment, INSTALMENT_COLUMNS, _instalments, lambda reach: reach.first_instalment),
    RowCache("allocation", Allocation, ALLOCATION_COLUMNS, _allocations, lambda reach: reach.first_allocation),
    RowCache("charge", LoanCharge, CHARGE_COLUMNS, _charges, lambda reach: reach.first_charge),
)


def rows_save(*, states: Mapping[int, LoanState], reach: RowReach = EVERYTHING) -> None:
    """Bring every row that caches a part of loans, by loan id, to their states; rows that are right already stay.

    Args:
        reach: which rows may differ at all; the others are neither read nor written.
    """
    if not states:
        return
    for cache in ROW_CACHES:
        first = cache.reach_of(reach)
        wanted = {
            (loan_id, row[0]): (loan_id, *map(_to_column, row))
            for loan_id, state in states.items()
            for row in cache.rows_of(state, first)
        }
        if reach.is_onward and (cache.model is Allocation or (cache.model is LoanCharge and not wanted)):
            # There can only be more of them than there were.
            _rows_put(cache, list(wanted.values()))
        else:
            _rows_save(cache, list(states), wanted, first)


def rows_create(*, cache: RowCache, rows: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
    """Insert rows given as loan id and values of the cache's columns.

    Written as SQL: building half a million model objects would take longer than everything else of an import.
    """
    insert, _ = _statements(cache, connection.vendor)
    pending = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(pending, _BATCH)):
            cursor.executemany(insert, [(loan_id, *map(_to_column, values)) for loan_id, values in batch])


def _rows_save(
    cache: RowCache, loan_ids: list[int], wanted: Mapping[tuple[int, int], tuple[Any, ...]], first: int
) -> None:
    """Write rows that are missing or wrong, and delete those that should not be there."""
    changed = dict(wanted)
    stale = []
    for pk, *held in _rows_read(cache, loan_ids, first):
        right = wanted.get((held[0], held[1]))
        if right is None:
            stale.append(pk)
        elif _is_same(tuple(held), right):
            del changed[held[0], held[1]]
    if stale:
        manager: Any = cache.model._default_manager
        manager.filter(pk__in=stale)._raw_delete(manager.db)
    _rows_put(cache, list(changed.values()))


def _rows_read(cache: RowCache, loan_ids: list[int], first: int) -> list[tuple[Any, ...]]:
    """Read key, loan and columns as the database has them: rows are compared in the form in which they are sent."""
    names = ",".join(["id", "loan_id", *cache.columns])
    marks = ",".join(["%s"] * len(loan_ids))
    table, key = cache.model._meta.db_table, cache.columns[0]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {table} WHERE loan_id IN ({marks}) AND {key} >= %s",  # noqa: S608  # only our own names and numbers stand in it
            [*loan_ids, first],
        )
        return list(cursor.fetchall())


def _rows_put(cache: RowCache, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows, or overwrite those that are there."""
    _, upsert = _statements(cache, connection.vendor)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _BATCH):
            cursor.executemany(upsert, rows[start : start + _BATCH])


@remembered
def _statements(cache: RowCache, vendor: str) -> tuple[str, str]:
    """Return the statements that insert a row, and that insert or overwrite it."""
    names = ("loan_id", *cache.columns)
    marks = ",".join(["%s"] * len(names))
    insert = f"INSERT INTO {cache.model._meta.db_table} ({','.join(names)}) VALUES ({marks})"  # noqa: S608  # only our own names and numbers stand in it
    if vendor == "mysql":
        kept = ",".join(f"{name}=VALUES({name})" for name in cache.columns[1:])
        return insert, f"{insert} ON DUPLICATE KEY UPDATE {kept}"
    kept = ",".join(f"{name}=excluded.{name}" for name in cache.columns[1:])
    return insert, f"{insert} ON CONFLICT (loan_id, {cache.columns[0]}) DO UPDATE SET {kept}"


def _is_same(held: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    return held == right or all(
        old == new or (isinstance(old, str) and old[:1] == "{" and json.loads(old) == json.loads(new))
        for old, new in zip(held, right, strict=True)
    )


def _to_column(value: Any) -> Any:
    """Return a value as the driver takes it, and gives it back."""
    return _amounts_text(*value.values()) if isinstance(value, dict) else value


@lru_cache(maxsize=4096)
def _amounts_text(principal: int, interest: int, fee: int, tax: int, penal: int) -> str:
    return json.dumps(_amounts(Amounts(principal, interest, fee, tax, penal)))


def _amounts(amounts: Amounts) -> dict[str, int]:
    return {
        "principal": amounts.principal,
        "interest": amounts.interest,
        "fee": amounts.fee,
        "tax": amounts.tax,
        "penal": amounts.penal,
    }
