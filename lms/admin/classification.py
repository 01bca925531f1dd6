"""Thresholds of the asset classes: every row that was published, and the form that publishes the next."""

from dataclasses import fields

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from core.admin_base import ReadOnlyModelAdmin
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from lms.models import ClassificationParameters
from lms.services.classification_rules import Thresholds, classification_publish


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=9999)


class ThresholdsForm(StaffForm):
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
class ClassificationParametersAdmin(ReadOnlyModelAdmin):
    """From how many days past due each class begins, by the day from which it counts."""

    list_display = ("effective_from", *(field.name for field in fields(Thresholds)), "source")
    ordering = ("-effective_from",)

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Let those publish who may change what the regulator demands."""
        return request.user.has_perm("lms.publish_classification")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Lead to the form that publishes the next row."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("staff:classification-publish"))


@staff_page("lms.publish_classification")
def classification_publish_page(request: HttpRequest) -> HttpResponse:
    """Publish thresholds that count from a day on."""
    latest = ClassificationParameters.objects.first()
    start = {field.name: getattr(latest, field.name, field.default) for field in fields(Thresholds)}
    form = ThresholdsForm(request.POST or None, initial={"effective_from": business_date(), **start})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        common = {name: values.pop(name) for name in ("effective_from", "source", "reason")}
        try:
            row = classification_publish(thresholds=Thresholds(**values), actor=acting_user(request), **common)
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"The thresholds count from {row.effective_from:%d %b %Y}.")
            return redirect("admin:lms_classificationparameters_changelist")
    return staff_response(
        request,
        "lms/classification_form.html",
        status=422 if form.errors else 200,
        title="New thresholds of the asset classes",
        form=form,
    )
