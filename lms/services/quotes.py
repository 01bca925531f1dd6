"""Foreclosure quotes that are given to borrowers: stored, numbered, good for some days, and closed by exactly."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.sequences import take_numbers
from lms.engine.quote import ForeclosureQuote
from lms.errors import IdempotencyKeyReused
from lms.errors.servicing import (
    QuoteAmountDiffers,
    QuoteExpired,
    QuoteSuperseded,
    QuoteUnknown,
    QuoteValidityInvalid,
)
from lms.locks import quotes_for_update
from lms.models import Loan, LoanFact, StoredQuote
from lms.services.borrowers import borrower_transaction, loan_lock
from lms.services.checks import amount_check, key_check, reason_check
from lms.services.fact_rows import content_hash
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.servicing_rules import servicing_rules

QUOTE_NUMBERS: Final = "lms.quote"
_VALID_DAYS_MAX: Final = 60


def quote_make(
    *,
    loan_id: int,
    idempotency_key: str,
    valid_days: int | None = None,
    is_lender_asking: bool = False,
    reason: str = "",
    actor: User | None = None,
) -> StoredQuote:
    """Quote what closes a loan on the business date and on every day that the quote holds.

    Args:
        valid_days: days that it holds, the business date counted; the parameter in force when not given.
        is_lender_asking: the lender asks for the money, so closing early costs nothing.

    Returns:
        The quote; that of the first call with the same key and content.

    Raises:
        QuoteValidityInvalid: the number of days cannot be.
        LoanClosed, LoanNotDisbursed, LoanUnknown, FactRefused: there is nothing to close.
        IdempotencyKeyMissing, IdempotencyKeyReused: the key cannot be.
    """
    key_check(idempotency_key=idempotency_key)
    reason_check(reason=reason)
    if valid_days is not None and not 1 <= valid_days <= _VALID_DAYS_MAX:
        raise QuoteValidityInvalid(days=valid_days, maximum=_VALID_DAYS_MAX)
    asked = {"loan": loan_id, "valid_days": valid_days, "is_lender_asking": is_lender_asking}
    quote = StoredQuote(
        loan_id=loan_id,
        is_lender_asking=is_lender_asking,
        reason=reason,
        idempotency_key=idempotency_key,
        content_hash=content_hash(content=asked),
        recorded_by=actor,
    )
    return borrower_transaction(loan_id=loan_id, act=lambda customer_id: _make(quote, valid_days, customer_id))


def quote_foreclose(
    *,
    quote_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    channel: str = "BANK",
    reason: str = "",
    actor: User | None = None,
) -> LoanFact:
    """Close a loan with the money that its quote names for a day: exactly, no paisa is left.

    Args:
        amount_paise: what the quote says for the value date.
        value_date: a day on which the quote holds, at most the business date.

    Raises:
        QuoteUnknown, QuoteExpired, QuoteSuperseded, QuoteAmountDiffers: the quote does not close the loan so.
        The refusals of `loan_foreclose`.
    """
    amount_check(amount_paise=amount_paise)
    quote = foreclosure_quote_of(quote_id=quote_id)

    def close(customer_id: int) -> LoanFact:
        loan = loan_lock(loan_id=quote.loan_id, customer_id=customer_id)
        is_repeat = LoanFact.objects.filter(loan=loan, idempotency_key=idempotency_key).exists()
        if not is_repeat and loan.closed_on is None:
            _payment_check(quote, amount_paise, value_date, loan.fact_count)
        fact = loan_foreclose(
            loan_id=quote.loan_id,
            amount_paise=amount_paise,
            value_date=value_date,
            reference=reference,
            idempotency_key=idempotency_key,
            channel=channel,
            reason=reason,
            is_lender_asking=quote.is_lender_asking,
            actor=actor,
        )
        row = quotes_for_update().get(pk=quote.pk)
        if row.closed_by_id != fact.pk:
            row.closed_by = fact
            row.save(update_fields=["closed_by"])
        return fact

    return borrower_transaction(loan_id=quote.loan_id, act=close)


def foreclosure_quote_of(*, quote_id: int) -> StoredQuote:
    """Return a stored quote with its loan and customer; `days` holds its figures in paise, one object for each day.

    Raises:
        QuoteUnknown: there is none.
    """
    quote = StoredQuote.objects.select_related("loan__customer", "loan__product_version").filter(pk=quote_id).first()
    if quote is None:
        raise QuoteUnknown(quote=quote_id)
    return quote


def quote_of_day(*, quote: StoredQuote, on_date: date) -> ForeclosureQuote | None:
    """Return the figures of a stored quote for a day; None where it does not hold."""
    text = on_date.isoformat()
    found: dict[str, Any] | None = next((day for day in quote.days if day["on_date"] == text), None)
    return None if found is None else ForeclosureQuote(**{**found, "on_date": on_date})


def is_quote_current(*, quote: StoredQuote, on_date: date) -> bool:
    """Tell whether a quote still closes its loan: it holds, the loan runs, and nothing was posted since."""
    is_held = quote.quoted_on <= on_date <= quote.valid_until
    return is_held and quote.loan.closed_on is None and quote.loan.fact_count == quote.fact_count


def _make(quote: StoredQuote, valid_days: int | None, customer_id: int) -> StoredQuote:
    loan = loan_lock(loan_id=quote.loan_id, customer_id=customer_id)
    if earlier := StoredQuote.objects.filter(idempotency_key=quote.idempotency_key).first():
        if earlier.content_hash != quote.content_hash:
            raise IdempotencyKeyReused(key=quote.idempotency_key)
        return earlier
    today = business_date()
    count = valid_days or servicing_rules(on_date=today).quote_valid_days
    days = [
        foreclosure_quote(loan=loan, on_date=today + timedelta(days=offset), is_lender_asking=quote.is_lender_asking)
        for offset in range(count)
    ]
    quote.pk = None
    quote.number = f"FQ{take_numbers(name=QUOTE_NUMBERS)[0]:08d}"
    quote.quoted_on, quote.valid_until = today, days[-1].on_date
    quote.fact_count, quote.total_paise = loan.fact_count, days[0].total_paise
    quote.days = [{**asdict(day), "on_date": day.on_date.isoformat()} for day in days]
    try:
        with transaction.atomic():
            quote.save(force_insert=True)
    except IntegrityError:
        raise IdempotencyKeyReused(key=quote.idempotency_key) from None
    Loan.objects.filter(pk=loan.pk, is_watched=False).update(is_watched=True)
    audit.record(
        actor=quote.recorded_by,
        action="lms.quote_make",
        obj=quote,
        reason=quote.reason,
        detail={"loan": loan.number, "quote": quote.number, "total_paise": quote.total_paise, "days": count},
    )
    return quote


def _payment_check(quote: StoredQuote, amount_paise: int, value_date: date, fact_count: int) -> None:
    """Refuse money that the quote does not name; a loan that is closed already is refused by the act itself."""
    day = quote_of_day(quote=quote, on_date=value_date)
    if day is None:
        raise QuoteExpired(
            quote=quote.number, quoted_on=quote.quoted_on, valid_until=quote.valid_until, value_date=value_date
        )
    if fact_count != quote.fact_count:
        raise QuoteSuperseded(loan=quote.loan.number, quote=quote.number)
    if amount_paise != day.total_paise:
        raise QuoteAmountDiffers(
            quote=quote.number, value_date=value_date, quote_paise=day.total_paise, amount_paise=amount_paise
        )
