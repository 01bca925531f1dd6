"""Addresses of the staff pages that are no list of one model."""

from django.urls import path

from lms.admin.act_pages import act_page
from lms.admin.act_rules import act_rules_page
from lms.admin.classification import classification_publish_page
from lms.admin.corrections import correction_page, corrections_part
from lms.admin.customer_pages import (
    customer_freeze_page,
    customer_merge_page,
    customer_unfreeze_page,
    customer_unmerge_page,
)
from lms.admin.day_end import day_end_day_page, day_end_page, day_end_progress_part, problem_retry_page
from lms.admin.dry_runs import (
    dry_run_act_page,
    dry_run_of_request_page,
    dry_run_page,
    dry_run_progress_part,
    dry_run_report_page,
    dry_runs_page,
)
from lms.admin.explanations import explain_part
from lms.admin.holidays import holidays_page
from lms.admin.imports import (
    import_check_page,
    import_commit_page,
    import_page,
    import_progress_part,
    import_report_page,
    imports_page,
)
from lms.admin.line_pages import line_act_page, line_parameters_page, line_sanction_page, line_statement_page
from lms.admin.offer_pages import preview_page, sanction_page
from lms.admin.portfolio import portfolio_page
from lms.admin.products import product_add_page, product_standing_page, version_publish_page
from lms.admin.provision_marks import provision_mark_page
from lms.admin.provision_rows import provision_publish_page
from lms.admin.provisions import (
    loan_provision_part,
    provision_ask_page,
    provision_progress_part,
    provision_report_page,
    provision_result_page,
    provision_run_page,
    provisions_page,
)
from lms.admin.rate_campaigns import (
    rate_campaign_act_page,
    rate_campaign_add_page,
    rate_campaign_page,
    rate_campaigns_page,
    rate_notice_page,
)
from lms.admin.search import search_page
from lms.admin.servicing_rules import servicing_publish_page

app_name = "staff"

urlpatterns = [
    path("find/", search_page, name="search"),
    path("preview/", preview_page, name="preview"),
    path("portfolio/", portfolio_page, name="portfolio"),
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
    path("act-rules/", act_rules_page, name="act-rules"),
    path("asset-classes/publish/", classification_publish_page, name="classification-publish"),
    path("dry-runs/", dry_runs_page, name="dry-runs"),
    path("dry-runs/<int:run_id>/", dry_run_page, name="dry-run"),
    path("dry-runs/<int:run_id>/progress/", dry_run_progress_part, name="dry-run-progress"),
    path("dry-runs/<int:run_id>/loans.<slug:kind>", dry_run_report_page, name="dry-run-report"),
    path("dry-runs/<int:run_id>/<slug:what>/", dry_run_act_page, name="dry-run-act"),
    path("dry-runs/of-request/<int:request_id>/", dry_run_of_request_page, name="dry-run-of-request"),
    path("holidays/", holidays_page, name="holidays"),
    path("provisions/", provisions_page, name="provisions"),
    path("provisions/<int:run_id>/", provision_run_page, name="provision-run"),
    path("provisions/<int:run_id>/progress/", provision_progress_part, name="provision-progress"),
    path("provisions/<int:run_id>/ask/", provision_ask_page, name="provision-ask"),
    path("provisions/<int:run_id>/loans.<slug:kind>", provision_report_page, name="provision-report"),
    path("provisions/loan/<int:result_id>/", provision_result_page, name="provision-result"),
    path("provisions/publish/<slug:kind>/", provision_publish_page, name="provision-publish"),
    path("provisions/of-loan/<int:loan_id>/", loan_provision_part, name="loan-provision"),
    path("loan/<int:loan_id>/provision-mark/", provision_mark_page, name="provision-mark"),
    path("loan/<int:loan_id>/explain/", explain_part, name="loan-explain"),
    path("corrections/of-loan/<int:loan_id>/", corrections_part, name="loan-corrections"),
    path("corrections/of-loan/<int:loan_id>/<int:sequence>/", correction_page, name="loan-correction"),
    path("lines/sanction/", line_sanction_page, name="line-sanction"),
    path("lines/guards/publish/", line_parameters_page, name="line-parameters-publish"),
    path("line/<int:line_id>/statement/", line_statement_page, name="line-statement"),
    path("line/<int:line_id>/<slug:slug>/", line_act_page, name="line-act"),
    path("loan/<int:loan_id>/<slug:slug>/", act_page, name="loan-act"),
    path("servicing/publish/<slug:what>/", servicing_publish_page, name="servicing-publish"),
    path("rate-changes/", rate_campaigns_page, name="rate-campaigns"),
    path("rate-changes/add/", rate_campaign_add_page, name="rate-campaign-add"),
    path("rate-changes/<int:campaign_id>/", rate_campaign_page, name="rate-campaign"),
    path("rate-changes/<int:campaign_id>/<slug:what>/", rate_campaign_act_page, name="rate-campaign-act"),
    path("rate-notices/<int:notice_id>/<slug:what>/", rate_notice_page, name="rate-notice"),
    path("customers/<int:customer_id>/freeze/", customer_freeze_page, name="customer-freeze"),
    path("customers/<int:customer_id>/unfreeze/<int:freeze_id>/", customer_unfreeze_page, name="customer-unfreeze"),
    path("customers/<int:customer_id>/merge/", customer_merge_page, name="customer-merge"),
    path("customers/<int:customer_id>/unmerge/<int:merge_id>/", customer_unmerge_page, name="customer-unmerge"),
]
