"""The book in cells: loans and amounts by status, product, class and days past due.

Pages sum them further. A small book is summed while the reader waits; a large one was summed by a task, and the page
says when.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from lms.engine.state import LoanStatus
from lms.models import BookSnapshot, Loan

# Upper ends of the ranges of days past due; the last one is open.
UPPER_DAYS: Final[tuple[int, ...]] = (0, 30, 60, 90)
# A book of more loans is not read while somebody waits.
READ_AT_MOST: Final = 20_000
_CACHE_KEY: Final = "lms.book_cells"
_CACHE_SECONDS: Final = 30
_STATUSES: Final = (LoanStatus.ACTIVE, LoanStatus.SANCTIONED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Loans that are alike in all of this; `bucket` counts the ends in `UPPER_DAYS` that are exceeded. Paise."""

    status: str
    product_code: str
    asset_class: str
    bucket: int
    is_npa: bool
    loan_count: int
    principal_paise: int
    outstanding_paise: int
    overdue_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCells:
    """The cells, and when they were summed: None for just now. `is_waiting`: a large book was never summed yet."""

    cells: tuple[Cell, ...]
    taken_at: datetime | None = None
    is_waiting: bool = False


def book_cells() -> BookCells:
    """Return the cells of running and of sanctioned loans, for a home page.

    The answer is kept for half a minute: a home page is opened more often than the book changes visibly.

    Source: decision 0048.
    """
    found: BookCells | None = cache.get(_CACHE_KEY)
    if found is None:
        found = book_cells_now()
        cache.set(_CACHE_KEY, found, _CACHE_SECONDS)
    return found


def book_cells_now() -> BookCells:
    """Return the cells of running and of sanctioned loans, for a report: a small book as it stands this moment."""
    return _stored() if _is_large() else BookCells(cells=_read())


def book_snapshot_take(*, now: datetime) -> int:
    """Sum the whole book and keep the cells with their instant; return how many there are."""
    cells = _read()
    BookSnapshot.objects.update_or_create(pk=1, defaults={"taken_at": now, "cells": [asdict(cell) for cell in cells]})
    cache.delete(_CACHE_KEY)
    return len(cells)


def _is_large() -> bool:
    # Ends at the limit, in the index by status alone.
    return _running().order_by()[: READ_AT_MOST + 1].count() > READ_AT_MOST


def _stored() -> BookCells:
    row = BookSnapshot.objects.first()
    if row is None:
        return BookCells(cells=(), is_waiting=True)
    return BookCells(cells=tuple(Cell(**cell) for cell in row.cells), taken_at=row.taken_at)


def _running() -> QuerySet[Loan]:
    return Loan.objects.filter(status__in=_STATUSES)


def _read() -> tuple[Cell, ...]:
    steps = [When(days_past_due__lte=upper, then=Value(place)) for place, upper in enumerate(UPPER_DAYS)]
    outstanding = (
        F("principal_outstanding_paise")
        + F("interest_outstanding_paise")
        + F("fee_outstanding_paise")
        + F("tax_outstanding_paise")
        + F("penal_outstanding_paise")
    )
    rows = (
        _running()
        .order_by()
        .values(
            "status",
            "product_code",
            "asset_class",
            bucket=Case(*steps, default=Value(len(UPPER_DAYS)), output_field=IntegerField()),
            is_npa=Case(When(Q(npa_since__isnull=False), then=Value(1)), default=Value(0), output_field=IntegerField()),
        )
        .annotate(
            loan_count=Count("pk"),
            principal_paise=Sum("principal_outstanding_paise"),
            outstanding_paise=Sum(outstanding),
            overdue_paise=Sum("overdue_paise"),
        )
    )
    return tuple(_cell(row) for row in rows)


def _cell(row: Mapping[str, Any]) -> Cell:
    numbers = ("bucket", "loan_count", "principal_paise", "outstanding_paise", "overdue_paise")
    return Cell(**{**row, "is_npa": bool(row["is_npa"]), **{name: int(row[name]) for name in numbers}})
