"""Pages of bureau files: cycles, one cycle with its records, what becomes of its files."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core import audit
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from lms.admin.bureau_forms import AnswerForm, CycleForm, RejectionsForm, SendForm
from lms.bureau.checks import loans_lacking
from lms.bureau.cycles import bureau_cycle_create
from lms.bureau.files import file_stream
from lms.bureau.rejections import rejections_import
from lms.bureau.rows import memberships_on, reference_date_before
from lms.bureau.sending import submission_answer, submission_send
from lms.models import BureauCycle, BureauSubmission, RecordCause
from lms.tasks import bureau_build, bureau_due

_SHOWN: Final = 50
_NO_BROKER: Final = (
    "The message broker does not answer, so no worker can be told. Start it and a worker, then press Go on."
)


@staff_page("lms.view_bureaucycle")
def bureau_cycles_page(request: HttpRequest) -> HttpResponse:
    """List the cycles, and begin one."""
    if request.method == "POST" and not request.user.has_perm("lms.build_bureau_file"):
        raise PermissionDenied
    today = business_date()
    form = CycleForm(request.POST or None, initial=_next_date())
    if request.method == "POST" and form.is_valid():
        try:
            cycle = bureau_cycle_create(actor=acting_user(request), **form.cleaned_data)
        except KistError as error:
            form.refuse(error)
        else:
            return _started(request, cycle)
    cycles = list(BureauCycle.objects.prefetch_related("submissions")[:_SHOWN])
    return staff_response(
        request,
        "lms/bureau_cycles.html",
        status=422 if form.errors else 200,
        title="Bureau files",
        form=form,
        cycles=cycles,
        members=memberships_on(on_date=today),
        today=today,
    )


@staff_page("lms.view_bureaucycle")
def bureau_check_page(request: HttpRequest) -> HttpResponse:
    """List loans that would be rejected for what is missing, before a file is built."""
    after = request.GET.get("after", "")
    rows = loans_lacking(on_date=business_date(), after=int(after) if after.isdecimal() else 0, limit=_SHOWN + 1)
    return staff_response(
        request,
        "lms/bureau_check.html",
        title="Before building",
        rows=rows[:_SHOWN],
        next_after=rows[_SHOWN - 1].loan.pk if len(rows) > _SHOWN else None,
    )


@staff_page("lms.view_bureaucycle")
def bureau_cycle_page(request: HttpRequest, cycle_id: int) -> HttpResponse:
    """Show one cycle: files, counts, its records by cause and the loans that are in no file."""
    cycle = get_object_or_404(BureauCycle.objects.select_related("parameters", "created_by"), pk=cycle_id)
    after = request.GET.get("after", "")
    cause = request.GET.get("cause", "")
    records = cycle.record_rows.select_related("loan").defer("loan__terms", "loan__booked", "loan__booked_with_batch")
    if cause in RecordCause.values:
        records = records.filter(cause=cause)
    rows = list(records.filter(pk__gt=int(after) if after.isdecimal() else 0).order_by("pk")[: _SHOWN + 1])
    problems = cycle.problem_rows.select_related("loan").defer("loan__terms", "loan__booked")
    return staff_response(
        request,
        "lms/bureau_cycle.html",
        title=f"Bureau files of {cycle.reference_date:%d %b %Y}",
        submissions=list(cycle.submissions.select_related("sent_by")),
        records=rows[:_SHOWN],
        next_after=rows[_SHOWN - 1].pk if len(rows) > _SHOWN else None,
        causes=[(code, label, cycle.totals.get(code, 0)) for code, label in RecordCause.choices],
        chosen=cause,
        problem_rows=list(problems.order_by("pk")[:_SHOWN]),
        today=business_date(),
        **_progress(cycle),
    )


@staff_page("lms.view_bureaucycle")
def bureau_progress_part(request: HttpRequest, cycle_id: int) -> HttpResponse:
    """Show how far a cycle is; when it is built, the whole page is loaded again."""
    cycle = get_object_or_404(BureauCycle, pk=cycle_id)
    response = render(request, "lms/_bureau_progress.html", _progress(cycle))
    if cycle.state == BureauCycle.State.BUILT:
        response["HX-Refresh"] = "true"
    return response


@staff_page("lms.build_bureau_file")
@require_POST
def bureau_run_page(request: HttpRequest, cycle_id: int) -> HttpResponse:
    """Tell a worker to go on with a cycle."""
    return _started(request, get_object_or_404(BureauCycle, pk=cycle_id))


@staff_page("lms.download_bureau_file")
def bureau_file_page(request: HttpRequest, submission_id: int) -> HttpResponseBase:
    """Download the file of one bureau; the audit trail says who did."""
    submission = get_object_or_404(BureauSubmission.objects.select_related("cycle"), pk=submission_id)
    try:
        content = file_stream(submission=submission)
    except KistError as error:
        messages.error(request, error.message)
        return redirect("staff-bureau:cycle", submission.cycle_id)
    audit.record(
        actor=acting_user(request),
        action="lms.bureau_file_download",
        obj=submission,
        detail={"bureau": submission.bureau, "cycle": submission.cycle_id},
    )
    name = f"{submission.bureau.lower()}-{submission.cycle.reference_date:%Y%m%d}.tudf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type="application/octet-stream", headers=headers)


@staff_page("lms.send_bureau_file")
def bureau_submission_page(request: HttpRequest, submission_id: int, what: str) -> HttpResponse:
    """Record that a file was sent, how it was answered, or which of its records were rejected."""
    submission = get_object_or_404(BureauSubmission.objects.select_related("cycle"), pk=submission_id)
    if what not in _ACTS:
        raise Http404
    form_class, act, title, button, intro = _ACTS[what]
    today = business_date()
    initial = {"sent_on": today, "answered_on": today}
    form = form_class(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            act(request, submission, form.cleaned_data)
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Saved for {submission.get_bureau_display()}.")
            return redirect("staff-bureau:cycle", submission.cycle_id)
    return staff_response(
        request,
        "lms/bureau_form.html",
        status=422 if form.errors else 200,
        title=f"{title}: {submission.get_bureau_display()}, {submission.cycle.reference_date:%d %b %Y}",
        form=form,
        button=button,
        intro=intro,
        is_upload=what == "rejections",
        back=reverse("staff-bureau:cycle", args=[submission.cycle_id]),
        back_words="Back to the cycle",
    )


def _send(request: HttpRequest, submission: BureauSubmission, entered: dict[str, Any]) -> None:
    submission_send(submission_id=submission.pk, actor=acting_user(request), **entered)
    # Customers are told of defaults as soon as a bureau is; where no worker listens now, the schedule does it.
    with suppress(OperationalError):
        bureau_due.apply_async(retry=False)


def _answer(request: HttpRequest, submission: BureauSubmission, entered: dict[str, Any]) -> None:
    submission_answer(
        submission_id=submission.pk,
        answered_on=entered["answered_on"],
        is_accepted=entered["answer"] == "ACCEPTED",
        reason=entered["reason"],
        actor=acting_user(request),
    )


def _reject(request: HttpRequest, submission: BureauSubmission, entered: dict[str, Any]) -> None:
    rejections_import(submission_id=submission.pk, actor=acting_user(request), **entered)


_Act = Callable[[HttpRequest, BureauSubmission, dict[str, Any]], None]
_ACTS: Final[dict[str, tuple[type[StaffForm], _Act, str, str, str]]] = {
    "send": (SendForm, _send, "Sent", "Record", "Upload the file at the bureau first, then record it here."),
    "answer": (
        AnswerForm,
        _answer,
        "Answer",
        "Record",
        "Rejected as a whole, it has to be sent again.",
    ),
    "rejections": (
        RejectionsForm,
        _reject,
        "Rejected records",
        "Import",
        "Each record comes on the worklist, to be put right by the next reference date.",
    ),
}


def _next_date() -> dict[str, Any]:
    try:
        return {"reference_date": reference_date_before(day=business_date()).day}
    except KistError:
        return {}


def _started(request: HttpRequest, cycle: BureauCycle) -> HttpResponse:
    if cycle.state != BureauCycle.State.BUILT:
        try:
            bureau_build.apply_async(kwargs={"cycle_id": cycle.pk}, retry=False)
        except OperationalError:
            messages.error(request, _NO_BROKER)
    return redirect("staff-bureau:cycle", cycle.pk)


def _progress(cycle: BureauCycle) -> dict[str, Any]:
    return {
        "cycle": cycle,
        "is_running": cycle.state != BureauCycle.State.BUILT,
        "percent": 100 * cycle.chunks_done // cycle.chunks_total if cycle.chunks_total else 0,
    }
