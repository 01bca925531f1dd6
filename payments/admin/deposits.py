"""Slips: what is brought to the bank together, asked for by one person and confirmed by another."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString

from core.admin_base import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from core.business_date import business_date
from core.errors import KistError
from core.money import format_rupees
from core.staff_forms import DayField, OnceForm
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import amount, badge, day
from payments.admin.lists import PagedAdmin
from payments.counter_selectors import receipts_with_us
from payments.models import CounterKind, CounterReceipt, Deposit
from payments.services.deposit_asking import DepositOrder, deposit_request_of, deposit_submit, deposits_waiting

_KINDS = {"cash": CounterKind.CASH, "cheques": CounterKind.CHEQUE}


class SlipForm(OnceForm):
    """What is on the slip, its number and day."""

    bank_reference = forms.CharField(label="Number of the slip", max_length=64)
    deposited_on = DayField(label="Brought to the bank on")
    reason = forms.CharField(
        label="Remark", max_length=200, help_text="Who carries it, which branch: for the person who confirms."
    )
    payment_ids = forms.MultipleChoiceField(label="On the slip", required=False)

    def __init__(self, *args: Any, receipts: Sequence[CounterReceipt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["payment_ids"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  # declared above
        field.choices = [(str(row.payment_id), row.payment.number) for row in receipts]


@staff_page("payments.deposit_cash")
def deposit_ask_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Choose what goes to the bank on one slip, and ask a second person to confirm it."""
    if kind not in _KINDS:
        raise Http404
    chosen = _KINDS[kind]
    waiting = deposits_waiting()
    # What waits on another slip stays a choice of the form: a second sending gets the first request.
    receipts = receipts_with_us(kind=chosen)
    form = SlipForm(request.POST or None, receipts=receipts, initial={"deposited_on": business_date()})
    if request.method == "POST" and form.is_valid():
        try:
            asked = deposit_submit(order=_order(form, acting_user(request)))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{asked.description}: request {asked.pk} waits for the second person.")
            return redirect("staff-approvals:request", asked.pk)
    picked = set(request.POST.getlist("payment_ids")) if request.method == "POST" else None
    free = [row for row in receipts if row.payment_id not in waiting]
    return staff_response(
        request,
        "payments/deposit_ask.html",
        status=422 if form.errors else 200,
        title=f"Deposit {'cheques' if chosen == CounterKind.CHEQUE else 'cash'}",
        form=form,
        kind=chosen,
        rows=[(row, picked is None or str(row.payment_id) in picked) for row in free],
        total_paise=sum(row.payment.amount_paise for row in free),
        waiting_count=len(receipts) - len(free),
    )


@admin.register(CounterReceipt)
class CounterReceiptAdmin(PagedAdmin):
    """All cash and cheques that were taken, with what became of each."""

    page_name, argument = "staff-payments:counter-receipt", "receipt_id"
    list_display = ("number", "loan", "kind", "paid", "state_badge", "cheque", "taken_on", "taken_by", "slip")
    list_select_related = ("payment__loan", "taken_by", "deposit")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("taken_by", RelatedDropdownFilter),
        ("taken_on", RangeDateFilter),
    )
    search_fields = ("payment__number", "payment__loan__number", "cheque_number")
    search_help_text = "Number of the receipt, of the loan or of the cheque, in full"

    @admin.display(description="Receipt")
    def number(self, row: CounterReceipt) -> str:
        """Show the payment's number."""
        return row.payment.number

    @admin.display(description="Loan")
    def loan(self, row: CounterReceipt) -> str:
        """Show the loan that it was taken for."""
        return row.payment.loan.number if row.payment.loan else "–"

    @admin.display(description="Amount")
    def paid(self, row: CounterReceipt) -> SafeString:
        """Show the amount."""
        return amount(row.payment.amount_paise)

    @admin.display(description="State")
    def state_badge(self, row: CounterReceipt) -> SafeString:
        """Show the state in colour."""
        return badge(row.state)

    @admin.display(description="Cheque")
    def cheque(self, row: CounterReceipt) -> str:
        """Show the cheque's number and bank."""
        return f"{row.cheque_number}, {row.cheque_bank}" if row.cheque_number else ""

    @admin.display(description="Slip")
    def slip(self, row: CounterReceipt) -> str:
        """Show the deposit that took it to the bank."""
        return row.deposit.number if row.deposit else ""


@admin.register(Deposit)
class DepositAdmin(PagedAdmin):
    """Slips that a second person has confirmed."""

    page_name, argument = "staff-payments:deposit", "deposit_id"
    list_display = ("number", "kind", "paid", "bank_reference", "of_day", "deposited_by")
    list_select_related = ("deposited_by",)
    list_filter = (("kind", ChoicesDropdownFilter), ("deposited_on", RangeDateFilter))
    search_fields = ("number", "bank_reference")
    search_help_text = "Number of the deposit or of the slip, in full"

    @admin.display(description="Amount")
    def paid(self, row: Deposit) -> SafeString:
        """Show the amount."""
        return amount(row.amount_paise)

    @admin.display(description="Brought on")
    def of_day(self, row: Deposit) -> str:
        """Show the day on the slip."""
        return day(row.deposited_on)


@staff_page("payments.view_deposit")
def deposit_page(request: HttpRequest, deposit_id: int) -> HttpResponse:
    """Show a slip with everything on it."""
    deposit = get_object_or_404(Deposit.objects.select_related("deposited_by"), pk=deposit_id)
    receipts = deposit.receipts.select_related("payment__loan", "taken_by").order_by("pk")
    return staff_response(
        request,
        "payments/deposit.html",
        title=f"Deposit {deposit.number}, {format_rupees(deposit.amount_paise)}",
        deposit=deposit,
        receipts=receipts,
        request_row=deposit_request_of(deposit=deposit),
    )


def _order(form: SlipForm, actor: Any) -> DepositOrder:
    entered = form.cleaned_data
    return DepositOrder(
        payment_ids=[int(name) for name in entered["payment_ids"]],
        bank_reference=entered["bank_reference"],
        deposited_on=entered["deposited_on"],
        reason=entered["reason"],
        actor=actor,
        idempotency_key=entered["idempotency_key"],
    )
