"""Charges that the terms name, and penal charges levied by hand."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Charge, Penal
from lms.engine.rounding import round_ratio
from lms.engine.terms import ChargeTerm, Terms
from lms.errors import ChargeAboveAgreed, ChargeNotAgreed
from lms.models import FreezeEffect, Loan, LoanFact
from lms.services.checks import amount_check, reference_check, running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.guards import freeze_check
from lms.services.tax_documents import charge_tax


def charge_levy(
    *,
    loan_id: int,
    code: str,
    value_date: date,
    idempotency_key: str,
    amount_paise: int | None = None,
    due_date: date | None = None,
    reference: str = "",
    reason: str = "",
    actor: User | None = None,
) -> LoanFact:
    """Levy a charge that the loan's terms name, with the tax of its day, and invoice it today.

    Args:
        code: the charge, as in the terms (and so in the key facts statement).
        amount_paise: without tax; what was agreed when not given, never more.
        due_date: the value date when not given.

    Raises:
        ChargeNotAgreed, ChargeAboveAgreed: the terms do not allow the charge.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        GstRegistrationMissing, StateUnknown and the other refusals of `invoice_issue`: the charge cannot be invoiced.
        The refusals of `fact_record`.

    Source: regulation 1, 10 and 15.3 (only charges of the key facts statement).
    """
    if amount_paise is not None:
        amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference, is_required=False)

    def decide(book: LoanBook) -> Charge:
        running_check(loan=book.loan, act="charge")
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        agreed = charge_term(loan=book.loan, terms=book.terms, code=code)
        amount = _amount(book, agreed, amount_paise)
        return Charge(
            sequence=book.next_sequence,
            value_date=value_date,
            amount_paise=amount,
            reference=kept,
            code=code,
            tax_paise=charge_tax(code=code, amount_paise=amount, on_date=value_date),
            due_date=due_date,
        )

    order = FactOrder(
        action="lms.charge_levy",
        loan_id=loan_id,
        content={
            "code": code,
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
            "due_date": due_date.isoformat() if due_date else None,
            "reference": kept,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def penal_levy(
    *,
    loan_id: int,
    amount_paise: int,
    value_date: date,
    idempotency_key: str,
    reason: str,
    code: str = "PENAL",
    actor: User | None = None,
) -> LoanFact:
    """Levy a penal charge by hand; the planned ones follow from the terms' penal plan without an entry.

    Args:
        amount_paise: reasonable for the breach; no tax is due on it, and it never bears interest.
        reason: the breach, told to the borrower with the charge.

    Raises:
        ReasonMissing: the breach is not named.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.

    Source: regulation 4 and 10.
    """
    amount_check(amount_paise=amount_paise)

    def decide(book: LoanBook) -> Penal:
        running_check(loan=book.loan, act="penal charge")
        freeze_check(loan=book.loan, effect=FreezeEffect.PENAL)
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        return Penal(sequence=book.next_sequence, value_date=value_date, amount_paise=amount_paise, code=code)

    order = FactOrder(
        action="lms.penal_levy",
        loan_id=loan_id,
        content={"amount_paise": amount_paise, "value_date": value_date.isoformat(), "code": code},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def charge_term(*, loan: Loan, terms: Terms, code: str) -> ChargeTerm:
    """Return the charge of this code that was agreed.

    Raises:
        ChargeNotAgreed: the terms do not name it.
    """
    for agreed in terms.charges:
        if agreed.code == code:
            return agreed
    codes = ", ".join(agreed.code for agreed in terms.charges) or "none"
    raise ChargeNotAgreed(loan=loan.number, charge=code, agreed=codes)


def charge_amount(*, agreed: ChargeTerm, base_paise: int) -> int:
    """Return an agreed charge without tax, in paise rounded half up: fixed, or a percentage of `base_paise`."""
    if agreed.amount_paise:
        return agreed.amount_paise
    numerator, denominator = agreed.percent.as_integer_ratio()
    return round_ratio(base_paise * numerator, 100 * denominator)


def agreed_tax(*, agreed: ChargeTerm, amount_paise: int) -> int:
    """Return the tax that an offer foretells of a charge, in paise rounded half up; levied is the tax of its day."""
    numerator, denominator = agreed.tax_pct.as_integer_ratio()
    return round_ratio(amount_paise * numerator, 100 * denominator)


def _amount(book: LoanBook, agreed: ChargeTerm, amount_paise: int | None) -> int:
    """Return what is levied: the agreed charge on the sanctioned amount, or the smaller amount asked for."""
    most = charge_amount(agreed=agreed, base_paise=book.loan.principal_paise)
    if amount_paise is None:
        return most
    if amount_paise > most:
        raise ChargeAboveAgreed(charge=agreed.code, amount_paise=amount_paise, agreed_paise=most)
    return amount_paise
