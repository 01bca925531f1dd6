"""Pages of provisions: month-ends, one run with its movement, the loans behind a figure, and why one is what it is."""

import io
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core import audit
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_request
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, StaffForm, as_of_date, reason_field
from core.staff_pages import acting_user, object_address, staff_page, staff_response
from lms.admin.provision_tables import class_chart, totals_by
from lms.models import Loan, ProvisionResult, ProvisionRun
from lms.services.provisions.approval import POST, REVERSE, provision_payload
from lms.services.provisions.explanation import provision_explain
from lms.services.provisions.movement import movement_cells, movement_of
from lms.services.provisions.posting import floor_comparison, post_check, provision_moves
from lms.services.provisions.reports import provision_csv, provision_xlsx
from lms.services.provisions.runs import month_end_before, provision_run_create
from lms.tasks import provision_run as provision_run_task

_RUNS_SHOWN: Final = 36
_RESULTS_SHOWN: Final = 50
_DRILL: Final = ("product_code", "asset_class", "stage")
_REPORTS: Final = {
    "csv": (provision_csv, "text/csv"),
    "xlsx": (provision_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_NO_BROKER: Final = (
    "The message broker does not answer, so no worker can be told. Start the broker and a worker and start the run "
    "again, or run `manage.py provision_run` on the server."
)


class StartForm(StaffForm):
    """Which month-end to work out."""

    month_end = DayField(label="Month-end", help_text="The last day of a month that is closed.")


class AskForm(OnceForm):
    """Why a run is to be posted or taken back."""

    reason = reason_field(required=True)


@staff_page("lms.view_provisionrun")
def provisions_page(request: HttpRequest) -> HttpResponse:
    """List the runs, and start or go on with one."""
    form = StartForm(request.POST or None, initial={"month_end": month_end_before(business_date())})
    if request.method == "POST":
        if not request.user.has_perm("lms.run_provisions"):
            raise PermissionDenied
        if form.is_valid() and (run := _start(request, form)) is not None:
            return redirect("staff:provision-run", run.pk)
    runs = list(ProvisionRun.objects.select_related("parameters").defer("movement")[:_RUNS_SHOWN])
    return staff_response(
        request,
        "lms/provisions.html",
        status=422 if form.errors else 200,
        title="Provisions",
        form=form,
        runs=[(run, floor_comparison(run=run)) for run in runs],
    )


@staff_page("lms.view_provisionrun")
def provision_run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one run: both provisions by class, stage and product, the movement, the postings, the loans asked for."""
    run = get_object_or_404(ProvisionRun.objects.select_related("parameters", "opening", "started_by"), pk=run_id)
    chosen = {name: request.GET[name] for name in _DRILL if request.GET.get(name)}
    results = _results(run, chosen, request.GET.get("after", ""))
    is_done = run.state != ProvisionRun.State.RUNNING
    return staff_response(
        request,
        "lms/provision_run.html",
        title=f"Provisions of {run.month_end:%d %b %Y}",
        **_progress(run),
        comparison=floor_comparison(run=run),
        by_class=totals_by(run=run, key="asset_class"),
        by_stage=totals_by(run=run, key="stage"),
        by_product=totals_by(run=run, key="product_code"),
        chart=class_chart(run=run),
        movements=_movements(run) if is_done else [],
        moves=provision_moves(run=run) if run.state == ProvisionRun.State.COMPUTED else [],
        postings=list(run.postings.select_related("journal")),
        chosen=chosen,
        chosen_query=urlencode(chosen),
        results=results[:_RESULTS_SHOWN],
        next_after=results[_RESULTS_SHOWN - 1].pk if len(results) > _RESULTS_SHOWN else None,
        **_asking(request, run),
    )


@staff_page("lms.view_provisionrun")
def provision_progress_part(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show how far a run is; when it is done, the whole page is loaded again."""
    run = get_object_or_404(ProvisionRun, pk=run_id)
    progress = _progress(run)
    response = staff_response(request, "lms/_provision_progress.html", title="Provisions", **progress)
    if not progress["is_polled"]:
        response["HX-Redirect"] = reverse("staff:provision-run", args=[run.pk])
    return response


@staff_page("lms.run_provisions")
@require_POST
def provision_ask_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask a second person to post a run, or to take it back."""
    run = get_object_or_404(ProvisionRun, pk=run_id)
    form = AskForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a reason: the person who decides reads it.")
        return redirect("staff:provision-run", run.pk)
    is_reversal = run.state == ProvisionRun.State.POSTED
    try:
        approval_request(
            kind=REVERSE if is_reversal else POST,
            payload=provision_payload(run=run, reason=form.cleaned_data["reason"], is_reversal=is_reversal),
            reason=form.cleaned_data["reason"],
            actor=acting_user(request),
            idempotency_key=form.cleaned_data["idempotency_key"],
        )
    except KistError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "A second person has to decide: the request waits in the approvals.")
    return redirect("staff:provision-run", run.pk)


@staff_page("lms.view_provisionresult")
def provision_result_page(request: HttpRequest, result_id: int) -> HttpResponse:
    """Show why the provision of one loan or undrawn line is what it is."""
    result = get_object_or_404(
        ProvisionResult.objects.select_related("run__parameters", "loan", "line").defer("loan__terms", "run__movement"),
        pk=result_id,
    )
    others = ProvisionResult.objects.filter(loan=result.loan_id, line=result.line_id).select_related("run")
    return staff_response(
        request,
        "lms/provision_result.html",
        title=f"Provision of {result.number}",
        result=result,
        explained=provision_explain(result=result),
        others=list(others.defer("run__movement", "run__totals").order_by("-run_id")[:12]),
    )


@staff_page("lms.view_provisionresult")
def loan_provision_part(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Show what the latest month-end made of a loan; the loan's page asks for this part when it comes into view."""
    loan = get_object_or_404(Loan.objects.only("number"), pk=loan_id)
    worked_out = (ProvisionRun.State.COMPUTED, ProvisionRun.State.POSTED)
    results = ProvisionResult.objects.filter(loan=loan, run__state__in=worked_out)
    if (as_of := as_of_date(request.GET.get("as_of"), latest=date.max)) is not None:
        results = results.filter(run__month_end__lte=as_of)
    latest = results.select_related("run").defer("run__totals", "run__movement")
    return staff_response(
        request,
        "lms/_loan_provision.html",
        title="Provision",
        loan=loan,
        provision=latest.order_by("-run__month_end", "-run__number").first(),
    )


@staff_page("ledger.export_books")
def provision_report_page(request: HttpRequest, run_id: int, kind: str) -> HttpResponseBase:
    """Download every loan and undrawn line of a run, and write to the audit trail who took it."""
    run = get_object_or_404(ProvisionRun.objects.defer("movement"), pk=run_id)
    if kind not in _REPORTS:
        raise Http404
    write, content_type = _REPORTS[kind]
    content = io.BytesIO()
    count = write(run=run, to=content)
    content.seek(0)
    audit.record(
        actor=acting_user(request), action="lms.provision_export", obj=run, detail={"kind": kind, "loans": count}
    )
    name = f"provisions-{run.month_end.isoformat()}-{run.number}.{kind}"
    return FileResponse(content, as_attachment=True, filename=name, content_type=content_type)


def _start(request: HttpRequest, form: StartForm) -> ProvisionRun | None:
    try:
        run = provision_run_create(month_end=form.cleaned_data["month_end"], actor=acting_user(request))
    except KistError as error:
        form.refuse(error)
        return None
    try:
        provision_run_task.apply_async(kwargs={"run_id": run.pk}, retry=False)
    except OperationalError:
        form.add_error(None, _NO_BROKER)
        return None
    return run


def _progress(run: ProvisionRun) -> dict[str, Any]:
    return {
        "run": run,
        "is_polled": run.state == ProvisionRun.State.RUNNING,
        "percent": min(100 * run.loans_done // run.loans_total, 100) if run.loans_total else 0,
    }


def _results(run: ProvisionRun, chosen: dict[str, str], after: str) -> list[ProvisionResult]:
    """Return one page of loans and lines and one more, after a key; none before something is asked for."""
    if not chosen or ("stage" in chosen and not chosen["stage"].isdecimal()):
        return []
    rows = ProvisionResult.objects.filter(run=run, **chosen, pk__gt=int(after) if after.isdecimal() else 0)
    return list(rows.select_related("loan", "line").defer("loan__terms").order_by("pk")[: _RESULTS_SHOWN + 1])


def _movements(run: ProvisionRun) -> list[dict[str, Any]]:
    """Return the movement of the figure that the books carry by stage, and of the norms by class, with the matrix."""
    return [
        {
            "title": title,
            "bucket": bucket,
            "lines": movement_of(run=run, bucket=bucket, figure=figure),
            "cells": movement_cells(run=run, bucket=bucket, figure=figure),
        }
        for title, bucket, figure in (
            ("Expected loss by stage", "stage", "ecl"),
            ("Prudential provision by class", "asset_class", "iracp"),
        )
    ]


def _asking(request: HttpRequest, run: ProvisionRun) -> dict[str, Any]:
    """Return the form that asks for posting or reversal, where it makes sense, and the request that waits."""
    waiting = ApprovalRequest.objects.filter(
        kind__in=(POST, REVERSE), subject_id=run.pk, state=ApprovalState.PENDING
    ).first()
    refusal = ""
    if run.state == ProvisionRun.State.COMPUTED:
        try:
            post_check(run=run)
        except KistError as error:
            refusal = error.message
    may_ask = request.user.has_perm("lms.run_provisions") and waiting is None and not refusal
    is_open = run.state in (ProvisionRun.State.COMPUTED, ProvisionRun.State.POSTED)
    address = object_address(object_type="core.approvalrequest", object_id=waiting.pk) if waiting else None
    return {
        "waiting": waiting,
        "waiting_address": address,
        "ask_refusal": refusal,
        "ask_form": AskForm() if may_ask and is_open else None,
    }
