"""Sanction and disbursal of loans."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from customers.models import Customer
from lms.engine.codec import terms_to_dict
from lms.engine.facts import Disburse, TakeOver
from lms.engine.terms import Terms
from lms.errors import (
    DisbursalAboveSanction,
    IdempotencyKeyReused,
    LoanNumberTaken,
    ProductInactive,
    ProductVersionNotInForce,
    SanctionInFuture,
    SanctionOutsideLimits,
    ValueDateBeforeSanction,
    ValueDateInFuture,
)
from lms.errors.lines import DrawdownByLineOnly, LoanProductNeeded
from lms.locks import loans_for_update
from lms.models import FactKind, FreezeEffect, LineFact, Loan, LoanFact, ProductVersion
from lms.services.checks import amount_check, key_check, reason_check, reference_check, running_check
from lms.services.fact_rows import content_hash, undone_sequences
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.guards import freeze_check, fresh_money_check, is_customer_watched
from lms.services.money_out import money_out_check
from lms.services.products import rate_clean, terms_check, terms_for_loan

LOAN_NUMBERS = "lms.loan"


def loan_sanction(
    *,
    customer: Customer,
    product_version: ProductVersion,
    principal_paise: int,
    annual_rate_pct: Decimal,
    instalment_count: int,
    sanctioned_on: date,
    idempotency_key: str,
    first_due_date: date | None = None,
    number: str | None = None,
    external_reference: str | None = None,
    reason: str = "",
    actor: User | None = None,
    is_drawdown: bool = False,
    **overrides: Any,
) -> Loan:
    """Open a loan account with terms copied from a product version; no money moves yet.

    Args:
        principal_paise: the amount sanctioned; this, rate and count lie within the version's limits.
        annual_rate_pct: yearly rate, at most four decimals.
        sanctioned_on: not after the business date, and not before the version is in force.
        number: the account number; the next one of the series when not given.
        external_reference: the account's name in the book that it comes from.
        is_drawdown: the loan is drawn from a credit line; the line's service alone says so.
        overrides: other fields of Terms agreed for this loan alone.

    Returns:
        The loan, or that of the first call with the same key and content.

    Raises:
        ProductInactive, ProductVersionNotInForce, SanctionOutsideLimits, SanctionInFuture: product or date
            does not allow it.
        LoanProductNeeded: the product is for credit lines.
        TermsInvalid: no schedule follows from the terms.
        LoanNumberTaken, IdempotencyKeyReused: number, external reference or key belong to another loan.
        CustomerMerged, CustomerFrozen, CustomerCoolingOff: the customer gets no fresh money.
    """
    key_check(idempotency_key=idempotency_key)
    reason_check(reason=reason)
    if product_version.product.is_line and not is_drawdown:
        raise LoanProductNeeded(product=product_version.product.code)
    terms = sanction_terms(
        version=product_version,
        principal_paise=principal_paise,
        annual_rate_pct=annual_rate_pct,
        instalment_count=instalment_count,
        first_due_date=first_due_date,
        sanctioned_on=sanctioned_on,
        overrides=overrides,
    )
    terms_check(terms=terms, start_date=sanctioned_on)
    loan = loan_unsaved(
        customer_id=customer.pk,
        version=product_version,
        terms=terms,
        sanctioned_on=sanctioned_on,
        idempotency_key=idempotency_key,
        number=number,
        external_reference=external_reference,
    )
    loan.is_drawdown = is_drawdown
    return run_in_transaction(lambda: _sanction(loan, actor, reason))


def loan_disburse(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    reason: str = "",
    actor: User | None = None,
    credit_reference: str | None = None,
    is_on_its_way: bool = False,
) -> LoanFact:
    """Lend money on a sanctioned loan, whole or as one of several tranches.

    Args:
        amount_paise: at most what is undrawn of the sanction.
        value_date: from the sanction to the business date.
        reference: the bank's reference of the payout.
        credit_reference: names the money of a drawdown, so that it is not taken for a payment of its customer.
        is_on_its_way: books the money of a payout, which was kept free for it; acts by hand never say so.

    Raises:
        MoneyOnItsWay: a payout that is on its way leaves less undrawn than that.
        DrawdownByLineOnly: the loan is a drawdown of a credit line, paid out already.
        DisbursalAboveSanction, ValueDateBeforeSanction, ValueDateInFuture, LoanClosed: the loan does not allow it.
        LoanFrozen: a freeze forbids fresh money.
        AmountNotPositive, AmountTooLarge, ReferenceMissing: the input is wrong.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Disburse:
        running_check(loan=book.loan, act="disbursal")
        _own_loan_check(book.loan)
        freeze_check(loan=book.loan, effect=FreezeEffect.DISBURSAL)
        lending_date_check(book=book, value_date=value_date)
        undone = undone_sequences(facts=book.facts)
        # Of a loan taken over, the other lender paid the whole sum out, whatever is left of it.
        lent = sum(
            book.loan.principal_paise if isinstance(fact, TakeOver) else fact.amount_paise
            for fact in book.facts
            if isinstance(fact, Disburse | TakeOver) and fact.sequence not in undone
        )
        if amount_paise > (undrawn := book.loan.principal_paise - lent):
            raise DisbursalAboveSanction(amount_paise=amount_paise, undrawn_paise=undrawn)
        if not is_on_its_way:
            money_out_check(loan=book.loan, kind=FactKind.DISBURSE, amount_paise=amount_paise, free_paise=undrawn)
        return Disburse(sequence=book.next_sequence, value_date=value_date, amount_paise=amount_paise, reference=kept)

    order = FactOrder(
        action="lms.loan_disburse",
        loan_id=loan_id,
        content={"amount_paise": amount_paise, "value_date": value_date.isoformat(), "reference": kept},
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
        credit_reference=credit_reference,
    )
    return fact_record(order=order, decide=decide)


def lending_date_check(*, book: LoanBook, value_date: date) -> None:
    """Refuse a disbursal dated before the sanction or after the business date."""
    if value_date > book.business_date:
        raise ValueDateInFuture(value_date=value_date, business_date=book.business_date)
    if value_date < book.loan.sanctioned_on:
        raise ValueDateBeforeSanction(value_date=value_date, sanctioned_on=book.loan.sanctioned_on)


def sanction_terms(
    *,
    version: ProductVersion,
    principal_paise: int,
    annual_rate_pct: Decimal,
    instalment_count: int,
    first_due_date: date | None,
    sanctioned_on: date,
    overrides: dict[str, Any],
) -> Terms:
    """Return the terms of a new loan after every check that needs no lock.

    Raises:
        The refusals of `loan_sanction` that concern product and terms.
    """
    terms = terms_for_loan(
        version=version,
        principal_paise=principal_paise,
        annual_rate_pct=rate_clean(rate_pct=annual_rate_pct),
        instalment_count=instalment_count,
        first_due_date=first_due_date,
        **overrides,
    )
    limits_check(version=version, terms=terms, sanctioned_on=sanctioned_on)
    return terms


def limits_check(*, version: ProductVersion, terms: Terms, sanctioned_on: date) -> None:
    """Refuse terms that a product version does not allow on a day.

    Raises:
        ProductVersionNotInForce, SanctionOutsideLimits: the version starts later, or its limits are narrower.
        AmountNotPositive, AmountTooLarge, RateInvalid: principal or rate cannot be.
    """
    amount_check(amount_paise=terms.principal_paise)
    rate_clean(rate_pct=terms.annual_rate_pct)
    figures = (
        ("Principal in paise", terms.principal_paise, version.principal_min_paise, version.principal_max_paise),
        ("Yearly rate", terms.annual_rate_pct, version.rate_min_pct, version.rate_max_pct),
        ("Instalment count", terms.instalment_count, version.instalment_count_min, version.instalment_count_max),
    )
    for figure, value, low, high in figures:
        if not low <= value <= high:
            raise SanctionOutsideLimits(figure=figure, value=value, low=low, high=high, product=version.product.code)
    if sanctioned_on < version.effective_from:
        raise ProductVersionNotInForce(
            version=version.number, product=version.product.code, effective_from=version.effective_from
        )


def loan_unsaved(
    *,
    customer_id: int,
    version: ProductVersion,
    terms: Terms,
    sanctioned_on: date,
    idempotency_key: str,
    number: str | None,
    external_reference: str | None,
) -> Loan:
    """Build the row of a new loan; `number` stays empty when the series is to give it."""
    written = terms_to_dict(terms)
    content = {
        "customer": customer_id,
        "version": version.pk,
        "terms": written,
        "sanctioned_on": sanctioned_on,
        "number": number,
        "external_reference": external_reference,
    }
    return Loan(
        number=number or "",
        external_reference=external_reference or None,
        customer_id=customer_id,
        product_version=version,
        product_code=version.product.code,
        terms=written,
        sanctioned_on=sanctioned_on,
        principal_paise=terms.principal_paise,
        annual_rate_pct=terms.annual_rate_pct,
        current_rate_pct=terms.annual_rate_pct,
        undrawn_paise=terms.principal_paise,
        idempotency_key=idempotency_key,
        content_hash=content_hash(content=content),
    )


def loan_numbers_take(*, count: int = 1) -> list[str]:
    """Take the next account numbers of the series."""
    return [f"L{value:08d}" for value in take_numbers(name=LOAN_NUMBERS, count=count)]


def _sanction(loan: Loan, actor: User | None, reason: str) -> Loan:
    if earlier := _earlier(loan, Loan.objects.all()):
        return earlier
    if not loan.product_version.product.is_active:
        raise ProductInactive(product=loan.product_code)
    if loan.sanctioned_on > (today := business_date()):
        raise SanctionInFuture(sanctioned_on=loan.sanctioned_on, business_date=today)
    if not loan.is_drawdown:
        # A line looked before; money of it that has left already is booked whatever happened since.
        fresh_money_check(customer_id=loan.customer_id, on_date=today)
    loan.is_watched = is_customer_watched(customer_id=loan.customer_id)
    given = loan.number
    loan.pk = None
    loan.number = given or loan_numbers_take()[0]
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError:
        # A snapshot may be older than the row that was collided with; a locking read sees it.
        earlier = _earlier(loan, Loan.objects.all()) or _earlier(loan, loans_for_update())
        if earlier is None:
            raise LoanNumberTaken(number=given or loan.external_reference) from None
        return earlier
    audit.record(
        actor=actor,
        action="lms.loan_sanction",
        obj=loan,
        reason=reason,
        detail={"loan": loan.number, "principal_paise": loan.principal_paise, "product": loan.product_code},
    )
    return loan


def _earlier(loan: Loan, loans: QuerySet[Loan]) -> Loan | None:
    earlier = loans.filter(idempotency_key=loan.idempotency_key).first()
    if earlier is not None and earlier.content_hash != loan.content_hash:
        raise IdempotencyKeyReused(key=loan.idempotency_key)
    return earlier


def _own_loan_check(loan: Loan) -> None:
    """Refuse to lend again on a drawdown: the limit of its line would not see it."""
    if not loan.is_drawdown:
        return
    drawn = LineFact.objects.filter(loan=loan).select_related("line").first()
    if drawn is not None:
        raise DrawdownByLineOnly(loan=loan.number, line=drawn.line.number)
