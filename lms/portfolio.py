"""The book by product and class on any day, as known at any instant: loans, what is outstanding, what is overdue."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import QuerySet

from lms.book_cells import book_cells_now
from lms.engine.classification import AssetClass
from lms.engine.state import LoanStatus
from lms.models import Loan
from lms.services.knowledge import ALL_KNOWN, Knowledge
from lms.standings import StandingLine, standings_as_of

_AT_ONCE: Final = 200
_SEVERITY: Final = {asset_class.value: place for place, asset_class in enumerate(AssetClass)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRow:
    """Loans of a product and class that run on the day; amounts in paise."""

    product_code: str
    asset_class: str
    loan_count: int
    principal_outstanding_paise: int
    outstanding_paise: int
    overdue_paise: int


def portfolio_now() -> tuple[PortfolioRow, ...]:
    """Sum the loans that run by their caches; a large book as a task has summed it last."""
    sums: dict[tuple[str, str], list[int]] = {}
    for cell in book_cells_now().cells:
        if cell.status == LoanStatus.ACTIVE:
            held = sums.setdefault((cell.product_code, cell.asset_class), [0, 0, 0, 0])
            amounts = (cell.loan_count, cell.principal_paise, cell.outstanding_paise, cell.overdue_paise)
            for place, amount in enumerate(amounts):
                held[place] += amount
    return _rows(sums)


def portfolio_count(*, as_of: date, at_most: int) -> int:
    """Count the loans that have to be worked out for a day, up to one more than a page would."""
    return _lent(as_of)[: at_most + 1].count()


def portfolio_lines(*, as_of: date, knowledge: Knowledge = ALL_KNOWN) -> Iterator[StandingLine]:
    """Work out the loans that run on a day one by one, in the order of their keys; any number of them.

    Source: design promise 2 (two clocks).
    """
    last = 0
    while loans := list(_lent(as_of).filter(pk__gt=last).order_by("pk").defer("accrual_lines", "booked")[:_AT_ONCE]):
        for line in standings_as_of(loans=loans, as_of=as_of, knowledge=knowledge):
            if line.problem or line.status == LoanStatus.ACTIVE:
                yield line
        last = loans[-1].pk


def portfolio_sum(*, lines: Iterable[StandingLine]) -> tuple[PortfolioRow, ...]:
    """Sum lines by product and class; loans that cannot be worked out are left out."""
    sums: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        if line.problem:
            continue
        held = sums.setdefault((line.loan.product_code, line.asset_class), [0, 0, 0, 0])
        amounts = (1, line.principal_outstanding_paise, line.outstanding_paise, line.overdue_paise)
        for place, amount in enumerate(amounts):
            held[place] += amount
    return _rows(sums)


def _rows(sums: Mapping[tuple[str, str], list[int]]) -> tuple[PortfolioRow, ...]:
    return _in_order(
        PortfolioRow(
            product_code=product_code,
            asset_class=asset_class,
            loan_count=count,
            principal_outstanding_paise=principal,
            outstanding_paise=outstanding,
            overdue_paise=overdue,
        )
        for (product_code, asset_class), (count, principal, outstanding, overdue) in sums.items()
    )


def _lent(as_of: date) -> QuerySet[Loan]:
    # What has ended by now may have run then, by what was known: every loan that was sanctioned by the day is asked.
    return Loan.objects.filter(sanctioned_on__lte=as_of, fact_count__gt=0)


def _in_order(rows: Iterable[PortfolioRow]) -> tuple[PortfolioRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.product_code, _SEVERITY[row.asset_class])))
