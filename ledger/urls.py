"""Addresses of the books."""

from django.urls import path

from ledger.views import account_page, trial_balance_page

app_name = "staff-books"

urlpatterns = [
    path("books/trial-balance/", trial_balance_page, name="trial-balance"),
    path("books/account/<int:account_id>/", account_page, name="account"),
]
