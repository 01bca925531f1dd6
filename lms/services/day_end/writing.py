"""Write what a closing computed with few statements."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from lms.models import ClassificationEntry, DayEndProblem, Loan, LoanAccrual
from lms.services.day_end.closing import Closed, Closing, Problem
from lms.services.positions import positions_save_many, state_hash

_BATCH: Final = 2000
# Rows per statement on MySQL, where one UPDATE for each row would be one round trip for each.
_JOINED: Final = 500
# Every column that a quiet day can move.
_QUIET: Final = (
    "as_of",
    "closed_upto",
    "interest_outstanding_paise",
    "accrued_not_due_paise",
    "days_past_due",
    "asset_class",
    "npa_since",
    "booked",
    "state_hash",
)


def closing_save(*, closing: Closing, booked_on: date, day_end_id: int) -> None:
    """Save figures, diary and problems of a closing, in the caller's transaction and under its locks.

    Args:
        booked_on: the day of the accrual rows.
    """
    positions_write(closed=closing.closed)
    accruals_write(closed=closing.closed, booked_on=booked_on)
    diary_write(entries=closing.entries)
    problems_write(problems=closing.problems, day_end_id=day_end_id)
    problems_resolve(loan_ids=[item.loan.pk for item in closing.closed])


def positions_write(*, closed: Sequence[Closed]) -> None:
    """Save the caches of loans: every one of a replayed loan, of the others the columns that a quiet day moves."""
    positions_save_many(positions=[(item.loan, item.state) for item in closed if item.state is not None])
    quiet = [item.loan for item in closed if item.state is None]
    for loan in quiet:
        loan.state_hash = state_hash(loan=loan)
    _quiet_update(quiet)


def accruals_write(*, closed: Iterable[Closed], booked_on: date) -> None:
    """Append what the day books on each loan: the drill-down of the day's journals."""
    LoanAccrual.objects.bulk_create(
        [
            LoanAccrual(
                loan_id=item.loan.pk,
                booked_on=booked_on,
                movement=movement.movement,
                head=movement.head,
                amount_paise=movement.amount_paise,
                product_code=item.loan.product_code,
                asset_class=item.loan.asset_class,
            )
            for item in closed
            for movement in item.movements
        ],
        batch_size=_BATCH,
    )


def diary_write(*, entries: Sequence[ClassificationEntry]) -> None:
    """Append to the classification diary."""
    for entry in entries:
        # A transaction that is run again must not insert under the key of its first try.
        entry.pk = None
    ClassificationEntry.objects.bulk_create(entries, batch_size=_BATCH)


def problems_write(*, problems: Sequence[Problem], day_end_id: int) -> None:
    """Note loans that were set aside; one that has an open problem of the same kind keeps it."""
    known = set(
        DayEndProblem.objects.filter(
            loan_id__in=[problem.loan_id for problem in problems], resolved_at=None
        ).values_list("loan_id", "code")
    )
    DayEndProblem.objects.bulk_create(
        [
            DayEndProblem(day_end_id=day_end_id, loan_id=item.loan_id, code=item.code[:60], message=item.message)
            for item in problems
            if (item.loan_id, item.code[:60]) not in known
        ]
    )


def problems_resolve(*, loan_ids: Iterable[int]) -> None:
    """Mark the problems of loans that could be closed as resolved."""
    suspects = set(DayEndProblem.objects.filter(resolved_at=None).values_list("loan_id", flat=True))
    if solved := suspects.intersection(loan_ids):
        DayEndProblem.objects.filter(loan_id__in=solved, resolved_at=None).update(resolved_at=timezone.now())


def _quiet_update(loans: Sequence[Loan]) -> None:
    fields: list[Any] = [Loan._meta.get_field(name) for name in _QUIET]
    columns = [connection.ops.quote_name(field.column) for field in fields]
    table = connection.ops.quote_name(Loan._meta.db_table)
    rows = [
        (loan.pk, *(field.get_db_prep_save(getattr(loan, field.attname), connection) for field in fields))
        for loan in loans
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            for start in range(0, len(rows), _JOINED):
                _update_joined(cursor, table, columns, rows[start : start + _JOINED])
        else:
            assignments = ", ".join(f"{column} = %s" for column in columns)
            cursor.executemany(
                f"UPDATE {table} SET {assignments} WHERE id = %s",  # noqa: S608
                [(*row[1:], row[0]) for row in rows],
            )


def _update_joined(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Update many rows with one statement from a table of values."""
    first = "SELECT %s AS id, " + ", ".join(f"%s AS {column}" for column in columns)
    following = " UNION ALL SELECT " + ", ".join(["%s"] * (len(columns) + 1))
    values = first + following * (len(rows) - 1)
    assignments = ", ".join(f"{table}.{column} = fresh.{column}" for column in columns)
    statement = f"UPDATE {table} JOIN ({values}) AS fresh ON fresh.id = {table}.id SET {assignments}"  # noqa: S608
    cursor.execute(statement, [value for row in rows for value in row])
