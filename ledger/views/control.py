"""Pages that keep the books in order: months, and the invariants."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core import audit
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_request
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import OnceForm, StaffForm, reason_field
from core.staff_pages import staff_page, staff_response
from ledger.approvals import PERIOD_REOPEN
from ledger.checks import ledger_check_keep
from ledger.models import LedgerCheck, Period, PeriodState, Seal
from ledger.services import period_hard_close, period_soft_close, periods_create
from ledger.services.periods import period_id
from ledger.tasks import check as check_task

_MONTHS_SHOWN = 36
_CHECKS_SHOWN = 20
_SEALS_SHOWN = 10
_NO_BROKER = "The message broker does not answer, so no worker can be told. Run `manage.py ledger_check` on the server."
_CLOSINGS = {"soft": period_soft_close, "hard": period_hard_close}


class PeriodForm(OnceForm):
    """Close a month, or ask for it to be opened again."""

    month = forms.IntegerField(widget=forms.HiddenInput)
    act = forms.ChoiceField(
        choices=[("soft", "soft"), ("hard", "hard"), ("reopen", "reopen")], widget=forms.HiddenInput
    )
    reason = reason_field(required=True)


class CheckForm(StaffForm):
    """How much to check."""

    scope = forms.ChoiceField(
        label="What to check", choices=[("since", "What was posted since the last seal"), ("all", "The whole ledger")]
    )


@staff_page("ledger.view_period")
def periods_page(request: HttpRequest) -> HttpResponse:
    """Show the months with what may be done to each; on submit close one, or ask a second person to re-open it."""
    periods_create(upto=business_date())
    form = PeriodForm(request.POST or None)
    if request.method == "POST":
        _permit(request)
        if form.is_valid() and _period_act(request, form):
            return redirect("staff-books:periods")
    today = business_date()
    return staff_response(
        request,
        "ledger/periods.html",
        status=422 if form.errors else 200,
        title="Months",
        form=form,
        periods=[(period, _act(period, today_id=period_id(today))) for period in Period.objects.all()[:_MONTHS_SHOWN]],
        waiting=set(
            ApprovalRequest.objects.filter(kind=PERIOD_REOPEN, state=ApprovalState.PENDING).values_list(
                "subject_id", flat=True
            )
        ),
        today=today,
    )


@staff_page("ledger.view_ledgercheck")
def check_page(request: HttpRequest) -> HttpResponse:
    """Show the latest checks of the invariants, with the rows that break them, and the seals."""
    latest = LedgerCheck.objects.first()
    return staff_response(
        request,
        "ledger/check.html",
        title="Ledger check",
        form=CheckForm(),
        latest=latest,
        history=list(LedgerCheck.objects.all()[:_CHECKS_SHOWN]),
        seals=list(Seal.objects.defer("leaves")[:_SEALS_SHOWN]),
    )


@staff_page("ledger.run_ledgercheck")
@require_POST
def check_run_page(request: HttpRequest) -> HttpResponse:
    """Check what came since the last seal at once; leave the whole ledger to a worker."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose what to check.")
        return redirect("staff-books:check")
    if form.cleaned_data["scope"] == "since":
        kept = ledger_check_keep(is_incremental=True)
        messages.info(request, "Every invariant holds." if kept.is_held else "An invariant is broken: see below.")
    else:
        try:
            check_task.apply_async(retry=False)
            messages.info(request, "A worker checks the whole ledger; the outcome appears here.")
        except OperationalError:
            messages.error(request, _NO_BROKER)
    audit.record(
        actor=request.user,
        action="ledger.check_run",
        object_type="ledger.ledgercheck",
        object_id=form.cleaned_data["scope"],
    )
    return redirect("staff-books:check")


def _permit(request: HttpRequest) -> None:
    permission = "request_period_reopen" if request.POST.get("act") == "reopen" else "close_period"
    if not request.user.has_perm(f"ledger.{permission}"):
        raise PermissionDenied


def _period_act(request: HttpRequest, form: PeriodForm) -> bool:
    month, act, reason = (form.cleaned_data[name] for name in ("month", "act", "reason"))
    actor: Any = request.user
    try:
        if act == "reopen":
            if not Period.objects.filter(pk=month).exists():
                form.add_error(None, "There is no such month in these books.")
                return False
            approval_request(
                kind=PERIOD_REOPEN,
                payload={"month": month, "reason": reason},
                reason=reason,
                actor=actor,
                idempotency_key=form.cleaned_data["idempotency_key"],
            )
            messages.success(request, "A second person has to agree: the request waits in the approvals.")
        else:
            period = _CLOSINGS[act](month=month, actor=actor, reason=reason)
            messages.success(request, f"{period} is {PeriodState(period.state).label.lower()}.")
    except KistError as error:
        form.refuse(error)
        return False
    return True


def _act(period: Period, *, today_id: int) -> tuple[str, str]:
    """Return the next act on a month and its button; nothing for a month that is not over."""
    if period.pk >= today_id:
        return "", ""
    return {
        PeriodState.OPEN.value: ("soft", "Close softly"),
        PeriodState.SOFT_CLOSED.value: ("hard", "Close for everybody"),
        PeriodState.HARD_CLOSED.value: ("reopen", "Ask to re-open"),
    }[period.state]
