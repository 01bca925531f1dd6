"""The day-end page: run it, watch it, read its certificates, try again what it set aside."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core import audit
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from ledger.selectors import journals_for
from lms.models import DayEnd, DayEndProblem, LoanAccrual
from lms.services.retries import set_aside_retry
from lms.tasks import day_end as day_end_task

_HISTORY_LENGTH = 30
_BETWEEN_TWO_DAYS = timedelta(seconds=15)
_PROBLEMS_SHOWN = 100
_ACCRUALS_SHOWN = 50
_JOURNALS_SHOWN = 100
_SUM_KEYS = ("product_code", "asset_class", "head", "movement")
_NO_BROKER = (
    "The message broker does not answer, so no worker can be told to run the day-end. Start the broker and a worker, "
    "or run `manage.py day_end` on the server."
)


class RunForm(StaffForm):
    """Up to which day to close."""

    to_date = DayField(label="Close up to", help_text="Every day from the business date to this one is closed.")


@staff_page("lms.view_dayend")
def day_end_page(request: HttpRequest) -> HttpResponse:
    """Show where the books stand and how each day was closed; on submit tell a worker to close days."""
    today = business_date()
    form = RunForm(request.POST or None, initial={"to_date": today})
    if request.method == "POST":
        if not request.user.has_perm("lms.run_day_end"):
            raise PermissionDenied
        if form.is_valid() and _run(request, form, today):
            return redirect(f"{reverse('staff:day-end')}?to={form.cleaned_data['to_date'].isoformat()}")
    return staff_response(
        request,
        "lms/day_end.html",
        status=422 if form.errors else 200,
        title="Day-end",
        form=form,
        history=list(DayEnd.objects.all()[:_HISTORY_LENGTH]),
        problems=list(
            DayEndProblem.objects.filter(resolved_at=None).select_related("loan", "day_end")[:_PROBLEMS_SHOWN]
        ),
        **_progress(request),
    )


@staff_page("lms.view_dayend")
def day_end_day_page(request: HttpRequest, day_end_id: int) -> HttpResponse:
    """Show one closed day: its certificate, what it booked by product and head, and the loans behind each sum."""
    run = get_object_or_404(DayEnd, pk=day_end_id)
    booked = LoanAccrual.objects.filter(booked_on=run.business_date).order_by()
    sums = booked.values("product_code", "movement", "head", "asset_class").annotate(
        total_paise=Sum("amount_paise"), loans=Count("pk")
    )
    chosen = {name: request.GET[name] for name in _SUM_KEYS if name in request.GET}
    after = request.GET.get("after", "")
    rows = booked.filter(**chosen, pk__gt=int(after) if after.isdecimal() else 0).select_related("loan").order_by("pk")
    shown = list(rows[: _ACCRUALS_SHOWN + 1]) if chosen else []
    return staff_response(
        request,
        "lms/day_end_day.html",
        title=f"Day-end {run.business_date:%d %b %Y}",
        run=run,
        sums=[(row, _sum_query(row)) for row in sums.order_by(*_SUM_KEYS)],
        chosen=chosen,
        chosen_query=urlencode(chosen),
        accruals=shown[:_ACCRUALS_SHOWN],
        next_after=shown[_ACCRUALS_SHOWN - 1].pk if len(shown) > _ACCRUALS_SHOWN else None,
        journals=list(journals_for(reference_type="lms.dayend", reference_id=run.pk)[:_JOURNALS_SHOWN]),
    )


@staff_page("lms.view_dayend")
def day_end_progress_part(request: HttpRequest) -> HttpResponse:
    """Show how far a run is; the page asks for this part again until the run is over."""
    return staff_response(request, "lms/_day_end_progress.html", title="Day-end", **_progress(request))


@staff_page("lms.run_day_end")
@require_POST
def problem_retry_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Try to close a loan that was set aside."""
    try:
        loan = set_aside_retry(loan_id=loan_id, actor=acting_user(request))
    except KistError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, f"Loan {loan.number} is closed up to {loan.closed_upto:%d %b %Y} and back in the day-end."
        )
    return redirect("staff:day-end")


def _sum_query(row: Mapping[str, Any]) -> str:
    """Return the part of an address that names one sum of the day."""
    return urlencode({name: row[name] for name in _SUM_KEYS})


def _run(request: HttpRequest, form: RunForm, today: date) -> bool:
    to_date = form.cleaned_data["to_date"]
    unfinished = DayEnd.objects.exclude(state=DayEnd.State.CLOSED).exists()
    if to_date < today and not unfinished:
        form.add_error(
            "to_date", f"This day is closed. The books are on {today:%d %b %Y}; give that day or a later one."
        )
        return False
    try:
        day_end_task.apply_async(kwargs={"to_date": to_date.isoformat()}, retry=False)
    except OperationalError:
        form.add_error(None, _NO_BROKER)
        return False
    audit.record(
        actor=acting_user(request),
        action="lms.day_end_run",
        object_type="lms.dayend",
        object_id=to_date.isoformat(),
        detail={"business_date": today.isoformat()},
    )
    return True


def _progress(request: HttpRequest) -> dict[str, Any]:
    """Collect what the progress part shows; `is_polled` while there is something to wait for."""
    today = business_date()
    current = DayEnd.objects.exclude(state=DayEnd.State.CLOSED).order_by("business_date").first()
    wanted = _wanted(request)
    is_failed = current is not None and current.state == DayEnd.State.FAILED and not current.owner
    is_running = current is not None and bool(current.owner)
    is_waiting = wanted is not None and wanted >= today
    return {
        "today": today,
        "current": current,
        "wanted": wanted,
        "is_running": is_running,
        "is_waiting": is_waiting,
        "just_closed": _just_closed() if is_waiting and not is_running else None,
        "is_failed": is_failed,
        "is_polled": is_running or (is_waiting and not is_failed),
        "percent": 100 * current.chunks_done // current.chunks_total if current and current.chunks_total else 0,
        "broken": _broken(current) if is_failed else [],
    }


def _just_closed() -> DayEnd | None:
    """Return the latest day where it was closed so lately that a run may be between two days."""
    lately = timezone.now() - _BETWEEN_TWO_DAYS
    return DayEnd.objects.filter(state=DayEnd.State.CLOSED, finished_at__gte=lately).first()


def _wanted(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.GET.get("to", ""))
    except ValueError:
        return None


def _broken(day_end: DayEnd | None) -> list[dict[str, object]]:
    checks = day_end.certificate.get("checks", []) if day_end else []
    return [check for check in checks if not check.get("is_held")]
