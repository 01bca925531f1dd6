"""Which addresses the benchmark of pages opens: those of the menu, of every list, and of the rows that they lead to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse

from config.settings.unfold import STAFF_THEME
from core.models import ApprovalRequest, InboxMessage, Saga
from core.page_sections import sections_of
from customers.models import Customer
from ledger.models import Account, AccountBalance, Journal, TaxDocument
from lms.models import CreditLine, DayEnd, DryRun, Loan, LoanFact, ProvisionResult, ProvisionRun
from payments.models import Deposit, Dispute, IncomingPayment, PayeeCheck, Payout, Settlement, VirtualAccount

# What staff narrow the long lists down to, beside the lists as they open and their second page.
_FILTERS: Final = {
    "lms_loan": (
        {"status__exact": "ACTIVE"},
        {"status__exact": "ACTIVE", "p": "2"},
        {"asset_class__exact": "DOUBTFUL_1"},
        {"asset_class__exact": "STANDARD", "o": "-4"},
        {"disbursed_on_from": "2026-03-01", "disbursed_on_to": "2026-03-02"},
        {"days_past_due__gte": "1", "o": "-4"},
        {"o": "-5"},
    ),
    "lms_document": ({"kind__exact": "STATEMENT"}, {"language__exact": "hi"}),
    "lms_creditline": ({"is_blocked__exact": "1"}, {"valid_until_from": "2026-04-01", "valid_until_to": "2026-05-01"}),
    "payments_payout": ({"state__exact": "PAID"}, {"state__exact": "SENT"}, {"rail__exact": "IMPS"}),
    "payments_incomingpayment": (
        {"state__exact": "SUSPENSE"},
        {"state__exact": "APPLIED"},
        {"state__exact": "APPLIED", "p": "2"},
        {"source__exact": "CASH"},
        {"created_at_from": "2026-04-01", "created_at_to": "2026-04-02"},
    ),
    "payments_payeecheck": ({"band__exact": "REVIEW"}, {"state__exact": "VALID"}),
    "payments_paymentlink": ({"state__exact": "PAID"}, {"form__exact": "LINK"}),
    "payments_virtualaccount": ({"state__exact": "OPEN"},),
    "payments_counterreceipt": ({"state__exact": "RECEIVED"}, {"kind__exact": "CASH"}),
    "payments_settlement": ({"standing__exact": "EXPLAINED"},),
    "payments_dispute": ({"state__exact": "OPEN"},),
    "payments_paymentrefund": ({"state__exact": "PAID"},),
    "core_inboxmessage": (
        {"state__exact": "POISON"},
        {"state__exact": "APPLIED"},
        {"source__exact": "webhook:razorpay"},
        {"received_at_from": "2026-04-01", "received_at_to": "2026-04-02"},
    ),
    "core_saga": ({"state__exact": "MANUAL"}, {"state__exact": "DONE"}, {"kind__exact": "payments.payout"}),
    "core_auditentry": ({"at_from": "2026-04-01", "at_to": "2026-04-02"}, {"q": "lms.loan 1"}),
    "core_sentevent": ({"topic__exact": "lms.receipt_posted"},),
    "ledger_journal": (
        {"event__exact": "DAY_END"},
        {"value_date_from": "2026-04-01", "value_date_to": "2026-04-02"},
        {"o": "-4"},
    ),
    "ledger_taxdocument": ({"kind__exact": "INVOICE"},),
}
_API: Final = (
    "approvals customers documents lines loans ledger-journals ledger-tax-documents payments payment-links payouts"
    " disputes counter-receipts counter-till deposits settlements compensations virtual-accounts payee-checks"
    " sagas messages provision-runs rate-changes document-jobs vendor-health clearing-accounts products"
    " ledger-accounts ledger-trial-balance ledger-profit-and-loss ledger-balance-sheet ledger-gst-register"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page by its name in the report, the same for a small and a large lender, and its address."""

    name: str
    address: str
    is_api: bool = False
    # Sent instead of read, where an address must not hold what is looked for.
    body: dict[str, str] | None = None


def pages(user: User) -> Iterator[Page]:
    """Give every page to open, each address once, for the rows that there are."""
    seen = set()
    for page in (*_menu(), *_lists(), *_searches(), *_rows(user), *_reports(), *_api()):
        if page.address not in seen:
            seen.add(page.address)
            yield page


def _menu() -> Iterator[Page]:
    sidebar: dict[str, Any] = STAFF_THEME["SIDEBAR"]  # type: ignore[assignment]  # settings of the theme carry no types
    for group in sidebar["navigation"]:
        for entry in group["items"]:
            yield Page(name=str(entry["title"]), address=str(entry["link"]))


def _lists() -> Iterator[Page]:
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        address = reverse(f"admin:{name}_changelist")
        yield Page(name=f"list {name}", address=address)
        for query in ({"p": "2"}, *_FILTERS.get(name, ())):
            yield Page(name=f"list {name}?{urlencode(query)}", address=f"{address}?{urlencode(query)}")


def _searches() -> Iterator[Page]:
    customer = Customer.objects.order_by("pk")[7]
    word = max(customer.full_name.split(), key=len)
    reference = LoanFact.objects.exclude(reference="").order_by("pk")[7].reference
    texts = {
        "a name": customer.full_name,
        "one word of a name": word,
        "a name with an error": word[:2] + word[3:],
        "a phone": customer.phone,
        "the end of a phone": customer.phone[-5:],
        "the beginning of a phone": customer.phone[:4],
        "a UTR": reference,
        "a beginning of loan numbers": "L0000001",
        "nothing that is there": "Zzyzx Qwfp",
    }
    for name, text in texts.items():
        yield Page(name=f"search for {name}", address=_with("staff:search", q=text))
    yield Page(name="counter for a name", address=_with("staff-payments:counter", q=word))
    for model, text in (("customers_customer", word), ("lms_document", "FCL-2026-27-000001")):
        yield Page(name=f"list {model}, search", address=_with(f"admin:{model}_changelist", q=text))
    for found in (Payout, IncomingPayment):
        text = found._default_manager.exclude(utr="").order_by("pk")[7].utr
        for sought in (text, "L00000012"):
            list_name = f"payments_{found._meta.model_name}"
            kind = "UTR" if sought == text else "loan"
            yield Page(
                name=f"list {list_name}, search {kind}", address=_with(f"admin:{list_name}_changelist", q=sought)
            )


def _rows(user: User) -> Iterator[Page]:
    loan = _loan()
    kept = {
        "lms_loan": loan,
        "customers_customer": loan.customer,
        "lms_creditline": CreditLine.objects.first(),
        "payments_payout": Payout.objects.order_by("pk")[3],
        "ledger_journal": Journal.objects.order_by("pk")[3],
        "ledger_taxdocument": TaxDocument.objects.first(),
        "payments_payeecheck": PayeeCheck.objects.order_by("pk")[3],
        "payments_dispute": Dispute.objects.first(),
        "payments_incomingpayment": IncomingPayment.objects.order_by("pk")[5],
    }
    for name, row in kept.items():
        yield Page(name=f"page {name}", address=reverse(f"admin:{name}_change", args=[row.pk]) if row else "/admin/")
    for page, obj in (("home", None), ("header", None), ("lms.loan", loan), ("customers.customer", loan.customer)):
        for part in sections_of(page=page, user=user, obj=obj):
            yield Page(name=f"part {page} {part.code}", address=part.address)
    yield Page(name="documents of a loan", address=reverse("staff-documents:loan", args=[loan.pk]))
    addresses = {
        "staff:loan-provision": loan,
        "staff:loan-corrections": loan,
        "staff:provision-run": ProvisionRun.objects.first(),
        "staff:provision-result": ProvisionResult.objects.order_by("pk").first(),
        "staff:dry-run": DryRun.objects.first(),
        "staff:day-end-day": DayEnd.objects.first(),
        "staff-payments:payment": IncomingPayment.objects.order_by("pk")[5],
        "staff-payments:payment-matches": IncomingPayment.objects.filter(state="SUSPENSE").first(),
        "staff-payments:settlement": Settlement.objects.order_by("pk").first(),
        "staff-payments:deposit": Deposit.objects.order_by("pk").first(),
        "staff-payments:virtual-account": VirtualAccount.objects.order_by("pk").first(),
        "staff-work:saga": Saga.objects.order_by("pk").first(),
        "staff-work:message": InboxMessage.objects.order_by("pk").first(),
        "staff-approvals:request": ApprovalRequest.objects.order_by("pk").first(),
    }
    for name, shown in addresses.items():
        if shown is not None:
            yield Page(name=f"page {name}", address=reverse(name, args=[shown.pk]))


def _reports() -> Iterator[Page]:
    busy = AccountBalance.objects.order_by("-seq")[0].account_id
    for name in ("staff-books:account", "staff-books:entries"):
        yield Page(name=f"page {name}, busiest", address=reverse(name, args=[busy]))
    yield Page(name="portfolio of one row", address=_with("staff:portfolio", **{"product": "PL", "class": "STANDARD"}))
    yield Page(name="portfolio of the past", address=_with("staff:portfolio", as_of="2026-03-31"))
    yield Page(name="trial balance of the past", address=_with("staff-books:trial-balance", as_of="2026-03-31"))
    yield Page(name="bureau check", address=reverse("staff-bureau:check"))
    yield Page(name="bureau rejections", address=reverse("staff-bureau:rejections"))


def _api() -> Iterator[Page]:
    for name in _API.split():
        path = name.replace("ledger-", "ledger/", 1)
        yield Page(name=f"API {path}", address=f"/api/v1/{path}/", is_api=True)
    loan = _loan()
    bank = Account.objects.order_by("code").first()
    for path in ("", "schedule/", "statement/", "facts/"):
        yield Page(name=f"API loans/NUMBER/{path}", address=f"/api/v1/loans/{loan.number}/{path}", is_api=True)
    for query in ("status=ACTIVE", "asset_class=DOUBTFUL_1", f"customer={loan.customer.number}"):
        name = query.partition("=")[0]
        yield Page(name=f"API loans?{name}", address=f"/api/v1/loans/?{query}", is_api=True)
    yield Page(name="API payments?state", address="/api/v1/payments/?state=SUSPENSE", is_api=True)
    yield Page(name="API payouts?state", address="/api/v1/payouts/?state=PAID", is_api=True)
    yield Page(name="API customers/search", address="/api/v1/customers/search/", is_api=True, body={"text": "Sharma"})
    if bank:
        yield Page(
            name="API ledger/accounts/CODE/statement/",
            address=f"/api/v1/ledger/accounts/{bank.code}/statement/",
            is_api=True,
        )


def _with(name: str, **query: str) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _loan() -> Loan:
    """Return the loan with the longest history of those that were there first."""
    first = Loan.objects.filter(pk__in=list(Loan.objects.order_by("pk").values_list("pk", flat=True)[:200]))
    return max(first.filter(status="ACTIVE").order_by("pk"), key=lambda loan: loan.fact_count)
