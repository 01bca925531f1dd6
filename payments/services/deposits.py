"""Cash and cheques that staff take, and their way to the bank."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Sum

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from ledger.services import house_journal_post
from ledger.services.content import content_hash
from lms.engine.day_count import add_months
from lms.models import Loan
from lms.services.borrowers import borrower_transaction, loan_lock
from lms.services.bounces import bounce_record
from lms.services.checks import amount_check, key_check, reason_check, reference_check
from payments.counter_errors import DepositDayWrong, DepositSlipTaken
from payments.locks import counter_receipts_for_update, deposits_for_update, payments_for_update
from payments.models import (
    UNDECIDED,
    CounterKind,
    CounterReceipt,
    Deposit,
    IncomingPayment,
    PaymentSource,
    PaymentState,
    SlipState,
)
from payments.receipt_errors import (
    CashAboveLimit,
    ChequeIncomplete,
    ChequeNotDeposited,
    CounterKeyReused,
    DepositEmpty,
    DepositNotPossible,
)
from payments.services.incoming import money_move, payment_lock, payment_new, payment_to, put_on_loan
from payments.services.vendors import CASH_IN_HAND, POOL_BANK, SUSPENSE, parameters_on

_CHEQUE_DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheque:
    """What is written on a cheque."""

    number: str
    bank: str
    dated: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterOrder:
    """Money taken over the counter; without a cheque it is cash."""

    loan_id: int
    amount_paise: int
    idempotency_key: str
    cheque: Cheque | None = None
    actor: User | None = None

    @property
    def content_hash(self) -> str:
        """Fingerprint of what makes a repeat the same request."""
        cheque = [self.cheque.number, self.cheque.bank, self.cheque.dated.isoformat()] if self.cheque else []
        return content_hash(content=[self.loan_id, self.amount_paise, *cheque])


def counter_take(*, order: CounterOrder) -> CounterReceipt:
    """Take cash or a cheque: cash is a receipt on the loan at once, a cheque when it has cleared.

    Raises:
        CashAboveLimit: the borrower has paid as much in cash today as the law allows.
        ChequeIncomplete: the cheque cannot be brought to a bank.
        CounterKeyReused: the key was used for something else.
        AmountNotPositive, AmountTooLarge, IdempotencyKeyMissing, LoanUnknown: the input is wrong.
        The refusals of `receipt_post`, for cash.

    Source: Income-tax Act 1961, section 269ST.
    """
    amount_check(amount_paise=order.amount_paise)
    key_check(idempotency_key=order.idempotency_key)
    return borrower_transaction(loan_id=order.loan_id, act=lambda customer_id: _take(order, customer_id))


def deposit_make(
    *, payment_ids: list[int], bank_reference: str, deposited_on: date, actor: User | None = None
) -> Deposit:
    """Bring cash, or cheques, to the bank together on one slip; a repeat of the slip returns the first.

    Raises:
        DepositEmpty: nothing is listed.
        DepositNotPossible: something listed is not with us, or not of one kind.
        DepositSlipTaken: another deposit has the slip's number.
        DepositDayWrong: the day is ahead, or before something listed was taken.
        ReferenceMissing, ReferenceTooLong: the slip has no number.
    """
    slip = reference_check(reference=bank_reference)
    if not payment_ids:
        raise DepositEmpty()

    def make() -> Deposit:
        # Whoever waits here for the first call of the same slip sees afterwards what it has written.
        list(payments_for_update().filter(pk__in=payment_ids))
        receipts = list(counter_receipts_for_update().filter(payment_id__in=payment_ids).select_related("payment"))
        earlier = Deposit.objects.filter(bank_reference=slip).first()
        if earlier is not None and {receipt.deposit_id for receipt in receipts} == {earlier.pk}:
            return earlier
        _depositable_check(receipts, payment_ids)
        _slip_check(slip, deposited_on, receipts, earlier)
        deposit = _deposit(slip, deposited_on, receipts, actor)
        for receipt in receipts:
            receipt.state, receipt.deposit = SlipState.DEPOSITED, deposit
            receipt.save(update_fields=["state", "deposit"])
        if deposit.kind == CounterKind.CASH:
            _cash_to_bank(deposit)
        audit.record(
            actor=actor,
            action="payments.deposit_make",
            obj=deposit,
            detail={"amount_paise": deposit.amount_paise, "receipts": len(receipts)},
        )
        return deposit

    return run_in_transaction(make)


def cheque_clear(*, payment_id: int, reason: str = "", actor: User | None = None) -> IncomingPayment:
    """Post a cheque that the bank has credited as a receipt on its loan, as of today; a repeat changes nothing.

    Raises:
        ChequeNotDeposited: it was not brought to the bank, or has bounced.
        The refusals of `receipt_post`.
    """

    def clear() -> IncomingPayment:
        payment, receipt = _cheque(payment_id)
        if receipt.state == SlipState.CLEARED:
            return payment
        _deposited_check(payment, receipt, (SlipState.DEPOSITED,))
        payment.taken_on = business_date()
        assert payment.loan is not None  # noqa: S101  # taken for one
        put_on_loan(payment=payment, loan=payment.loan, came_from=None, source="PERSON", actor=actor, reason=reason)
        _slip_to(receipt, SlipState.CLEARED)
        return payment

    return run_in_transaction(clear)


def cheque_bounce(
    *, payment_id: int, reason: str, reason_code: str = "", is_charged: bool = True, actor: User | None = None
) -> IncomingPayment:
    """Record that a cheque bounced: the charge of the terms is levied, and a receipt for it is undone.

    The money of one that had cleared and lies in suspense by now leaves suspense with it.

    Raises:
        ChequeNotDeposited: it was not brought to the bank, or has bounced already.
        ReasonMissing: the reason is empty.
        The refusals of `bounce_record`.
    """
    reason_check(reason=reason, is_required=True)

    def bounce() -> IncomingPayment:
        payment, receipt = _cheque(payment_id)
        _deposited_check(payment, receipt, (SlipState.DEPOSITED, SlipState.CLEARED))
        if payment.state in UNDECIDED:
            # Taken off its loan meanwhile: there is no receipt to undo, and the bank takes its money from suspense.
            money_move(payment=payment, suffix="bounced", event="CHEQUE_BOUNCED", debit=SUSPENSE, credit=POOL_BANK)
        assert payment.loan_id is not None  # noqa: S101  # taken for one
        bounce_record(
            loan_id=payment.loan_id,
            value_date=business_date(),
            reference=f"Cheque {receipt.cheque_number}",
            idempotency_key=f"payment:{payment.number}:bounce",
            receipt_sequence=payment.fact_sequence,
            reason_code=reason_code,
            is_charged=is_charged,
            reason=reason,
            actor=actor,
        )
        payment_to(payment=payment, state=PaymentState.BOUNCED, source="PERSON", note=reason, actor=actor)
        _slip_to(receipt, SlipState.BOUNCED)
        return payment

    return run_in_transaction(bounce)


def _take(order: CounterOrder, customer_id: int) -> CounterReceipt:
    loan = loan_lock(loan_id=order.loan_id, customer_id=customer_id)
    earlier = CounterReceipt.objects.filter(idempotency_key=order.idempotency_key).select_related("payment").first()
    if earlier is not None:
        return _same(earlier, order)
    if order.cheque is None:
        _cash_limit_check(loan, order.amount_paise)
    else:
        _cheque_check(order.cheque)
    payment = payment_new(build=lambda number: _payment(order, loan, number))
    try:
        with transaction.atomic():
            receipt = _receipt(order, payment)
    except IntegrityError:
        return _same(CounterReceipt.objects.get(idempotency_key=order.idempotency_key), order)
    if order.cheque is None:
        put_on_loan(payment=payment, loan=loan, came_from=CASH_IN_HAND, source="PERSON", actor=order.actor)
    else:
        payment_to(payment=payment, state=PaymentState.HELD, source="PERSON", actor=order.actor)
    audit.record(
        actor=order.actor,
        action="payments.counter_take",
        obj=payment,
        detail={"loan": loan.number, "amount_paise": order.amount_paise, "kind": receipt.kind},
    )
    return receipt


def _payment(order: CounterOrder, loan: Loan, number: str) -> IncomingPayment:
    is_cash = order.cheque is None
    return IncomingPayment(
        number=number,
        source=PaymentSource.CASH if is_cash else PaymentSource.CHEQUE,
        loan=loan,
        customer_id=loan.customer_id,
        amount_paise=order.amount_paise,
        method="cash" if is_cash else "cheque",
        taken_on=business_date(),
    )


def _receipt(order: CounterOrder, payment: IncomingPayment) -> CounterReceipt:
    cheque = order.cheque
    return CounterReceipt.objects.create(
        payment=payment,
        kind=CounterKind.CASH if cheque is None else CounterKind.CHEQUE,
        cheque_number=cheque.number if cheque else "",
        cheque_bank=cheque.bank[:80] if cheque else "",
        cheque_date=cheque.dated if cheque else None,
        taken_on=business_date(),
        taken_by=order.actor,
        idempotency_key=order.idempotency_key,
        content_hash=order.content_hash,
    )


def _same(earlier: CounterReceipt, order: CounterOrder) -> CounterReceipt:
    if earlier.content_hash != order.content_hash:
        raise CounterKeyReused(payment=earlier.payment.number)
    return earlier


def _cash_limit_check(loan: Loan, amount_paise: int) -> None:
    today = business_date()
    limit = parameters_on(day=today).cash_receipt_limit_paise
    taken = IncomingPayment.objects.filter(
        customer_id=loan.customer_id, source=PaymentSource.CASH, taken_on=today
    ).aggregate(total=Sum("amount_paise"))
    paid = int(taken["total"] or 0)
    if paid + amount_paise > limit:
        raise CashAboveLimit(paid_paise=paid, amount_paise=amount_paise, limit_paise=limit)


def _cheque_check(cheque: Cheque) -> None:
    today = business_date()
    months = parameters_on(day=today).cheque_valid_months
    is_number = cheque.number.isdigit() and len(cheque.number) == _CHEQUE_DIGITS
    # They end on the day of the same number. Source: Negotiable Instruments Act 1881, sections 23 and 24.
    is_good = cheque.dated <= today <= add_months(cheque.dated, months)
    if not is_number or not cheque.bank.strip() or not is_good:
        raise ChequeIncomplete(months=months)


def _depositable_check(receipts: list[CounterReceipt], payment_ids: list[int]) -> None:
    if len(receipts) != len(set(payment_ids)):
        raise DepositEmpty()
    for receipt in receipts:
        if receipt.state != SlipState.RECEIVED or receipt.kind != receipts[0].kind:
            state = f"{receipt.get_kind_display().lower()}, {receipt.get_state_display()}"
            raise DepositNotPossible(payment=receipt.payment.number, state=state)


def _slip_check(slip: str, deposited_on: date, receipts: list[CounterReceipt], earlier: Deposit | None) -> None:
    if earlier is not None:
        raise DepositSlipTaken(slip=slip, deposit=earlier.number)
    first_day, today = max(receipt.taken_on for receipt in receipts), business_date()
    if not first_day <= deposited_on <= today:
        raise DepositDayWrong(deposited_on=deposited_on, first_day=first_day, today=today)


def _deposit(slip: str, deposited_on: date, receipts: list[CounterReceipt], actor: User | None) -> Deposit:
    """Number and store a slip; its unique number is the wall against another one with other receipts."""
    try:
        with transaction.atomic():
            return Deposit.objects.create(
                number=f"DP{take_numbers(name='payments.deposit')[0]:08d}",
                kind=receipts[0].kind,
                amount_paise=sum(receipt.payment.amount_paise for receipt in receipts),
                bank_reference=slip,
                deposited_on=deposited_on,
                deposited_by=actor,
                created_at=database_now(),
            )
    except IntegrityError as error:
        raise DepositSlipTaken(slip=slip, deposit=deposits_for_update().get(bank_reference=slip).number) from error


def _cash_to_bank(deposit: Deposit) -> None:
    today = business_date()
    house_journal_post(
        idempotency_key=f"payments.deposit:{deposit.pk}",
        event="CASH_DEPOSITED",
        reference_type="payments.deposit",
        reference_id=deposit.pk,
        debit_code=POOL_BANK,
        credit_code=CASH_IN_HAND,
        amount_paise=deposit.amount_paise,
        value_date=today,
        booked_on=today,
        narration=deposit.bank_reference,
    )


def _cheque(payment_id: int) -> tuple[IncomingPayment, CounterReceipt]:
    payment = payment_lock(payment_id=payment_id)
    receipt = counter_receipts_for_update().filter(payment_id=payment_id, kind=CounterKind.CHEQUE).first()
    if receipt is None:
        raise ChequeNotDeposited(payment=payment.number, state="no cheque")
    return payment, receipt


def _deposited_check(payment: IncomingPayment, receipt: CounterReceipt, states: tuple[SlipState, ...]) -> None:
    if receipt.state not in states:
        raise ChequeNotDeposited(payment=payment.number, state=receipt.get_state_display())


def _slip_to(receipt: CounterReceipt, state: SlipState) -> None:
    receipt.state = state
    receipt.save(update_fields=["state"])
