"""Pages of jobs that issue one kind of document for many loans."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from core import audit
from core.business_date import business_date
from core.errors import KistError
from core.staff_pages import acting_user, staff_page, staff_response
from lms.admin.document_forms import DocumentJobForm
from lms.documents.jobs import document_job_create
from lms.models import Product
from lms.models.document import DocumentJob, DocumentJobChunk, DocumentKind, DocumentLanguage
from lms.tasks import documents_bulk

_SHOWN = 50
_PARTS_SHOWN = 200
_NO_BROKER = "The message broker does not answer, so no worker can be told. Start it and a worker, then press Go on."


@staff_page("lms.view_documentjob")
def document_jobs_page(request: HttpRequest) -> HttpResponse:
    """List the jobs, and start one."""
    if request.method == "POST" and not request.user.has_perm("lms.run_documentjob"):
        raise PermissionDenied
    products = list(Product.objects.order_by("code").values_list("code", "name"))
    form = DocumentJobForm(request.POST or None, today=business_date(), products=products)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            job = document_job_create(
                kind=DocumentKind(values["kind"]),
                language=DocumentLanguage(values["language"]),
                subject=form.subject(),
                product_code=values["product_code"],
                idempotency_key=values["idempotency_key"],
                actor=acting_user(request),
            )
        except KistError as error:
            form.refuse(error)
        else:
            return _started(request, job)
    jobs = DocumentJob.objects.select_related("created_by")[:_SHOWN]
    return staff_response(
        request,
        "lms/document_jobs.html",
        status=422 if form.errors else 200,
        title="Documents for many loans",
        form=form,
        jobs=list(jobs),
    )


@staff_page("lms.view_documentjob")
def document_job_page(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show one job: progress, archives, and loans that got no document."""
    job = get_object_or_404(DocumentJob.objects.select_related("created_by"), pk=job_id)
    chunks = list(job.chunks.order_by("number")[:_PARTS_SHOWN])
    problems = [problem for chunk in chunks for problem in chunk.problems][:_SHOWN]
    return staff_response(
        request,
        "lms/document_job.html",
        title=str(job),
        chunks=[chunk for chunk in chunks if chunk.file],
        problems=problems,
        **_progress(job),
    )


@staff_page("lms.view_documentjob")
def document_job_progress_part(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far a job is; when it is over, the whole page is loaded again."""
    job = get_object_or_404(DocumentJob, pk=job_id)
    response = render(request, "lms/_document_job_progress.html", _progress(job))
    if job.state == DocumentJob.State.DONE:
        response["HX-Refresh"] = "true"
    return response


@staff_page("lms.run_documentjob")
@require_POST
def document_job_run_page(request: HttpRequest, job_id: int) -> HttpResponse:
    """Tell a worker to go on with a job."""
    return _started(request, get_object_or_404(DocumentJob, pk=job_id))


@staff_page("lms.download_document")
def document_job_file_page(request: HttpRequest, job_id: int, number: int) -> HttpResponseBase:
    """Download the archive of one part; the audit trail says who did."""
    chunk = get_object_or_404(DocumentJobChunk.objects.exclude(file=""), job=job_id, number=number)
    audit.record(
        actor=acting_user(request),
        action="lms.document_job_download",
        object_type="lms.documentjob",
        object_id=job_id,
        detail={"part": number, "documents": chunk.documents},
    )
    return FileResponse(chunk.file.open("rb"), as_attachment=True, filename=f"documents-job-{job_id}-part-{number}.zip")


def _started(request: HttpRequest, job: DocumentJob) -> HttpResponse:
    if job.state != DocumentJob.State.DONE:
        try:
            documents_bulk.apply_async(kwargs={"job_id": job.pk}, retry=False)
        except OperationalError:
            messages.error(request, _NO_BROKER)
    return redirect("staff-documents:job", job.pk)


def _progress(job: DocumentJob) -> dict[str, Any]:
    return {
        "job": job,
        "is_running": job.state != DocumentJob.State.DONE,
        "percent": 100 * job.chunks_done // job.chunks_total,
    }
