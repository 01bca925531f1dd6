"""Schedule and APR before anything is agreed, and the sanction of a loan with its schedule in sight."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.acts.registry import ActDone, ActWaiting
from core.acts.submitting import act_submit
from core.business_date import business_date
from core.errors import KistError
from core.money import format_rupees
from core.staff_forms import DayField, OnceForm, RupeesField, StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from customers.models import Customer
from customers.selectors import customer_by_number
from lms.acts.sanctions import LOAN_SANCTION_ACT
from lms.admin.charts import schedule_chart
from lms.models import ProductVersion
from lms.offers import Offer, offer_of
from lms.services.loans import sanction_terms

# The type checker knows Django's class as one of rows of a kind; at run time it is not.
if TYPE_CHECKING:
    _VersionChoice = forms.ModelChoiceField[ProductVersion]
else:
    _VersionChoice = forms.ModelChoiceField


class VersionField(_VersionChoice):
    """A version of a product, with what it allows."""

    def label_from_instance(self, obj: Any) -> str:
        """Say what may be sanctioned under the version."""
        return (
            f"{obj.product.code} {obj.product.name}, version {obj.number}: "
            f"{format_rupees(obj.principal_min_paise)[:-3]} to {format_rupees(obj.principal_max_paise)[:-3]}, "
            f"{obj.rate_min_pct.normalize():f} to {obj.rate_max_pct.normalize():f} %, "
            f"{obj.instalment_count_min} to {obj.instalment_count_max} instalments"
        )


class OfferFields(StaffForm):
    """What makes an offer out of a product version."""

    version = VersionField(label="Product", queryset=ProductVersion.objects.none())
    principal_paise = RupeesField(label="Amount in rupees")
    annual_rate_pct = forms.DecimalField(label="Rate, % a year", max_digits=9, decimal_places=4, min_value=0)
    instalment_count = forms.IntegerField(label="Instalments", min_value=1, max_value=2000)
    first_due_date = DayField(
        label="First due date", required=False, help_text="Empty: one period after the disbursal."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(VersionField, self.fields["version"])
        field.queryset = self.versions().order_by("product__code", "-number")

    def versions(self) -> QuerySet[ProductVersion]:
        """Return the versions to choose from."""
        return ProductVersion.objects.select_related("product").filter(product__is_active=True)

    def offer(self, *, start_date: date) -> Offer:
        """Work out the offer of what was entered.

        Raises:
            KistError: the product does not allow it, or no schedule follows.
        """
        entered = self.cleaned_data
        terms = sanction_terms(
            version=entered["version"],
            principal_paise=entered["principal_paise"],
            annual_rate_pct=entered["annual_rate_pct"],
            instalment_count=entered["instalment_count"],
            first_due_date=entered["first_due_date"],
            sanctioned_on=max(start_date, entered["version"].effective_from),
            overrides={},
        )
        return offer_of(terms=terms, start_date=start_date)


class PreviewForm(OfferFields):
    """An offer on a day of disbursal."""

    start_date = DayField(label="Disbursed on")


class SanctionForm(OfferFields, OnceForm):
    """A loan to be sanctioned; `previewed` says which content the shown schedule belongs to."""

    customer = forms.CharField(label="Customer number", max_length=32, help_text="Such as C0000001; search finds it.")
    sanctioned_on = DayField(label="Sanctioned on")
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    field_order = ["customer", "version", "principal_paise", "annual_rate_pct", "instalment_count", "first_due_date"]

    def versions(self) -> QuerySet[ProductVersion]:
        """Leave out products whose loans are drawn from a line."""
        return super().versions().filter(product__is_line=False)

    def clean_customer(self) -> Customer:
        """Find the customer."""
        customer = customer_by_number(number=self.cleaned_data["customer"])
        if customer is None:
            raise forms.ValidationError("There is no customer with this number. Search for the name to find it.")
        return customer

    def content(self) -> str:
        """Return a fingerprint of what would be sanctioned."""
        entered = self.cleaned_data
        parts = [entered["customer"].pk, entered["version"].pk, entered["principal_paise"], entered["annual_rate_pct"]]
        parts += [entered["instalment_count"], entered["first_due_date"], entered["sanctioned_on"]]
        return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()

    def sanction(self, *, actor: User) -> ActDone | ActWaiting:
        """Open the account, or ask a second person for it where the rules of the day want one."""
        entered = self.cleaned_data
        names = ("version", "principal_paise", "annual_rate_pct", "instalment_count", "first_due_date", "sanctioned_on")
        return act_submit(
            act=LOAN_SANCTION_ACT,
            subject_id=entered["customer"].pk,
            values={name: entered[name] for name in names},
            reason="",
            idempotency_key=entered["idempotency_key"],
            actor=actor,
        )


@staff_page("lms.view_productversion")
def preview_page(request: HttpRequest) -> HttpResponse:
    """Show schedule, instalment, APR and total interest of an offer; nothing is written."""
    today = business_date()
    is_asked = "principal_paise" in request.GET
    form = PreviewForm(request.GET) if is_asked else PreviewForm(initial=_preview_initial(request, today))
    offer = None
    if is_asked and form.is_valid():
        offer = _offer_or_refusal(form, form.cleaned_data["start_date"])
    return staff_response(
        request,
        "lms/preview.html",
        title="Schedule preview",
        form=form,
        offer=offer,
        chart=schedule_chart(offer.rows) if offer else None,
        sanction_query=request.GET.urlencode() if offer else "",
    )


@staff_page("lms.sanction_loan")
def sanction_page(request: HttpRequest) -> HttpResponse:
    """Take the terms of a loan, show its schedule, and open the account once the schedule was seen."""
    today = business_date()
    if request.method != "POST":
        form = SanctionForm(initial=_sanction_initial(request, today))
        return _sanction_response(request, form, None, 200)
    form = SanctionForm(request.POST)
    if not form.is_valid():
        return _sanction_response(request, form, None, 422)
    offer = _offer_or_refusal(form, form.cleaned_data["sanctioned_on"])
    if offer is not None and "confirm" in request.POST and form.cleaned_data["previewed"] == form.content():
        try:
            outcome = form.sanction(actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
            return _sanction_response(request, form, None, 422)
        if isinstance(outcome, ActWaiting):
            messages.success(request, f"A second person has to agree: request {outcome.request.pk} waits for approval.")
            return redirect("staff-approvals:request", outcome.request.pk)
        messages.success(request, f"Loan {outcome.result} is sanctioned. It can be disbursed now.")
        return redirect("admin:lms_loan_change", outcome.result.pk)
    return _sanction_response(request, form, offer, 200 if offer else 422)


def _sanction_response(request: HttpRequest, form: SanctionForm, offer: Offer | None, status: int) -> HttpResponse:
    seen = form.content() if offer else ""
    if form.is_bound:
        form.data = {**dict(form.data.items()), "previewed": seen}
    return staff_response(
        request,
        "lms/sanction.html",
        status=status,
        title="Sanction a loan",
        form=form,
        offer=offer,
        customer=form.cleaned_data.get("customer") if form.is_bound and hasattr(form, "cleaned_data") else None,
        chart=schedule_chart(offer.rows) if offer else None,
        is_changed=form.is_bound and "confirm" in form.data and offer is not None,
    )


def _offer_or_refusal(form: OfferFields, start_date: date) -> Offer | None:
    try:
        return form.offer(start_date=start_date)
    except KistError as error:
        form.refuse(error)
        return None


def _preview_initial(request: HttpRequest, today: date) -> dict[str, object]:
    return {"start_date": today} | _version_initial(request.GET.get("version"))


def _sanction_initial(request: HttpRequest, today: date) -> dict[str, object]:
    """Take over what a preview, or the page of a customer, leads here with."""
    initial: dict[str, object] = {"sanctioned_on": today} | _version_initial(request.GET.get("version"))
    for name in ("customer", "version", "principal_paise", "annual_rate_pct", "instalment_count", "first_due_date"):
        if request.GET.get(name):
            initial[name] = request.GET[name]
    return initial


def _version_initial(text: str | None) -> dict[str, object]:
    """Start from the middle of what a version allows."""
    versions = ProductVersion.objects.filter(product__is_active=True, product__is_line=False)
    version = versions.filter(pk=text).first() if text and text.isdecimal() else versions.order_by("pk").first()
    if version is None:
        return {}
    middle = (version.principal_min_paise + version.principal_max_paise) // 2 // 100_000 * 100_000
    return {
        "version": version.pk,
        "principal_paise": format_rupees(max(middle, version.principal_min_paise)).replace("₹", ""),
        "annual_rate_pct": Decimal(version.rate_min_pct).normalize(),
        "instalment_count": version.instalment_count_max,
    }
