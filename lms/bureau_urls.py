"""Addresses of the staff's pages about bureau files."""

from django.urls import path

from lms.admin.bureau import (
    bureau_check_page,
    bureau_cycle_page,
    bureau_cycles_page,
    bureau_file_page,
    bureau_progress_part,
    bureau_run_page,
    bureau_submission_page,
)
from lms.admin.bureau_cases import (
    bureau_dispute_add_page,
    bureau_dispute_page,
    bureau_disputes_page,
    bureau_rejection_page,
    bureau_rejections_page,
)
from lms.admin.bureau_rows import bureau_publish_page

app_name = "staff-bureau"

urlpatterns = [
    path("bureau/", bureau_cycles_page, name="cycles"),
    path("bureau/check/", bureau_check_page, name="check"),
    path("bureau/cycle/<int:cycle_id>/", bureau_cycle_page, name="cycle"),
    path("bureau/cycle/<int:cycle_id>/progress/", bureau_progress_part, name="cycle-progress"),
    path("bureau/cycle/<int:cycle_id>/run/", bureau_run_page, name="cycle-run"),
    path("bureau/file/<int:submission_id>/download/", bureau_file_page, name="file"),
    path("bureau/file/<int:submission_id>/<slug:what>/", bureau_submission_page, name="submission"),
    path("bureau/rejections/", bureau_rejections_page, name="rejections"),
    path("bureau/rejections/<int:rejection_id>/", bureau_rejection_page, name="rejection"),
    path("bureau/disputes/", bureau_disputes_page, name="disputes"),
    path("bureau/disputes/add/", bureau_dispute_add_page, name="dispute-add"),
    path("bureau/disputes/<int:dispute_id>/", bureau_dispute_page, name="dispute"),
    path("bureau/publish/<slug:kind>/", bureau_publish_page, name="publish"),
]
