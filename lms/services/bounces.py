"""Payments that the bank returned."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Bounce, Receive
from lms.engine.terms import Terms
from lms.errors import BounceBeforeReceipt, BounceOfNoReceipt, FactAlreadyReversed, FactUnknown
from lms.models import LoanFact
from lms.services.charges import charge_amount
from lms.services.checks import reference_check, value_date_check
from lms.services.fact_rows import undone_sequences
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.tax_documents import BOUNCE_CODE, charge_tax


def bounce_record(
    *,
    loan_id: int,
    value_date: date,
    reference: str,
    idempotency_key: str,
    receipt_sequence: int | None = None,
    reason_code: str = "",
    is_charged: bool = True,
    reason: str = "",
    actor: User | None = None,
) -> LoanFact:
    """Record a presented payment that came back unpaid, undo its receipt, and levy the agreed charge.

    Args:
        receipt_sequence: the receipt, where one was posted before the payment came back.
        reason_code: the bank's code of the return.
        is_charged: False leaves the charge out; it is also left out where the terms name no charge BOUNCE.

    Raises:
        FactUnknown, BounceOfNoReceipt, FactAlreadyReversed, BounceBeforeReceipt: the entry is not a receipt that
            stands on that day.
        LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal, ReferenceMissing: wrong input.
        The refusals of `invoice_issue`: the charge cannot be invoiced.
        The refusals of `fact_record`.
    """
    kept = reference_check(reference=reference)

    def decide(book: LoanBook) -> Bounce:
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        if receipt_sequence is not None:
            _receipt_check(book, receipt_sequence, value_date)
        charge, tax = _charge(book.terms, value_date) if is_charged else (0, 0)
        return Bounce(
            sequence=book.next_sequence,
            value_date=value_date,
            reference=kept,
            receipt_sequence=receipt_sequence,
            charge_paise=charge,
            tax_paise=tax,
            reason_code=reason_code,
        )

    order = FactOrder(
        action="lms.bounce_record",
        loan_id=loan_id,
        content={
            "value_date": value_date.isoformat(),
            "reference": kept,
            "receipt_sequence": receipt_sequence,
            "reason_code": reason_code,
            "is_charged": is_charged,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def _receipt_check(book: LoanBook, sequence: int, value_date: date) -> None:
    fact = next((fact for fact in book.facts if fact.sequence == sequence), None)
    if fact is None:
        raise FactUnknown(loan=book.loan.number, sequence=sequence)
    if not isinstance(fact, Receive):
        raise BounceOfNoReceipt(loan=book.loan.number, sequence=sequence)
    if value_date < fact.value_date:
        raise BounceBeforeReceipt(value_date=value_date, receipt_date=fact.value_date)
    if sequence in undone_sequences(facts=book.facts):
        raise FactAlreadyReversed(loan=book.loan.number, sequence=sequence)


def _charge(terms: Terms, value_date: date) -> tuple[int, int]:
    agreed = next((charge for charge in terms.charges if charge.code == BOUNCE_CODE), None)
    if agreed is None:
        return 0, 0
    amount = charge_amount(agreed=agreed, base_paise=terms.principal_paise)
    return amount, charge_tax(code=BOUNCE_CODE, amount_paise=amount, on_date=value_date)
