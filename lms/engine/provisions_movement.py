"""How provisions moved between two month-ends: every paisa of the closing balance has a cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Exit(StrEnum):
    """Why a loan of the opening month-end is not in the closing one."""

    NONE = ""
    CLOSED = "CLOSED"
    WRITTEN_OFF = "WRITTEN_OFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementCell:
    """Loans that came from one bucket and went to another: None where they were not there; amounts in paise."""

    opening: str | None
    closing: str | None
    exit: Exit = Exit.NONE
    loans: int
    opening_exposure_paise: int
    closing_exposure_paise: int
    opening_paise: int
    closing_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementLine:
    """One bucket (stage or class), from its opening to its closing provision; out, closed and written off reduce."""

    bucket: str
    opening_paise: int = 0
    transferred_in_paise: int = 0
    transferred_out_paise: int = 0
    new_paise: int = 0
    remeasured_paise: int = 0
    closed_paise: int = 0
    written_off_paise: int = 0
    closing_paise: int = 0

    @property
    def explained_paise(self) -> int:
        """The closing balance as the causes give it."""
        return (
            self.opening_paise
            + self.transferred_in_paise
            - self.transferred_out_paise
            + self.new_paise
            + self.remeasured_paise
            - self.closed_paise
            - self.written_off_paise
        )


def movement_lines(*, cells: Iterable[MovementCell], buckets: Sequence[str]) -> tuple[MovementLine, ...]:
    """Return a line for each bucket, in the order given.

    A loan that changes its bucket leaves with its opening provision and arrives with it; what its provision changed
    by is a remeasurement where it arrived.
    """
    held = tuple(cells)
    return tuple(_line(bucket, held) for bucket in buckets)


def movement_total(*, lines: Sequence[MovementLine]) -> MovementLine:
    """Return the sum of lines; transfers in and out are equal in it."""
    sums = {
        name: sum(getattr(line, name) for line in lines) for name in MovementLine.__slots__ if name.endswith("_paise")
    }
    return MovementLine(bucket="", **sums)


def _line(bucket: str, cells: Sequence[MovementCell]) -> MovementLine:
    came = [cell for cell in cells if cell.closing == bucket]
    went = [cell for cell in cells if cell.opening == bucket]
    return MovementLine(
        bucket=bucket,
        opening_paise=sum(cell.opening_paise for cell in went),
        transferred_in_paise=sum(cell.opening_paise for cell in came if cell.opening not in (None, bucket)),
        transferred_out_paise=sum(cell.opening_paise for cell in went if cell.closing not in (None, bucket)),
        new_paise=sum(cell.closing_paise for cell in came if cell.opening is None),
        remeasured_paise=sum(cell.closing_paise - cell.opening_paise for cell in came if cell.opening is not None),
        closed_paise=_gone(went, Exit.CLOSED),
        written_off_paise=_gone(went, Exit.WRITTEN_OFF),
        closing_paise=sum(cell.closing_paise for cell in came),
    )


def _gone(cells: Sequence[MovementCell], reason: Exit) -> int:
    return sum(cell.opening_paise for cell in cells if cell.closing is None and cell.exit is reason)
