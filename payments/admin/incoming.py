"""Money that arrives: payments and what may be decided about each, links that borrowers are asked by."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter
from core.approvals.selectors import requests_about
from core.errors import KistError
from core.staff_forms import OnceForm, RupeesField, StaffForm, reason_field, rupees_text
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import amount, badge, instant
from ledger.selectors import journals_for
from lms.models import Loan
from payments.admin.lists import FoundByName
from payments.admin.payment_acts import acts_open_to, payer_of
from payments.models import UNDECIDED, IncomingPayment, PaymentLink, PaymentState
from payments.services.incoming import REFERENCE_TYPE
from payments.services.links import LinkRequest, link_request
from payments.services.suspense import payment_take_back, suspense_keep

# What one person may decide about a payment, by its state: code, words, permission.
_DECISIONS: Final = {
    "keep": ("Keep it in suspense", "payments.resolve_suspense", (PaymentState.SUSPENSE,)),
    "take_back": ("Take it off its loan, into suspense", "payments.move_payment", (PaymentState.APPLIED,)),
}


class PaymentDecisionForm(StaffForm):
    """What to do with a payment, and why."""

    decision = forms.ChoiceField(label="What to do")
    reason = reason_field(required=True)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = choices


class LinkForm(OnceForm):
    """A payment that a borrower is asked for."""

    amount_paise = RupeesField(label="Amount in rupees")
    hours = forms.IntegerField(label="Open for hours", min_value=1, initial=72)


@staff_page("payments.request_paymentlink")
def link_ask_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Ask a borrower for a payment by a link that a gateway opens."""
    loan = get_object_or_404(Loan, pk=loan_id)
    form = LinkForm(
        request.POST or None, initial={"amount_paise": rupees_text(loan.overdue_paise or loan.next_due_paise or 0)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            link = link_request(request=LinkRequest(loan_id=loan.pk, actor=acting_user(request), **form.cleaned_data))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{link.number} is being opened; its address appears here in a moment.")
            return redirect("admin:payments_paymentlink_change", link.pk)
    return staff_response(
        request,
        "payments/link_ask.html",
        status=422 if form.errors else 200,
        title=f"Ask for a payment on loan {loan.number}",
        form=form,
        loan=loan,
    )


@staff_page("payments.view_incomingpayment")
def payment_page(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Show one payment with all that happened to it; on submit decide about it."""
    payment = get_object_or_404(IncomingPayment.objects.select_related("loan", "customer", "link"), pk=payment_id)
    choices = [
        (code, words)
        for code, (words, permission, states) in _DECISIONS.items()
        if payment.state in states and request.user.has_perm(permission)
    ]
    form = PaymentDecisionForm(request.POST or None, choices=choices)
    if request.method == "POST":
        if not choices:
            raise PermissionDenied
        if form.is_valid() and _decide(request, form, payment):
            return redirect("staff-payments:payment", payment_id=payment.pk)
    return staff_response(
        request,
        "payments/payment.html",
        status=422 if form.errors else 200,
        title=f"Payment {payment.number}",
        payment=payment,
        events=payment.events.select_related("actor"),
        form=form if choices else None,
        payer=payer_of(payment),
        acts=acts_open_to(request=request, payment=payment),
        is_waiting=payment.state in UNDECIDED,
        requests=list(requests_about(subject_type=IncomingPayment._meta.label_lower, subject_id=payment.pk)),
        disputes=list(payment.disputes.order_by("-pk")),
        refunds=list(payment.refunds.order_by("-pk")),
        journals=list(journals_for(reference_type=REFERENCE_TYPE, reference_id=payment.pk)),
    )


def _decide(request: HttpRequest, form: PaymentDecisionForm, payment: IncomingPayment) -> bool:
    entered = form.cleaned_data
    common = {"payment_id": payment.pk, "reason": entered["reason"], "actor": acting_user(request)}
    decide: dict[str, Callable[[], object]] = {
        "keep": lambda: suspense_keep(**common),
        "take_back": lambda: payment_take_back(**common),
    }
    try:
        decide[entered["decision"]]()
    except KistError as error:
        form.refuse(error)
        return False
    messages.success(request, "Done.")
    return True


class _MoneyAdmin(FoundByName):
    """A list of amounts with states; a row leads to a page or opens read-only."""

    ordering = ("-id",)
    sortable_by = ("number",)
    list_select_related = ("loan",)

    @admin.display(description="Amount")
    def paid(self, row: Any) -> SafeString:
        """Show the amount."""
        return amount(row.amount_paise)

    @admin.display(description="State")
    def state_badge(self, row: Any) -> SafeString:
        """Show the state in colour."""
        return badge(row.state)


@admin.register(IncomingPayment)
class IncomingPaymentAdmin(PageAdmin, _MoneyAdmin):
    """Every payment that arrived; money in suspense waits for a person."""

    list_display = ("number", "loan", "paid", "source", "method", "state_badge", "utr", "arrived", "problem")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    search_fields = ("number", "utr", "vendor_reference", "loan__number")
    search_help_text = "Number, UTR, the gateway's reference, or the loan's number, in full"

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the payment's page."""
        return redirect("staff-payments:payment", payment_id=pk)

    @admin.display(description="Arrived")
    def arrived(self, payment: IncomingPayment) -> str:
        """Show when it was first heard of."""
        return instant(payment.created_at)


@admin.register(PaymentLink)
class PaymentLinkAdmin(_MoneyAdmin):
    """Links and orders that borrowers are asked by."""

    list_display = ("number", "loan", "paid", "form", "state_badge", "way", "asked", "problem")
    list_filter = (("state", ChoicesDropdownFilter), ("form", ChoicesDropdownFilter), ("requested_at", RangeDateFilter))
    search_fields = ("number", "our_reference", "vendor_reference", "loan__number")
    search_help_text = "Number, reference, or the loan's number, in full"
    # The form field of an address would ask which scheme to take; `way` leads there.
    exclude = ("idempotency_key", "content_hash", "address")
    readonly_fields = ("way",)

    @admin.display(description="Address")
    def way(self, link: PaymentLink) -> SafeString | str:
        """Lead to where the borrower pays."""
        return format_html('<a class="k-link" href="{}" rel="noopener">Open</a>', link.address) if link.address else ""

    @admin.display(description="Asked for")
    def asked(self, link: PaymentLink) -> str:
        """Show when it was asked for."""
        return instant(link.requested_at)
