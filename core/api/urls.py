"""Addresses of what every app shares."""

from django.urls import path

from core.api import approvals, papers, reasons, work

# Keys of rows are at most 19 digits; a longer number is no address.
urlpatterns = [
    path("approvals/", approvals.ApprovalsView.as_view(), name="api-approvals"),
    path("approvals/<int:request_id>/", approvals.ApprovalView.as_view(), name="api-approval"),
    path("approvals/<int:request_id>/approve/", approvals.ApproveView.as_view(), name="api-approval-approve"),
    path("approvals/<int:request_id>/reject/", approvals.RejectView.as_view(), name="api-approval-reject"),
    path("approvals/<int:request_id>/withdraw/", approvals.WithdrawView.as_view(), name="api-approval-withdraw"),
    path("approvals/<int:request_id>/papers/<int:paper_id>/", papers.PaperView.as_view(), name="api-approval-paper"),
    path("sagas/", work.SagasView.as_view(), name="api-sagas"),
    path("sagas/<int:saga_id>/", work.SagaView.as_view(), name="api-saga"),
    path("sagas/<int:saga_id>/retry/", work.SagaRetryView.as_view(), name="api-saga-retry"),
    path("sagas/<int:saga_id>/park/", work.SagaParkView.as_view(), name="api-saga-park"),
    path("sagas/<int:saga_id>/compensate/", work.SagaCompensateView.as_view(), name="api-saga-compensate"),
    path("messages/", work.MessagesView.as_view(), name="api-messages"),
    path("messages/<int:message_id>/", work.MessageView.as_view(), name="api-message"),
    path("messages/<int:message_id>/replay/", work.MessageReplayView.as_view(), name="api-message-replay"),
    path("messages/<int:message_id>/file/", work.MessageFileView.as_view(), name="api-message-file"),
    path("reason-codes/", reasons.ReasonCodesView.as_view(), name="api-reason-codes"),
]
