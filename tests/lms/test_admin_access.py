"""Which role may open which page and do which act: every address under /admin/ is in one of these tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core.approvals.services import Attachment
from core.models import (
    ApiToken,
    ApprovalAttachment,
    ApprovalRequest,
    AuditEntry,
    BusinessDate,
    InboxMessage,
    ReasonCode,
    Saga,
    SentEvent,
)
from core.reasons.services import reason_codes_seed
from core.tokens.services import token_issue
from customers.models import BankAccount, Customer, CustomerMerge
from ledger.gst.rules import gst_seed
from ledger.models import Account, Journal, ProductAccount, Transfer
from lms.acts import act_of, act_submit
from lms.acts.class_changes import classification_payload
from lms.admin.acts import FORM_BY_SLUG
from lms.dry_runs.jobs import dry_run_create
from lms.models import (
    BureauCycle,
    BureauDispute,
    BureauRejection,
    BureauSubmission,
    CreditLine,
    DayEnd,
    Document,
    DocumentJob,
    DryRun,
    DryRunKind,
    Freeze,
    ImportBatch,
    Loan,
    LoanFact,
    Product,
    ProductVersion,
    ProvisionResult,
    ProvisionRun,
    RateCampaign,
    RateChoice,
    RateNotice,
)
from lms.services.benchmarks import benchmark_create, benchmark_rate_publish, product_benchmark_set
from lms.services.classification_rules import Thresholds, classification_seed
from lms.services.freezes import customer_freeze
from lms.services.holidays import holidays_publish
from lms.services.lines.rules import line_parameters_seed
from lms.services.rate_campaigns import rate_campaign_create, rate_campaign_prepare
from lms.services.servicing_rules import servicing_seed
from payments.models import (
    AllowedPayer,
    CompensationRule,
    CounterReceipt,
    Deposit,
    Dispute,
    DisputePaper,
    IncomingPayment,
    PayeeCheck,
    PaymentRefund,
    Payout,
    PayoutCompensation,
    Settlement,
    Vendor,
    VendorRoute,
    VirtualAccount,
)
from payments.services.compensations import compensation_rules_seed
from payments.services.deposits import Cheque, CounterOrder, counter_take, deposit_make
from payments.services.disputes import dispute_paper_add
from payments.services.links import LinkRequest, link_request
from payments.services.refunds import refund_request
from payments.services.virtual_accounts import payer_allow, virtual_account_request
from tests.factories.book import levy, receive
from tests.factories.bureau import bureau_fill
from tests.factories.lines import make_line
from tests.factories.lms import make_customer, make_loan, make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor
from tests.factories.payments_in import arrive, arrive_on, disputed
from tests.factories.provisions import provisions_fill
from tests.factories.staff import ROLE_NAMES, client_of, make_staff
from tests.lms.documents.book import issue_some

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.usefixtures("queue_without_worker")]

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOBODY = ""
EVERY_ROLE = frozenset(ROLE_NAMES)
BOOKKEEPERS = frozenset({"finance", "manager"})
SERVICE = frozenset({"operations", "manager"})
CASHIERS = frozenset({"operations", "finance", "manager"})
MANAGER = frozenset({"manager"})
FINANCE = frozenset({"finance"})
NONE: frozenset[str] = frozenset()

# Model screens: who may look, who may add, who may change; nobody deletes.
MODEL_SCREENS: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]] = {
    "core_auditentry": (EVERY_ROLE, NONE, NONE),
    "core_saga": (EVERY_ROLE, NONE, NONE),
    "core_inboxmessage": (EVERY_ROLE, NONE, NONE),
    "core_sentevent": (EVERY_ROLE, NONE, NONE),
    "core_businessdate": (EVERY_ROLE, NONE, NONE),
    "core_reasoncode": (EVERY_ROLE, MANAGER, NONE),
    "core_apitoken": (EVERY_ROLE, CASHIERS, NONE),
    "auth_user": (NONE, NONE, NONE),
    "auth_group": (NONE, NONE, NONE),
    "customers_customer": (EVERY_ROLE, SERVICE, NONE),
    "ledger_account": (EVERY_ROLE, BOOKKEEPERS, BOOKKEEPERS),
    "ledger_productaccount": (EVERY_ROLE, BOOKKEEPERS, BOOKKEEPERS),
    "ledger_journal": (EVERY_ROLE, NONE, NONE),
    "ledger_taxdocument": (EVERY_ROLE, NONE, NONE),
    "ledger_taxrule": (EVERY_ROLE, BOOKKEEPERS, NONE),
    "ledger_gstregistration": (EVERY_ROLE, BOOKKEEPERS, NONE),
    "ledger_gstlimit": (EVERY_ROLE, NONE, NONE),
    "ledger_gstdeadline": (EVERY_ROLE, NONE, NONE),
    "lms_loan": (EVERY_ROLE, NONE, NONE),
    "lms_classificationparameters": (EVERY_ROLE, MANAGER, NONE),
    "lms_product": (EVERY_ROLE, MANAGER, NONE),
    "lms_creditline": (EVERY_ROLE, MANAGER, NONE),
    "lms_lineparameters": (EVERY_ROLE, MANAGER, NONE),
    "lms_servicingparameters": (EVERY_ROLE, MANAGER, NONE),
    "lms_nilchargerule": (EVERY_ROLE, MANAGER, NONE),
    "lms_benchmark": (EVERY_ROLE, MANAGER, NONE),
    "lms_benchmarkrate": (EVERY_ROLE, MANAGER, NONE),
    "lms_productbenchmark": (EVERY_ROLE, MANAGER, NONE),
    "lms_provisionparameters": (EVERY_ROLE, BOOKKEEPERS, NONE),
    "lms_provisionrate": (EVERY_ROLE, BOOKKEEPERS, NONE),
    "lms_provisionsegment": (EVERY_ROLE, BOOKKEEPERS, NONE),
    "lms_eclparameters": (EVERY_ROLE, BOOKKEEPERS, NONE),
    "lms_bureauparameters": (EVERY_ROLE, MANAGER, NONE),
    "lms_bureaumembership": (EVERY_ROLE, MANAGER, NONE),
    "lms_bureauaccounttype": (EVERY_ROLE, MANAGER, NONE),
    "lms_document": (EVERY_ROLE, NONE, NONE),
    "lms_lenderprofile": (EVERY_ROLE, MANAGER, NONE),
    "payments_payout": (EVERY_ROLE, NONE, NONE),
    "payments_incomingpayment": (EVERY_ROLE, NONE, NONE),
    "payments_paymentlink": (EVERY_ROLE, NONE, NONE),
    "payments_counterreceipt": (EVERY_ROLE, NONE, NONE),
    "payments_deposit": (EVERY_ROLE, NONE, NONE),
    "payments_virtualaccount": (EVERY_ROLE, NONE, NONE),
    "payments_settlement": (EVERY_ROLE, NONE, NONE),
    "payments_payeecheck": (EVERY_ROLE, NONE, NONE),
    "payments_paymentrefund": (EVERY_ROLE, NONE, NONE),
    "payments_dispute": (EVERY_ROLE, NONE, NONE),
    "payments_payoutcompensation": (EVERY_ROLE, NONE, NONE),
    "payments_compensationrule": (EVERY_ROLE, MANAGER, NONE),
    "payments_vendor": (EVERY_ROLE, MANAGER, NONE),
    "payments_vendorroute": (EVERY_ROLE, NONE, NONE),
    "payments_paymentparameters": (EVERY_ROLE, MANAGER, NONE),
    # These lead to a page of ours and have no list.
    "lms_loanfact": (EVERY_ROLE, NONE, NONE),
    "lms_productversion": (EVERY_ROLE, NONE, NONE),
    "lms_importbatch": (EVERY_ROLE, NONE, NONE),
    "lms_dayend": (EVERY_ROLE, NONE, NONE),
    "lms_provisionrun": (EVERY_ROLE, NONE, NONE),
    "lms_bureaucycle": (EVERY_ROLE, NONE, NONE),
    "lms_bureausubmission": (EVERY_ROLE, NONE, NONE),
    "lms_bureaurejection": (EVERY_ROLE, NONE, NONE),
    "lms_bureaudispute": (EVERY_ROLE, NONE, NONE),
    "lms_dryrun": (EVERY_ROLE, NONE, NONE),
    "lms_holiday": (EVERY_ROLE, NONE, NONE),
}
# Pages of our own: who may open them, and who may send something to them (None: the page takes no POST).
STAFF_PAGES: dict[str, tuple[dict[str, Any], frozenset[str], frozenset[str] | None]] = {
    "staff:search": ({}, EVERY_ROLE, EVERY_ROLE),
    "staff:preview": ({}, EVERY_ROLE, None),
    "staff:loan-sanction": ({}, SERVICE, SERVICE),
    "staff:day-end": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff:day-end-day": ({"day_end_id": DayEnd}, EVERY_ROLE, None),
    "staff:day-end-progress": ({}, EVERY_ROLE, None),
    "staff:imports": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff:import": ({"batch_id": ImportBatch}, EVERY_ROLE, None),
    "staff:import-progress": ({"batch_id": ImportBatch}, EVERY_ROLE, None),
    "staff:import-report": ({"batch_id": ImportBatch, "kind": "csv"}, EVERY_ROLE, None),
    "staff:loan-explain": ({"loan_id": Loan}, EVERY_ROLE, None),
    "staff:dry-runs": ({}, EVERY_ROLE, None),
    "staff:dry-run": ({"run_id": DryRun}, EVERY_ROLE, None),
    "staff:dry-run-progress": ({"run_id": DryRun}, EVERY_ROLE, None),
    "staff:dry-run-report": ({"run_id": DryRun, "kind": "csv"}, BOOKKEEPERS, None),
    "staff:holidays": ({}, EVERY_ROLE, MANAGER),
    "staff:portfolio": ({}, EVERY_ROLE, None),
    "staff:loan-corrections": ({"loan_id": Loan}, EVERY_ROLE, None),
    "staff:loan-correction": ({"loan_id": Loan, "sequence": 2}, EVERY_ROLE, None),
    "staff:provisions": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff:provision-run": ({"run_id": ProvisionRun}, EVERY_ROLE, None),
    "staff:provision-progress": ({"run_id": ProvisionRun}, EVERY_ROLE, None),
    "staff:provision-result": ({"result_id": ProvisionResult}, EVERY_ROLE, None),
    "staff:provision-report": ({"run_id": ProvisionRun, "kind": "csv"}, BOOKKEEPERS, None),
    "staff:loan-provision": ({"loan_id": Loan}, EVERY_ROLE, None),
    "staff:provision-publish": ({"kind": "rate"}, BOOKKEEPERS, BOOKKEEPERS),
    "staff:provision-mark": ({"loan_id": Loan}, BOOKKEEPERS, BOOKKEEPERS),
    "staff:line-sanction": ({}, MANAGER, MANAGER),
    "staff:line-parameters-publish": ({}, MANAGER, MANAGER),
    "staff:line-statement": ({"line_id": CreditLine}, EVERY_ROLE, None),
    "staff:product-add": ({}, MANAGER, MANAGER),
    "staff:classification-publish": ({}, MANAGER, MANAGER),
    "staff:act-rules": ({}, EVERY_ROLE, MANAGER),
    "staff:servicing-publish": ({"what": "parameters"}, MANAGER, MANAGER),
    "staff:rate-campaigns": ({}, EVERY_ROLE, None),
    "staff:rate-campaign-add": ({}, MANAGER, MANAGER),
    "staff:rate-campaign": ({"campaign_id": RateCampaign}, EVERY_ROLE, None),
    "staff:rate-campaign-act": ({"campaign_id": RateCampaign, "what": "announce"}, MANAGER, MANAGER),
    "staff:rate-notice": ({"notice_id": RateNotice, "what": "choose"}, MANAGER, MANAGER),
    "staff:customer-freeze": ({"customer_id": Customer}, MANAGER, MANAGER),
    "staff:customer-unfreeze": ({"customer_id": Customer, "freeze_id": Freeze}, MANAGER, MANAGER),
    "staff:customer-merge": ({"customer_id": Customer}, MANAGER, MANAGER),
    "staff:customer-unmerge": ({"customer_id": Customer, "merge_id": CustomerMerge}, MANAGER, MANAGER),
    "staff:product-standing": ({"product_id": Product}, MANAGER, MANAGER),
    "staff:product-publish": ({"product_id": Product}, MANAGER, MANAGER),
    "staff-control:reason-code-add": ({}, MANAGER, MANAGER),
    "staff-control:reason-code-end": ({"reason_code_id": ReasonCode}, MANAGER, MANAGER),
    "staff-control:token-issue": ({}, CASHIERS, CASHIERS),
    # The token of the tests is that of operations; managers may revoke anybody's.
    "staff-control:token": ({"token_id": ApiToken}, SERVICE, None),
    "staff-work:work": ({}, EVERY_ROLE, None),
    "staff-work:saga": ({"saga_id": Saga}, EVERY_ROLE, BOOKKEEPERS),
    "staff-work:message": ({"message_id": InboxMessage}, EVERY_ROLE, BOOKKEEPERS),
    "staff-documents:loan": ({"loan_id": Loan}, EVERY_ROLE, CASHIERS),
    "staff-documents:download": ({"document_id": Document}, CASHIERS, None),
    "staff-documents:outdated": ({}, EVERY_ROLE, CASHIERS),
    "staff-documents:jobs": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff-documents:job": ({"job_id": DocumentJob}, EVERY_ROLE, None),
    "staff-documents:job-progress": ({"job_id": DocumentJob}, EVERY_ROLE, None),
    "staff-documents:job-file": ({"job_id": DocumentJob, "number": 1}, CASHIERS, None),
    "staff-documents:lender-publish": ({}, MANAGER, MANAGER),
    "staff-bureau:cycles": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff-bureau:check": ({}, EVERY_ROLE, None),
    "staff-bureau:cycle": ({"cycle_id": BureauCycle}, EVERY_ROLE, None),
    "staff-bureau:cycle-progress": ({"cycle_id": BureauCycle}, EVERY_ROLE, None),
    "staff-bureau:file": ({"submission_id": BureauSubmission}, BOOKKEEPERS, None),
    "staff-bureau:submission": ({"submission_id": BureauSubmission, "what": "send"}, BOOKKEEPERS, BOOKKEEPERS),
    "staff-bureau:rejections": ({}, EVERY_ROLE, None),
    "staff-bureau:rejection": ({"rejection_id": BureauRejection}, SERVICE, SERVICE),
    "staff-bureau:disputes": ({}, EVERY_ROLE, None),
    "staff-bureau:dispute-add": ({}, SERVICE, SERVICE),
    "staff-bureau:dispute": ({"dispute_id": BureauDispute}, EVERY_ROLE, SERVICE),
    "staff-bureau:publish": ({"kind": "parameters"}, MANAGER, MANAGER),
    "staff-books:trial-balance": ({}, EVERY_ROLE, None),
    "staff-books:account": ({"account_id": Account}, EVERY_ROLE, None),
    "staff-books:explain": ({}, EVERY_ROLE, None),
    "staff-books:entries": ({"account_id": Account}, EVERY_ROLE, None),
    "staff-books:day-book": ({}, EVERY_ROLE, None),
    "staff-books:profit-and-loss": ({}, EVERY_ROLE, None),
    "staff-books:balance-sheet": ({}, EVERY_ROLE, None),
    "staff-books:gst-register": ({}, EVERY_ROLE, None),
    "staff-books:gst-rule": ({}, BOOKKEEPERS, BOOKKEEPERS),
    "staff-books:gst-registration": ({}, BOOKKEEPERS, BOOKKEEPERS),
    "staff-books:periods": ({}, EVERY_ROLE, FINANCE),
    "staff-books:check": ({}, EVERY_ROLE, None),
    "staff-books:vouchers": ({}, BOOKKEEPERS, None),
    "staff-books:voucher": ({}, BOOKKEEPERS, BOOKKEEPERS),
    "staff-approvals:inbox": ({}, EVERY_ROLE, EVERY_ROLE),
    "staff-approvals:request": ({"request_id": ApprovalRequest}, EVERY_ROLE, EVERY_ROLE),
    "staff-approvals:limits": ({}, EVERY_ROLE, MANAGER),
    "staff-approvals:paper": ({"paper_id": ApprovalAttachment}, SERVICE, None),
    "staff-customers:add": ({}, SERVICE, SERVICE),
    "staff-customers:change": ({"customer_id": Customer, "what": "values"}, SERVICE, SERVICE),
    "staff-customers:history": ({"customer_id": Customer}, MANAGER, None),
    "staff-customers:addition": ({"customer_id": Customer, "what": "address"}, SERVICE, SERVICE),
    "staff-payments:alarms": ({"place": "home"}, EVERY_ROLE, None),
    "staff-payments:payout-ask": ({"loan_id": Loan}, CASHIERS, CASHIERS),
    "staff-payments:link-ask": ({"loan_id": Loan}, CASHIERS, CASHIERS),
    "staff-payments:payment": ({"payment_id": IncomingPayment}, EVERY_ROLE, BOOKKEEPERS),
    "staff-payments:clearing": ({}, EVERY_ROLE, None),
    "staff-payments:loan-payments": ({"loan_id": Loan}, EVERY_ROLE, None),
    "staff-payments:customer-payments": ({"customer_id": Customer}, EVERY_ROLE, None),
    "staff-payments:counter": ({}, EVERY_ROLE, EVERY_ROLE),
    "staff-payments:counter-take": ({"loan_id": Loan}, CASHIERS, CASHIERS),
    "staff-payments:counter-receipt": ({"receipt_id": CounterReceipt}, EVERY_ROLE, BOOKKEEPERS),
    "staff-payments:deposit-ask": ({"kind": "cash"}, CASHIERS, CASHIERS),
    "staff-payments:deposit": ({"deposit_id": Deposit}, EVERY_ROLE, None),
    "staff-payments:settlement": ({"settlement_id": Settlement}, EVERY_ROLE, BOOKKEEPERS),
    "staff-payments:virtual-account": ({"account_id": VirtualAccount}, EVERY_ROLE, None),
    "staff-payments:payer-remove": ({"payer_id": AllowedPayer}, CASHIERS, CASHIERS),
    "staff-payments:payment-matches": ({"payment_id": IncomingPayment}, EVERY_ROLE, None),
    "staff-payments:payment-act": ({"payment_id": IncomingPayment, "what": "apply"}, BOOKKEEPERS, BOOKKEEPERS),
    "staff-payments:suspense": ({}, EVERY_ROLE, None),
    "staff-payments:refund-live": ({"refund_id": PaymentRefund}, EVERY_ROLE, None),
    "staff-payments:dispute-act": ({"dispute_id": Dispute, "what": "accept"}, CASHIERS, CASHIERS),
    "staff-payments:dispute-paper": ({"paper_id": DisputePaper}, CASHIERS, None),
    "staff-payments:payout-answer": ({"payout_id": Payout}, CASHIERS, CASHIERS),
    "staff-payments:compensation-publish": ({}, MANAGER, MANAGER),
    "staff-payments:loan-payouts": ({"loan_id": Loan}, EVERY_ROLE, None),
    "staff-payments:customer-payouts": ({"customer_id": Customer}, EVERY_ROLE, None),
    "staff-payments:payout-live": ({"payout_id": Payout}, EVERY_ROLE, None),
    "staff-payments:doubts": ({}, EVERY_ROLE, None),
    "staff-payments:dashboard": ({}, EVERY_ROLE, None),
    "staff-payments:vendor-add": ({}, MANAGER, MANAGER),
    "staff-payments:vendor-change": ({"vendor_id": Vendor}, MANAGER, MANAGER),
    "staff-payments:vendor-secrets": ({"vendor_id": Vendor}, MANAGER, MANAGER),
    "staff-payments:route-add": ({"vendor_id": Vendor}, MANAGER, MANAGER),
    "staff-payments:route-end": ({"route_id": VendorRoute}, MANAGER, MANAGER),
    "staff-payments:parameters-publish": ({}, MANAGER, MANAGER),
}
# Addresses that only take POST.
WITHOUT_LIST = {
    "lms_loanfact",
    "lms_productversion",
    "lms_importbatch",
    "lms_dayend",
    "lms_provisionrun",
    "lms_dryrun",
    "lms_holiday",
    "lms_bureaucycle",
    "lms_bureausubmission",
    "lms_bureaurejection",
    "lms_bureaudispute",
}
COMMANDS: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "staff-approvals:bulk": ({}, EVERY_ROLE),
    "staff-approvals:decide": ({"request_id": ApprovalRequest}, EVERY_ROLE),
    "staff-books:check-run": ({}, BOOKKEEPERS),
    "staff-bureau:cycle-run": ({"cycle_id": BureauCycle}, BOOKKEEPERS),
    "staff-control:token-revoke": ({"token_id": ApiToken}, SERVICE),
    "staff-documents:reissue": ({"document_id": Document}, CASHIERS),
    "staff-documents:job-run": ({"job_id": DocumentJob}, BOOKKEEPERS),
    "staff:import-check": ({"batch_id": ImportBatch}, BOOKKEEPERS),
    "staff:import-commit": ({"batch_id": ImportBatch}, BOOKKEEPERS),
    "staff:day-end-retry": ({"loan_id": Loan}, BOOKKEEPERS),
    "staff:dry-run-act": ({"run_id": DryRun, "what": "cancel"}, BOOKKEEPERS),
    "staff:dry-run-of-request": ({"request_id": ApprovalRequest}, BOOKKEEPERS),
    "staff:provision-ask": ({"run_id": ProvisionRun}, BOOKKEEPERS),
    "staff-customers:unmask": ({"customer_id": Customer}, MANAGER),
    "staff-payments:account-open": ({"loan_id": Loan}, CASHIERS),
    "staff-payments:virtual-account-change": ({"account_id": VirtualAccount, "what": "payer"}, CASHIERS),
    "staff-payments:payout-decide": ({"payout_id": Payout}, CASHIERS),
    "staff-payments:dispute-answer": ({"dispute_id": Dispute}, CASHIERS),
    "staff-payments:check-decide": ({"check_id": PayeeCheck}, MANAGER),
    "staff-payments:account-prove": ({"account_id": BankAccount}, CASHIERS),
}
ACTS = {
    "disburse": SERVICE,
    "receipt": CASHIERS,
    "prepay": SERVICE,
    "foreclose": SERVICE,
    "charge": SERVICE,
    "penal": SERVICE,
    "bounce": SERVICE,
    "waive": SERVICE,
    "rate": MANAGER,
    "reschedule": SERVICE,
    "moratorium": SERVICE,
    "pause": SERVICE,
    "settle": SERVICE,
    "write-off": MANAGER,
    "recover": SERVICE,
    "refund": CASHIERS,
    "transfer": CASHIERS,
    "reverse": BOOKKEEPERS,
    "settle-plan": SERVICE,
    "settle-plan-cancel": SERVICE,
    "settle-plan-restore": SERVICE,
    "quote": SERVICE,
    "quote-pay": SERVICE,
    "freeze": MANAGER,
    "unfreeze": MANAGER,
}
# Django's and the theme's own pages; the role plays no part in them.
FRAMEWORK = {
    "admin:index",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:app_list",
    "admin:search",
    "admin:auth_user_password_change",
}
BOOK = (
    Loan,
    LoanFact,
    ApprovalRequest,
    Journal,
    Transfer,
    Customer,
    Product,
    ProductVersion,
    Account,
    ProductAccount,
    BusinessDate,
)


@pytest.fixture
def loan(settings: Any, tmp_path: Path) -> Loan:
    """A running loan with a receipt and a waiver that waits, so that every screen has a row."""
    settings.MEDIA_ROOT = tmp_path
    set_business_date(date(2026, 3, 10))
    loan = make_loan()
    receive(loan, 5_000_00, date(2026, 3, 1))
    DayEnd.objects.create(business_date=date(2026, 3, 9), state=DayEnd.State.CLOSED)
    classification_seed()
    line_parameters_seed()
    make_line(customer=loan.customer)
    servicing_fill(loan)
    provisions_fill()
    dry_run_fill()
    gst_seed()
    levy(loan, "STATEMENT", date(2026, 3, 1))
    issue_some(loan)
    bureau_fill(loan)
    payments_fill(loan)
    Saga.objects.create(kind="tests.past", intent_key="past", state="DONE")
    InboxMessage.objects.create(source="tests", event_id="past", raw=b"{}", queue="tests")
    SentEvent.objects.create(event_id="past", topic="tests.past", payload={}, created_at=NOW, subscribers=0)
    ImportBatch.objects.create(file_name="tape.csv", map_name="map", product_code="PL", snapshot_date=date(2026, 3, 1))
    reason_codes_seed()
    operator = make_staff("operations")
    token_issue(owner=operator, actor=operator, name="Sheet", days=30)
    act_submit(
        act=act_of(slug="waive"),
        loan_id=loan.pk,
        values={"component": "INTEREST", "amount_paise": 1_00, "value_date": date(2026, 3, 10)},
        reason="Goodwill",
        reason_code="GOODWILL",
        actor=make_staff("operations"),
        idempotency_key="waits",
        attachments=(Attachment(name="letter.pdf", content=b"%PDF-1.4"),),
    )
    return loan


def dry_run_fill() -> None:
    """Try thresholds on the book, and declare a holiday."""
    thresholds = Thresholds(npa_from_days=100)
    payload = classification_payload(
        effective_from=date(2026, 3, 10), thresholds=thresholds, source="Circular", reason="Board"
    )
    dry_run_create(kind=DryRunKind.CLASSIFICATION, change=payload, idempotency_key="try", actor=make_staff("manager"))
    holidays_publish(added={date(2026, 11, 8): "Diwali"}, removed=[], reason="Board")


def payments_fill(loan: Loan) -> None:
    """Create a vendor that nobody calls, a payout that waits for its worker, and a row of each table of payments in."""
    make_parameters()
    vendor = make_vendor(address="http://127.0.0.1:9")
    waiting = make_sanctioned_loan(first_due_date=date(2026, 4, 10))
    account = make_account(customer=waiting.customer)
    make_proof(account=account)
    payout = ask_payout(loan=waiting, account=account)
    IncomingPayment.objects.create(number="IN00000001", source="GATEWAY", amount_paise=1_00, state="SUSPENSE")
    refund_request(payment_id=arrive(vendor=vendor).pk, reason="Paid twice")
    dispute = disputed(payment=arrive_on(loan=loan, vendor=vendor))
    paper = Attachment(name="letter.pdf", content=b"%PDF-1.4")
    dispute_paper_add(dispute_id=dispute.pk, paper=paper, actor=make_staff("operations"))
    compensation_rules_seed()
    PayoutCompensation.objects.create(
        payout=payout,
        rule=CompensationRule.objects.all()[0],
        sent_on=date(2026, 3, 1),
        ended_on=date(2026, 3, 3),
        late_days=1,
        amount_paise=100_00,
        booked_on=date(2026, 3, 3),
    )
    link_request(request=LinkRequest(loan_id=loan.pk, amount_paise=1_00, idempotency_key="link"))
    counter_fill(loan)
    payer_allow(
        account_id=virtual_account_request(loan_id=loan.pk).pk,
        label="Salary",
        account_number="50100011112222",
        ifsc="HDFC0000123",
    )
    Settlement.objects.create(
        vendor=vendor, vendor_reference="setl_1", amount_paise=1_00, fee_paise=0, tax_paise=0, booked_on=NOW.date()
    )


def counter_fill(loan: Loan) -> None:
    """Take a cheque and bring it to the bank."""
    cheque = Cheque(number="123456", bank="A bank", dated=date(2026, 3, 9))
    taken = counter_take(
        order=CounterOrder(loan_id=loan.pk, amount_paise=1_00, idempotency_key="cheque", cheque=cheque)
    )
    deposit_make(payment_ids=[taken.payment_id], bank_reference="SLIP 1", deposited_on=date(2026, 3, 10))


def servicing_fill(loan: Loan) -> None:
    """Create a row of each table of servicing; the merge is of two other customers."""
    servicing_seed()
    repo = benchmark_create(code="REPO", name="Repo rate", reason="Board")
    first = date(2025, 1, 1)
    benchmark_rate_publish(benchmark=repo, effective_from=first, rate_pct=Decimal(6), source="RBI", reason="Board")
    product = loan.product_version.product
    product_benchmark_set(
        product=product,
        benchmark=repo,
        effective_from=date(2026, 3, 11),
        default_choice=RateChoice.EMI,
        reason="Board",
    )
    campaign = rate_campaign_create(
        product=product, delta_pct=Decimal(1), effective_date=date(2026, 6, 1), reason="Board", idempotency_key="rates"
    )
    rate_campaign_prepare(campaign_id=campaign.pk)
    customer_freeze(customer_id=loan.customer_id, effects=["CONTACT"], reason="Asked", idempotency_key="freeze")
    CustomerMerge.objects.create(
        survivor=loan.customer,
        absorbed=make_customer(),
        merged_on=date(2026, 3, 10),
        reason="Same person",
        idempotency_key="merge",
    )


def address(name: str, arguments: dict[str, Any]) -> str:
    """Fill an address with the keys of rows that exist."""
    return reverse(name, kwargs={key: _value(value) for key, value in arguments.items()})


def _value(value: Any) -> Any:
    return value._default_manager.order_by("pk")[0].pk if hasattr(value, "_default_manager") else value


class Staff:
    """Browsers of all roles, logged in once."""

    def __init__(self) -> None:
        self.clients = {role: client_of(role) for role in (NOBODY, *ROLE_NAMES)}

    def allowed(self, call: Callable[[Client], Any], *, refused: int = 403) -> frozenset[str]:
        """Return the roles that a call lets through; the others get 403, and nobody is led to the log-in page."""
        answers = {role: call(client).status_code for role, client in self.clients.items()}
        assert answers.pop(NOBODY) == 302
        assert set(answers.values()) <= {200, 302, 405, 422, refused}
        return frozenset(role for role, status in answers.items() if status != refused)


@contextmanager
def undone() -> Iterator[None]:
    """Let what one row of a table does not reach the next one: the book takes a second to fill."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that an act could touch."""
    return [list(model._default_manager.order_by("pk").values_list()) for model in BOOK]


def test_every_address_is_in_a_table() -> None:
    models = {
        f"admin:{name}_{view}"
        for name in MODEL_SCREENS
        for view in ("changelist", "add", "change", "delete", "history")
    }

    known = models | STAFF_PAGES.keys() | COMMANDS.keys() | FRAMEWORK | {"staff:loan-act", "staff:line-act"}

    assert set(_names(get_resolver().url_patterns)) == known


def test_every_act_is_in_the_table() -> None:
    assert ACTS.keys() == FORM_BY_SLUG.keys()


def test_every_model_screen_is_in_the_table() -> None:
    registered = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}

    assert registered == MODEL_SCREENS.keys()


def test_model_screens_open_to_their_roles_alone(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        may_look, may_add, may_change = MODEL_SCREENS[name]
        key = model._default_manager.order_by("pk")[0].pk
        listed, add = reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_add")
        history, change, delete = (
            reverse(f"admin:{name}_{view}", args=[key]) for view in ("history", "change", "delete")
        )

        with subtests.test(name), undone():
            assert allowed(methodcaller("get", listed)) == (NONE if name in WITHOUT_LIST else may_look)
            assert allowed(methodcaller("get", history)) == may_look
            assert allowed(methodcaller("get", add)) == may_add
            assert allowed(methodcaller("post", add)) == may_add
            assert allowed(methodcaller("get", change)) == may_look
            assert allowed(methodcaller("post", change), refused=405 if _is_page(name) else 403) == may_change
            assert allowed(methodcaller("get", delete)) == NONE
            assert allowed(methodcaller("post", delete, {"post": "yes"})) == NONE


def test_pages_open_to_their_roles_alone(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for name, (arguments, may_open, may_send) in STAFF_PAGES.items():
        target = address(name, arguments)

        with subtests.test(name), undone():
            assert allowed(methodcaller("get", target)) == may_open
            assert may_send is None or allowed(methodcaller("post", target)) == may_send


def test_commands_are_refused_to_other_roles(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for name, (arguments, may_send) in COMMANDS.items():
        target = address(name, arguments)

        with subtests.test(name), undone():
            assert allowed(methodcaller("post", target)) == may_send
            assert client_of("manager").get(target).status_code == 405


def test_acts_are_refused_to_other_roles(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for slug, may_do in ACTS.items():
        target = reverse("staff:loan-act", args=[loan.pk, slug])

        with subtests.test(slug), undone():
            assert allowed(methodcaller("get", target)) == may_do
            assert allowed(methodcaller("post", target)) == may_do


def test_analyst_changes_nothing_anywhere(loan: Loan) -> None:
    client = client_of("analyst")
    pages = [address(name, row[0]) for table in (STAFF_PAGES, COMMANDS) for name, row in table.items()]
    acts = [reverse("staff:loan-act", args=[loan.pk, slug]) for slug in ACTS]
    lists = [reverse(f"admin:{name}_changelist") for name in MODEL_SCREENS]
    entered = {
        "amount_paise": "1,000.00",
        "value_date": "2026-03-10",
        "channel": "BANK",
        "reference": "UTR-ANALYST",
        "reason": "Trying",
        "idempotency_key": "analyst-1",
        "sequence": "2",
        "component": "INTEREST",
        "to_date": "2026-03-10",
        "action": "delete_selected",
        "_selected_action": "1",
    }
    before = everything(), AuditEntry.objects.count()

    for target in (*pages, *acts, *lists):
        client.get(target)
        client.post(target, entered)

    assert (everything(), AuditEntry.objects.count()) == before


def test_analyst_is_shown_no_act(loan: Loan) -> None:
    page = client_of("analyst").get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()

    assert "Post a receipt" not in page
    assert "Reverse</a>" not in page
    assert f"/admin/loan/{loan.pk}/" not in page.replace("/explain/", "")


def test_user_without_a_role_sees_no_figures(loan: Loan) -> None:
    client = Client()
    client.force_login(User.objects.create_user("new", password="x", is_staff=True))

    page = client.get(reverse("admin:index")).content.decode()

    assert "Your user has no role yet" in page
    assert "Principal outstanding" not in page


def _is_page(name: str) -> bool:
    """Tell whether the screen of one object is a page of ours, which takes no POST."""
    return (
        name
        in {
            "lms_loan",
            "core_reasoncode",
            "lms_document",
            "lms_product",
            "lms_creditline",
            "customers_customer",
            "ledger_journal",
            "ledger_taxdocument",
            "payments_payout",
            "payments_incomingpayment",
            "payments_counterreceipt",
            "payments_deposit",
            "payments_virtualaccount",
            "payments_settlement",
            "payments_payeecheck",
            "payments_paymentrefund",
            "payments_dispute",
            "payments_vendor",
        }
        | WITHOUT_LIST
    )


def _names(patterns: list[Any], prefix: str = "") -> list[str]:
    """Collect the names of all addresses below /admin/."""
    found: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += _names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern) and pattern.name and prefix:
            found.append(f"{prefix}{pattern.name}")
    return found
