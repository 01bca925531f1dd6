"""Caches of a state in rows of their own: instalments and allocations. Only rows that changed are written."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection

from lms.engine.state import Allocation as AllocationState
from lms.engine.state import Amounts, LoanState
from lms.engine.state import Instalment as InstalmentState
from lms.models import Allocation, Instalment

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


def instalments_save(*, states: Mapping[int, LoanState]) -> None:
    """Bring the instalment rows of loans, by loan id, to their states; rows that are right already stay."""
    wanted = {loan_id: instalments_of(state=state) for loan_id, state in states.items()}
    _rows_save(Instalment, columns=INSTALMENT_COLUMNS, wanted=wanted)


def allocations_save(*, states: Mapping[int, LoanState]) -> None:
    """Bring the allocation rows of loans, by loan id, to their states; rows that are right already stay."""
    wanted = {loan_id: allocations_of(state=state) for loan_id, state in states.items()}
    _rows_save(Allocation, columns=ALLOCATION_COLUMNS, wanted=wanted)


def rows_create(
    model: type[Instalment] | type[Allocation],
    *,
    columns: Sequence[str],
    rows: Iterable[tuple[int, tuple[Any, ...]]],
) -> None:
    """Insert rows given as loan id and values of `columns`.

    Written as SQL: building half a million model objects would take longer than everything else of an import.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in ("loan_id", *columns))
    marks = ", ".join(["%s"] * (len(columns) + 1))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    pending = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(pending, _BATCH)):
            cursor.executemany(statement, [(loan_id, *map(_to_column, values)) for loan_id, values in batch])


def _rows_save(
    model: type[Instalment] | type[Allocation],
    *,
    columns: Sequence[str],
    wanted: Mapping[int, Sequence[tuple[Any, ...]]],
) -> None:
    """Delete rows that are wrong and insert those that are missing; the first column names a row within its loan."""
    manager: Any = model._default_manager
    present: dict[tuple[int, Any], tuple[int, tuple[Any, ...]]] = {
        (row[1], row[2]): (row[0], row[2:])
        for row in manager.filter(loan_id__in=list(wanted)).values_list("pk", "loan_id", *columns)
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
        rows_create(model, columns=columns, rows=missing)


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
