"""Principal paid ahead of its time."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Prepay, PrepaymentEffect
from lms.models import FreezeEffect, LoanFact
from lms.services.checks import amount_check, credit_reference_of, reference_check, running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.guards import freeze_check


def prepayment_post(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    effect: PrepaymentEffect = PrepaymentEffect.CUT_TENOR,
    channel: str = "BANK",
    reason: str = "",
    actor: User | None = None,
) -> LoanFact:
    """Post money that pays all dues and then principal ahead of its time.

    Args:
        amount_paise: more than the dues, and not the whole debt (that is a foreclosure).
        effect: whether the instalment or the tenor becomes smaller.
        reference: the bank's reference, credited once per channel.

    Raises:
        PrepaymentOutsideRange: the dues take all of it, or it would pay the whole debt.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        LoanFrozen: a freeze forbids it.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Prepay:
        running_check(loan=book.loan, act="part-prepayment")
        freeze_check(loan=book.loan, effect=FreezeEffect.AHEAD)
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        return Prepay(
            sequence=book.next_sequence,
            value_date=value_date,
            amount_paise=amount_paise,
            reference=kept,
            effect=PrepaymentEffect(effect),
        )

    order = FactOrder(
        action="lms.prepayment_post",
        loan_id=loan_id,
        content={
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
            "reference": kept,
            "channel": channel,
            "effect": PrepaymentEffect(effect).value,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
        credit_reference=credit_reference_of(channel=channel, reference=kept),
    )
    return fact_record(order=order, decide=decide)
