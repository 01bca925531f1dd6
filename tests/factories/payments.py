"""Vendors, accounts of borrowers and payouts of generated people."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from core.clock import database_now
from core.sagas.models import SagaStep, StepState
from core.workers import LANES, lane_drain
from customers.models import BankAccount, Customer
from customers.services import bank_account_add
from ledger.models import Account, DeferredEntry
from ledger.services import house_journal_post
from lms.models import Loan
from payments.models import (
    CheckState,
    NameBand,
    Operation,
    PayeeCheck,
    PaymentLink,
    PaymentParameters,
    Payout,
    PayoutKind,
    Rail,
    Vendor,
    VendorKind,
    VendorRoute,
)
from payments.services.payouts import PayoutOrder, payout_request
from payments.services.vendors import vendor_accounts, vendor_accounts_create
from tests.factories.lms import next_key

MOST = {Rail.IMPS: 5_00_000_00, Rail.NEFT: 10**12, Rail.RTGS: 10**12, Rail.UPI: 1_00_000_00}
GOOD_ACCOUNT = "026291800001191"


def make_parameters(**overrides: Any) -> PaymentParameters:
    """Publish thresholds from 2020 on."""
    values: dict[str, Any] = {
        "valid_from": date(2020, 1, 1),
        "payout_approval_above_paise": 5_00_000_00,
        "payee_proof_days": 90,
        "name_pass_score": 90,
        "name_review_score": 60,
        "reversal_watch_days": 7,
        "cash_receipt_limit_paise": 1_99_999_99,
        "source": "test",
    }
    return PaymentParameters.objects.create(**{**values, **overrides})


def make_vendor(*, address: str, code: str = "razorpay", float_paise: int = 10_00_000_00, **overrides: Any) -> Vendor:
    """Enter a contract with a vendor of the simulators, its routes, its accounts, and money at it."""
    keys = {"razorpay": "rzp_test_kist", "cashfree": "cf_test_kist", "lookup": "lookup_test_kist"}
    values: dict[str, Any] = {
        "code": code,
        "name": code.title(),
        "kind": VendorKind[code.upper()],
        "base_url": f"{address}/{code}",
        "key_id": keys[code],
        "key_secret": "kist-demo-secret",  # pragma: allowlist secret
        "webhook_secret": "kist-demo-webhook",  # pragma: allowlist secret
        "account_number": "7878780080316316",
        "calls_per_second": 1000,
        "answer_seconds": 5,
    }
    vendor = Vendor.objects.create(**{**values, **overrides})
    vendor_accounts_create(vendor=vendor)
    for rail, most in MOST.items():
        VendorRoute.objects.create(
            vendor=vendor, operation=Operation.PAYOUT, rail=rail, most_paise=most, valid_from=date(2020, 1, 1)
        )
    for operation in (Operation.COLLECT, Operation.REFUND, Operation.VIRTUAL_ACCOUNT):
        VendorRoute.objects.create(vendor=vendor, operation=operation, most_paise=10**12, valid_from=date(2020, 1, 1))
    if float_paise:
        fund(vendor=vendor, paise=float_paise)
    return vendor


@transaction.atomic
def fund(*, vendor: Vendor, paise: int) -> None:
    """Put money of the lender at a vendor."""
    house_journal_post(
        idempotency_key=next_key("fund"),
        event="FUNDED",
        reference_type="payments.vendor",
        reference_id=vendor.pk,
        debit_code=vendor_accounts(vendor=vendor).float_code,
        credit_code="1010",
        amount_paise=paise,
        value_date=date(2026, 1, 1),
        booked_on=date(2026, 1, 1),
    )


def make_account(*, customer: Customer, number: str = GOOD_ACCOUNT, ifsc: str = "YESB0000262") -> BankAccount:
    """Give a customer a bank account."""
    return bank_account_add(
        customer=customer, holder_name=customer.full_name, account_number=number, ifsc=ifsc, is_primary=True
    )


def own_branch() -> str:
    """Name a branch that no other account has: what a bank says of an account goes for all who have that one."""
    return f"YESB0{uuid.uuid4().hex[:6].upper()}"


def make_proof(*, account: BankAccount, **overrides: Any) -> PayeeCheck:
    """Prove an account to be its customer's."""
    values: dict[str, Any] = {
        "account_index": account.account_index,
        "ifsc": account.ifsc,
        "bank_account": account,
        "operation": Operation.PENNILESS,
        "state": CheckState.VALID,
        "score": 100,
        "band": NameBand.PASS,
        "our_reference": next_key("proof"),
        "answered_at": database_now(),
        "valid_until": date(2026, 1, 1) + timedelta(days=3650),
    }
    return PayeeCheck.objects.create(**{**values, **overrides})


def ask_payout(*, loan: Loan, account: BankAccount, amount_paise: int = 1_20_000_00, **overrides: Any) -> Payout:
    """Ask for the disbursal of a loan."""
    values: dict[str, Any] = {
        "kind": PayoutKind.DISBURSAL,
        "loan_id": loan.pk,
        "bank_account_id": account.pk,
        "amount_paise": amount_paise,
        "idempotency_key": next_key("payout"),
    }
    return payout_request(order=PayoutOrder(**{**values, **overrides}))


def balance_of(code: str) -> int:
    """Return where an account stands, with what the roller has not reached."""
    account = Account.objects.get(code=code)
    waiting = DeferredEntry.objects.filter(account=account).values_list("delta_paise", flat=True)
    return account.balance.balance_paise + sum(waiting)


def run_sagas(*, rounds: int = 12) -> None:
    """Let workers do everything, with every pause cut short; what is watched for days is left alone."""
    PaymentLink.objects.filter(looks=0).update(looks=1)
    for _ in range(rounds):
        due = SagaStep.objects.filter(state__in=(StepState.PENDING, StepState.COMP_PENDING))
        due.exclude(saga__kind="payments.watch").update(run_at=database_now() - timedelta(seconds=1))
        lane_drain(lane=LANES["sagas"], rounds=1)
