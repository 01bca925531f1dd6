"""Dated rows of servicing: parameters, loans that pay no early charge, benchmarks, and the forms that publish them."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.admin_base import AddedByPageAdmin
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, RupeesField, StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from customers.models import CustomerKind
from lms.acts.publications import NIL_CHARGE_ACT, SERVICING_PARAMETERS_ACT
from lms.models import Benchmark, BenchmarkRate, NilChargeRule, Product, ProductBenchmark, RateChoice, RateKind
from lms.models import ServicingParameters as Parameters
from lms.services.benchmarks import benchmark_create, benchmark_rate_publish, product_benchmark_set
from lms.services.servicing_rules import ServicingRules, servicing_rules

_PERMISSION = "lms.publish_servicing"
_INTRO = "What is published is never changed; the latest row that is in force counts."
_RATE: dict[str, Any] = {"max_digits": 9, "decimal_places": 4, "widget": forms.TextInput}


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=3650)


class ParametersForm(ActForm):
    """The next row of parameters; it starts from the one in force."""

    act = SERVICING_PARAMETERS_ACT
    button = "Publish"
    done = "Published."
    icon = "policy"
    intro = _INTRO

    effective_from = DayField(label="Effective from", help_text="The business date or later.")
    settlement_restructure_months = _number("Settlement is a restructuring after months")
    settlement_grace_days = _number("Days of grace for a part of a settlement")
    settlement_cooling_months = _number("No fresh money after a settlement, months")
    write_off_cooling_months = _number("No fresh money after a write-off, months")
    rate_notice_days = _number("Notice of a new rate, days")
    quote_valid_days = forms.IntegerField(label="Foreclosure quotes hold, days", min_value=1, max_value=60)
    source = forms.CharField(max_length=200, help_text="The circular or the policy.")


class NilRuleForm(ActForm):
    """A rule that spares loans the charge for closing early."""

    act = NIL_CHARGE_ACT
    button = "Publish"
    done = "Published."
    icon = "policy"
    intro = _INTRO

    effective_from = DayField(label="Loans sanctioned from")
    rate_kind = forms.ChoiceField(label="Rate", required=False, choices=[("", "Any"), *RateKind.choices])
    customer_kind = forms.ChoiceField(label="Borrower", required=False, choices=[("", "Any"), *CustomerKind.choices])
    up_to_paise = RupeesField(label="Sanctioned up to, in rupees", required=False, help_text="Empty: whatever it is.")
    source = forms.CharField(max_length=200, help_text="The circular or the policy.")


class BenchmarkForm(StaffForm):
    """A benchmark."""

    code = forms.CharField(max_length=20)
    name = forms.CharField(max_length=80)
    reason = reason_field(required=True)


class BenchmarkRateForm(StaffForm):
    """A value of a benchmark."""

    benchmark = forms.ModelChoiceField(Benchmark.objects.order_by("code"))
    effective_from = DayField(label="From")
    rate_pct = forms.DecimalField(label="Value in per cent a year", **_RATE)
    source = forms.CharField(max_length=200)
    reason = reason_field(required=True)


class ProductBenchmarkForm(StaffForm):
    """The benchmark of a product."""

    product = forms.ModelChoiceField(Product.objects.order_by("code"))
    benchmark = forms.ModelChoiceField(
        Benchmark.objects.order_by("code"), required=False, help_text="Empty: fixed rates from then on."
    )
    effective_from = DayField(label="For loans sanctioned from")
    default_choice = forms.ChoiceField(label="Who does not choose gets a new", choices=RateChoice.choices)
    reason = reason_field(required=True)


class _PublishedAdmin(AddedByPageAdmin):
    """Rows that are published by those who may change what the regulator or the board demands."""

    add_permission, add_page = _PERMISSION, "staff:servicing-publish"


@admin.register(Parameters)
class ServicingParametersAdmin(_PublishedAdmin):
    """Times of servicing, by the day from which they count."""

    add_page_args = ("parameters",)
    list_display = ("effective_from", *(field.name for field in fields(ServicingRules)), "source")


@admin.register(NilChargeRule)
class NilChargeRuleAdmin(_PublishedAdmin):
    """Which loans pay nothing for closing early."""

    add_page_args = ("nil-charge",)
    list_display = ("effective_from", "rate_kind", "customer_kind", "up_to_paise", "source")


@admin.register(Benchmark)
class BenchmarkAdmin(_PublishedAdmin):
    """Rates that floating loans follow."""

    add_page_args = ("benchmark",)
    list_display = ("code", "name")


@admin.register(BenchmarkRate)
class BenchmarkRateAdmin(_PublishedAdmin):
    """Values of the benchmarks."""

    add_page_args = ("benchmark-rate",)
    list_display = ("benchmark", "effective_from", "rate_pct", "source")
    list_select_related = ("benchmark",)


@admin.register(ProductBenchmark)
class ProductBenchmarkAdmin(_PublishedAdmin):
    """Which products float, from which sanction date on."""

    add_page_args = ("product-benchmark",)
    list_display = ("product", "benchmark", "effective_from", "default_choice")
    list_select_related = ("product", "benchmark")


# What a second person agrees to.
_ACTS: dict[str, tuple[str, type[ActForm], str]] = {
    "parameters": ("New parameters of servicing", ParametersForm, "servicingparameters"),
    "nil-charge": ("Loans that pay no early charge", NilRuleForm, "nilchargerule"),
}
_PAGES: dict[str, tuple[str, type[StaffForm], Callable[..., object], str]] = {
    "benchmark": (
        "New benchmark",
        BenchmarkForm,
        lambda actor, entered: benchmark_create(actor=actor, **entered),
        "benchmark",
    ),
    "benchmark-rate": (
        "New value of a benchmark",
        BenchmarkRateForm,
        lambda actor, entered: benchmark_rate_publish(actor=actor, **entered),
        "benchmarkrate",
    ),
    "product-benchmark": (
        "Benchmark of a product",
        ProductBenchmarkForm,
        lambda actor, entered: product_benchmark_set(actor=actor, **entered),
        "productbenchmark",
    ),
}


@staff_page(_PERMISSION)
def servicing_publish_page(request: HttpRequest, what: str) -> HttpResponse:
    """Publish the next row of a table of servicing."""
    today = business_date()
    if what in _ACTS:
        heading, act_form, table = _ACTS[what]
        return act_page(
            request,
            act_form,
            subject_id=0,
            title=heading,
            back=reverse(f"admin:lms_{table}_changelist"),
            back_words="Back to the rows",
            told=lambda form, _row: form.done,
            initial={"effective_from": today, **servicing_rules(on_date=today).as_columns()},
        )
    if what not in _PAGES:
        return redirect("admin:lms_servicingparameters_changelist")
    title, form_class, publish, model = _PAGES[what]
    form = form_class(request.POST or None, initial={"effective_from": today})
    back = reverse(f"admin:lms_{model}_changelist")
    if request.method == "POST" and form.is_valid():
        try:
            publish(acting_user(request), dict(form.cleaned_data))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, "Published.")
            return redirect(back)
    return staff_response(
        request,
        "lms/simple_form.html",
        status=422 if form.errors else 200,
        title=title,
        form=form,
        back=back,
        back_words="Back to the rows",
        button="Publish",
        intro=_INTRO,
    )
