"""What the loan book adds to the page of a customer: the loans, and the timeline of what happened to them."""

from typing import Any

from django.http import HttpRequest

from customers.admin import CUSTOMER_PANELS
from customers.models import Customer
from lms.admin.moments import moment_of_book
from lms.models import Loan, LoanFact
from lms.standings import standing_now, standings_as_of

_TIMELINE_LENGTH = 30
# Loans of the past are worked out one by one; nobody reads more of one customer on one page.
_PAST_SHOWN = 50


def loans_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show a customer's loans with balances on any day as known at any instant, and the latest entries of all."""
    if not request.user.has_perm("lms.view_loan"):
        return "", {}
    moment = moment_of_book(request)
    rows = Loan.objects.filter(customer=customer).select_related("product_version__product").order_by("-pk")
    if moment.is_past:
        loans = list(rows.defer("accrual_lines", "booked")[: _PAST_SHOWN + 1])
        lines = standings_as_of(loans=loans[:_PAST_SHOWN], as_of=moment.as_of, knowledge=moment.knowledge)
    else:
        loans = list(rows.defer("terms", "accrual_lines", "booked"))
        lines = tuple(standing_now(loan=loan) for loan in loans)
    numbers = {loan.pk: loan.number for loan in loans}
    facts = LoanFact.objects.filter(loan_id__in=numbers, value_date__lte=moment.as_of)
    timeline = moment.knowledge.of(facts).order_by("-value_date", "-pk")[:_TIMELINE_LENGTH]
    return "lms/_customer_loans.html", {
        "moment": moment,
        "lines": lines,
        "is_cut": moment.is_past and len(loans) > _PAST_SHOWN,
        "outstanding_paise": sum(line.principal_outstanding_paise for line in lines),
        "overdue_paise": sum(line.overdue_paise for line in lines),
        "timeline": [(numbers[fact.loan_id], fact) for fact in timeline],
    }


CUSTOMER_PANELS.append(loans_panel)
