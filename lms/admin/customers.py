"""What the loan book adds to the page of a customer: the loans, and the timeline of what happened to them."""

from typing import Any

from django.http import HttpRequest

from customers.admin import CUSTOMER_PANELS
from customers.models import Customer
from lms.models import Loan, LoanFact

_TIMELINE_LENGTH = 30


def loans_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show a customer's loans with balances, and the latest entries of all of them."""
    if not request.user.has_perm("lms.view_loan"):
        return "", {}
    loans = list(
        Loan.objects.filter(customer=customer)
        .select_related("product_version__product")
        .defer("terms", "accrual_lines", "booked")
        .order_by("-pk")
    )
    numbers = {loan.pk: loan.number for loan in loans}
    facts = LoanFact.objects.filter(loan_id__in=numbers).order_by("-value_date", "-pk")[:_TIMELINE_LENGTH]
    return "lms/_customer_loans.html", {
        "loans": loans,
        "outstanding_paise": sum(loan.principal_outstanding_paise for loan in loans),
        "overdue_paise": sum(loan.overdue_paise for loan in loans),
        "timeline": [(numbers[fact.loan_id], fact) for fact in facts],
    }


CUSTOMER_PANELS.append(loans_panel)
