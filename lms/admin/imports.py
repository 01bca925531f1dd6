"""The import pages: upload a loan tape with its map, look at the dry run, download it, commit."""

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core.errors import KistError
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from lms.models import ImportBatch, ImportRow
from lms.services.imports import batch_line, causes_count, import_batch_create, report_csv, report_xlsx
from lms.tasks import import_commit as commit_task
from lms.tasks import import_dry_run as dry_run_task

_BATCHES_SHOWN = 50
_ROWS_SHOWN = 50
_MAP_MAX_BYTES = 100_000
_REPORTS = {
    "csv": (report_csv, "text/csv"),
    "xlsx": (report_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_ROW_FILTERS = {
    "rejected": Q(state=ImportRow.State.REJECTED),
    "unexplained": Q(is_explained=False) & ~Q(cause="") & ~Q(state=ImportRow.State.REJECTED),
    "explained": Q(is_explained=True) & ~Q(cause=""),
    "all": Q(),
}
_NO_BROKER = (
    "The message broker does not answer, so no worker can be told. Start the broker and a worker, then try again."
)


class UploadForm(StaffForm):
    """A tape and its map."""

    tape = forms.FileField(label="Loan tape", help_text="CSV in UTF-8, or XLSX: a header line and one line per loan.")
    map_file = forms.FileField(label="Map", help_text="YAML: which column is what, and the terms of the product.")

    def clean_map_file(self) -> str:
        """Read the map as text."""
        sent = self.cleaned_data["map_file"]
        if sent.size > _MAP_MAX_BYTES:
            raise forms.ValidationError("The map has more than 100 kB. Was the tape chosen instead?")
        try:
            return str(sent.read().decode("utf-8"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The map is not UTF-8 text. Save it again as UTF-8.") from None


class CommitForm(StaffForm):
    """What a commit needs to know."""

    is_skipping_rejected = forms.BooleanField(label="Leave rejected rows out", required=False)
    reason = reason_field(required=True)


@staff_page("lms.view_importbatch")
def imports_page(request: HttpRequest) -> HttpResponse:
    """List the batches, and take a new one."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not request.user.has_perm("lms.run_import"):
            raise PermissionDenied
        if form.is_valid():
            try:
                batch = import_batch_create(
                    file=form.cleaned_data["tape"], map_text=form.cleaned_data["map_file"], actor=acting_user(request)
                )
            except KistError as error:
                form.refuse(error)
            else:
                return _check_start(request, batch)
    batches = ImportBatch.objects.defer("map_text").select_related("created_by")[:_BATCHES_SHOWN]
    return staff_response(
        request,
        "lms/imports.html",
        status=422 if form.errors else 200,
        title="Import loans",
        form=form,
        batches=list(batches),
    )


@staff_page("lms.view_importbatch")
def import_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Show one batch: progress, summary, causes, and the rows that differ or were rejected."""
    batch = get_object_or_404(ImportBatch.objects.select_related("created_by"), pk=batch_id)
    shown = request.GET.get("rows", "")
    shown = shown if shown in _ROW_FILTERS else ("rejected" if batch.rejected else "unexplained")
    rows = _rows(batch, shown, request.GET.get("after", ""))
    is_checked = batch.state not in (ImportBatch.State.UPLOADED, ImportBatch.State.CHECKING)
    return staff_response(
        request,
        "lms/import.html",
        title=f"Import {batch.pk}",
        line=batch_line(batch=batch),
        causes=causes_count(batch=batch) if is_checked else [],
        rows=rows[:_ROWS_SHOWN],
        next_after=rows[_ROWS_SHOWN - 1].line if len(rows) > _ROWS_SHOWN else None,
        shown=shown,
        filters=list(_ROW_FILTERS),
        is_checked=is_checked,
        commit_form=CommitForm(),
        **_progress(request, batch),
    )


@staff_page("lms.view_importbatch")
def import_progress_part(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Show how far a dry run or a commit is; when it is over, the whole page is loaded again."""
    batch = get_object_or_404(ImportBatch, pk=batch_id)
    progress = _progress(request, batch)
    response = staff_response(request, "lms/_import_progress.html", title="Import", **progress)
    if not progress["is_polled"]:
        response["HX-Redirect"] = reverse("staff:import", args=[batch.pk])
    return response


@staff_page("lms.run_import")
@require_POST
def import_check_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Tell a worker to check a batch again."""
    return _check_start(request, get_object_or_404(ImportBatch, pk=batch_id))


@staff_page("lms.run_import")
@require_POST
def import_commit_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Tell a worker to enter a checked batch into the book."""
    batch = get_object_or_404(ImportBatch, pk=batch_id)
    form = CommitForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, "Give a reason for the commit: the next person who reads the accounts will look for it."
        )
        return redirect("staff:import", batch.pk)
    if batch.rejected and not form.cleaned_data["is_skipping_rejected"]:
        messages.error(request, f"{batch.rejected} rows are rejected. Correct the file, or choose to leave them out.")
        return redirect("staff:import", batch.pk)
    order = {"batch_id": batch.pk, "actor_id": request.user.pk, **form.cleaned_data}
    return _send(request, batch, commit_task, order, "commit=1")


@staff_page("lms.view_importbatch")
def import_report_page(request: HttpRequest, batch_id: int, kind: str) -> HttpResponseBase:
    """Download the rejected and differing rows."""
    batch = get_object_or_404(ImportBatch, pk=batch_id)
    if kind not in _REPORTS:
        raise Http404
    write, content_type = _REPORTS[kind]
    content = io.BytesIO()
    write(batch=batch, to=content)
    content.seek(0)
    name = f"import-{batch.pk}-report.{kind}"
    return FileResponse(content, as_attachment=True, filename=name, content_type=content_type)


def _check_start(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    return _send(request, batch, dry_run_task, {"batch_id": batch.pk}, f"check={batch.check_number + 1}")


def _send(request: HttpRequest, batch: ImportBatch, task: Any, order: dict[str, Any], watch: str) -> HttpResponse:
    try:
        task.apply_async(kwargs=order, retry=False)
    except OperationalError:
        messages.error(request, _NO_BROKER)
        return redirect("staff:import", batch.pk)
    return redirect(f"{reverse('staff:import', args=[batch.pk])}?{watch}")


def _rows(batch: ImportBatch, shown: str, after: str) -> list[ImportRow]:
    """Return one page of rows and one more, after a line: pages by line need no count and no offset."""
    rows: QuerySet[ImportRow] = batch.rows.filter(_ROW_FILTERS[shown]).select_related("loan").order_by("line")
    if after.isdecimal():
        rows = rows.filter(line__gt=int(after))
    return list(rows.defer("values")[: _ROWS_SHOWN + 1])


def _progress(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """Collect what the progress part shows; `is_polled` while there is something to wait for."""
    state = ImportBatch.State
    check = request.GET.get("check", "")
    is_check_awaited = check.isdecimal() and batch.check_number < int(check)
    is_commit_awaited = request.GET.get("commit") == "1" and batch.state == state.CHECKED and not batch.refusal
    is_running = batch.state in (state.CHECKING, state.COMMITTING) and not batch.refusal
    done = batch.rows_done if batch.state in (state.COMMITTING, state.COMMITTED) else batch.rows_checked
    return {
        "batch": batch,
        "watch": request.GET.urlencode(),
        "is_running": is_running,
        "is_waiting": is_check_awaited or is_commit_awaited,
        "is_polled": is_running or is_check_awaited or is_commit_awaited,
        "done": done,
        "percent": min(100 * done // batch.rows_total, 100) if batch.rows_total else 0,
    }
