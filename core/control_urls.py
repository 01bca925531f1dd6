"""Addresses of reason codes and API tokens."""

from django.urls import path

from core.reasons import pages as reasons
from core.tokens import pages as tokens

app_name = "staff-control"

urlpatterns = [
    path("reason-codes/new/", reasons.reason_code_add_page, name="reason-code-add"),
    path("reason-codes/<int:reason_code_id>/end/", reasons.reason_code_end_page, name="reason-code-end"),
    path("api-tokens/new/", tokens.token_issue_page, name="token-issue"),
    path("api-tokens/<int:token_id>/", tokens.token_page, name="token"),
    path("api-tokens/<int:token_id>/revoke/", tokens.token_revoke_page, name="token-revoke"),
]
