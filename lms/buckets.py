"""Standing of the book: loans and principal by days past due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lms.book_cells import Cell, book_cells
from lms.engine.state import LoanStatus

# One for each range that the cells are cut by.
_LABELS = ("Current", "1 to 30", "31 to 60", "61 to 90", "Over 90")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Active loans of a range of days past due."""

    label: str
    loan_count: int
    principal_paise: int
    overdue_paise: int


@dataclass(frozen=True, slots=True)
class BookStanding:
    """The active book by bucket; amounts in paise. `taken_at`: when it was summed, None for just now."""

    buckets: tuple[Bucket, ...]
    sanctioned_count: int
    npa_count: int
    npa_principal_paise: int
    taken_at: datetime | None = None
    is_waiting: bool = False

    @property
    def loan_count(self) -> int:
        """Active loans."""
        return sum(bucket.loan_count for bucket in self.buckets)

    @property
    def overdue_count(self) -> int:
        """Active loans with a due that is not paid."""
        return sum(bucket.loan_count for bucket in self.buckets[1:])

    @property
    def principal_paise(self) -> int:
        """Principal outstanding of active loans."""
        return sum(bucket.principal_paise for bucket in self.buckets)

    @property
    def overdue_paise(self) -> int:
        """Unpaid dues of active loans."""
        return sum(bucket.overdue_paise for bucket in self.buckets)


def book_standing() -> BookStanding:
    """Sum the book by bucket; a large book as a task has summed it last."""
    book = book_cells()
    active = [cell for cell in book.cells if cell.status == LoanStatus.ACTIVE]
    npa = [cell for cell in active if cell.is_npa]
    return BookStanding(
        buckets=tuple(
            _bucket(label, (cell for cell in active if cell.bucket == place)) for place, label in enumerate(_LABELS)
        ),
        sanctioned_count=sum(cell.loan_count for cell in book.cells if cell.status == LoanStatus.SANCTIONED),
        npa_count=sum(cell.loan_count for cell in npa),
        npa_principal_paise=sum(cell.principal_paise for cell in npa),
        taken_at=book.taken_at,
        is_waiting=book.is_waiting,
    )


def _bucket(label: str, cells: Iterable[Cell]) -> Bucket:
    held = list(cells)
    return Bucket(
        label=label,
        loan_count=sum(cell.loan_count for cell in held),
        principal_paise=sum(cell.principal_paise for cell in held),
        overdue_paise=sum(cell.overdue_paise for cell in held),
    )
