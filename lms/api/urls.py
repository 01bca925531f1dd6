"""Addresses of the loan book."""

from django.db import models
from django.urls import path, reverse

from core.api.acts import Subject, act_paths
from customers.api.urls import ACTS_WHERE, CUSTOMER_SUBJECT
from customers.api.views import customer_id_of
from lms.acts.customers import CUSTOMER_ACTS
from lms.acts.lines import LINE_ACTS, LINE_SANCTION_ACT
from lms.acts.publications import PUBLICATIONS
from lms.acts.rate_campaigns import CAMPAIGN_ACTS, NOTICE_ACTS
from lms.acts.sanctions import LOAN_SANCTION_ACT
from lms.api import bulk, documents, explanations, lines, loans, provisions, rates
from lms.api.acts import act_paths as loan_act_paths
from lms.models import CreditLine, LineFact, Loan, RateNotice


def _account_address(row: models.Model) -> str:
    """Return where a loan, a line, or the line of an entry is read."""
    if isinstance(row, Loan):
        return reverse("api-loan", args=[row.number])
    line = row.line if isinstance(row, LineFact) else row
    assert isinstance(line, CreditLine)  # noqa: S101  # acts on lines give nothing else
    return reverse("api-line", args=[line.number])


def _change_address(row: models.Model) -> str:
    return reverse("api-rate-change", args=[row.campaign_id if isinstance(row, RateNotice) else row.pk])


_ACCOUNTS = Subject(where=ACTS_WHERE, find=customer_id_of, address=_account_address)
_LINES = Subject(
    where="lines/<str:number>/acts/",
    find=lambda number: lines.line_of(number).pk,
    address=_account_address,
    prefix="line-",
)
_CHANGES = Subject(
    where="rate-changes/<int:campaign_id>/acts/",
    find=lambda campaign_id: rates.campaign_of(campaign_id).pk,
    address=_change_address,
    prefix="rates-",
)
_NOTICES = Subject(
    where="rate-notices/<int:notice_id>/acts/",
    find=lambda notice_id: rates.notice_of(notice_id).pk,
    address=_change_address,
    prefix="rate-",
)
_ROWS = Subject(where="dated-rows/", find=lambda: 0, address=lambda _row: "")

urlpatterns = [
    path("loans/", loans.LoansView.as_view(), name="api-loans"),
    path("loans/<str:number>/", loans.LoanView.as_view(), name="api-loan"),
    path("loans/<str:number>/schedule/", loans.ScheduleView.as_view(), name="api-loan-schedule"),
    path("loans/<str:number>/statement/", loans.StatementView.as_view(), name="api-loan-statement"),
    path("loans/<str:number>/facts/", loans.FactsView.as_view(), name="api-loan-facts"),
    path("loans/<str:number>/foreclosure-quote/", loans.QuoteView.as_view(), name="api-loan-quote"),
    path("loans/<str:number>/quotes/", loans.StoredQuotesView.as_view(), name="api-loan-quotes"),
    path("loans/<str:number>/explain/", explanations.ExplainView.as_view(), name="api-loan-explain"),
    path("loans/<str:number>/documents/issue/", documents.IssueView.as_view(), name="api-document-issue"),
    *loan_act_paths(),
    path("receipts/bulk/", bulk.BulkReceiptsView.as_view(), name="api-receipts-bulk"),
    path("products/", loans.ProductsView.as_view(), name="api-products"),
    path("products/<str:code>/", loans.ProductView.as_view(), name="api-product"),
    path("documents/", documents.DocumentsView.as_view(), name="api-documents"),
    path("documents/<str:number>/", documents.DocumentView.as_view(), name="api-document"),
    path("documents/<str:number>/file/", documents.FileView.as_view(), name="api-document-file"),
    path("document-jobs/", documents.JobsView.as_view(), name="api-document-jobs"),
    path("document-jobs/start/", documents.JobStartView.as_view(), name="api-document-job-start"),
    path("document-jobs/<int:job_id>/", documents.JobView.as_view(), name="api-document-job"),
    path("lines/", lines.LinesView.as_view(), name="api-lines"),
    path("lines/<str:number>/", lines.LineView.as_view(), name="api-line"),
    path("lines/<str:number>/statement/", lines.LineStatementView.as_view(), name="api-line-statement"),
    path("lines/<str:number>/facts/", lines.LineFactsView.as_view(), name="api-line-facts"),
    path("rate-changes/", rates.RateChangesView.as_view(), name="api-rate-changes"),
    path("rate-changes/begin/", rates.RateChangeBeginView.as_view(), name="api-rate-change-begin"),
    path("rate-changes/<int:campaign_id>/", rates.RateChangeView.as_view(), name="api-rate-change"),
    path("rate-changes/<int:campaign_id>/notices/", rates.RateNoticesView.as_view(), name="api-rate-notices"),
    path("rate-changes/<int:campaign_id>/prepare/", rates.RateChangePrepareView.as_view(), name="api-rate-prepare"),
    path("rate-changes/<int:campaign_id>/run/", rates.RateChangeRunView.as_view(), name="api-rate-run"),
    path("provision-runs/", provisions.RunsView.as_view(), name="api-provision-runs"),
    path("provision-runs/<int:run_id>/", provisions.RunView.as_view(), name="api-provision-run"),
    path("provision-runs/<int:run_id>/loans/", provisions.ResultsView.as_view(), name="api-provision-results"),
    *act_paths((LOAN_SANCTION_ACT, LINE_SANCTION_ACT), subject=_ACCOUNTS),
    *act_paths(CUSTOMER_ACTS, subject=CUSTOMER_SUBJECT),
    *act_paths(LINE_ACTS, subject=_LINES),
    *act_paths(CAMPAIGN_ACTS, subject=_CHANGES),
    *act_paths(NOTICE_ACTS, subject=_NOTICES),
    *act_paths(PUBLICATIONS, subject=_ROWS),
]
