"""What payments show on the pages of loans and customers, on the first page, and above every page."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.business_date import BusinessDateMissing, business_date
from core.page_sections import PageButton, PageSection, button_register, section_register
from core.staff_pages import staff_page, staff_response
from customers.admin import CUSTOMER_PANELS
from customers.models import BankAccount, Customer
from customers.selectors import family_ids
from lms.engine.state import LoanStatus
from lms.models import Loan
from payments.alarm_sorts import DOUBTS
from payments.alarms import alarms
from payments.health import clearing_accounts
from payments.selectors import payouts_of
from payments.services.payees import Proof, proof_of

_SEE = "payments.view_payout"


def sections_register() -> None:
    """Tell the pages of the apps below what payments add to them."""
    section_register(
        PageSection(
            page="lms.loan",
            code="payouts",
            title="Payouts",
            permission=_SEE,
            address=lambda loan: reverse("staff-payments:loan-payouts", args=[loan.pk]) + "?part=1",
        )
    )
    button_register(
        PageButton(
            page="lms.loan",
            title="Pay out",
            icon="send_money",
            permission="payments.request_payout",
            address=lambda loan: reverse("staff-payments:payout-ask", args=[loan.pk]),
            is_open=is_payable,
        )
    )
    button_register(
        PageButton(
            page="lms.loan",
            title="Ask for a payment",
            icon="add_link",
            permission="payments.request_paymentlink",
            address=lambda loan: reverse("staff-payments:link-ask", args=[loan.pk]),
            is_open=lambda loan: loan.status == LoanStatus.ACTIVE,
        )
    )
    for page, code in (("home", "money-alarms"), ("work", "money-alarms"), ("header", "money-counts")):
        section_register(
            PageSection(
                page=page,
                code=code,
                title="Money that is stuck",
                permission=_SEE,
                address=_alarm_address(page),
            )
        )
    for page in ("home", "work"):
        section_register(
            PageSection(
                page=page,
                code="money-clearing",
                title="Money under way",
                permission=_SEE,
                address=lambda _obj: reverse("staff-payments:clearing"),
            )
        )
    if customer_panel not in CUSTOMER_PANELS:
        CUSTOMER_PANELS.append(customer_panel)


def is_payable(loan: Loan) -> bool:
    """Tell whether there is something to pay out on a loan: an undrawn sum, or excess to be refunded."""
    return loan.status == LoanStatus.SANCTIONED or loan.undrawn_paise > 0 or loan.excess_paise > 0


def customer_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show payouts and what is proven of the accounts of a customer; loaded by itself."""
    if not request.user.has_perm(_SEE):
        return "", {}
    address = reverse("staff-payments:customer-payouts", args=[customer.pk]) + "?part=1"
    return "payments/_customer_panel.html", {"address": address}


@staff_page(_SEE)
def loan_payouts_part(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Show the payouts of a loan, as a part of its page or alone."""
    loan = get_object_or_404(Loan, pk=loan_id)
    # Of the borrower's accounts only those that the bank has refused: the others are on the customer's page.
    ended = [(account, proof) for account, proof in _proofs([loan.customer_id]) if proof.is_ended]
    title = f"Payouts of loan {loan.number}"
    return _payouts(request, [loan.pk], title=title, loan=loan, is_payable=is_payable(loan), proofs=ended)


@staff_page(_SEE)
def customer_payouts_part(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show the payouts of a customer's loans, and what is proven of their accounts."""
    customer = get_object_or_404(Customer, pk=customer_id)
    family = family_ids(customer_id=customer.pk)
    loan_ids = list(Loan.objects.filter(customer_id__in=family).values_list("pk", flat=True))
    return _payouts(
        request,
        loan_ids,
        title=f"Payouts of {customer.full_name}",
        customer=customer,
        proofs=_proofs(family),
    )


@staff_page(_SEE)
def alarms_part(request: HttpRequest, place: str) -> HttpResponse:
    """Show money that is stuck: as a strip on the first page, or as counts above every page."""
    try:
        found = alarms()
    except BusinessDateMissing:
        found = ()
    template = "payments/_alarm_counts.html" if place == "header" else "payments/_alarm_strip.html"
    doubts = [row for row in found if row.place == DOUBTS]
    stuck = [row for row in found if row.place != DOUBTS]
    context = {
        "stuck": stuck,
        "doubts": doubts,
        "stuck_count": sum(row.count for row in stuck),
        "tone": "red" if any(row.tone == "red" for row in stuck) else "amber",
    }
    return render(request, template, context)


@staff_page(_SEE)
def clearing_part(request: HttpRequest) -> HttpResponse:
    """Show the accounts that money passes through, as far as something is on them, with its age."""
    rows = [row for row in clearing_accounts() if row.oldest_at is not None or row.unexplained_paise]
    return render(request, "payments/_clearing.html", {"clearing": rows})


def _proofs(customer_ids: Collection[int]) -> list[tuple[BankAccount, Proof]]:
    today = business_date()
    rows = BankAccount.objects.filter(customer_id__in=customer_ids).select_related("customer")
    return [(row, proof_of(bank_account=row, today=today)) for row in rows.order_by("-is_primary")[:10]]


def _alarm_address(page: str) -> Any:
    return lambda _obj: reverse("staff-payments:alarms", args=[page])


def _payouts(request: HttpRequest, loan_ids: list[int], *, title: str, **context: Any) -> HttpResponse:
    context |= {"payouts": payouts_of(loan_ids=loan_ids), "title": title}
    if "part" in request.GET:
        return render(request, "payments/_payouts.html", context)
    return staff_response(request, "payments/payouts_of.html", **context)


sections_register()
