"""The report of the portfolio: the book by product and class, on any day as known at any instant."""

from typing import Final

from django.http import HttpRequest, HttpResponse

from core.staff_pages import staff_page, staff_response
from ledger.exports import csv_download, is_export
from lms.admin.moments import moment_of_book
from lms.book_cells import book_cells
from lms.portfolio import portfolio_count, portfolio_lines, portfolio_now, portfolio_sum
from lms.standings import StandingLine

# So many loans are worked out while the reader waits; a larger book is downloaded.
_AT_MOST: Final = 300
_LINES_SHOWN: Final = 100


@staff_page("lms.view_loan")
def portfolio_page(request: HttpRequest) -> HttpResponse:
    """Show loans, balances and arrears by product and class, and the loans of one of the rows."""
    moment = moment_of_book(request)
    if is_export(request):
        lines = portfolio_lines(as_of=moment.as_of, knowledge=moment.knowledge)
        return csv_download(
            request,
            name=f"portfolio-{moment.as_of}",
            header=("Loan", "Product", "Class", "Days past due", "Principal", "Outstanding", "Overdue", "Problem"),
            rows=(_cells(line) for line in lines),
            money=(4, 5, 6),
        )
    chosen = (request.GET.get("product", ""), request.GET.get("class", ""))
    is_worked_out = moment.is_past or any(chosen)
    is_too_large = is_worked_out and portfolio_count(as_of=moment.as_of, at_most=_AT_MOST) > _AT_MOST
    found: list[StandingLine] = []
    if is_worked_out and not is_too_large:
        found = list(portfolio_lines(as_of=moment.as_of, knowledge=moment.knowledge))
    rows = portfolio_sum(lines=found) if moment.is_past else portfolio_now()
    return staff_response(
        request,
        "lms/portfolio.html",
        title="Portfolio",
        moment=moment,
        rows=rows,
        book=None if moment.is_past else book_cells(),
        problems=[line for line in found if line.problem][:_LINES_SHOWN],
        chosen=chosen if any(chosen) else None,
        lines=[line for line in found if (line.loan.product_code, line.asset_class) == chosen][:_LINES_SHOWN],
        is_too_large=is_too_large,
        total={
            name: sum(getattr(row, name) for row in rows)
            for name in ("loan_count", "principal_outstanding_paise", "outstanding_paise", "overdue_paise")
        },
    )


def _cells(line: StandingLine) -> tuple[str | int, ...]:
    return (
        line.loan.number,
        line.loan.product_code,
        line.asset_class,
        line.days_past_due,
        line.principal_outstanding_paise,
        line.outstanding_paise,
        line.overdue_paise,
        line.problem,
    )
