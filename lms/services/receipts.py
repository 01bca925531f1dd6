"""Money from borrowers."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Fact, Receive
from lms.models import FreezeEffect, LoanFact
from lms.services.checks import amount_check, credit_reference_of, reference_check, running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, asset_class_on, due_on, fact_record
from lms.services.guards import beyond_dues_check, freeze_with
from lms.services.plan_receipts import receipt_or_settlement


def receipt_post(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    channel: str = "BANK",
    transaction_kind: str = "",
    reason: str = "",
    actor: User | None = None,
) -> LoanFact:
    """Post a receipt, today's or back-dated; the ledger gets what it changes, booked today.

    The last money of a settlement in parts settles the loan: the entry is then a settlement.

    Args:
        amount_paise: what came in; what exceeds the dues is held or pays ahead, as the terms say.
        value_date: day of the credit, from the disbursal to the business date.
        reference: the bank's reference (or the receipt number for cash), credited once per channel.
        channel: the rail that the reference belongs to, such as BANK, UPI, NACH, CASH.
        transaction_kind: picks the waterfall where the terms have more than one.

    Raises:
        LoanClosed, LoanNotDisbursed: the loan takes no receipts.
        LoanFrozenBeyondDues, SettlementPlanOverpaid: the loan takes no more than is due, or is left to settle.
        ValueDateInFuture, ValueDateBeforeDisbursal, AmountNotPositive, AmountTooLarge, ReferenceMissing: wrong input.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Fact:
        running_check(loan=book.loan, act="receipt")
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        if freeze := freeze_with(loan=book.loan, effect=FreezeEffect.AHEAD):
            due_paise = due_on(book=book, on_date=value_date)
            beyond_dues_check(loan=book.loan, freeze=freeze, amount_paise=amount_paise, due_paise=due_paise)
        receipt = Receive(
            sequence=book.next_sequence,
            value_date=value_date,
            amount_paise=amount_paise,
            reference=kept,
            transaction_kind=transaction_kind,
            asset_class=asset_class_on(loan=book.loan, value_date=value_date).value,
        )
        return receipt_or_settlement(book=book, receipt=receipt) if book.loan.is_watched else receipt

    order = FactOrder(
        action="lms.receipt_post",
        loan_id=loan_id,
        content={
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
            "reference": kept,
            "channel": channel,
            "transaction_kind": transaction_kind,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
        credit_reference=credit_reference_of(channel=channel, reference=kept),
    )
    return fact_record(order=order, decide=decide)
