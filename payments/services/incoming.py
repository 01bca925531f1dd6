"""Take payments of borrowers in: each once, on its loan, or into suspense where a person decides."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q

from core.business_date import business_date
from core.clock import database_now
from core.errors import KistError
from core.events import publish
from core.inbox.errors import EntityUnknown
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from ledger.services import house_journal_post
from lms.errors.servicing import BorrowerMoved
from lms.models import Loan
from lms.services.borrowers import loan_lock
from lms.services.checks import amount_check
from lms.services.receipts import receipt_post
from payments.errors import AmountDiffers
from payments.events import PaymentReceived
from payments.locks import payments_for_update
from payments.models import (
    IncomingPayment,
    PaymentEvent,
    PaymentLink,
    PaymentSource,
    PaymentState,
    Vendor,
    VirtualAccount,
)
from payments.receipt_errors import PaymentUnknown
from payments.services.payers import payer_keep
from payments.services.vendors import CASH_IN_HAND, POOL_BANK, SUSPENSE, vendor_accounts
from payments.services.virtual_accounts import credit_refusal
from payments.vendors.heard import PaymentHeard, PaymentTold

REFERENCE_TYPE: Final = "payments.incoming"
_CHANNELS: Final = {"upi": "UPI", "bank_transfer": "BANK", "cash": "CASH", "cheque": "CHEQUE"}
_UNASKED: Final = "Nothing was asked for by this payment: find out what it is for"
_UNTAKEN: Final = (PaymentState.CREATED, PaymentState.FAILED)


def payment_told(*, vendor: Vendor, heard: PaymentHeard, source: str, is_patient: bool = False) -> IncomingPayment:
    """Learn something of a payment; the first time that it is said to be captured, its money is booked.

    It goes to the loan that it was asked for, by the loan's own terms: dues, what is ahead, or excess. What the loan
    refuses, and what nobody asked for, goes to suspense with the reason.

    Args:
        source: who told: WEBHOOK, LOOK.
        is_patient: what a payment was made for may only not be known yet; it is told again later.

    Raises:
        EntityUnknown: what it was made for is not known, and the caller is patient.
        AmountDiffers: it is about another amount than was asked for.
        AmountNotPositive, AmountTooLarge: the amount cannot be.
    """
    amount_check(amount_paise=heard.amount_paise)

    def told() -> IncomingPayment:
        known = IncomingPayment.objects.filter(vendor=vendor, vendor_reference=heard.vendor_reference).first()
        link, account = _asked(vendor, heard)
        if known is None and link is None and account is None and is_patient and _names_something(heard):
            raise EntityUnknown(entity=f"what payment {heard.vendor_reference} is for")
        _amount_as_asked(heard, link, known)
        loan_id = _loan_of(link, account)
        loan = loan_lock(loan_id=loan_id) if loan_id is not None else None
        payment = _row(vendor, heard, link, account)
        if heard.told != PaymentTold.CAPTURED:
            return _not_taken(payment, heard, source)
        if payment.state in _UNTAKEN:
            payment.utr = heard.utr[:35] or payment.utr
            payment.method = heard.method[:30] or payment.method
            payment.order_reference = heard.order_reference[:64] or payment.order_reference
            payment.taken_on = _day_of(heard.paid_epoch)
            payer_keep(payment=payment, told=heard.payer)
            if refusal := credit_refusal(account=account, heard=heard):
                return payment_take(payment=payment, loan=None, source=source, problem=refusal)
            return payment_take(payment=payment, loan=loan, source=source)
        if payment.state == PaymentState.SUSPENSE and payment.source == PaymentSource.GATEWAY and loan is not None:
            # What it was for has become known since.
            payment.link, payment.virtual_account = link, account
            payment.source = PaymentSource.LINK if link else PaymentSource.VIRTUAL_ACCOUNT
            payment.save(update_fields=["link", "virtual_account", "source"])
            return payment_take(payment=payment, loan=loan, source=source)
        return payment

    return run_in_transaction(told)


def payment_take(
    *,
    payment: IncomingPayment,
    loan: Loan | None,
    source: str,
    actor: User | None = None,
    reason: str = "",
    problem: str = _UNASKED,
) -> IncomingPayment:
    """Put locked money that has just come in on its locked loan, or into suspense, and announce it."""
    came_from = SUSPENSE if payment.state == PaymentState.SUSPENSE else money_code(payment=payment)
    if loan is not None:
        try:
            with transaction.atomic():
                return put_on_loan(
                    payment=payment,
                    loan=loan,
                    came_from=came_from if came_from != POOL_BANK else None,
                    source=source,
                    actor=actor,
                    reason=reason,
                )
        except BorrowerMoved:
            raise
        except KistError as error:
            payment.turn -= 1
            problem = error.message
    if payment.state != PaymentState.SUSPENSE:
        money_move(payment=payment, suffix="suspense:0", event="PAYMENT_IN_SUSPENSE", debit=came_from, credit=SUSPENSE)
        payment.loan, payment.customer = None, None
        payment_to(payment=payment, state=PaymentState.SUSPENSE, source=source, note=problem, actor=actor)
        _announce(payment)
    return payment


def put_on_loan(
    *,
    payment: IncomingPayment,
    loan: Loan,
    came_from: str | None,
    source: str,
    actor: User | None = None,
    reason: str = "",
) -> IncomingPayment:
    """Post a locked payment as a receipt on a locked loan, and bring its money to the account that the receipt debits.

    Args:
        came_from: the account where the money is now; None when it is in the bank already.

    Raises:
        The refusals of `receipt_post`; nothing of the payment is changed then, but its turn.
    """
    payment.turn += 1
    fact = receipt_post(
        loan_id=loan.pk,
        amount_paise=payment.left_paise,
        value_date=value_date_on(payment=payment, loan=loan),
        reference=payment.utr or payment.vendor_reference or payment.number,
        channel=channel_of(payment=payment),
        idempotency_key=f"payment:{payment.number}:{payment.turn}",
        reason=reason or f"Payment {payment.number}",
        actor=actor,
    )
    if came_from is not None:
        money_move(
            payment=payment,
            suffix=f"applied:{payment.turn}",
            event="PAYMENT_APPLIED",
            debit=came_from,
            credit=POOL_BANK,
        )
    payment.loan, payment.customer_id, payment.fact_sequence = loan, loan.customer_id, fact.sequence
    payment_to(payment=payment, state=PaymentState.APPLIED, source=source, note=reason, actor=actor)
    _announce(payment)
    return payment


def value_date_on(*, payment: IncomingPayment, loan: Loan) -> date:
    """Return the day as of which a payment counts: when it came, within the days that the loan can take."""
    assert payment.taken_on is not None  # noqa: S101  # money that is here came on a day
    today = business_date()
    return max(min(payment.taken_on, today), min(loan.disbursed_on or today, today))


def channel_of(*, payment: IncomingPayment) -> str:
    """Return the rail that a payment's reference belongs to; a credit that staff have posted is known by it."""
    return _CHANNELS.get(payment.method.lower(), "GATEWAY")


def payment_lock(*, payment_id: int, and_loan_id: int | None = None) -> IncomingPayment:
    """Lock a payment after the loans that it concerns, in the caller's transaction; loans before payments.

    Raises:
        PaymentUnknown: there is none.
        BorrowerMoved: it was put on another loan in between; the act is run again.
    """
    seen = payment_get(payment_id=payment_id)
    loan_id = and_loan_id if and_loan_id is not None else seen.loan_id
    if loan_id is not None:
        loan_lock(loan_id=loan_id)
    payment = payments_for_update().get(pk=payment_id)
    if and_loan_id is None and payment.loan_id != seen.loan_id:
        raise BorrowerMoved(account=f"Payment {payment.number}")
    return payment


def payment_get(*, payment_id: int) -> IncomingPayment:
    """Return a payment.

    Raises:
        PaymentUnknown: there is none.
    """
    payment = IncomingPayment.objects.filter(pk=payment_id).select_related("loan", "vendor").first()
    if payment is None:
        raise PaymentUnknown(payment=payment_id)
    return payment


def payment_to(
    *, payment: IncomingPayment, state: PaymentState, source: str, note: str = "", actor: User | None = None
) -> None:
    """Write a payment's new state and the line of its history, in the caller's transaction."""
    before = payment.state if payment.events.exists() else ""
    payment.state, payment.changed_at = state, database_now()
    if state in (PaymentState.SUSPENSE, PaymentState.KEPT, PaymentState.FAILED, PaymentState.BOUNCED):
        payment.problem = note[:255]
    elif state == PaymentState.APPLIED:
        payment.problem = ""
    if state != PaymentState.APPLIED:
        payment.fact_sequence = None
    payment.save()
    PaymentEvent.objects.create(
        payment=payment,
        at=payment.changed_at,
        source=source,
        state_before=before,
        state_after=state,
        note=note[:255],
        actor=actor,
    )


def money_move(
    *,
    payment: IncomingPayment,
    suffix: str,
    event: str,
    debit: str,
    credit: str,
    amount_paise: int | None = None,
) -> None:
    """Move a payment's money between two accounts, once for its suffix."""
    today = business_date()
    house_journal_post(
        idempotency_key=f"{REFERENCE_TYPE}:{payment.pk}:{suffix}",
        event=event,
        reference_type=REFERENCE_TYPE,
        reference_id=payment.pk,
        debit_code=debit,
        credit_code=credit,
        amount_paise=payment.left_paise if amount_paise is None else amount_paise,
        value_date=today,
        booked_on=today,
        narration=payment.number,
    )


def money_code(*, payment: IncomingPayment) -> str:
    """Return the account in which a payment's money lies until it reaches the bank."""
    if payment.vendor is not None:
        return vendor_accounts(vendor=payment.vendor).taken_code
    return CASH_IN_HAND if payment.source == PaymentSource.CASH else POOL_BANK


def payment_new(*, build: Callable[[str], IncomingPayment]) -> IncomingPayment:
    """Number and store a payment."""
    payment = build(f"RC{take_numbers(name=REFERENCE_TYPE)[0]:08d}")
    payment.created_at = payment.changed_at = database_now()
    payment.save(force_insert=True)
    return payment


def _asked(vendor: Vendor, heard: PaymentHeard) -> tuple[PaymentLink | None, VirtualAccount | None]:
    if heard.account_reference:
        accounts = VirtualAccount.objects.filter(vendor=vendor, vendor_reference=heard.account_reference)
        return None, accounts.first()
    named = Q()
    if heard.our_reference:
        named |= Q(our_reference=heard.our_reference)
    if heard.link_reference:
        named |= Q(vendor_reference=heard.link_reference)
    if heard.order_reference:
        named |= Q(order_reference=heard.order_reference)
    return (PaymentLink.objects.filter(named, vendor=vendor).first() if named else None), None


def _names_something(heard: PaymentHeard) -> bool:
    return bool(heard.our_reference or heard.link_reference or heard.order_reference or heard.account_reference)


def _amount_as_asked(heard: PaymentHeard, link: PaymentLink | None, known: IncomingPayment | None) -> None:
    for what, row in (("Link", link), ("Payment", known)):
        if row is not None and row.amount_paise != heard.amount_paise:
            raise AmountDiffers(
                what=what, reference=row.number, asked_paise=row.amount_paise, told_paise=heard.amount_paise
            )


def _loan_of(link: PaymentLink | None, account: VirtualAccount | None) -> int | None:
    asked = link or account
    return asked.loan_id if asked is not None else None


def _row(
    vendor: Vendor, heard: PaymentHeard, link: PaymentLink | None, account: VirtualAccount | None
) -> IncomingPayment:
    """Return the payment's row, locked; its unique name is the wall against a second one."""
    rows = payments_for_update().filter(vendor=vendor, vendor_reference=heard.vendor_reference)
    if row := rows.first():
        return row
    source = PaymentSource.GATEWAY
    if link is not None:
        source = PaymentSource.LINK
    elif account is not None:
        source = PaymentSource.VIRTUAL_ACCOUNT
    try:
        with transaction.atomic():
            return payment_new(
                build=lambda number: IncomingPayment(
                    number=number,
                    source=source,
                    vendor=vendor,
                    vendor_reference=heard.vendor_reference,
                    order_reference=heard.order_reference[:64],
                    link=link,
                    virtual_account=account,
                    amount_paise=heard.amount_paise,
                    method=heard.method[:30],
                    utr=heard.utr[:35],
                )
            )
    except IntegrityError:
        return rows.get()


def _not_taken(payment: IncomingPayment, heard: PaymentHeard, source: str) -> IncomingPayment:
    """Note a payment that was begun or has failed; what was taken, and what has failed, is not begun again."""
    is_first = not payment.events.exists()
    state = PaymentState.FAILED if heard.told == PaymentTold.FAILED else PaymentState.CREATED
    if is_first or (payment.state == PaymentState.CREATED and state == PaymentState.FAILED):
        payment_to(payment=payment, state=state, source=source, note=heard.reason)
    return payment


def _day_of(epoch: int | None) -> date:
    """Return the day of a payment by the lender's own time, never after the day that the books are on."""
    today = business_date()
    if epoch is None:
        return today
    return min(datetime.fromtimestamp(epoch, tz=UTC).astimezone(ZoneInfo(settings.TIME_ZONE)).date(), today)


def _announce(payment: IncomingPayment) -> None:
    publish(
        PaymentReceived(
            payment_id=payment.pk,
            loan_id=payment.loan_id,
            amount_paise=payment.left_paise,
            on_date=business_date(),
        )
    )
