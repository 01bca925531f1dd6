"""Accounts of loans: the list, one account with what was paid into it, who may pay, opening and closing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core.admin_base import ChoicesDropdownFilter, RangeDateFilter
from core.errors import KistError
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import badge, instant
from lms.models import Loan
from payments.admin.lists import PagedAdmin
from payments.models import UNDECIDED, AccountState, AllowedPayer, VirtualAccount
from payments.services.virtual_accounts import (
    payer_allow,
    payer_remove,
    virtual_account_close,
    virtual_account_request,
)

_SHOWN = 50
_MANAGE = "payments.manage_virtualaccount"


class CloseForm(StaffForm):
    """Why an account is closed."""

    prefix = "close"
    reason = reason_field(required=True)


class PayerForm(StaffForm):
    """An account that may pay; its number is kept as a fingerprint."""

    prefix = "payer"
    label = forms.CharField(label="Whose account", max_length=80, help_text="The borrower's, the employer's, ...")
    account_number = forms.CharField(label="Account number", max_length=34)
    ifsc = forms.CharField(label="IFSC", max_length=11)


class RemoveForm(StaffForm):
    """Why an account may not pay any more."""

    reason = reason_field(required=True)


@admin.register(VirtualAccount)
class VirtualAccountAdmin(PagedAdmin):
    """Account numbers of loans' own."""

    page_name, argument = "staff-payments:virtual-account", "account_id"
    list_display = ("account_number", "loan", "state_badge", "vendor", "ifsc", "asked", "closed", "problem")
    list_select_related = ("loan", "vendor")
    list_filter = (("state", ChoicesDropdownFilter), ("requested_at", RangeDateFilter))
    search_fields = ("loan__number", "account_number", "vendor_reference")
    search_help_text = "Number of the loan or of the account, or the vendor's reference, in full"
    list_display_links = ("account_number", "loan")

    @admin.display(description="State")
    def state_badge(self, row: VirtualAccount) -> SafeString:
        """Show the state in colour."""
        return badge(row.state)

    @admin.display(description="Asked for")
    def asked(self, row: VirtualAccount) -> str:
        """Show when it was asked for."""
        return instant(row.requested_at)

    @admin.display(description="Closed")
    def closed(self, row: VirtualAccount) -> str:
        """Show when it was closed."""
        return instant(row.closed_at)


@staff_page(_MANAGE)
@require_POST
def account_open_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Give a loan an account number of its own."""
    loan = get_object_or_404(Loan, pk=loan_id)
    try:
        account = virtual_account_request(loan_id=loan.pk, actor=acting_user(request))
    except KistError as error:
        messages.error(request, error.message)
        return redirect("staff-payments:loan-payments", loan.pk)
    messages.success(request, "The account is being opened; its number appears here in a moment.")
    return redirect("staff-payments:virtual-account", account.pk)


@staff_page("payments.view_virtualaccount")
def virtual_account_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show an account: its number, who may pay into it, and everything that was paid, suspense first."""
    return _response(request, _account(account_id), PayerForm(), CloseForm())


@staff_page(_MANAGE)
@require_POST
def virtual_account_change_page(request: HttpRequest, account_id: int, what: str) -> HttpResponse:
    """Let somebody pay into an account, or close it."""
    account = _account(account_id)
    actor = acting_user(request)
    payer = PayerForm(request.POST if what == "payer" else None)
    close = CloseForm(request.POST if what == "close" else None)
    if what == "payer":
        done = _done(payer, lambda: payer_allow(account_id=account.pk, actor=actor, **payer.cleaned_data))
        words = "Listed: credits of accounts that are not listed wait in suspense."
    else:
        done = _done(close, lambda: virtual_account_close(account_id=account.pk, actor=actor, **close.cleaned_data))
        words = "The account is being closed."
    if not done:
        return _response(request, account, payer, close, status=422)
    messages.success(request, words)
    return redirect("staff-payments:virtual-account", account.pk)


@staff_page(_MANAGE)
def payer_remove_page(request: HttpRequest, payer_id: int) -> HttpResponse:
    """Take the right to pay into an account back."""
    payer = get_object_or_404(AllowedPayer.objects.select_related("account__loan"), pk=payer_id)
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and _done(
        form, lambda: payer_remove(payer_id=payer.pk, actor=acting_user(request), **form.cleaned_data)
    ):
        messages.success(request, f"{payer} may not pay any more.")
        return redirect("staff-payments:virtual-account", payer.account_id)
    return staff_response(
        request,
        "core/form.html",
        status=422 if form.errors else 200,
        title=f"{payer} may not pay any more",
        form=form,
        back=reverse("staff-payments:virtual-account", args=[payer.account_id]),
        button="Take the right back",
        intro=f"Into the account of loan {payer.account.loan.number}.",
    )


def _account(account_id: int) -> VirtualAccount:
    return get_object_or_404(VirtualAccount.objects.select_related("loan__customer", "vendor"), pk=account_id)


def _done(form: StaffForm, act: Callable[[], object]) -> bool:
    """Do an act with a form's values; what is refused stands on the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except KistError as error:
        form.refuse(error)
        return False
    return True


def _response(
    request: HttpRequest, account: VirtualAccount, payer: PayerForm, close: CloseForm, *, status: int = 200
) -> HttpResponse:
    payments = list(account.payments.select_related("loan").order_by("-pk")[:_SHOWN])
    is_open = account.state in (AccountState.OPEN, AccountState.OPENING)
    may_change = request.user.has_perm(_MANAGE)
    context: dict[str, Any] = {
        "account": account,
        "payers": account.payers.select_related("added_by").order_by("is_live", "pk"),
        "payments": payments,
        "waiting": [payment for payment in payments if payment.state in UNDECIDED],
        "payer_form": payer if may_change and is_open else None,
        "close_form": close if may_change and account.state == AccountState.OPEN else None,
    }
    return staff_response(
        request,
        "payments/virtual_account.html",
        status=status,
        title=f"Account of loan {account.loan.number}",
        **context,
    )
