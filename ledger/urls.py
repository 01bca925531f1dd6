"""Addresses of the books."""

from django.urls import path

from ledger.views import books, control, explaining, seals, tax, vouchers

app_name = "staff-books"

urlpatterns = [
    path("books/trial-balance/", books.trial_balance_page, name="trial-balance"),
    path("books/account/<int:account_id>/", books.account_page, name="account"),
    path("books/account/<int:account_id>/entries/", books.entries_page, name="entries"),
    path("books/day-book/", books.day_book_page, name="day-book"),
    path("books/profit-and-loss/", books.profit_and_loss_page, name="profit-and-loss"),
    path("books/balance-sheet/", books.balance_sheet_page, name="balance-sheet"),
    path("books/explain/", explaining.explain_part, name="explain"),
    path("books/gst/", tax.register_page, name="gst-register"),
    path("books/gst/rule/new/", tax.tax_rule_page, name="gst-rule"),
    path("books/gst/registration/new/", tax.registration_page, name="gst-registration"),
    path("books/months/", control.periods_page, name="periods"),
    path("books/check/", control.check_page, name="check"),
    path("books/check/run/", control.check_run_page, name="check-run"),
    path("books/check/seals/", seals.seals_download_page, name="seals"),
    path("books/check/seals/compare/", seals.seals_compare_page, name="seals-compare"),
    path("books/manual-journals/", vouchers.vouchers_page, name="vouchers"),
    path("books/manual-journals/new/", vouchers.voucher_page, name="voucher"),
]
