"""Pages of the goods and services tax: the register of a month, and what is published for the months to come."""

from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from core.states import STATES
from ledger.exports import is_export
from ledger.gst.exports import register_csv, register_xlsx
from ledger.gst.register import month_of, register_documents, register_of
from ledger.gst.registrations import RegistrationTerms, registration_publish, registrations_on
from ledger.gst.rules import CREDIT_GRANTING_SAC, TaxRuleTerms, tax_rule_publish
from ledger.models import SupplyKind, TaxTreatment


class TaxRuleForm(StaffForm):
    """The next rule for a kind of supply, or for one charge."""

    supply = forms.ChoiceField(choices=SupplyKind.choices)
    charge_code = forms.CharField(
        label="Charge", required=False, max_length=40, help_text="Code as in the product. Empty: all that have no rule."
    )
    treatment = forms.ChoiceField(choices=TaxTreatment.choices)
    rate_bps = forms.IntegerField(
        label="Rate in basis points", min_value=0, max_value=10_000, help_text="1800 is 18 %; 0 unless taxable."
    )
    sac = forms.CharField(label="SAC", max_length=6)
    effective_from = DayField(label="Effective from", help_text="After the last charge that is invoiced.")
    source = forms.CharField(max_length=200, help_text="The notification or circular, or the policy.")
    reason = reason_field(required=True)


class RegistrationForm(StaffForm):
    """A registration, or how it reads from a day on."""

    state_code = forms.ChoiceField(label="State", choices=[(state.code, state.name) for state in STATES])
    gstin = forms.CharField(label="GSTIN", max_length=15)
    legal_name = forms.CharField(max_length=160)
    address = forms.CharField(max_length=300)
    effective_from = DayField(label="Effective from")
    is_principal = forms.BooleanField(
        label="Principal place of business",
        required=False,
        help_text="Supplies borrowers of states without a registration.",
    )
    is_active = forms.BooleanField(
        label="In force", required=False, initial=True, help_text="Empty: given up that day."
    )
    reason = reason_field(required=True)


@staff_page("ledger.view_taxdocument")
def register_page(request: HttpRequest) -> HttpResponse:
    """Show the tax documents of a month by the tables of the return, and that the ledger says the same."""
    today = business_date()
    first, last = month_of(_month(request.GET.get("month"), today))
    registrations = registrations_on(on_date=last)
    wanted = request.GET.get("state")
    principal = next((row for row in registrations if row.is_principal), None)
    chosen = next((row for row in registrations if row.state_code == wanted), principal)
    chosen = chosen or next(iter(registrations), None)
    if chosen is None:
        return staff_response(
            request, "ledger/gst_register.html", title="GST register", register=None, month=first, registrations=()
        )
    register = register_of(state_code=chosen.state_code, month=first, is_principal=chosen.is_principal)
    if request.GET.get("format") == "xlsx" or is_export(request):
        documents = register_documents(state_code=chosen.state_code, first_day=first, last_day=last).iterator()
        download = register_xlsx if request.GET["format"] == "xlsx" else register_csv
        return download(request, register=register, documents=documents)
    documents_query = f"supplier_state={chosen.state_code}&issued_on__gte={first}&issued_on__lte={last}"
    return staff_response(
        request,
        "ledger/gst_register.html",
        title="GST register",
        register=register,
        registration=chosen,
        registrations=registrations,
        month=first,
        month_before=month_of(date.fromordinal(first.toordinal() - 1))[0],
        month_after=date.fromordinal(last.toordinal() + 1),
        documents_query=documents_query,
    )


@staff_page("ledger.publish_taxrule")
def tax_rule_page(request: HttpRequest) -> HttpResponse:
    """Publish a tax rule that counts from a day on."""
    start = {"rate_bps": 1800, "sac": CREDIT_GRANTING_SAC, "effective_from": business_date()}
    form = TaxRuleForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        reason = values.pop("reason")
        values |= {"supply": SupplyKind(values["supply"]), "treatment": TaxTreatment(values["treatment"])}
        try:
            row = tax_rule_publish(terms=TaxRuleTerms(**values), reason=reason, actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"The rule counts from {row.effective_from:%d %b %Y}.")
            return redirect("admin:ledger_taxrule_changelist")
    return _form_page(request, form, "New tax rule", "admin:ledger_taxrule_changelist", "Publish the rule")


@staff_page("ledger.publish_gstregistration")
def registration_page(request: HttpRequest) -> HttpResponse:
    """Publish a registration of the lender."""
    form = RegistrationForm(request.POST or None, initial={"effective_from": business_date()})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        reason = values.pop("reason")
        try:
            row = registration_publish(terms=RegistrationTerms(**values), reason=reason, actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{row.gstin} counts from {row.effective_from:%d %b %Y}.")
            return redirect("admin:ledger_gstregistration_changelist")
    back = "admin:ledger_gstregistration_changelist"
    return _form_page(request, form, "New GST registration", back, "Publish the registration")


def _form_page(request: HttpRequest, form: StaffForm, title: str, back: str, button: str) -> HttpResponse:
    status = 422 if form.errors else 200
    return staff_response(
        request, "ledger/gst_form.html", title=title, status=status, form=form, back=back, button=button
    )


def _month(text: str | None, today: date) -> date:
    """Read a month as the browser writes it; nothing or nonsense is the present one."""
    try:
        return date.fromisoformat(f"{text}-01") if text else today
    except ValueError:
        return today
