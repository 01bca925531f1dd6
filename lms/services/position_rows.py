"""Caches of a state in rows of their own: instalments, allocations and charges. Only rows that changed are written."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db import connection

from lms.engine.state import Allocation as AllocationState
from lms.engine.state import Amounts, LoanState
from lms.engine.state import Instalment as InstalmentState
from lms.models import Allocation, Instalment, LoanCharge

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


def instalments_of(*, state: LoanState) -> list[tuple[Any, ...]]:
    """Return the rows that the instalment cache should hold, by number."""
    return [instalment_values(row=row) for row in state.instalments]


def allocations_of(*, state: LoanState) -> list[tuple[Any, ...]]:
    """Return the rows that the allocation cache should hold, by position from 1."""
    return [allocation_values(position=position, part=part) for position, part in enumerate(state.allocations, 1)]


def charges_of(*, state: LoanState) -> list[tuple[Any, ...]]:
    """Return the rows that the charge cache should hold, by position from 1."""
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
        for position, charge in enumerate(state.charges, 1)
    ]


@dataclass(frozen=True, slots=True)
class RowCache:
    """One table that caches a part of a state, row by row; the first column names a row within its loan."""

    name: str
    model: type[Instalment | Allocation | LoanCharge]
    columns: tuple[str, ...]
    rows_of: Callable[[LoanState], list[tuple[Any, ...]]]


ROW_CACHES: Final = (
    RowCache("instalment", Instalment, INSTALMENT_COLUMNS, lambda state: instalments_of(state=state)),
    RowCache("allocation", Allocation, ALLOCATION_COLUMNS, lambda state: allocations_of(state=state)),
    RowCache("charge", LoanCharge, CHARGE_COLUMNS, lambda state: charges_of(state=state)),
)


def rows_save(*, states: Mapping[int, LoanState]) -> None:
    """Bring every row that caches a part of loans, by loan id, to their states; rows that are right already stay."""
    for cache in ROW_CACHES:
        _rows_save(cache, {loan_id: cache.rows_of(state) for loan_id, state in states.items()})


def rows_create(*, cache: RowCache, rows: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
    """Insert rows given as loan id and values of the cache's columns.

    Written as SQL: building half a million model objects would take longer than everything else of an import.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in ("loan_id", *cache.columns))
    marks = ", ".join(["%s"] * (len(cache.columns) + 1))
    statement = f"INSERT INTO {quote(cache.model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    pending = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(pending, _BATCH)):
            cursor.executemany(statement, [(loan_id, *map(_to_column, values)) for loan_id, values in batch])


def _rows_save(cache: RowCache, wanted: Mapping[int, Sequence[tuple[Any, ...]]]) -> None:
    """Delete rows that are wrong and insert those that are missing."""
    manager: Any = cache.model._default_manager
    present: dict[tuple[int, Any], tuple[int, tuple[Any, ...]]] = {
        (row[1], row[2]): (row[0], row[2:])
        for row in manager.filter(loan_id__in=list(wanted)).values_list("pk", "loan_id", *cache.columns)
    }
    missing, stale = [], []
    for loan_id, rows in wanted.items():
        for values in rows:
            pk, old = present.pop((loan_id, values[0]), (None, None))
            if old == values:
                continue
            missing.append((loan_id, values))
            if pk is not None:
                stale.append(pk)
    stale.extend(pk for pk, _ in present.values())
    if stale:
        manager.filter(pk__in=stale)._raw_delete(manager.db)
    if missing:
        rows_create(cache=cache, rows=missing)


def _to_column(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _amounts(amounts: Amounts) -> dict[str, int]:
    return {
        "principal": amounts.principal,
        "interest": amounts.interest,
        "fee": amounts.fee,
        "tax": amounts.tax,
        "penal": amounts.penal,
    }
