"""Addresses of what every app shares."""

from django.urls import path

from core.api import approvals, reasons

# Keys of rows are at most 19 digits; a longer number is no address.
urlpatterns = [
    path("approvals/", approvals.ApprovalsView.as_view(), name="api-approvals"),
    path("approvals/<int:request_id>/", approvals.ApprovalView.as_view(), name="api-approval"),
    path("approvals/<int:request_id>/approve/", approvals.ApproveView.as_view(), name="api-approval-approve"),
    path("approvals/<int:request_id>/reject/", approvals.RejectView.as_view(), name="api-approval-reject"),
    path("approvals/<int:request_id>/withdraw/", approvals.WithdrawView.as_view(), name="api-approval-withdraw"),
    path("reason-codes/", reasons.ReasonCodesView.as_view(), name="api-reason-codes"),
]
