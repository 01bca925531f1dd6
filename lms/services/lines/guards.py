"""What keeps new money from a borrower who is behind, and drawn money from the borrower's own dues."""

from collections.abc import Iterable
from datetime import date

from lms.engine.state import LoanStatus
from lms.errors.lines import (
    DrawdownPaysOwnDues,
    DrawdownWhileOverdue,
    LineBlocked,
    LineBorrowerNonPerforming,
    LineClosed,
    LineExpired,
    LineLimitExceeded,
)
from lms.models import Loan
from lms.services.guards import fresh_money_check
from lms.services.lines.record import LineBook
from lms.services.lines.rules import line_rule_on
from lms.services.lines.standing import Hindrance, non_performing_loan


def new_money_check(*, book: LineBook, amount_paise: int) -> None:
    """Refuse to set money of a line aside, or to lend it.

    Raises:
        LineClosed, LineExpired, LineBlocked, LineBorrowerNonPerforming: nothing can be drawn at all.
        DrawdownWhileOverdue: a loan of the customer is past due.
        CustomerCoolingOff, CustomerFrozen, CustomerMerged: the customer gets no fresh money.
        LineLimitExceeded: less than that is available.

    Source: regulation 2 (no evergreening) and 3 (class of the borrower, exposure after a settlement).
    """
    _hindrance_check(book)
    borrower_check(customer_id=book.line.customer_id, loans=book.loans, today=book.business_date)
    if amount_paise > (available := book.standing.available_paise):
        raise LineLimitExceeded(line=book.line.number, amount_paise=amount_paise, available_paise=available)


def borrower_check(*, customer_id: int, loans: Iterable[Loan], today: date) -> None:
    """Refuse new money while dues are overdue on any loan of the customer, or fresh money is refused altogether."""
    rule = line_rule_on(day=today)
    for loan in loans:
        if loan.status == LoanStatus.ACTIVE and loan.days_past_due >= rule.refuse_from_days_past_due:
            raise DrawdownWhileOverdue(
                loan=loan.number, days_past_due=loan.days_past_due, from_days=rule.refuse_from_days_past_due
            )
    fresh_money_check(customer_id=customer_id, on_date=today)


def own_dues_transfer_check(*, source: Loan, value_date: date) -> None:
    """Refuse to pay another loan with excess of a drawdown that was paid out not long ago.

    Raises:
        DrawdownPaysOwnDues: the excess would be the drawn money, come back.
    """
    if source.disbursed_on is None or not source.is_drawdown:
        return
    if (value_date - source.disbursed_on).days < line_rule_on(day=value_date).own_dues_days:
        raise DrawdownPaysOwnDues(loan=source.number)


def _hindrance_check(book: LineBook) -> None:
    line = book.line
    match book.standing.hindrance:
        case Hindrance.CLOSED:
            raise LineClosed(line=line.number, closed_on=book.state.closed_on)
        case Hindrance.EXPIRED:
            raise LineExpired(line=line.number, valid_until=book.state.valid_until)
        case Hindrance.BLOCKED:
            raise LineBlocked(line=line.number)
        case Hindrance.NON_PERFORMING:
            loan = non_performing_loan(loans=book.loans)
            assert loan is not None  # noqa: S101  # it is the hindrance
            raise LineBorrowerNonPerforming(line=line.number, loan=loan.number)
        case None:
            pass
