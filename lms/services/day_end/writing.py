"""Write what a closing computed with few statements."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from core.clock import database_now
from lms.models import ClassificationEntry, DayEndProblem, Loan, LoanAccrual
from lms.services.day_end.closing import Closed, Closing, Problem
from lms.services.day_end.statements import rows_insert, rows_update
from lms.services.positions import positions_save_many, state_hash

_BATCH: Final = 2000
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
_ACCRUAL: Final = ("loan_id", "booked_on", "movement", "head", "amount_paise", "product_code", "asset_class")


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
    rows_update(model=Loan, columns=_QUIET, rows=[_quiet_values(loan) for loan in quiet])


def accruals_write(*, closed: Iterable[Closed], booked_on: date) -> None:
    """Append what the day books on each loan: the drill-down of the day's journals."""
    rows = [
        (
            item.loan.pk,
            booked_on.isoformat(),
            movement.movement,
            movement.head,
            movement.amount_paise,
            item.loan.product_code,
            item.loan.asset_class,
        )
        for item in closed
        for movement in item.movements
    ]
    rows_insert(model=LoanAccrual, columns=_ACCRUAL, rows=rows)


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
        DayEndProblem.objects.filter(loan_id__in=solved, resolved_at=None).update(resolved_at=database_now())


def _quiet_values(loan: Loan) -> tuple[object, ...]:
    """Return key and values of `_QUIET` as the database takes them."""
    return (
        loan.pk,
        _day(loan.as_of),
        _day(loan.closed_upto),
        loan.interest_outstanding_paise,
        loan.accrued_not_due_paise,
        loan.days_past_due,
        loan.asset_class,
        _day(loan.npa_since),
        json.dumps(loan.booked),
        loan.state_hash,
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
