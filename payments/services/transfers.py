"""Money posted to the wrong customer: one payment moved between two borrowers, both locked."""

from functools import partial
from typing import Final

from django.contrib.auth.models import User

from core import audit
from core.transactions import run_in_transaction
from lms.errors.servicing import BorrowerMoved
from lms.locks import loans_of_borrowers_for_update
from lms.models import Loan
from lms.services.borrowers import borrower_of
from lms.services.checks import reason_check
from payments.locks import payments_for_update
from payments.models import IncomingPayment, PaymentState
from payments.receipt_errors import PaymentNotApplied, PaymentOnSameLoan
from payments.services.incoming import payment_get, payment_to, put_on_loan
from payments.services.suspense import receipt_reverse

# Nobody is merged more often while one act waits.
_MOVES_AT_MOST: Final = 3


def payment_move(*, payment_id: int, to_loan_id: int, reason: str, actor: User | None = None) -> IncomingPayment:
    """Move a payment from the loan that it was posted to to the one that it was meant for.

    The receipt is reversed on the one and posted on the other as of the same day, both or neither. All loans of both
    borrowers are locked first, in one order whichever way the money goes. A repeat changes nothing.

    Raises:
        PaymentNotApplied: it is not on a loan; money in suspense is applied instead.
        PaymentOnSameLoan, PaymentUnknown, LoanUnknown, ReasonMissing: the input is wrong.
        The refusals of `fact_reverse` and `receipt_post`; nothing is moved then.
    """
    reason_check(reason=reason, is_required=True)
    # The borrowers are read before the transaction: under repeatable read its first read fixes what it sees.
    for _ in range(_MOVES_AT_MOST):
        seen = payment_get(payment_id=payment_id)
        if seen.loan_id is None:
            raise PaymentNotApplied(payment=seen.number, state=seen.get_state_display())
        pair = (borrower_of(loan_id=seen.loan_id), borrower_of(loan_id=to_loan_id))
        try:
            return run_in_transaction(partial(_move, seen, to_loan_id, pair, reason, actor))
        except BorrowerMoved:
            continue
    raise BorrowerMoved(account=f"Payment {seen.number}")


def _move(
    seen: IncomingPayment, to_loan_id: int, pair: tuple[int, int], reason: str, actor: User | None
) -> IncomingPayment:
    loans = {loan.pk: loan for loan in loans_of_borrowers_for_update(customer_ids=pair)}
    payment = payments_for_update().get(pk=seen.pk)
    if payment.state == PaymentState.APPLIED and payment.loan_id == to_loan_id:
        if payment.events.filter(source="MOVED").exists():
            return payment
        raise PaymentOnSameLoan(payment=payment.number, loan=loans[to_loan_id].number)
    if payment.loan_id not in loans or to_loan_id not in loans:
        raise BorrowerMoved(account=f"Payment {payment.number}")
    source = _loan(loans, payment.loan_id)
    target = _loan(loans, to_loan_id)
    receipt_reverse(payment=payment, reason=f"Moved to loan {target.number}: {reason}", actor=actor)
    # Between the two receipts the money is nowhere else than in the bank.
    payment_to(payment=payment, state=PaymentState.SUSPENSE, source="MOVED", note=reason, actor=actor)
    put_on_loan(
        payment=payment,
        loan=target,
        came_from=None,
        source="MOVED",
        actor=actor,
        reason=f"From loan {source.number}: {reason}"[:200],
    )
    audit.record(
        actor=actor,
        action="payments.payment_move",
        obj=payment,
        reason=reason,
        detail={"from": source.number, "to": target.number, "amount_paise": payment.amount_paise},
    )
    return payment


def _loan(loans: dict[int, Loan], loan_id: int | None) -> Loan:
    assert loan_id is not None  # noqa: S101  # looked up just before
    return loans[loan_id]
