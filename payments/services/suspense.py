"""Money in suspense: put on a loan, kept with a reason, or taken off a loan to be decided about."""

from django.contrib.auth.models import User

from core import audit
from core.transactions import run_in_transaction
from lms.models import Loan
from lms.services.borrowers import borrower_transaction, loan_lock
from lms.services.checks import reason_check
from lms.services.reversals import fact_reverse
from payments.locks import payments_for_update
from payments.models import UNDECIDED, IncomingPayment, PaymentState
from payments.receipt_errors import PaymentNotApplied, PaymentNotInSuspense, PaymentUnknown
from payments.services.incoming import money_move, payment_lock, payment_to, put_on_loan
from payments.services.vendors import POOL_BANK, SUSPENSE


def suspense_apply(*, payment_id: int, loan_id: int, reason: str, actor: User | None = None) -> IncomingPayment:
    """Put money that lies in suspense on a loan as a receipt, as of the day on which it came.

    A repeat for the same loan changes nothing.

    Raises:
        PaymentUnknown, LoanUnknown, PaymentNotInSuspense, ReasonMissing: the input is wrong.
        The refusals of `receipt_post`; the money stays where it is.
    """
    reason_check(reason=reason, is_required=True)

    def apply(customer_id: int) -> IncomingPayment:
        loan = loan_lock(loan_id=loan_id, customer_id=customer_id)
        payment = payments_for_update().filter(pk=payment_id).first()
        if payment is None:
            raise PaymentUnknown(payment=payment_id)
        if payment.state == PaymentState.APPLIED and payment.loan_id == loan.pk:
            return payment
        suspense_check(payment=payment)
        put_on_loan(payment=payment, loan=loan, came_from=SUSPENSE, source="PERSON", actor=actor, reason=reason)
        _audit(payment, "payments.suspense_apply", actor, reason, loan)
        return payment

    return borrower_transaction(loan_id=loan_id, act=apply)


def suspense_keep(*, payment_id: int, reason: str, actor: User | None = None) -> IncomingPayment:
    """Keep money in suspense with a reason, so that it leaves the worklist.

    Raises:
        PaymentUnknown, PaymentNotInSuspense, ReasonMissing: the input is wrong.
    """
    reason_check(reason=reason, is_required=True)

    def keep() -> IncomingPayment:
        payment = payment_lock(payment_id=payment_id)
        suspense_check(payment=payment)
        payment_to(payment=payment, state=PaymentState.KEPT, source="PERSON", note=reason, actor=actor)
        _audit(payment, "payments.suspense_keep", actor, reason)
        return payment

    return run_in_transaction(keep)


def payment_take_back(*, payment_id: int, reason: str, actor: User | None = None) -> IncomingPayment:
    """Take a payment off its loan into suspense: its receipt is reversed, its money waits for a decision.

    Raises:
        PaymentUnknown, PaymentNotApplied, ReasonMissing: the input is wrong.
        The refusals of `fact_reverse`, such as LaterFactInTheWay.
    """
    reason_check(reason=reason, is_required=True)

    def take_back() -> IncomingPayment:
        payment = payment_lock(payment_id=payment_id)
        off_loan(payment=payment, reason=reason, actor=actor)
        payment_to(payment=payment, state=PaymentState.SUSPENSE, source="PERSON", note=reason, actor=actor)
        _audit(payment, "payments.payment_take_back", actor, reason)
        return payment

    return run_in_transaction(take_back)


def off_loan(*, payment: IncomingPayment, reason: str, actor: User | None = None, credit_code: str = SUSPENSE) -> None:
    """Reverse the receipt of a locked payment and bring its money to an account; the caller writes the new state.

    Raises:
        PaymentNotApplied: it is not on a loan.
        The refusals of `fact_reverse`.
    """
    receipt_reverse(payment=payment, reason=reason, actor=actor)
    money_move(
        payment=payment,
        suffix=f"off:{payment.turn}",
        event="PAYMENT_OFF_LOAN",
        debit=POOL_BANK,
        credit=credit_code,
    )


def receipt_reverse(*, payment: IncomingPayment, reason: str, actor: User | None = None) -> None:
    """Reverse the receipt of a locked payment; the money is in the bank's account afterwards.

    Raises:
        PaymentNotApplied: it is not on a loan.
        The refusals of `fact_reverse`.
    """
    if payment.state != PaymentState.APPLIED or payment.fact_sequence is None or payment.loan_id is None:
        raise PaymentNotApplied(payment=payment.number, state=payment.get_state_display())
    fact_reverse(
        loan_id=payment.loan_id,
        sequence=payment.fact_sequence,
        idempotency_key=f"payment:{payment.number}:{payment.turn}:back",
        reason=reason[:200],
        actor=actor,
    )


def suspense_check(*, payment: IncomingPayment) -> None:
    """Refuse what does not lie in suspense.

    Raises:
        PaymentNotInSuspense: it is elsewhere.
    """
    if payment.state not in UNDECIDED:
        raise PaymentNotInSuspense(payment=payment.number, state=payment.get_state_display())


def _audit(payment: IncomingPayment, action: str, actor: User | None, reason: str, loan: Loan | None = None) -> None:
    detail: dict[str, object] = {"amount_paise": payment.amount_paise}
    if loan is not None:
        detail["loan"] = loan.number
    audit.record(actor=actor, action=action, obj=payment, reason=reason, detail=detail)
