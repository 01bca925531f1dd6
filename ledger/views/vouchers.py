"""Pages of journals by hand: write one, see which ones wait."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.approvals.models import ApprovalRequest
from core.approvals.papers import PaperField
from core.approvals.services import Attachment, approval_request
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, RupeesField, StaffForm, reason_field
from core.staff_pages import object_address, staff_page, staff_response
from ledger.approvals import MANUAL_JOURNAL, voucher_payload
from ledger.models import Account
from ledger.services import ManualJournal, ManualLine
from ledger.services.manual_journals import MOST_LINES
from ledger.views.asked import products

_SHOWN = 50
_LINES_SHOWN = 6


class VoucherForm(OnceForm):
    """What the whole voucher is about."""

    value_date = DayField(label="Date", help_text="The day that it belongs to; it is booked on this day.")
    narration = forms.CharField(label="Narration", max_length=200, help_text="Without names of persons.")
    product_code = forms.ChoiceField(label="Product", required=False)
    paper = PaperField()
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product: Any = self.fields["product_code"]
        product.choices = [("", "None"), *((code, code) for code in products())]


class LineForm(StaffForm):
    """One line: an account with a debit or a credit; a line without an account is left out."""

    account_code = forms.CharField(label="Account", max_length=48, required=False)
    debit_paise = RupeesField(label="Debit", required=False)
    credit_paise = RupeesField(label="Credit", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account_code"].widget.attrs |= {"list": "manual-accounts", "autocomplete": "off"}

    @property
    def line(self) -> ManualLine:
        """What was entered."""
        return ManualLine(
            account_code=self.cleaned_data.get("account_code") or "",
            debit_paise=self.cleaned_data.get("debit_paise") or 0,
            credit_paise=self.cleaned_data.get("credit_paise") or 0,
        )


Lines = forms.formset_factory(LineForm, extra=_LINES_SHOWN, max_num=MOST_LINES, absolute_max=MOST_LINES)


@staff_page("ledger.request_manual_journal", "ledger.approve_manual_journal")
def vouchers_page(request: HttpRequest) -> HttpResponse:
    """List the journals by hand that were asked for, and what became of them."""
    requests = ApprovalRequest.objects.filter(kind=MANUAL_JOURNAL).select_related("made_by", "decided_by")[:_SHOWN]
    return staff_response(
        request,
        "ledger/vouchers.html",
        title="Manual journals",
        requests=[(row, object_address(object_type="core.approvalrequest", object_id=row.pk)) for row in requests],
    )


@staff_page("ledger.request_manual_journal")
def voucher_page(request: HttpRequest) -> HttpResponse:
    """Take a voucher, and ask a second person to approve it."""
    form = VoucherForm(request.POST or None, request.FILES or None, initial={"value_date": business_date()})
    lines: Any = Lines(request.POST or None, prefix="lines")
    if request.method == "POST" and form.is_valid() and lines.is_valid() and _ask(request, form, lines):
        return redirect("staff-books:vouchers")
    return staff_response(
        request,
        "ledger/voucher.html",
        status=422 if form.errors or any(lines.errors) else 200,
        title="New manual journal",
        form=form,
        lines=lines,
        accounts=Account.objects.filter(is_active=True, is_manual_allowed=True).order_by("code"),
    )


def _ask(request: HttpRequest, form: VoucherForm, lines: Any) -> bool:
    entered = form.cleaned_data
    written = [entry.line for entry in lines.forms]
    voucher = ManualJournal(
        lines=tuple(line for line in written if line.account_code or line.debit_paise or line.credit_paise),
        value_date=entered["value_date"],
        narration=entered["narration"],
        product_code=entered["product_code"],
    )
    paper = entered["paper"]
    actor: Any = request.user
    try:
        approval_request(
            kind=MANUAL_JOURNAL,
            payload=voucher_payload(voucher=voucher, reason=entered["reason"]),
            reason=entered["reason"],
            actor=actor,
            idempotency_key=entered["idempotency_key"],
            attachments=[Attachment(name=paper.name, content=paper.read())] if paper else [],
        )
    except KistError as error:
        form.refuse(error)
        return False
    messages.success(request, "A second person has to approve the journal: the request waits in the approvals.")
    return True
