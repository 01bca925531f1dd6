"""Changes tried on the live book: the list, one with its picture and its loans, and what is done with it."""

import io
from typing import Any, Final
from uuid import uuid4

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core import audit
from core.approvals.models import ApprovalRequest
from core.approvals.registry import approval_kind
from core.approvals.services import Attachment, approval_request
from core.errors import KistError
from core.staff_pages import acting_user, staff_page, staff_response
from lms.acts.class_changes import CLASSIFICATION
from lms.acts.holiday_changes import HOLIDAYS
from lms.acts.product_changes import PRODUCT_VERSION
from lms.dry_runs.jobs import WORKERS, dry_run_cancel, dry_run_create
from lms.dry_runs.linking import dry_run_add
from lms.dry_runs.reports import dry_run_csv, dry_run_summary_csv, dry_run_xlsx
from lms.dry_runs.tables import class_chart, class_matrix, loan_lines
from lms.errors.dry_runs import DryRunChangeInvalid
from lms.models import DryRun, DryRunKind, DryRunLoan
from lms.tasks import dry_run as dry_run_task

RUN: Final = "lms.run_dryrun"
_SEE: Final = "lms.view_dryrun"
_RUNS_SHOWN: Final = 50
_LOANS_SHOWN: Final = 50
_DRILL: Final = ("product_code", "class_before", "class_after")
_REPORTS: Final = {
    "csv": (dry_run_csv, "text/csv"),
    "xlsx": (dry_run_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
# Which act of two persons a kind of dry run is tried for; a rate change is announced on its own page.
_ACT_OF: Final = {
    DryRunKind.PRODUCT: PRODUCT_VERSION,
    DryRunKind.WATERFALL: PRODUCT_VERSION,
    DryRunKind.PENAL_PLAN: PRODUCT_VERSION,
    DryRunKind.CLASSIFICATION: CLASSIFICATION,
    DryRunKind.HOLIDAYS: HOLIDAYS,
}
_KIND_OF: Final = {
    PRODUCT_VERSION: DryRunKind.PRODUCT,
    CLASSIFICATION: DryRunKind.CLASSIFICATION,
    HOLIDAYS: DryRunKind.HOLIDAYS,
}
_NO_BROKER: Final = "The message broker does not answer, so no worker can be told. Start it and a worker, then Go on."


def dry_run_start(request: HttpRequest, *, kind: DryRunKind, change: dict[str, Any]) -> HttpResponseRedirect:
    """Begin a dry run, tell the workers, and lead to its page.

    Raises:
        KistError: the change cannot be tried.
    """
    run = dry_run_create(kind=kind, change=change, idempotency_key=uuid4().hex, actor=acting_user(request))
    _send(request, run)
    return HttpResponseRedirect(reverse("staff:dry-run", args=[run.pk]))


def ask_with_dry_run(
    request: HttpRequest, *, kind: str, payload: dict[str, Any], reason: str, idempotency_key: str
) -> ApprovalRequest:
    """Ask a second person for a change; the latest finished dry run of it goes with the request.

    Raises:
        KistError: the change itself would be refused.
    """
    named = dry_run_add(payload=payload)
    run = DryRun.objects.filter(pk=named.get("dry_run_id", 0)).first()
    papers = () if run is None else (Attachment(name=f"dry-run-{run.pk}.csv", content=dry_run_summary_csv(run=run)),)
    return approval_request(
        kind=kind,
        payload=named,
        reason=reason,
        actor=acting_user(request),
        idempotency_key=idempotency_key,
        attachments=papers,
    )


@staff_page(_SEE)
def dry_runs_page(request: HttpRequest) -> HttpResponse:
    """List the latest dry runs, a page at a time."""
    before = request.GET.get("before", "")
    rows = DryRun.objects.select_related("created_by").defer("change", "assumption", "result")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    runs = list(rows[: _RUNS_SHOWN + 1])
    return staff_response(
        request,
        "lms/dry_runs.html",
        title="Dry runs",
        runs=runs[:_RUNS_SHOWN],
        next_before=runs[_RUNS_SHOWN - 1].pk if len(runs) > _RUNS_SHOWN else None,
    )


@staff_page(_SEE)
def dry_run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one dry run: amounts and classes before and after, postings, refusals, and the loans asked for."""
    run = get_object_or_404(DryRun.objects.select_related("created_by"), pk=run_id)
    chosen = {name: request.GET[name] for name in _DRILL if request.GET.get(name)}
    if request.GET.get("refused"):
        chosen["refused"] = "1"
    loans = _loans(run, chosen, request.GET.get("after", ""))
    act = _ACT_OF.get(DryRunKind(run.kind))
    return staff_response(
        request,
        "lms/dry_run.html",
        title=run.title,
        **_progress(run),
        matrix=class_matrix(run=run),
        chart=class_chart(run=run),
        figures=[line for line in run.result.get("figures", []) if line["before_paise"] != line["after_paise"]],
        postings=run.result.get("postings", []),
        refusals=run.result.get("refusals", []),
        chosen=chosen,
        chosen_query=urlencode(chosen),
        loans=loan_lines(loans[:_LOANS_SHOWN]),
        next_after=loans[_LOANS_SHOWN - 1].loan_id if len(loans) > _LOANS_SHOWN else None,
        may_ask=act is not None and request.user.has_perm(approval_kind(act).make_permission),
        campaign_id=run.assumption.get("campaign_id"),
    )


@staff_page(_SEE)
def dry_run_progress_part(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show how far a dry run is; when it is over, the whole page is loaded again."""
    run = get_object_or_404(DryRun, pk=run_id)
    progress = _progress(run)
    response = staff_response(request, "lms/_dry_run_progress.html", title="Dry run", **progress)
    if not progress["is_running"]:
        response["HX-Refresh"] = "true"
    return response


@staff_page(RUN)
@require_POST
def dry_run_act_page(request: HttpRequest, run_id: int, what: str) -> HttpResponse:
    """Cancel a dry run, tell the workers of it again, try the same change anew, or ask for the change."""
    run = get_object_or_404(DryRun, pk=run_id)
    try:
        match what:
            case "cancel":
                dry_run_cancel(run_id=run.pk, reason="Cancelled on its page", actor=acting_user(request))
                messages.success(request, "Cancelled: nothing of it is in the books anyway.")
            case "go-on":
                _send(request, run)
            case "again":
                return dry_run_start(request, kind=DryRunKind(run.kind), change=run.change)
            case "ask":
                return _ask(request, run)
            case _:
                raise Http404
    except KistError as error:
        messages.error(request, error.message)
    return redirect("staff:dry-run", run.pk)


@staff_page(RUN)
@require_POST
def dry_run_of_request_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """Try the change that a request asks for: its approver may want to know before he decides."""
    row = get_object_or_404(ApprovalRequest, pk=request_id)
    try:
        if row.kind not in _KIND_OF:
            raise DryRunChangeInvalid(problem="this act is no change of terms, thresholds or holidays.")
        return dry_run_start(request, kind=_KIND_OF[row.kind], change=row.payload)
    except KistError as error:
        messages.error(request, error.message)
    return redirect("staff-approvals:request", row.pk)


@staff_page(RUN)
def dry_run_report_page(request: HttpRequest, run_id: int, kind: str) -> HttpResponseBase:
    """Download every loan that a dry run moves or refuses, and write to the audit trail who took it."""
    run = get_object_or_404(DryRun, pk=run_id)
    if kind not in _REPORTS:
        raise Http404
    write, content_type = _REPORTS[kind]
    content = io.BytesIO()
    count = write(run=run, to=content)
    content.seek(0)
    audit.record(
        actor=acting_user(request), action="lms.dry_run_export", obj=run, detail={"kind": kind, "loans": count}
    )
    name = f"dry-run-{run.pk}.{kind}"
    return FileResponse(content, as_attachment=True, filename=name, content_type=content_type)


def _ask(request: HttpRequest, run: DryRun) -> HttpResponse:
    act = _ACT_OF.get(DryRunKind(run.kind))
    if act is None:
        raise Http404
    reason = str(run.change.get("reason", "")) or run.title
    asked = ask_with_dry_run(request, kind=act, payload=run.change, reason=reason, idempotency_key=f"dry-run:{run.pk}")
    messages.success(request, f"{asked.description}: request {asked.pk} waits for a second person.")
    return redirect("staff-approvals:request", asked.pk)


def _send(request: HttpRequest, run: DryRun) -> None:
    """Tell as many workers as can share the run."""
    try:
        for _ in range(min(WORKERS, run.chunks_total)):
            dry_run_task.apply_async(kwargs={"run_id": run.pk}, retry=False)
    except OperationalError:
        messages.error(request, _NO_BROKER)


def _progress(run: DryRun) -> dict[str, Any]:
    return {
        "run": run,
        "is_running": run.state == DryRun.State.RUNNING,
        "is_done": run.state == DryRun.State.DONE,
        "percent": 100 * run.chunks_done // run.chunks_total,
    }


def _loans(run: DryRun, chosen: dict[str, str], after: str) -> list[DryRunLoan]:
    """Return one page of loans and one more, after a key; none before something is asked for."""
    if not chosen:
        return []
    rows = DryRunLoan.objects.filter(run=run, loan_id__gt=int(after) if after.isdecimal() else 0)
    rows = rows.filter(**{name: chosen[name] for name in _DRILL if name in chosen})
    if "refused" in chosen:
        rows = rows.exclude(code="")
    return list(rows.order_by("loan_id")[: _LOANS_SHOWN + 1])
