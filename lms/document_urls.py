"""Addresses of the staff's pages about documents."""

from django.urls import path

from lms.admin.document_jobs import (
    document_job_file_page,
    document_job_page,
    document_job_progress_part,
    document_job_run_page,
    document_jobs_page,
)
from lms.admin.documents import (
    document_download_page,
    document_reissue_page,
    documents_outdated_page,
    loan_documents_page,
)
from lms.admin.lender import lender_publish_page

app_name = "staff-documents"

urlpatterns = [
    path("documents/loan/<int:loan_id>/", loan_documents_page, name="loan"),
    path("documents/<int:document_id>/file/", document_download_page, name="download"),
    path("documents/<int:document_id>/reissue/", document_reissue_page, name="reissue"),
    path("documents/outdated/", documents_outdated_page, name="outdated"),
    path("documents/jobs/", document_jobs_page, name="jobs"),
    path("documents/jobs/<int:job_id>/", document_job_page, name="job"),
    path("documents/jobs/<int:job_id>/progress/", document_job_progress_part, name="job-progress"),
    path("documents/jobs/<int:job_id>/run/", document_job_run_page, name="job-run"),
    path("documents/jobs/<int:job_id>/part-<int:number>.zip", document_job_file_page, name="job-file"),
    path("documents/lender/publish/", lender_publish_page, name="lender-publish"),
]
