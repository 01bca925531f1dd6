"""Excess paid back to borrowers."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Refund
from lms.models import FactKind, FreezeEffect, LoanFact
from lms.services.checks import amount_check, reference_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.guards import freeze_check
from lms.services.money_out import money_out_check


def refund_post(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
    is_on_its_way: bool = False,
) -> LoanFact:
    """Pay excess back to the borrower; a closed loan takes it too.

    Args:
        amount_paise: at most the excess held on the value date.
        reference: the bank's reference of the payout.
        is_on_its_way: books the money of a payout, which was kept free for it; acts by hand never say so.

    Raises:
        MoneyOnItsWay: a payout that is on its way leaves less of the excess than that.
        RefundAboveExcess: less than that is held.
        ReasonMissing, ReferenceMissing: the input is incomplete.
        LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the date cannot be.
        LoanFrozen: a freeze forbids it.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Refund:
        freeze_check(loan=book.loan, effect=FreezeEffect.REFUND)
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        if not is_on_its_way:
            held = book.loan.excess_paise
            money_out_check(loan=book.loan, kind=FactKind.REFUND, amount_paise=amount_paise, free_paise=held)
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
