"""Addresses of maker and checker."""

from django.urls import path

from core.approvals import pages

app_name = "staff-approvals"

urlpatterns = [
    path("approvals/", pages.inbox_page, name="inbox"),
    path("approvals/bulk/", pages.bulk_page, name="bulk"),
    path("approvals/limits/", pages.limits_page, name="limits"),
    path("approvals/<int:request_id>/", pages.request_page, name="request"),
    path("approvals/<int:request_id>/decide/", pages.decide_page, name="decide"),
    path("approvals/papers/<int:paper_id>/", pages.paper_page, name="paper"),
]
