"""Excess paid back to borrowers."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Refund
from lms.models import LoanFact
from lms.services.checks import amount_check, reference_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record


def refund_post(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
) -> LoanFact:
    """Pay excess back to the borrower; a closed loan takes it too.

    Args:
        amount_paise: at most the excess held on the value date.
        reference: the bank's reference of the payout.

    Raises:
        RefundAboveExcess: less than that is held.
        ReasonMissing, ReferenceMissing: the input is incomplete.
        LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the date cannot be.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Refund:
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        return Refund(sequence=book.next_sequence, value_date=value_date, amount_paise=amount_paise, reference=kept)

    order = FactOrder(
        action="lms.refund_post",
        loan_id=loan_id,
        content={"amount_paise": amount_paise, "value_date": value_date.isoformat(), "reference": kept},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)
