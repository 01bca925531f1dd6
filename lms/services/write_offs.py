"""Loans taken off the books, and money that comes in on them later."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Recover, WriteOff
from lms.engine.state import LoanStatus
from lms.errors import LoanNotWrittenOff, RecoveryBeforeWriteOff
from lms.models import LoanFact
from lms.services.checks import amount_check, credit_reference_of, reference_check, running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record


def loan_write_off(
    *,
    loan_id: int,
    value_date: date,
    is_technical: bool,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
) -> LoanFact:
    """Take all that is owed off the books; the claim stays, and the loan is a loss at once.

    Args:
        value_date: interest runs up to the night before it.
        is_technical: recovery goes on as before; False when it has been tried in vain. Both are booked alike.

    Raises:
        ReasonMissing: the reason is empty.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.

    Source: regulation 3 (a technical write-off is of the books only).
    """

    def decide(book: LoanBook) -> WriteOff:
        running_check(loan=book.loan, act="write-off")
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        return WriteOff(sequence=book.next_sequence, value_date=value_date, is_technical=is_technical)

    order = FactOrder(
        action="lms.loan_write_off",
        loan_id=loan_id,
        content={"value_date": value_date.isoformat(), "is_technical": is_technical},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def recovery_post(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    channel: str = "BANK",
    reason: str = "",
    actor: User | None = None,
) -> LoanFact:
    """Post money on a loan that was written off: income of the lender, and so much less of the claim.

    Args:
        amount_paise: at most what was written off and not recovered yet.
        value_date: day of the credit, from the write-off to the business date.
        reference: the bank's reference, credited once per channel.

    Raises:
        LoanNotWrittenOff, RecoveryBeforeWriteOff, RecoveryAboveClaim: the money is no recovery.
        ValueDateInFuture, AmountNotPositive, AmountTooLarge, ReferenceMissing: wrong input.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Recover:
        loan = book.loan
        if loan.status != LoanStatus.WRITTEN_OFF or loan.closed_on is None:
            raise LoanNotWrittenOff(loan=loan.number)
        value_date_check(loan=loan, value_date=value_date, business_date=book.business_date)
        if value_date < loan.closed_on:
            raise RecoveryBeforeWriteOff(value_date=value_date, written_off_on=loan.closed_on)
        return Recover(sequence=book.next_sequence, value_date=value_date, amount_paise=amount_paise, reference=kept)

    order = FactOrder(
        action="lms.recovery_post",
        loan_id=loan_id,
        content={
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
            "reference": kept,
            "channel": channel,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
        credit_reference=credit_reference_of(channel=channel, reference=kept),
    )
    return fact_record(order=order, decide=decide)
