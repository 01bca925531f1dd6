"""Loans: the list, and one page with everything about each."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter, ReadOnlyModelAdmin
from core.approvals.selectors import requests_about
from core.errors import KistError
from core.staff_pages import acting_user, staff_response
from core.templatetags.kist import amount, badge, day, days_badge
from lms.admin.act_pages import acts_for
from lms.admin.loan_page import loan_page_context
from lms.admin.moments import moment_of
from lms.admin.servicing_notes import loan_notes
from lms.models import Loan

_WAITING_SHOWN = 20


@admin.register(Loan)
class LoanAdmin(PageAdmin, ReadOnlyModelAdmin):
    """Every loan account; what can be done to one is on its page."""

    list_display = (
        "number",
        "borrower",
        "product_code",
        "status_badge",
        "past_due",
        "class_badge",
        "principal",
        "overdue",
        "next_due",
    )
    list_select_related = ("customer",)
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("asset_class", ChoicesDropdownFilter),
        ("disbursed_on", RangeDateFilter),
    )
    ordering = ("-id",)
    # A sort by a column without an index would read and sort the whole book.
    sortable_by = ("number", "status_badge", "past_due", "class_badge")
    # What carries bookkeeping of its own and no column of the list.
    _unlisted = ("terms", "accrual_lines", "booked")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out what the list does not show and is large."""
        return super().get_queryset(request).defer(*self._unlisted)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let links of the home page filter by days past due."""
        return lookup == "days_past_due__gte" or super().lookup_allowed(lookup, value, request)

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the loan's page in place of a form: a loan changes by facts alone."""
        return _loan_page(request, pk)

    @admin.display(description="Borrower")
    def borrower(self, loan: Loan) -> str:
        """Show the name."""
        return loan.customer.full_name

    @admin.display(description="Status", ordering="status")
    def status_badge(self, loan: Loan) -> SafeString:
        """Show the status in colour."""
        return badge(loan.status)

    @admin.display(description="Days past due", ordering="days_past_due")
    def past_due(self, loan: Loan) -> SafeString:
        """Show the days in colour."""
        return days_badge(loan.days_past_due)

    @admin.display(description="Class", ordering="asset_class")
    def class_badge(self, loan: Loan) -> SafeString:
        """Show the asset class in colour."""
        return badge(loan.asset_class)

    @admin.display(description="Principal")
    def principal(self, loan: Loan) -> SafeString:
        """Show the principal outstanding."""
        return amount(loan.principal_outstanding_paise)

    @admin.display(description="Overdue")
    def overdue(self, loan: Loan) -> SafeString:
        """Show what is overdue."""
        return amount(loan.overdue_paise)

    @admin.display(description="Next due")
    def next_due(self, loan: Loan) -> str:
        """Show the next due date."""
        return day(loan.next_due_date)


def _loan_page(request: HttpRequest, pk: int) -> TemplateResponse:
    loan = get_object_or_404(
        Loan.objects.select_related("customer", "product_version__product"),
        pk=pk,
    )
    try:
        context = loan_page_context(request, loan)
    except KistError as error:
        context = {"loan": loan, "refusal": error.message, "moment": moment_of(request, loan)}
    acts = acts_for(user=acting_user(request), loan=loan)
    # A page of the past offers nothing to do, and so nothing waits on it.
    is_past = context["moment"].is_past
    waiting = requests_about(subject_type=Loan._meta.label_lower, subject_id=loan.pk).select_related("made_by")
    return staff_response(
        request,
        "lms/loan.html",
        title=f"Loan {loan.number}",
        acts=acts,
        waiting=[] if is_past else list(waiting[:_WAITING_SHOWN]),
        notes=loan_notes(loan=loan, today=context["moment"].today),
        **context,
    )
