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
                    _entry("Credit lines", "credit_score", "admin:lms_creditline_changelist", "lms.view_creditline"),
                    _entry("Sanction a loan", "add_circle", "staff:loan-sanction", "lms.sanction_loan"),
                    _entry("Documents", "description", "admin:lms_document_changelist", "lms.view_document"),
                    _entry("Documents in bulk", "dynamic_feed", "staff-documents:jobs", "lms.view_documentjob"),
                    _entry("Documents to redo", "sync_problem", "staff-documents:outdated", "lms.issue_document"),
                    _entry("Rate changes", "percent", "staff:rate-campaigns", "lms.view_ratecampaign"),
                    _entry("Imports", "upload_file", "staff:imports", "lms.view_importbatch"),
                ],
            },
            {
                "title": "Money",
                "separator": True,
                "items": [
                    _entry("Payouts", "send_money", "admin:payments_payout_changelist", "payments.view_payout"),
                    _entry("Payees", "how_to_reg", "admin:payments_payeecheck_changelist", "payments.view_payeecheck"),
                    _entry(
                        "Payments in",
                        "call_received",
                        "admin:payments_incomingpayment_changelist",
                        "payments.view_incomingpayment",
                    ),
                    _entry("Counter", "point_of_sale", "staff-payments:counter", "payments.view_incomingpayment"),
                    _entry(
                        "Cash and cheques",
                        "payments",
                        "admin:payments_counterreceipt_changelist",
                        "payments.view_counterreceipt",
                    ),
                    _entry("Deposits", "account_balance", "admin:payments_deposit_changelist", "payments.view_deposit"),
                    _entry(
                        "Accounts of loans",
                        "account_box",
                        "admin:payments_virtualaccount_changelist",
                        "payments.view_virtualaccount",
                    ),
                    _entry(
                        "Settlements", "savings", "admin:payments_settlement_changelist", "payments.view_settlement"
                    ),
                    _entry(
                        "Money in suspense", "help_center", "staff-payments:suspense", "payments.view_incomingpayment"
                    ),
                    _entry("Refunds", "undo", "admin:payments_paymentrefund_changelist", "payments.view_paymentrefund"),
                    _entry("Disputes", "gavel", "admin:payments_dispute_changelist", "payments.view_dispute"),
                    _entry("Links", "add_link", "admin:payments_paymentlink_changelist", "payments.view_paymentlink"),
                    _entry("Names in doubt", "person_alert", "staff-payments:doubts", "payments.view_payeecheck"),
                    _entry("Vendors and clearing", "monitoring", "staff-payments:dashboard", "payments.view_vendor"),
                    _entry("Contracts", "handshake", "admin:payments_vendor_changelist", "payments.view_vendor"),
                    _entry("Routes", "alt_route", "admin:payments_vendorroute_changelist", "payments.view_vendorroute"),
                    _entry(
                        "Thresholds of payments",
                        "tune",
                        "admin:payments_paymentparameters_changelist",
                        "payments.view_paymentparameters",
                    ),
                    _entry(
                        "Late transfers",
                        "hourglass_bottom",
                        "admin:payments_payoutcompensation_changelist",
                        "payments.view_payoutcompensation",
                    ),
                    _entry(
                        "Terms of compensation",
                        "tune",
                        "admin:payments_compensationrule_changelist",
                        "payments.view_compensationrule",
                    ),
                    _entry("Webhooks, events", "mail", "admin:core_inboxmessage_changelist", "core.view_inboxmessage"),
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
                    _entry(
                        "Servicing parameters",
                        "tune",
                        "admin:lms_servicingparameters_changelist",
                        "lms.view_servicingparameters",
                    ),
                    _entry(
                        "Early charges", "money_off", "admin:lms_nilchargerule_changelist", "lms.view_nilchargerule"
                    ),
                    _entry("Benchmarks", "show_chart", "admin:lms_benchmark_changelist", "lms.view_benchmark"),
                    _entry(
                        "Benchmark values", "timeline", "admin:lms_benchmarkrate_changelist", "lms.view_benchmarkrate"
                    ),
                    _entry(
                        "Floating products",
                        "waves",
                        "admin:lms_productbenchmark_changelist",
                        "lms.view_productbenchmark",
                    ),
                    _entry("Lender on paper", "badge", "admin:lms_lenderprofile_changelist", "lms.view_lenderprofile"),
                    _entry(
                        "Guards of credit lines",
                        "shield_lock",
                        "admin:lms_lineparameters_changelist",
                        "lms.view_lineparameters",
                    ),
                    _entry("Schedule preview", "calculate", "staff:preview", "lms.view_productversion"),
                ],
            },
            {
                "title": "Books",
                "separator": True,
                "items": [
                    _entry("Day-end", "event_available", "staff:day-end", "lms.view_dayend"),
                    _entry("Dry runs", "science", "staff:dry-runs", "lms.view_dryrun"),
                    _entry("Holidays", "calendar_month", "staff:holidays", "lms.view_holiday"),
                    _entry("Portfolio", "pie_chart", "staff:portfolio", "lms.view_loan"),
                    _entry("Provisions", "shield", "staff:provisions", "lms.view_provisionrun"),
                    _entry("Bureau files", "upload_file", "staff-bureau:cycles", "lms.view_bureaucycle"),
                    _entry("Bureau disputes", "balance", "staff-bureau:disputes", "lms.view_bureaudispute"),
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
                    _entry("GST register", "request_quote", "staff-books:gst-register", "ledger.view_taxdocument"),
                    _entry(
                        "Tax documents", "receipt", "admin:ledger_taxdocument_changelist", "ledger.view_taxdocument"
                    ),
                    _entry("Tax rules", "percent", "admin:ledger_taxrule_changelist", "ledger.view_taxrule"),
                    _entry(
                        "GST registrations",
                        "badge",
                        "admin:ledger_gstregistration_changelist",
                        "ledger.view_gstregistration",
                    ),
                    _entry("Months", "calendar_month", "staff-books:periods", "ledger.view_period"),
                    _entry("Ledger check", "verified", "staff-books:check", "ledger.view_ledgercheck"),
                ],
            },
            {
                "title": "Control",
                "separator": True,
                "items": [
                    _entry("Approvals", "rule", "staff-approvals:inbox", "core.view_approvalrequest"),
                    _entry("Authority limits", "gavel", "staff-approvals:limits", "core.view_approvalrequest"),
                    _entry("Rules for acts", "policy", "staff:act-rules", "core.view_actrule"),
                    _entry("Work under way", "conveyor_belt", "staff-work:work", "core.view_saga"),
                    _entry("Reason codes", "list_alt", "admin:core_reasoncode_changelist", "core.view_reasoncode"),
                    _entry("API tokens", "key", "admin:core_apitoken_changelist", "core.issue_apitoken"),
                    _entry("API", "api", "api-docs"),
                    _entry("Audit trail", "history", "admin:core_auditentry_changelist", "core.view_auditentry"),
                    _entry("Users", "manage_accounts", "admin:auth_user_changelist", "auth.view_user"),
                    _entry("Roles", "badge", "admin:auth_group_changelist", "auth.view_group"),
                ],
            },
        ],
    },
}
