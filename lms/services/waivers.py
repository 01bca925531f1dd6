"""Amounts given up."""

from datetime import date

from django.contrib.auth.models import User

from lms.engine.facts import Waive
from lms.engine.terms import Component
from lms.models import LoanFact
from lms.services.checks import amount_check, running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.tax_documents import fee_waiver_tax


def waiver_grant(
    *,
    loan_id: int,
    component: Component,
    amount_paise: int,
    value_date: date,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
) -> LoanFact:
    """Give up part of what is due of one component, the oldest first; of a fee with the tax on it.

    A waived fee lowers the price of what was supplied: a credit note gives its tax back, as far as the borrower still
    owes it. Tax that is waived alone stays payable, and the lender bears it.

    Args:
        component: principal, interest, fee, tax or penal.
        amount_paise: at most what is due of it on the value date.

    Raises:
        CreditNoteAboveInvoice and the other refusals of `note_issue`: the tax cannot be given back.
        WaiverAboveDue: less than that is due.
        ReasonMissing: the reason is empty.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.
    """
    amount_check(amount_paise=amount_paise)

    def decide(book: LoanBook) -> Waive:
        running_check(loan=book.loan, act="waiver")
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        return Waive(
            sequence=book.next_sequence,
            value_date=value_date,
            amount_paise=amount_paise,
            component=Component(component),
            tax_paise=_tax(book, amount_paise, value_date) if component == Component.FEE else 0,
        )

    order = FactOrder(
        action="lms.waiver_grant",
        loan_id=loan_id,
        content={
            "component": Component(component).value,
            "amount_paise": amount_paise,
            "value_date": value_date.isoformat(),
        },
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def _tax(book: LoanBook, amount_paise: int, value_date: date) -> int:
    waived = fee_waiver_tax(
        loan=book.loan,
        terms=book.terms,
        facts=book.facts,
        value_date=value_date,
        amount_paise=amount_paise,
        on_date=book.business_date,
    )
    return sum(charge.tax_paise for charge in waived)
