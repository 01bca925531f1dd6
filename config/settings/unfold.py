"""Look of the staff screens: colours, navigation and assets of the themed admin. Nothing here decides anything."""

from collections.abc import Callable

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    """Show an entry to users who hold one of the permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _entry(title: str, icon: str, url_name: str, *permissions: str) -> dict[str, object]:
    entry: dict[str, object] = {"title": title, "icon": icon, "link": reverse_lazy(url_name)}
    return entry | {"permission": _may(*permissions)} if permissions else entry


STAFF_THEME = {
    "SITE_TITLE": "Kist",
    "SITE_HEADER": "Kist",
    "SITE_SUBHEADER": "Loan back office",
    "SITE_SYMBOL": "account_balance_wallet",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("kist/favicon.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("kist/kist.css")],
    "SCRIPTS": [lambda request: static("kist/kist.js")],
    "DASHBOARD_CALLBACK": "lms.admin.home.home_context",
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(98% .014 190)",
            "100": "oklch(95% .03 190)",
            "200": "oklch(90% .055 190)",
            "300": "oklch(83% .08 190)",
            "400": "oklch(72% .1 192)",
            "500": "oklch(61% .1 194)",
            "600": "oklch(51% .088 196)",
            "700": "oklch(44% .075 198)",
            "800": "oklch(38% .062 200)",
            "900": "oklch(32% .05 202)",
            "950": "oklch(24% .04 204)",
        },
    },
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    _entry("Home", "home", "admin:index"),
                    _entry("Search", "search", "staff:search"),
                ],
            },
            {
                "title": "Lending",
                "separator": True,
                "items": [
                    _entry("Customers", "group", "admin:customers_customer_changelist", "customers.view_customer"),
                    _entry("Loans", "real_estate_agent", "admin:lms_loan_changelist", "lms.view_loan"),
                    _entry("Sanction a loan", "add_circle", "staff:loan-sanction", "lms.sanction_loan"),
                    _entry("Imports", "upload_file", "staff:imports", "lms.view_importbatch"),
                ],
            },
            {
                "title": "Products",
                "separator": True,
                "items": [
                    _entry("Products", "inventory_2", "admin:lms_product_changelist", "lms.view_product"),
                    _entry(
                        "Asset classes",
                        "stairs",
                        "admin:lms_classificationparameters_changelist",
                        "lms.view_classificationparameters",
                    ),
                    _entry("Schedule preview", "calculate", "staff:preview", "lms.view_productversion"),
                ],
            },
            {
                "title": "Books",
                "separator": True,
                "items": [
                    _entry("Day-end", "event_available", "staff:day-end", "lms.view_dayend"),
                    _entry("Trial balance", "balance", "staff-books:trial-balance", "ledger.view_account"),
                    _entry("Profit and loss", "query_stats", "staff-books:profit-and-loss", "ledger.view_account"),
                    _entry("Balance sheet", "account_balance", "staff-books:balance-sheet", "ledger.view_account"),
                    _entry("Day book", "menu_book", "staff-books:day-book", "ledger.view_journal"),
                    _entry("Accounts", "account_tree", "admin:ledger_account_changelist", "ledger.view_account"),
                    _entry("Journals", "receipt_long", "admin:ledger_journal_changelist", "ledger.view_journal"),
                    _entry(
                        "Manual journals",
                        "edit_note",
                        "staff-books:vouchers",
                        "ledger.request_manual_journal",
                        "ledger.approve_manual_journal",
                    ),
                    _entry("Months", "calendar_month", "staff-books:periods", "ledger.view_period"),
                    _entry("Ledger check", "verified", "staff-books:check", "ledger.view_ledgercheck"),
                ],
            },
            {
                "title": "Control",
                "separator": True,
                "items": [
                    _entry("Audit trail", "history", "admin:core_auditentry_changelist", "core.view_auditentry"),
                    _entry("Users", "manage_accounts", "admin:auth_user_changelist", "auth.view_user"),
                    _entry("Roles", "badge", "admin:auth_group_changelist", "auth.view_group"),
                ],
            },
        ],
    },
}
