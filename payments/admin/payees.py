"""Accounts that money may be paid to: what was proven of each, names in doubt, and a new proof."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core import audit
from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter, ReadOnlyModelAdmin
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import badge, day, instant
from customers.models import BankAccount
from payments.models import NameBand, PayeeCheck, ProofJob
from payments.services.payees import check_decide, proof_of, proof_request
from payments.services.payout_asking import account_words

_SHOWN = 50
_UNMASK = "customers.unmask_customer"


class DoubtForm(StaffForm):
    """Whether two names are one person's."""

    decision = forms.ChoiceField(
        label="The account is", choices=[("same", "the borrower's own"), ("other", "somebody else's")]
    )
    reason = reason_field(required=True)


@admin.register(PayeeCheck)
class PayeeCheckAdmin(PageAdmin, ReadOnlyModelAdmin):
    """Every check of an account, the latest first; the latest answer counts until its day."""

    list_display = (
        "customer",
        "account",
        "state_badge",
        "band_badge",
        "score",
        "until",
        "operation",
        "vendor",
        "asked",
    )
    list_select_related = ("bank_account__customer", "vendor")
    list_filter = (
        ("band", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("operation", ChoicesDropdownFilter),
        ("asked_at", RangeDateFilter),
    )
    search_fields = ("our_reference__exact", "vendor_reference__exact", "bank_account__customer__number__exact")
    search_help_text = "Customer number, or our or the vendor's reference, in full"
    ordering = ("-id",)
    sortable_by = ()

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is known of the account in place of a form."""
        return _check_response(request, _check(pk), DoubtForm())

    @admin.display(description="Customer")
    def customer(self, check: PayeeCheck) -> str:
        """Show whose account it is said to be."""
        return str(check.bank_account.customer.full_name)

    @admin.display(description="Account")
    def account(self, check: PayeeCheck) -> str:
        """Show the last digits and the branch."""
        return account_words(check.bank_account)

    @admin.display(description="Account is")
    def state_badge(self, check: PayeeCheck) -> SafeString:
        """Show what the check says in colour."""
        return badge(check.state)

    @admin.display(description="Name")
    def band_badge(self, check: PayeeCheck) -> SafeString | str:
        """Show how well the names fit in colour."""
        return badge(check.band) if check.band else "–"

    @admin.display(description="Counts until")
    def until(self, check: PayeeCheck) -> str:
        """Show the last day on which the answer counts."""
        return day(check.valid_until)

    @admin.display(description="Asked")
    def asked(self, check: PayeeCheck) -> str:
        """Show when it was asked."""
        return instant(check.asked_at)


@staff_page("payments.view_payeecheck")
def doubts_page(request: HttpRequest) -> HttpResponse:
    """List the names in doubt, the longest waiting first."""
    rows = PayeeCheck.objects.filter(band=NameBand.REVIEW).select_related("bank_account__customer", "vendor")
    return staff_response(
        request,
        "payments/doubts.html",
        title="Names in doubt",
        checks=[(row, account_words(row.bank_account)) for row in rows.order_by("pk")[:_SHOWN]],
    )


@staff_page("payments.decide_payeecheck")
@require_POST
def check_decide_page(request: HttpRequest, check_id: int) -> HttpResponse:
    """Accept or reject an account whose holder's name is in doubt."""
    check = _check(check_id)
    form = DoubtForm(request.POST)
    if form.is_valid():
        try:
            check_decide(
                check_id=check.pk,
                is_same_person=form.cleaned_data["decision"] == "same",
                actor=acting_user(request),
                reason=form.cleaned_data["reason"],
            )
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, "Decided; payouts that waited for it go on.")
            return redirect("staff-payments:doubts")
    return _check_response(request, check, form, status=422)


@staff_page("payments.add_proofjob")
@require_POST
def account_prove_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Ask for a new proof of an account."""
    account = get_object_or_404(BankAccount.objects.select_related("customer"), pk=account_id)
    proof_request(bank_account=account, actor=acting_user(request))
    messages.success(request, f"Account {account_words(account)} is being proven.")
    return redirect("admin:customers_customer_change", account.customer_id)


def _check(check_id: int) -> PayeeCheck:
    return get_object_or_404(PayeeCheck.objects.select_related("bank_account__customer", "vendor"), pk=check_id)


def _check_response(request: HttpRequest, check: PayeeCheck, form: DoubtForm, *, status: int = 200) -> HttpResponse:
    account = check.bank_account
    may_see = request.user.has_perm(_UNMASK)
    if may_see and check.holder_name:
        # Another person's name, if the account is somebody else's: who looked at it is kept.
        audit.record(actor=acting_user(request), action="payments.check_read", obj=check)
    earlier = PayeeCheck.objects.filter(account_index=check.account_index, ifsc=check.ifsc).exclude(pk=check.pk)
    return staff_response(
        request,
        "payments/check.html",
        status=status,
        title=f"Account {account_words(account)}",
        check=check,
        account=account,
        words=account_words(account),
        proof=proof_of(bank_account=account, today=business_date()),
        may_see=may_see,
        is_in_doubt=check.band == NameBand.REVIEW,
        is_being_proven=ProofJob.objects.filter(bank_account=account, done_at__isnull=True).exists(),
        earlier=list(earlier.select_related("vendor").order_by("-pk")[:10]),
        form=form,
    )
