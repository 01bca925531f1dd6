"""What the authority of an approver is held against, where it is not the amount that was entered."""

from datetime import date

from core.acts.registry import Values
from core.business_date import business_date
from core.errors import KistError
from lms.models import Loan, LoanFact
from lms.services.foreclosures import foreclosure_quote


def claim_paise(loan_id: int, _values: Values) -> int:
    """Return all that is owed on a loan: what a write-off takes off the books."""
    loan = Loan.objects.get(pk=loan_id)
    return (
        loan.principal_outstanding_paise
        + loan.interest_outstanding_paise
        + loan.fee_outstanding_paise
        + loan.tax_outstanding_paise
        + loan.penal_outstanding_paise
    )


def principal_paise(loan_id: int, _values: Values) -> int:
    """Return the principal outstanding: what new terms apply to."""
    return Loan.objects.values_list("principal_outstanding_paise", flat=True).get(pk=loan_id)


def given_up_paise(loan_id: int, values: Values) -> int:
    """Return what a settlement gives up: the debt of its day less the amount taken for it."""
    loan = Loan.objects.select_related("product_version").get(pk=loan_id)
    try:
        quote = foreclosure_quote(loan=loan, on_date=values["value_date"])
    except KistError:
        # The settlement itself is refused for the same cause, by name.
        return 0
    taken: int = values["amount_paise"]
    return max(quote.total_paise - quote.charge_paise - quote.charge_tax_paise - taken, 0)


def reversed_paise(loan_id: int, values: Values) -> int:
    """Return the amount of the entry that is reversed; zero where it has none."""
    target = reversed_entry(loan_id, values)
    return target.amount_paise if target else 0


def reversed_value_date(loan_id: int, values: Values) -> date | None:
    """Return the day that a reversal counts on: that of the entry that it undoes."""
    target = reversed_entry(loan_id, values)
    return target.value_date if target else business_date()


def reversed_entry(loan_id: int, values: Values) -> LoanFact | None:
    """Return the entry that is reversed; None for a number that the loan does not have."""
    return LoanFact.objects.filter(loan_id=loan_id, sequence=values["sequence"]).first()
