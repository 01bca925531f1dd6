"""Movement between two month-ends, summed in the database loan by loan."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import connection

from lms.engine.classification import AssetClass
from lms.engine.provisions import Stage
from lms.engine.provisions_movement import Exit, MovementCell, MovementLine, movement_lines
from lms.engine.state import LoanStatus
from lms.models import ProvisionRun

BUCKETS: Final[Mapping[str, tuple[str, ...]]] = {
    "stage": tuple(str(stage.value) for stage in Stage),
    "asset_class": tuple(asset_class.value for asset_class in AssetClass),
}
FIGURES: Final = ("ecl", "iracp")
# Loans of the closing month-end, with what they were in the opening one.
_STAYED = """
    SELECT o.{bucket}, c.{bucket}, '', COUNT(*), SUM(COALESCE(o.funded_paise, 0)), SUM(c.funded_paise),
           SUM(COALESCE(o.ecl_paise, 0)), SUM(c.ecl_paise), SUM(COALESCE(o.iracp_paise, 0)), SUM(c.iracp_paise)
    FROM lms_provisionresult c
    LEFT JOIN lms_provisionresult o ON o.loan_id = c.loan_id AND o.run_id = %s
    WHERE c.run_id = %s GROUP BY o.{bucket}, c.{bucket}
"""
# Loans of the opening month-end that are not in the closing one.
_GONE = """
    SELECT o.{bucket}, NULL, CASE WHEN l.status = %s THEN 'WRITTEN_OFF' ELSE 'CLOSED' END, COUNT(*),
           SUM(o.funded_paise), 0, SUM(o.ecl_paise), 0, SUM(o.iracp_paise), 0
    FROM lms_provisionresult o
    JOIN lms_loan l ON l.id = o.loan_id
    LEFT JOIN lms_provisionresult c ON c.loan_id = o.loan_id AND c.run_id = %s
    WHERE o.run_id = %s AND c.id IS NULL GROUP BY o.{bucket}, l.status
"""


def movement_of_runs(*, opening: ProvisionRun | None, closing: ProvisionRun) -> dict[str, list[list[Any]]]:
    """Return the cells of the movement by stage and by class, as a run keeps them.

    Args:
        opening: None where there is nothing to begin at: every loan is new.

    Returns:
        By "stage" and "asset_class", rows of opening, closing, exit, loans, opening and closing exposure, opening and
        closing ECL, opening and closing IRACP.
    """
    opening_id = opening.pk if opening is not None else 0
    with connection.cursor() as cursor:
        return {bucket: _rows(cursor, bucket, opening_id, closing.pk) for bucket in BUCKETS}


def movement_cells(*, run: ProvisionRun, bucket: str, figure: str) -> tuple[MovementCell, ...]:
    """Return the cells of a run's movement.

    Args:
        bucket: "stage" or "asset_class".
        figure: "ecl" or "iracp".
    """
    place = 6 + 2 * FIGURES.index(figure)
    return tuple(
        MovementCell(
            opening=row[0],
            closing=row[1],
            exit=Exit(row[2]),
            loans=row[3],
            opening_exposure_paise=row[4],
            closing_exposure_paise=row[5],
            opening_paise=row[place],
            closing_paise=row[place + 1],
        )
        for row in run.movement.get(bucket, ())
    )


def movement_of(*, run: ProvisionRun, bucket: str, figure: str) -> tuple[MovementLine, ...]:
    """Return the movement of a run by bucket; lines in which nothing stands or moves are left out."""
    lines = movement_lines(cells=movement_cells(run=run, bucket=bucket, figure=figure), buckets=BUCKETS[bucket])
    return tuple(line for line in lines if line != MovementLine(bucket=line.bucket))


def _rows(cursor: Any, bucket: str, opening_id: int, closing_id: int) -> list[list[Any]]:
    cursor.execute(_STAYED.format(bucket=bucket), [opening_id, closing_id])
    found: Iterable[tuple[Any, ...]] = cursor.fetchall()
    rows = [_row(row) for row in found]
    cursor.execute(_GONE.format(bucket=bucket), [LoanStatus.WRITTEN_OFF.value, closing_id, opening_id])
    return rows + [_row(row) for row in cursor.fetchall()]


def _row(row: tuple[Any, ...]) -> list[Any]:
    opening, closing, why, *sums = row
    return [None if opening is None else str(opening), None if closing is None else str(closing), why, *map(int, sums)]
