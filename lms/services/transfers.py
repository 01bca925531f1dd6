"""Excess of one loan used for another loan of the same customer."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User

from lms.errors import TransferToOtherCustomer, TransferToSameLoan
from lms.models import Loan, LoanFact
from lms.services.borrowers import borrower_of, borrower_transaction, loan_lock
from lms.services.checks import key_check
from lms.services.lines.guards import own_dues_transfer_check
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post

CHANNEL: Final = "TRANSFER"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessTransfer:
    """What a transfer is made of: a refund on the one loan, a receipt on the other."""

    refund: LoanFact
    receipt: LoanFact


def excess_transfer(
    *,
    from_loan_id: int,
    to_loan_id: int,
    amount_paise: int,
    value_date: date,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
) -> ExcessTransfer:
    """Move excess from one loan of a customer to another: refund and receipt of one day, both or neither.

    The bank's account is credited by the one and debited by the other, so nothing moves there. Either entry can be
    reversed for itself.

    Args:
        from_loan_id: holds the excess; it may be closed.
        to_loan_id: takes the money as a receipt, to be spread over its dues.
        amount_paise: at most the excess held on the value date.

    Raises:
        TransferToSameLoan, TransferToOtherCustomer, LoanUnknown: the two loans do not go together.
        DrawdownPaysOwnDues: the excess is on a drawdown of a credit line that was paid out not long ago.
        RefundAboveExcess, LoanClosed, LoanNotDisbursed and the other refusals of `refund_post` and `receipt_post`.
    """
    for suffix in ("out", "in"):
        key_check(idempotency_key=f"{idempotency_key}:{suffix}" if idempotency_key.strip() else "")
    borrower_of(loan_id=to_loan_id)

    def transfer(customer_id: int) -> ExcessTransfer:
        source = loan_lock(loan_id=from_loan_id, customer_id=customer_id)
        if to_loan_id == from_loan_id:
            raise TransferToSameLoan(loan=source.number)
        target = Loan.objects.get(pk=to_loan_id)
        if target.customer_id != source.customer_id:
            raise TransferToOtherCustomer(from_loan=source.number, to_loan=target.number)
        own_dues_transfer_check(source=source, value_date=value_date)
        refund = refund_post(
            loan_id=from_loan_id,
            amount_paise=amount_paise,
            value_date=value_date,
            reference=f"To loan {target.number}",
            idempotency_key=f"{idempotency_key}:out",
            reason=reason,
            actor=actor,
        )
        receipt = receipt_post(
            loan_id=to_loan_id,
            amount_paise=amount_paise,
            value_date=value_date,
            reference=f"From loan {source.number} entry {refund.sequence}",
            channel=CHANNEL,
            idempotency_key=f"{idempotency_key}:in",
            reason=reason,
            actor=actor,
        )
        return ExcessTransfer(refund=refund, receipt=receipt)

    return borrower_transaction(loan_id=from_loan_id, act=transfer)
