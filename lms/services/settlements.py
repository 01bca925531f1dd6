"""Part of a claim taken for the whole."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Settle
from lms.errors import SettlementNotBelowDebt
from lms.errors.servicing import SettlementPlanInForce
from lms.models import LoanFact
from lms.services.checks import amount_check, credit_reference_of, reference_check, running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.foreclosures import quote_of_book
from lms.services.plan_states import plan_in_force


def settlement_post(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    reason: str,
    channel: str = "BANK",
    actor: User | None = None,
) -> LoanFact:
    """Take an amount for the whole debt of a day: the rest is given up, and the loan is settled.

    Money held as excess is used first; the amount then pays in the order of the waterfall.

    Args:
        amount_paise: what was agreed and came in, less than is owed; no foreclosure charge is part of the debt.
        reference: the bank's reference, credited once per channel.

    Raises:
        SettlementNotBelowDebt: nothing would be given up.
        SettlementPlanInForce: a settlement in parts is agreed on; its money is posted as receipts.
        ReasonMissing, ReferenceMissing: the input is incomplete.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.

    Source: regulation 3 (compromise settlement in cash, with waiver).
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Settle:
        running_check(loan=book.loan, act="settlement")
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        if plan := plan_in_force(loan=book.loan):
            raise SettlementPlanInForce(loan=book.loan.number, agreed_on=plan.agreed_on)
        quote = quote_of_book(book=book, on_date=value_date)
        debt = quote.total_paise - quote.charge_paise - quote.charge_tax_paise
        if amount_paise >= debt:
            raise SettlementNotBelowDebt(value_date=value_date, debt_paise=max(debt, 0), amount_paise=amount_paise)
        return Settle(sequence=book.next_sequence, value_date=value_date, amount_paise=amount_paise, reference=kept)

    order = FactOrder(
        action="lms.settlement_post",
        loan_id=loan_id,
        content={
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
            "reference": kept,
            "channel": channel,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
        credit_reference=credit_reference_of(channel=channel, reference=kept),
    )
    return fact_record(order=order, decide=decide)
