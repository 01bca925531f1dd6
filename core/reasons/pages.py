"""Screens of the reason codes: the list, a new code, the last day of one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from core.admin_base import AddedByPageAdmin
from core.approvals.registry import approval_kinds
from core.business_date import business_date
from core.errors import KistError
from core.reasons.models import ReasonCode
from core.reasons.services import ANY_ACT, TEXT_LENGTH, reason_code_add, reason_code_end
from core.staff_forms import DayField, StaffForm
from core.staff_pages import acting_user, staff_page, staff_response

_ADD, _CHANGE = "core.add_reasoncode", "core.change_reasoncode"
_LIST = "admin:core_reasoncode_changelist"


class NewCodeForm(StaffForm):
    """A code that begins today or later."""

    act = forms.ChoiceField(label="Act")
    code = forms.CharField(label="Code", max_length=40, help_text="Capitals, digits, underscores. It never changes.")
    text = forms.CharField(label="Text", max_length=TEXT_LENGTH, help_text="What staff choose. It never changes.")
    active_from = DayField(label="In force from")
    active_until = DayField(label="Last day", required=False, help_text="Empty: without an end.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        acts: Any = self.fields["act"]
        acts.choices = [(ANY_ACT, "Every act"), *((_slug(kind.code), kind.title) for kind in approval_kinds())]


class LastDayForm(StaffForm):
    """The end of a code."""

    active_until = DayField(label="Last day", help_text="Today or later. What was done for the code keeps it.")


class ReasonCodeAdmin(AddedByPageAdmin):
    """Why acts are done: the codes that staff and their tools choose from."""

    add_permission, add_page = _ADD, "staff-control:reason-code-add"
    list_display = ("act_group", "code", "text", "active_from", "active_until")
    list_filter = ("act_group",)
    search_fields = ("code__startswith", "text__icontains")
    ordering = ("act_group", "code")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the form that ends the code; those who may not are shown the row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if request.user.has_perm(_CHANGE) and object_id.isdecimal():
            return HttpResponseRedirect(reverse("staff-control:reason-code-end", args=[object_id]))
        return super().change_view(request, object_id, form_url, extra_context)


@staff_page(_ADD)
def reason_code_add_page(request: HttpRequest) -> HttpResponse:
    """Add a code."""
    form = NewCodeForm(request.POST or None, initial={"active_from": business_date()})
    if request.method == "POST" and form.is_valid():
        try:
            row = reason_code_add(actor=acting_user(request), **form.cleaned_data)
        except KistError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"The code {row.code} is in force from {row.active_from:%d %b %Y}.")
            return redirect(_LIST)
    return _form_response(request, form, "New reason code", "Add the code")


@staff_page(_CHANGE)
def reason_code_end_page(request: HttpRequest, reason_code_id: int) -> HttpResponse:
    """Set the last day of a code."""
    row = get_object_or_404(ReasonCode, pk=reason_code_id)
    form = LastDayForm(request.POST or None, initial={"active_until": row.active_until or business_date()})
    if request.method == "POST" and form.is_valid():
        try:
            reason_code_end(reason_code_id=row.pk, actor=acting_user(request), **form.cleaned_data)
        except KistError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"The code {row.code} ends on {form.cleaned_data['active_until']:%d %b %Y}.")
            return redirect(_LIST)
    return _form_response(request, form, f"End the code {row.code}: {row.text}", "Set the last day")


def _form_response(request: HttpRequest, form: StaffForm, title: str, button: str) -> HttpResponse:
    return staff_response(
        request,
        "core/form.html",
        status=422 if form.errors else 200,
        title=title,
        form=form,
        button=button,
        back=reverse(_LIST),
    )


def _slug(kind: str) -> str:
    """Return the act that a kind of approval is about, as its reason codes name it."""
    return kind.partition(".")[2].replace("_", "-")
