"""Close one borrower who is behind before an act of today: what the day-end would do, for his loans alone."""

from datetime import date

from core.business_date import business_date
from ledger.services import journal_post
from lms.models import DayEnd, DayEndChunk, Loan
from lms.services.day_end.accruals import EVENT
from lms.services.day_end.chunks import borrower_loans_for_update
from lms.services.day_end.closing import Closed, Closing, closing_compute
from lms.services.day_end.errors import LoanNotClosable
from lms.services.day_end.writing import accruals_write, diary_write, positions_write, problems_resolve

REFERENCE_TYPE = "lms.loan"


def loan_close_upto(*, loan: Loan, to_date: date) -> None:
    """Close a loan that is behind, with the other loans of its borrower, because the class is the borrower's.

    While the day-end of `to_date` has not come to the borrower yet, the rows are those that it would write, and go
    into its journals; otherwise that day is sealed, and each loan gets a journal of its own, booked today. The caller
    holds the locks on the borrower's loans and reads the loan anew afterwards.

    Args:
        to_date: the day before the business date.

    Raises:
        LoanNotClosable: the loan's own facts cannot be replayed.
    """
    loans = borrower_loans_for_update(customer_id=loan.customer_id)
    closing = closing_compute(loans=loans, on_date=to_date)
    for problem in closing.problems:
        if problem.loan_id == loan.pk:
            raise LoanNotClosable(loan=loan.number, to_date=to_date, problem=problem.message)
    positions_write(closed=closing.closed)
    diary_write(entries=closing.entries)
    problems_resolve(loan_ids=[item.loan.pk for item in closing.closed])
    if _is_day_end_to_come(customer_id=loan.customer_id, on_date=to_date):
        accruals_write(closed=closing.closed, booked_on=to_date)
    else:
        _post_alone(closing)


def _is_day_end_to_come(*, customer_id: int, on_date: date) -> bool:
    """Tell whether the day's run will still pass the borrower; his locked loans keep it waiting meanwhile."""
    return DayEndChunk.objects.filter(
        day_end__business_date=on_date,
        day_end__state=DayEnd.State.RUNNING,
        state=DayEndChunk.State.PENDING,
        first_customer_id__lte=customer_id,
        last_customer_id__gte=customer_id,
    ).exists()


def _post_alone(closing: Closing) -> None:
    today = business_date()
    for item in closing.closed:
        _journal(item, today)


def _journal(item: Closed, today: date) -> None:
    loan = item.loan
    assert loan.closed_upto is not None  # noqa: S101  # set by the closing
    journal_post(
        idempotency_key=f"loan-close:{loan.pk}:{loan.closed_upto.isoformat()}",
        event=EVENT,
        reference_type=REFERENCE_TYPE,
        reference_id=loan.pk,
        product_code=loan.product_code,
        movements=item.movements,
        value_date=loan.closed_upto,
        booked_on=today,
        narration=f"{loan.number} closed to {loan.closed_upto.isoformat()}",
    )
