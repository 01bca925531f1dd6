"""Addresses of the staff pages that are no list of one model."""

from django.urls import path

from lms.admin.act_pages import act_page
from lms.admin.classification import classification_publish_page
from lms.admin.day_end import day_end_day_page, day_end_page, day_end_progress_part, problem_retry_page
from lms.admin.explanations import explain_part
from lms.admin.imports import (
    import_check_page,
    import_commit_page,
    import_page,
    import_progress_part,
    import_report_page,
    imports_page,
)
from lms.admin.offer_pages import preview_page, sanction_page
from lms.admin.products import product_add_page, product_standing_page, version_publish_page
from lms.admin.search import search_page

app_name = "staff"

urlpatterns = [
    path("find/", search_page, name="search"),
    path("preview/", preview_page, name="preview"),
    path("sanction/", sanction_page, name="loan-sanction"),
    path("day-end/", day_end_page, name="day-end"),
    path("day-end/<int:day_end_id>/", day_end_day_page, name="day-end-day"),
    path("day-end/progress/", day_end_progress_part, name="day-end-progress"),
    path("day-end/retry/<int:loan_id>/", problem_retry_page, name="day-end-retry"),
    path("imports/", imports_page, name="imports"),
    path("imports/<int:batch_id>/", import_page, name="import"),
    path("imports/<int:batch_id>/progress/", import_progress_part, name="import-progress"),
    path("imports/<int:batch_id>/check/", import_check_page, name="import-check"),
    path("imports/<int:batch_id>/commit/", import_commit_page, name="import-commit"),
    path("imports/<int:batch_id>/report.<slug:kind>", import_report_page, name="import-report"),
    path("products/add/", product_add_page, name="product-add"),
    path("products/<int:product_id>/standing/", product_standing_page, name="product-standing"),
    path("products/<int:product_id>/publish/", version_publish_page, name="product-publish"),
    path("asset-classes/publish/", classification_publish_page, name="classification-publish"),
    path("loan/<int:loan_id>/explain/", explain_part, name="loan-explain"),
    path("loan/<int:loan_id>/<slug:slug>/", act_page, name="loan-act"),
]
