"""The holiday calendar: the days, and the form that tries or asks for others."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import OnceForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from lms.acts.holiday_changes import HOLIDAYS, holidays_payload
from lms.admin.dry_runs import RUN, ask_with_dry_run, dry_run_start
from lms.models import DryRunKind
from lms.services.holidays import holidays_known


class HolidaysForm(OnceForm):
    """Days that become holidays, and days that are working days after all."""

    added = forms.CharField(
        label="Holidays to add",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: day and name, such as 2026-11-08 Diwali.",
    )
    removed = forms.CharField(
        label="Holidays to take out",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One day a line, such as 2026-11-08.",
    )
    reason = reason_field(required=True)

    def clean_added(self) -> dict[date, str]:
        """Read days with their names."""
        days = {}
        for line in self.cleaned_data["added"].splitlines():
            text, _, name = line.strip().partition(" ")
            if text and not name.strip():
                raise forms.ValidationError(f"'{line}' lacks a name. Write it like: 2026-11-08 Diwali")
            if text:
                days[_day(text)] = name.strip()[:80]
        return days

    def clean_removed(self) -> list[date]:
        """Read days."""
        return [_day(line.strip()) for line in self.cleaned_data["removed"].splitlines() if line.strip()]


@staff_page("lms.view_holiday")
def holidays_page(request: HttpRequest) -> HttpResponse:
    """Show the calendar from the present year on; try other days on the live book, or ask for them."""
    may_ask = request.user.has_perm("lms.publish_holiday")
    if request.method == "POST" and not may_ask:
        raise PermissionDenied
    form = HolidaysForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _answer(request, form.cleaned_data)
        except KistError as error:
            form.refuse(error)
    first = date(business_date().year, 1, 1)
    return staff_response(
        request,
        "lms/holidays.html",
        status=422 if form.errors else 200,
        title="Holidays",
        form=form,
        may_ask=may_ask,
        days=[(day, name) for day, name in sorted(holidays_known().items()) if day >= first],
    )


def _answer(request: HttpRequest, entered: dict[str, Any]) -> HttpResponse:
    payload = holidays_payload(added=entered["added"], removed=entered["removed"], reason=entered["reason"])
    if request.POST.get("try"):
        if not acting_user(request).has_perm(RUN):
            raise PermissionDenied
        return dry_run_start(request, kind=DryRunKind.HOLIDAYS, change=payload)
    asked = ask_with_dry_run(
        request,
        kind=HOLIDAYS,
        payload=payload,
        reason=entered["reason"],
        idempotency_key=entered["idempotency_key"],
    )
    messages.success(request, f"{asked.description}: request {asked.pk} waits for a second person.")
    return redirect("staff-approvals:request", asked.pk)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise forms.ValidationError(f"'{text}' is no day. Write it like: 2026-11-08") from None
