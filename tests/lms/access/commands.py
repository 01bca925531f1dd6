"""Addresses that only take POST, and acts on loans: who may send something to them."""

from typing import Any

from core.models import ApiToken, ApprovalRequest
from customers.models import BankAccount, Customer
from lms.models import BureauCycle, Document, DocumentJob, DryRun, ImportBatch, Loan, ProvisionRun
from payments.models import Dispute, PayeeCheck, Payout, VirtualAccount
from tests.factories.staff import BOOKKEEPERS, CASHIERS, EVERY_ROLE, MANAGER, SERVICE

COMMANDS: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "staff-approvals:bulk": ({}, EVERY_ROLE),
    "staff-approvals:decide": ({"request_id": ApprovalRequest}, EVERY_ROLE),
    "staff-books:check-run": ({}, BOOKKEEPERS),
    "staff-books:seals": ({}, BOOKKEEPERS),
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
ACT_ROLES = {
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
