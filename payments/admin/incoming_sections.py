"""Money that has come in, on the pages of loans and customers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.page_sections import PageButton, PageSection, button_register, section_register
from core.staff_pages import staff_page, staff_response
from customers.admin import CUSTOMER_PANELS
from customers.models import Customer
from customers.selectors import family_ids
from lms.engine.state import LoanStatus
from lms.models import Loan
from payments.models import (
    Dispute,
    IncomingPayment,
    LinkState,
    PaymentLink,
    PaymentRefund,
    PayoutCompensation,
    VirtualAccount,
)

_SEE = "payments.view_incomingpayment"
_SHOWN = 20


def incoming_sections_register() -> None:
    """Tell the pages of loans and customers what has come in."""
    section_register(
        PageSection(
            page="lms.loan",
            code="payments-in",
            title="Payments in",
            permission=_SEE,
            address=lambda loan: reverse("staff-payments:loan-payments", args=[loan.pk]) + "?part=1",
        )
    )
    button_register(
        PageButton(
            page="lms.loan",
            title="Take cash or a cheque",
            icon="point_of_sale",
            permission="payments.take_cash",
            address=lambda loan: reverse("staff-payments:counter-take", args=[loan.pk]),
            is_open=lambda loan: loan.status == LoanStatus.ACTIVE,
        )
    )
    if customer_payments_panel not in CUSTOMER_PANELS:
        CUSTOMER_PANELS.append(customer_payments_panel)


def customer_payments_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show what has come in from a customer; loaded by itself."""
    if not request.user.has_perm(_SEE):
        return "", {}
    address = reverse("staff-payments:customer-payments", args=[customer.pk]) + "?part=1"
    return "payments/_customer_payments_panel.html", {"address": address}


@staff_page(_SEE)
def loan_payments_part(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Show the payments, links and account of a loan, as a part of its page or alone."""
    loan = get_object_or_404(Loan, pk=loan_id)
    account = VirtualAccount.objects.filter(loan=loan).first()
    may_open = loan.status == LoanStatus.ACTIVE and request.user.has_perm("payments.manage_virtualaccount")
    return _payments(
        request, [loan.pk], title=f"Payments of loan {loan.number}", loan=loan, account=account, may_open=may_open
    )


@staff_page(_SEE)
def customer_payments_part(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show the payments and links of a customer's loans."""
    customer = get_object_or_404(Customer, pk=customer_id)
    family = family_ids(customer_id=customer.pk)
    loan_ids = list(Loan.objects.filter(customer_id__in=family).values_list("pk", flat=True))
    return _payments(request, loan_ids, title=f"Payments of {customer.full_name}", customer=customer)


def _payments(request: HttpRequest, loan_ids: list[int], *, title: str, **context: Any) -> HttpResponse:
    payments = IncomingPayment.objects.filter(loan_id__in=loan_ids).select_related("loan").order_by("-pk")
    links = PaymentLink.objects.filter(loan_id__in=loan_ids, state__in=(LinkState.OPENING, LinkState.OPEN))
    on_loans = {"payment__loan_id__in": loan_ids}
    late = PayoutCompensation.objects.filter(payout__loan_id__in=loan_ids).select_related("payout__loan")
    context |= {
        "payments": payments[:_SHOWN],
        "links": links.order_by("-pk")[:_SHOWN],
        "disputes": Dispute.objects.filter(**on_loans).select_related("payment").order_by("-pk")[:_SHOWN],
        "refunds": PaymentRefund.objects.filter(**on_loans).select_related("payment").order_by("-pk")[:_SHOWN],
        "compensations": late.order_by("-pk")[:_SHOWN],
        "title": title,
    }
    if "part" in request.GET:
        return render(request, "payments/_payments_of.html", context)
    return staff_response(request, "payments/payments_of.html", **context)


incoming_sections_register()
