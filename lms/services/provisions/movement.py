"""Movement between two month-ends, summed in the database loan by loan and undrawn line by undrawn line."""

from collections.abc import Mapping
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
# Loans alone are counted.
_SUBJECTS: Final[Mapping[str, str]] = {"loan_id": "COUNT(*)", "line_id": "0"}
# Loans, or lines, of the closing month-end, with what they were in the opening one.
_STAYED = """
    SELECT o.{bucket}, c.{bucket}, '', {count}, SUM(COALESCE(o.funded_paise, 0)), SUM(c.funded_paise),
           SUM(COALESCE(o.ecl_paise, 0)), SUM(c.ecl_paise), SUM(COALESCE(o.iracp_paise, 0)), SUM(c.iracp_paise)
    FROM lms_provisionresult c
    LEFT JOIN lms_provisionresult o ON o.{subject} = c.{subject} AND o.run_id = %s
    WHERE c.run_id = %s AND c.{subject} IS NOT NULL GROUP BY o.{bucket}, c.{bucket}
"""
# Those of the opening month-end that are not in the closing one; a line that is drawn from comes back as a loan.
_GONE = """
    SELECT o.{bucket}, NULL, CASE WHEN l.status = %s THEN 'WRITTEN_OFF' ELSE 'CLOSED' END, {count},
           SUM(o.funded_paise), 0, SUM(o.ecl_paise), 0, SUM(o.iracp_paise), 0
    FROM lms_provisionresult o
    LEFT JOIN lms_loan l ON l.id = o.loan_id
    LEFT JOIN lms_provisionresult c ON c.{subject} = o.{subject} AND c.run_id = %s
    WHERE o.run_id = %s AND o.{subject} IS NOT NULL AND c.id IS NULL GROUP BY o.{bucket}, l.status
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
    sums: dict[tuple[Any, ...], list[int]] = {}
    for subject, count in _SUBJECTS.items():
        words = {"bucket": bucket, "subject": subject, "count": count}
        for statement, parameters in (
            (_STAYED, [opening_id, closing_id]),
            (_GONE, [LoanStatus.WRITTEN_OFF.value, closing_id, opening_id]),
        ):
            cursor.execute(statement.format(**words), parameters)
            for opening, closing, why, *found in cursor.fetchall():
                held = sums.setdefault((opening, closing, why), [0] * len(found))
                sums[opening, closing, why] = [one + int(other) for one, other in zip(held, found, strict=True)]
    return [_row((*cell, *found)) for cell, found in sums.items()]


def _row(row: tuple[Any, ...]) -> list[Any]:
    opening, closing, why, *sums = row
    return [None if opening is None else str(opening), None if closing is None else str(closing), why, *sums]
