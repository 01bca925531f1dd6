"""Checks that every entry shares: amounts, dates, references, keys, reasons and the loan's status."""

from datetime import date
from typing import Final

from lms.engine.state import LoanStatus
from lms.errors import (
    AmountNotPositive,
    AmountTooLarge,
    IdempotencyKeyMissing,
    LoanClosed,
    LoanNotDisbursed,
    ReasonMissing,
    ReasonTooLong,
    ReferenceMissing,
    ReferenceTooLong,
    ValueDateBeforeDisbursal,
    ValueDateInFuture,
)
from lms.models import Loan

# One lakh crore rupees: no entry of this business is larger, and a book of a million such entries still adds up.
AMOUNT_MAX_PAISE: Final = 10**14
KEY_MAX: Final = 96
REASON_MAX: Final = 200
_CHANNEL_MAX: Final = 20
_REFERENCE_MAX: Final = 64


def amount_check(*, amount_paise: int) -> None:
    """Refuse an amount of zero or less, or with more digits than one entry may have.

    Raises:
        AmountNotPositive, AmountTooLarge: the amount is out of range.
        TypeError: the amount is no integer; it was not parsed at the edge.
    """
    if isinstance(amount_paise, bool) or not isinstance(amount_paise, int):
        raise TypeError(f"An amount is integer paise, not {type(amount_paise).__name__}.")
    if amount_paise <= 0:
        raise AmountNotPositive(amount_paise=amount_paise)
    if amount_paise > AMOUNT_MAX_PAISE:
        raise AmountTooLarge(amount_paise=amount_paise, maximum_paise=AMOUNT_MAX_PAISE)


def key_check(*, idempotency_key: str) -> None:
    """Refuse an idempotency key that is empty or too long to be kept."""
    if not idempotency_key.strip() or len(idempotency_key) > KEY_MAX:
        raise IdempotencyKeyMissing(maximum=KEY_MAX)


def reason_check(*, reason: str, is_required: bool = False) -> None:
    """Refuse a reason that is too long, or missing where the act needs one."""
    if is_required and not reason.strip():
        raise ReasonMissing()
    if len(reason) > REASON_MAX:
        raise ReasonTooLong(length=len(reason), maximum=REASON_MAX)


def reference_check(*, reference: str, is_required: bool = True) -> str:
    """Return a reference without outer spaces; refuse one that is missing or too long."""
    stripped = reference.strip()
    if is_required and not stripped:
        raise ReferenceMissing()
    if len(stripped) > _REFERENCE_MAX:
        raise ReferenceTooLong(length=len(stripped), maximum=_REFERENCE_MAX)
    return stripped


def credit_reference_of(*, channel: str, reference: str) -> str:
    """Return the name by which a bank's credit is posted once: the channel and its reference."""
    if not channel or len(channel) > _CHANNEL_MAX:
        raise ValueError(f"A channel has 1 to {_CHANNEL_MAX} characters.")
    return f"{channel}:{reference}".upper()


def drawdown_reference_of(*, customer_id: int, reference: str) -> str:
    """Return the name by which the money of a drawdown is known: it may not come back as its customer's payment."""
    return f"DRAWDOWN:{customer_id}:{reference}".upper()


def value_date_check(*, loan: Loan, value_date: date, business_date: date) -> None:
    """Refuse a date after the business date or before the first disbursal.

    Raises:
        ValueDateInFuture, ValueDateBeforeDisbursal: the date cannot be.
        LoanNotDisbursed: the loan has no disbursal yet.
    """
    if value_date > business_date:
        raise ValueDateInFuture(value_date=value_date, business_date=business_date)
    if loan.disbursed_on is None:
        raise LoanNotDisbursed(loan=loan.number)
    if value_date < loan.disbursed_on:
        raise ValueDateBeforeDisbursal(value_date=value_date, disbursed_on=loan.disbursed_on)


def running_check(*, loan: Loan, act: str) -> None:
    """Refuse an act that only a running loan takes, on one that is closed, settled or written off."""
    if loan.status not in (LoanStatus.SANCTIONED, LoanStatus.ACTIVE):
        status = loan.status.lower().replace("_", " ")
        raise LoanClosed(loan=loan.number, status=status, act=act)
