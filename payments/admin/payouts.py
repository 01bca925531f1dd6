"""Payouts: the list, one page with everything about each, the form that asks for one, and what may be decided."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter, ReadOnlyModelAdmin
from core.approvals.models import ApprovalRequest
from core.approvals.selectors import requests_about
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import OnceForm, RupeesField, StaffForm, reason_field, rupees_text
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import amount, badge, instant
from customers.models import BankAccount
from lms.engine.state import LoanStatus
from lms.models import Loan
from payments.models import Payout, PayoutKind, Rail
from payments.selectors import payout_picture, payouts_for_search, payouts_in_doubt, payouts_stuck
from payments.services.payees import Proof, proof_of
from payments.services.payout_answers import is_answerable
from payments.services.payout_asking import account_words, payout_effect, payout_submit, second_person_causes
from payments.services.payout_decisions import DECISIONS, PERMISSION_OF, decisions_of
from payments.services.payouts import PayoutOrder

_BUTTONS: Final = {
    "look": ("Ask the vendor now", "sync", "The vendor is asked now; nothing is sent."),
    "retry": ("Try again", "replay", "Goes on where it stopped; the vendor is asked before anything is sent."),
    "park": ("Park", "pause_circle", "Stops before the next step until somebody decides."),
    "bank": ("Ask the bank", "contact_support", "Notes that the bank was asked, and parks until it answers."),
    "cancel": ("Cancel", "cancel", "Nothing was sent yet: the payout ends and the loan is as before."),
}


class PayoutForm(OnceForm):
    """A payout to one of the borrower's own accounts."""

    kind = forms.ChoiceField(label="What for")
    bank_account = forms.ChoiceField(label="To the account")
    amount_paise = RupeesField(label="Amount in rupees")
    rail = forms.ChoiceField(label="By", required=False, choices=[("", "the fastest that takes it"), *Rail.choices])
    reason = reason_field(required=True)

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loan = loan
        kind, account = self.fields["kind"], self.fields["bank_account"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101  # declared above
        assert isinstance(account, forms.ChoiceField)  # noqa: S101  # declared above
        kind.choices = _kinds(loan)
        account.choices = _accounts(loan)

    def order(self, *, actor: Any) -> PayoutOrder:
        """Return what was entered."""
        entered = self.cleaned_data
        return PayoutOrder(
            kind=PayoutKind(entered["kind"]),
            loan_id=self.loan.pk,
            bank_account_id=int(entered["bank_account"]),
            amount_paise=entered["amount_paise"],
            rail=Rail(entered["rail"]) if entered["rail"] else None,
            reason=entered["reason"],
            actor=actor,
            idempotency_key=f"staff:{entered['idempotency_key']}",
        )


class DecisionForm(StaffForm):
    """Why something is decided about a payout."""

    reason = reason_field(required=True)


@admin.register(Payout)
class PayoutAdmin(PageAdmin, ReadOnlyModelAdmin):
    """Every payout; what can be done about one is on its page."""

    list_display = ("number", "loan", "kind_words", "paid", "rail", "state_badge", "utr", "requested", "problem")
    list_select_related = ("loan",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("rail", ChoicesDropdownFilter),
        ("requested_at", RangeDateFilter),
    )
    list_before_template = "payments/_stuck.html"
    search_fields = ("number",)
    search_help_text = "Number, UTR, or our reference at the vendor, in full"
    ordering = ("-id",)
    sortable_by = ("number",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by every name that a payout has, in full: each is an index."""
        if not search_term.strip():
            return queryset, False
        return queryset & payouts_for_search(text=search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Put what is stuck above the list."""
        above = {"stuck": payouts_stuck(), "in_doubt": payouts_in_doubt()}
        return super().changelist_view(request, {**above, **(extra_context or {})})

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the payout's page in place of a form: a payout changes by what vendors tell."""
        return _payout_response(request, _payout(pk), DecisionForm())

    @admin.display(description="What for")
    def kind_words(self, payout: Payout) -> str:
        """Show what it is for."""
        return payout.get_kind_display()

    @admin.display(description="Amount")
    def paid(self, payout: Payout) -> SafeString:
        """Show the amount."""
        return amount(payout.amount_paise)

    @admin.display(description="State")
    def state_badge(self, payout: Payout) -> SafeString:
        """Show the state in colour."""
        return badge(payout.state)

    @admin.display(description="Asked for")
    def requested(self, payout: Payout) -> str:
        """Show when it was asked for."""
        return instant(payout.requested_at)


@staff_page("payments.request_payout")
def payout_ask_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Ask for a payout on a loan; *Show the effect first* tells what it would do."""
    loan = get_object_or_404(Loan.objects.select_related("customer"), pk=loan_id)
    form = PayoutForm(request.POST or None, loan=loan, initial=_initial(loan))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        if "check" in request.POST:
            shown = _preview(request, form)
        elif done := _submit(request, form):
            return done
    return staff_response(
        request,
        "payments/payout_ask.html",
        status=200 if shown or request.method != "POST" else 422,
        title=f"Pay out: {loan.number}",
        loan=loan,
        form=form,
        has_accounts=bool(_accounts(loan)),
        **shown,
    )


@staff_page("payments.view_payout")
def payout_part(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Show the moving part of a payout's page; it loads itself again while workers are at it."""
    payout = _payout(payout_id)
    shown = _picture(payout)
    response = render(request, "payments/_payout_live.html", shown)
    # The page's buttons are those of an earlier state: with the state the whole page changes.
    if request.GET.get("state") not in (None, shown["state"]):
        response["HX-Refresh"] = "true"
    return response


@staff_page("payments.request_payout", "core.decide_saga")
@require_POST
def payout_decide_page(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Do what the pressed button says, with the reason that was given."""
    payout = _payout(payout_id)
    decision = request.POST.get("decision", "")
    form = DecisionForm(request.POST)
    if decision not in DECISIONS:
        return _payout_response(request, payout, form, status=422)
    if not request.user.has_perm(PERMISSION_OF[decision]):
        raise PermissionDenied
    if form.is_valid():
        try:
            DECISIONS[decision](payout_id=payout.pk, actor=acting_user(request), reason=form.cleaned_data["reason"])
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{_BUTTONS[decision][0]}: done for {payout.number}.")
            return redirect("admin:payments_payout_change", payout.pk)
    return _payout_response(request, payout, form, status=422)


def _payout(payout_id: int) -> Payout:
    rows = Payout.objects.select_related("loan", "customer", "bank_account__customer", "requested_by")
    return get_object_or_404(rows, pk=payout_id)


def _payout_response(request: HttpRequest, payout: Payout, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    picture = _picture(payout)
    saga = picture["picture"].saga
    buttons = [
        (name, *_BUTTONS[name])
        for name in decisions_of(payout=payout, saga=saga)
        if request.user.has_perm(PERMISSION_OF[name])
    ]
    return staff_response(
        request,
        "payments/payout.html",
        status=status,
        title=f"Payout {payout.number}",
        form=form,
        buttons=buttons,
        account=account_words(payout.bank_account),
        is_answerable=is_answerable(payout=payout, saga=saga),
        requests=list(requests_about(subject_type=Payout._meta.label_lower, subject_id=payout.pk)),
        compensations=list(payout.compensations.select_related("payout")),
        proof=proof_of(bank_account=payout.bank_account, today=business_date()),
        **picture,
    )


def _picture(payout: Payout) -> dict[str, Any]:
    picture = payout_picture(payout=payout)
    # What the buttons of the page follow from.
    state = f"{payout.state}.{picture.saga.state if picture.saga else ''}"
    return {"payout": payout, "picture": picture, "state": state}


def _kinds(loan: Loan) -> list[tuple[str, str]]:
    kinds = []
    if loan.status == LoanStatus.SANCTIONED or loan.undrawn_paise > 0:
        kinds.append((PayoutKind.DISBURSAL.value, PayoutKind.DISBURSAL.label))
    if loan.excess_paise > 0:
        kinds.append((PayoutKind.REFUND.value, PayoutKind.REFUND.label))
    return kinds or [(PayoutKind.DISBURSAL.value, PayoutKind.DISBURSAL.label)]


def _accounts(loan: Loan) -> list[tuple[str, str]]:
    today = business_date()
    rows = BankAccount.objects.filter(customer_id=loan.customer_id).select_related("customer")
    return [
        (str(row.pk), f"{account_words(row)}: {proof_words(proof_of(bank_account=row, today=today))}")
        for row in rows.order_by("-is_primary", "-pk")[:10]
    ]


def proof_words(proof: Proof) -> str:
    """Say in a word what is known of an account."""
    if proof.is_proven:
        return "proven"
    if proof.is_refused:
        return f"not usable, {proof.problem}"
    if proof.is_ended:
        return f"proven no more, {proof.problem}"
    return "name in doubt" if proof.is_in_review else "will be proven first"


def _initial(loan: Loan) -> dict[str, object]:
    if loan.status == LoanStatus.SANCTIONED:
        return {"amount_paise": rupees_text(loan.principal_paise), "kind": PayoutKind.DISBURSAL}
    open_paise = loan.undrawn_paise or loan.excess_paise
    kind = PayoutKind.DISBURSAL if loan.undrawn_paise else PayoutKind.REFUND
    return {"amount_paise": rupees_text(open_paise), "kind": kind}


def _preview(request: HttpRequest, form: PayoutForm) -> dict[str, Any]:
    order = form.order(actor=acting_user(request))
    try:
        effect = payout_effect(order=order)
        causes = second_person_causes(order=order)
    except KistError as error:
        form.refuse(error)
        return {}
    return {"effect": effect, "is_preview": True, "is_for_approval": bool(causes), "causes": causes}


def _submit(request: HttpRequest, form: PayoutForm) -> HttpResponse | None:
    try:
        outcome = payout_submit(order=form.order(actor=acting_user(request)))
    except KistError as error:
        form.refuse(error)
        return None
    if isinstance(outcome, ApprovalRequest):
        messages.success(request, f"{outcome.description}: request {outcome.pk} waits for approval.")
        return redirect("staff-approvals:request", outcome.pk)
    messages.success(request, f"Payout {outcome.number} is under way.")
    return redirect(reverse("admin:payments_payout_change", args=[outcome.pk]))
