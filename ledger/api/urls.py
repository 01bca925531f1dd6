"""Addresses of the books."""

from django.urls import path

from ledger.api import tax, views

urlpatterns = [
    path("ledger/accounts/", views.AccountsView.as_view(), name="api-accounts"),
    path("ledger/accounts/<str:code>/statement/", views.AccountStatementView.as_view(), name="api-account-statement"),
    path("ledger/trial-balance/", views.TrialBalanceView.as_view(), name="api-trial-balance"),
    path("ledger/profit-and-loss/", views.ProfitAndLossView.as_view(), name="api-profit-and-loss"),
    path("ledger/balance-sheet/", views.BalanceSheetView.as_view(), name="api-balance-sheet"),
    path("ledger/journals/", views.JournalsView.as_view(), name="api-journals"),
    path("ledger/journals/<int:journal_id>/", views.JournalView.as_view(), name="api-journal"),
    path("ledger/manual-journals/", views.ManualJournalsView.as_view(), name="api-manual-journals"),
    path("ledger/gst-register/", tax.RegisterView.as_view(), name="api-gst-register"),
    path("ledger/tax-documents/", tax.TaxDocumentsView.as_view(), name="api-tax-documents"),
    # Numbers of documents have slashes.
    path("ledger/tax-documents/<path:number>/", tax.TaxDocumentView.as_view(), name="api-tax-document"),
]
