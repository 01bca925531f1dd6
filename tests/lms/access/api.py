"""Addresses of the interface beside those of loans: who may read, and who gets past the permission of an act."""

from typing import Any

from customers.models import Customer
from ledger.models import TaxDocument
from lms.models import CreditLine, Document, DocumentJob, Loan, ProvisionRun, RateCampaign, RateNotice
from tests.factories.staff import BOOKKEEPERS, CASHIERS, EVERY_ROLE, MANAGER, SERVICE

# What is read: the keys that its address takes, and who may read it.
READ_BESIDE: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "api-loan-quotes": ({"number": Loan}, EVERY_ROLE),
    "api-documents": ({}, EVERY_ROLE),
    "api-document": ({"number": Document}, EVERY_ROLE),
    "api-document-file": ({"number": Document}, CASHIERS),
    "api-document-jobs": ({}, EVERY_ROLE),
    "api-document-job": ({"job_id": DocumentJob}, EVERY_ROLE),
    "api-lines": ({}, EVERY_ROLE),
    "api-line": ({"number": CreditLine}, EVERY_ROLE),
    "api-line-statement": ({"number": CreditLine}, EVERY_ROLE),
    "api-line-facts": ({"number": CreditLine}, EVERY_ROLE),
    "api-rate-changes": ({}, EVERY_ROLE),
    "api-rate-change": ({"campaign_id": RateCampaign}, EVERY_ROLE),
    "api-rate-notices": ({"campaign_id": RateCampaign}, EVERY_ROLE),
    "api-provision-runs": ({}, EVERY_ROLE),
    "api-provision-run": ({"run_id": ProvisionRun}, EVERY_ROLE),
    "api-provision-results": ({"run_id": ProvisionRun}, EVERY_ROLE),
    "api-gst-register": ({}, EVERY_ROLE),
    "api-tax-documents": ({}, EVERY_ROLE),
    "api-tax-document": ({"number": TaxDocument}, EVERY_ROLE),
}
# What is sent: the keys of its address, and who gets past the permission; the act may still refuse.
SENT_BESIDE: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "api-customer-create": ({}, SERVICE),
    "api-document-issue": ({"number": Loan}, CASHIERS),
    "api-document-job-start": ({}, BOOKKEEPERS),
    "api-rate-change-begin": ({}, MANAGER),
    "api-rate-prepare": ({"campaign_id": RateCampaign}, MANAGER),
    "api-rate-run": ({"campaign_id": RateCampaign}, MANAGER),
}
# Acts that are not on a loan: the keys of their addresses, and who may do or ask for them.
OTHER_ACT_ROLES: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "loan-sanction": ({"number": Customer}, SERVICE),
    "line-sanction": ({"number": Customer}, MANAGER),
    "line-draw": ({"number": CreditLine}, SERVICE),
    "line-hold": ({"number": CreditLine}, SERVICE),
    "line-release": ({"number": CreditLine}, SERVICE),
    "line-raise": ({"number": CreditLine}, MANAGER),
    "line-lower": ({"number": CreditLine}, MANAGER),
    "line-block": ({"number": CreditLine}, SERVICE),
    "line-unblock": ({"number": CreditLine}, MANAGER),
    "line-renew": ({"number": CreditLine}, MANAGER),
    "line-close": ({"number": CreditLine}, MANAGER),
    "customer-freeze": ({"number": Customer}, MANAGER),
    "customer-unfreeze": ({"number": Customer}, MANAGER),
    "customer-merge": ({"number": Customer}, MANAGER),
    "customer-unmerge": ({"number": Customer}, MANAGER),
    "customer-change": ({"number": Customer}, SERVICE),
    "customer-move": ({"number": Customer}, SERVICE),
    "customer-account": ({"number": Customer}, SERVICE),
    "rates-announce": ({"campaign_id": RateCampaign}, MANAGER),
    "rates-cancel": ({"campaign_id": RateCampaign}, MANAGER),
    "rate-choose": ({"notice_id": RateNotice}, MANAGER),
    "rate-undo": ({"notice_id": RateNotice}, BOOKKEEPERS),
    "servicing-parameters": ({}, MANAGER),
    "nil-charge": ({}, MANAGER),
    "line-guards": ({}, MANAGER),
}
