"""Thresholds of the asset classes: every row that was published, and the form that publishes the next."""

from dataclasses import fields
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.admin_base import AddedByPageAdmin
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from lms.acts.class_changes import CLASSIFICATION, classification_payload
from lms.admin.dry_runs import RUN, ask_with_dry_run, dry_run_start
from lms.models import ClassificationParameters, DryRunKind
from lms.services.classification_rules import Thresholds


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=9999)


class ThresholdsForm(OnceForm):
    """The next row of thresholds; it starts from the latest one."""

    effective_from = DayField(
        label="Effective from", help_text="The business date or later: closed days are never classified anew."
    )
    sma_0_from_days = _number("SMA-0 from day")
    sma_1_from_days = _number("SMA-1 from day")
    sma_2_from_days = _number("SMA-2 from day")
    npa_from_days = _number("Non-performing from day")
    doubtful_1_from_months = _number("Doubtful 1 after months as NPA")
    doubtful_2_from_months = _number("Doubtful 2 after months as NPA")
    doubtful_3_from_months = _number("Doubtful 3 after months as NPA")
    source = forms.CharField(max_length=200, help_text="The circular that demands it.")
    reason = reason_field(required=True)


@admin.register(ClassificationParameters)
class ClassificationParametersAdmin(AddedByPageAdmin):
    """From how many days past due each class begins, by the day from which it counts."""

    add_permission, add_page = "lms.publish_classification", "staff:classification-publish"
    list_display = ("effective_from", *(field.name for field in fields(Thresholds)), "source")
    ordering = ("-effective_from",)


@staff_page("lms.publish_classification")
def classification_publish_page(request: HttpRequest) -> HttpResponse:
    """Ask for thresholds that count from a day on, or try them on the live book."""
    latest = ClassificationParameters.objects.first()
    start = {field.name: getattr(latest, field.name, field.default) for field in fields(Thresholds)}
    form = ThresholdsForm(request.POST or None, initial={"effective_from": business_date(), **start})
    if request.method == "POST" and form.is_valid():
        try:
            return _answer(request, form.cleaned_data)
        except KistError as error:
            form.refuse(error)
    return staff_response(
        request,
        "lms/classification_form.html",
        status=422 if form.errors else 200,
        title="New thresholds of the asset classes",
        form=form,
    )


def _answer(request: HttpRequest, entered: dict[str, Any]) -> HttpResponse:
    payload = classification_payload(
        effective_from=entered["effective_from"],
        thresholds=Thresholds(**{field.name: entered[field.name] for field in fields(Thresholds)}),
        source=entered["source"],
        reason=entered["reason"],
    )
    if request.POST.get("try"):
        if not acting_user(request).has_perm(RUN):
            raise PermissionDenied
        return dry_run_start(request, kind=DryRunKind.CLASSIFICATION, change=payload)
    asked = ask_with_dry_run(
        request,
        kind=CLASSIFICATION,
        payload=payload,
        reason=entered["reason"],
        idempotency_key=entered["idempotency_key"],
    )
    messages.success(request, f"{asked.description}: request {asked.pk} waits for a second person.")
    return redirect("staff-approvals:request", asked.pk)
