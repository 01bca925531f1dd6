"""The counter: cash and cheques taken from borrowers, the drawers of a day, and one receipt with what became of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, RupeesField, as_of_date, rupees_text
from core.staff_pages import acting_user, staff_page, staff_response
from lms.models import Loan
from lms.search import SearchResult, search_everything
from payments.admin.cheques import cheque_decided, cheque_form
from payments.counter_selectors import SHOWN, cheques_at_bank, cheques_in_clearing, till_on
from payments.models import CounterKind, CounterReceipt, PaymentState
from payments.sagas.receipt_document import receipt_document_issue, receipt_document_of
from payments.services.counter_effects import counter_effect
from payments.services.deposit_asking import deposits_waiting
from payments.services.deposits import Cheque, CounterOrder, counter_take
from payments.services.rules import rules_on

_SEE = "payments.view_incomingpayment"


class TakeForm(OnceForm):
    """Cash or a cheque, as it lies on the counter."""

    kind = forms.ChoiceField(label="What is handed over", choices=CounterKind.choices)
    amount_paise = RupeesField(label="Amount in rupees")
    cheque_number = forms.CharField(label="Cheque number", required=False, max_length=12, help_text="The six digits.")
    cheque_bank = forms.CharField(label="Drawn on", required=False, max_length=80, help_text="Bank and branch.")
    cheque_date = DayField(label="Date on the cheque", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show_with(f"kind={CounterKind.CHEQUE}", "cheque_number", "cheque_bank", "cheque_date")

    def clean(self) -> dict[str, Any]:
        """Ask for what is written on a cheque."""
        entered = super().clean() or {}
        if entered.get("kind") == CounterKind.CHEQUE:
            for name in ("cheque_number", "cheque_bank", "cheque_date"):
                if name not in self.errors and not entered.get(name):
                    self.add_error(name, "A cheque needs this.")
        return entered

    def order(self, *, loan: Loan, actor: Any) -> CounterOrder:
        """Return what was entered."""
        entered = self.cleaned_data
        cheque = None
        if entered["kind"] == CounterKind.CHEQUE:
            cheque = Cheque(
                number=entered["cheque_number"].strip(),
                bank=entered["cheque_bank"].strip(),
                dated=entered["cheque_date"],
            )
        return CounterOrder(
            loan_id=loan.pk,
            amount_paise=entered["amount_paise"],
            cheque=cheque,
            idempotency_key=f"counter:{entered['idempotency_key']}",
            actor=actor,
        )


@staff_page(_SEE)
def counter_page(request: HttpRequest) -> HttpResponse:
    """Find the loan that somebody pays for, and see the drawers of a day and the cheques at the bank."""
    today = business_date()
    text = (request.POST if request.method == "POST" else request.GET).get("q", "").strip()[:100]
    found = search_everything(text=text) if text else SearchResult((), (), None)
    if found.exact_loan is not None and request.user.has_perm("payments.take_cash"):
        return redirect("staff-payments:counter-take", found.exact_loan.pk)
    day = as_of_date(request.GET.get("day"), latest=today) or today
    return staff_response(
        request,
        "payments/counter.html",
        title="Counter",
        search_text=text,
        result=found,
        day=day,
        today=today,
        till=till_on(day=day),
        clearing=cheques_at_bank(receipts=cheques_in_clearing()[:SHOWN], today=today),
        slips=list({row.pk: row for row in deposits_waiting().values()}.values()),
    )


@staff_page("payments.take_cash")
def counter_take_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Take cash or a cheque on a loan; *Show where it goes* tells what it would pay."""
    loan = get_object_or_404(Loan.objects.select_related("customer"), pk=loan_id)
    owed = loan.overdue_paise or loan.next_due_paise or 0
    form = TakeForm(request.POST or None, initial={"amount_paise": rupees_text(owed) if owed else ""})
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        order = form.order(loan=loan, actor=acting_user(request))
        try:
            if "check" in request.POST:
                shown = {"effect": counter_effect(order=order), "is_preview": True}
            else:
                return _taken(request, counter_take(order=order))
        except KistError as error:
            form.refuse(error)
    today = business_date()
    return staff_response(
        request,
        "payments/counter_take.html",
        status=200 if shown or request.method != "POST" else 422,
        title=f"Take money: {loan.number}",
        loan=loan,
        form=form,
        today=today,
        cash_limit_paise=rules_on(day=today).cash_receipt_limit_paise,
        **shown,
    )


@staff_page(_SEE)
def counter_receipt_page(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """Show what was taken, its receipt and its slip; on submit say what became of a cheque."""
    rows = CounterReceipt.objects.select_related("payment__loan__customer", "deposit", "taken_by")
    receipt = get_object_or_404(rows, pk=receipt_id)
    form = cheque_form(request, receipt)
    shown: dict[str, Any] = {}
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            shown = cheque_decided(request, receipt, form)
            if not shown and not form.errors:
                return redirect("staff-payments:counter-receipt", receipt.pk)
    payment = receipt.payment
    is_applied = payment.state == PaymentState.APPLIED
    return staff_response(
        request,
        "payments/counter_receipt.html",
        status=422 if form is not None and form.errors else 200,
        title=f"{receipt.get_kind_display()} {payment.number}",
        receipt=receipt,
        payment=payment,
        events=payment.events.select_related("actor"),
        document=receipt_document_of(payment=payment) if is_applied else None,
        waits=deposits_waiting().get(payment.pk),
        form=form,
        at_bank=next(iter(cheques_at_bank(receipts=[receipt], today=business_date())), None),
        **shown,
    )


def _taken(request: HttpRequest, receipt: CounterReceipt) -> HttpResponse:
    """Issue the receipt of cash at once; the paper of a cheque follows when it has cleared."""
    payment = receipt.payment
    messages.success(request, f"{receipt.get_kind_display()} taken: {payment.number}.")
    if payment.state == PaymentState.APPLIED:
        try:
            receipt_document_issue(payment=payment)
        except KistError as error:
            messages.warning(request, f"The money is on the loan. Its receipt on paper waits: {error.message}")
    return redirect("staff-payments:counter-receipt", receipt.pk)
