"""Closing of a loan before its time."""

from dataclasses import replace
from datetime import date

from django.contrib.auth.models import User

from core.business_date import business_date
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Foreclose
from lms.engine.quote import FORECLOSURE_CODE, ForeclosureQuote, quote_foreclosure
from lms.engine.terms import Terms
from lms.errors import ForeclosureAmountShort, refusal_of
from lms.models import FreezeEffect, Loan, LoanFact
from lms.services.checks import amount_check, credit_reference_of, reference_check, running_check, value_date_check
from lms.services.fact_rows import facts_of
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.guards import freeze_check
from lms.services.positions import terms_of
from lms.services.servicing_rules import is_early_charge_nil
from lms.services.tax_documents import quote_taxed


def foreclosure_quote(*, loan: Loan, on_date: date, is_lender_asking: bool = False) -> ForeclosureQuote:
    """Return what closes a loan on a day, by component, with the charge of the terms; nothing is written.

    Args:
        is_lender_asking: the lender asks for the money, so closing early costs nothing.

    Raises:
        LoanClosed, LoanNotDisbursed, ValueDateBeforeDisbursal: there is nothing to close on that day.
        FactRefused: the engine sees nothing to close.
    """
    running_check(loan=loan, act="foreclosure")
    value_date_check(loan=loan, value_date=on_date, business_date=max(on_date, business_date()))
    try:
        terms = closing_terms(loan=loan, terms=terms_of(loan=loan), is_lender_asking=is_lender_asking)
        quote = quote_foreclosure(terms=terms, facts=facts_of(loan_id=loan.pk), on_date=on_date)
    except EngineRefusal as error:
        raise refusal_of(error) from error
    return quote_taxed(quote=quote)


def loan_foreclose(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    channel: str = "BANK",
    reason: str = "",
    is_lender_asking: bool = False,
    actor: User | None = None,
) -> LoanFact:
    """Take the whole debt of a day and close the loan; what is above the quote is held as excess, to be refunded.

    Args:
        amount_paise: at least the quote of the value date.
        reference: the bank's reference, credited once per channel.
        is_lender_asking: the lender asked for the money, so closing early costs nothing.

    Raises:
        ForeclosureAmountShort: the quote is higher.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        LoanFrozen: a freeze forbids it.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Foreclose:
        running_check(loan=book.loan, act="foreclosure")
        freeze_check(loan=book.loan, effect=FreezeEffect.AHEAD)
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        quote = quote_of_book(book=book, on_date=value_date, is_lender_asking=is_lender_asking)
        if amount_paise < quote.total_paise:
            raise ForeclosureAmountShort(
                value_date=value_date, quote_paise=quote.total_paise, amount_paise=amount_paise
            )
        return Foreclose(
            sequence=book.next_sequence,
            value_date=value_date,
            amount_paise=amount_paise,
            reference=kept,
            charge_paise=quote.charge_paise,
            tax_paise=quote.charge_tax_paise,
        )

    order = FactOrder(
        action="lms.loan_foreclose",
        loan_id=loan_id,
        content={
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
            "reference": kept,
            "channel": channel,
            **({"is_lender_asking": True} if is_lender_asking else {}),
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
        credit_reference=credit_reference_of(channel=channel, reference=kept),
    )
    return fact_record(order=order, decide=decide)


def quote_of_book(*, book: LoanBook, on_date: date, is_lender_asking: bool = False) -> ForeclosureQuote:
    """Return what closes a locked loan on a day.

    Raises:
        FactRefused: the engine sees nothing to close.
    """
    try:
        terms = closing_terms(loan=book.loan, terms=book.terms, is_lender_asking=is_lender_asking)
        quote = quote_foreclosure(terms=terms, facts=book.facts, on_date=on_date)
    except EngineRefusal as error:
        raise refusal_of(error) from error
    return quote_taxed(quote=quote)


def closing_terms(*, loan: Loan, terms: Terms, is_lender_asking: bool) -> Terms:
    """Return the terms with the charge for closing early left out where nobody may ask for it.

    Source: regulation 5, pre-payment charges.
    """
    if not any(term.code == FORECLOSURE_CODE for term in terms.charges):
        return terms
    if is_lender_asking or is_early_charge_nil(loan=loan):
        kept = tuple(term for term in terms.charges if term.code != FORECLOSURE_CODE)
        return replace(terms, charges=kept)
    return terms
