"""Payouts in every state: sanctioned loans of generated borrowers, paid through the simulators as staff would."""

import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import User
from django.utils import timezone
from ulid import ULID

from core.approvals.models import ApprovalRequest
from core.business_date import business_date
from core.errors import KistError
from core.sagas.models import SagaStep, StepState
from core.workers import LANES, lane_drain
from customers.models import BankAccount, Customer
from customers.services import bank_account_add
from lms.engine.state import LoanStatus
from lms.models import Loan, ProductVersion
from lms.services.loans import loan_sanction
from payments.demo.vendors import control
from payments.models import CheckState, Operation, PayeeCheck, Payout, PayoutKind, PayoutState, ProviderAttempt, Vendor
from payments.protocol import Told
from payments.sagas.returns import WATCH_SAGA
from payments.services.payees import check_answered
from payments.services.payout_asking import payout_submit
from payments.services.payouts import PayoutOrder, payout_cancel
from payments.services.returns import payout_told
from payments.services.vendors import payout_client_of
from payments.vendors.answers import ProofNews

# Accounts of the vendors' own sandboxes: what becomes of money paid to them is known.
_OPEN, _SLOW = ("026291800001191", "YESB0000262"), ("007711000031", "HDFC0000077")
_CLOSED, _RETURNING = ("026291800001190", "YESB0000262"), ("02014457596969", "CITI0000001")
# The simulators' own pace, which is set aside while the demo is filled.
HASTE: Final = {"latency_median": 0.0, "settle_seconds": 0.0, "reversed_seconds": 2.0}
_RETURN_LOOKS: Final = 20
PACE: Final = {"latency_median": 0.05, "settle_seconds": 2.0, "reversed_seconds": 86_400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One payout to be: whose account it goes to, what the bank calls its holder, and how it ends."""

    account: tuple[str, str] | None = None
    bank_name: str = "{name}"
    is_proven: bool = True
    amount_paise: int
    end: str = ""


_CASES: Final = (
    # First, so that no other call meets the fault that is meant for it.
    _Case(amount_paise=1_50_000_00, end="LOST"),
    _Case(amount_paise=60_000_00),
    _Case(amount_paise=85_000_00),
    _Case(amount_paise=1_20_000_00),
    _Case(account=_OPEN, amount_paise=1_90_000_00),
    _Case(account=_CLOSED, amount_paise=45_000_00),
    _Case(account=_RETURNING, amount_paise=75_000_00, end="RETURNED"),
    _Case(account=_SLOW, amount_paise=95_000_00),
    _Case(bank_name="{first}", amount_paise=55_000_00),
    _Case(bank_name="{first} {initial}", amount_paise=65_000_00),
    _Case(amount_paise=3_50_000_00, end="WAITS"),
    _Case(is_proven=False, amount_paise=40_000_00, end="CANCELLED"),
)


def payouts_fill(*, address: str) -> int:
    """Sanction some loans, pay them out through the simulators, and return how many payouts there are.

    Args:
        address: where the simulators listen.
    """
    maker = User.objects.get(username="operations")
    version = ProductVersion.objects.filter(product__code="PL").order_by("-number").first()
    if version is None:
        return 0
    control(address=address, path="scenario", **HASTE)
    customers = Customer.objects.filter(merged_into__isnull=True).order_by("-pk").iterator()
    made = 0
    for case in _CASES:
        if case.end == "LOST":
            control(address=address, path="fault", vendor="razorpay", fault="lost_request", times=1)
        asked = next(filter(None, (_ask(customer, version, case, maker) for customer in customers)), None)
        if isinstance(asked, Payout):
            saga_work(rounds=2 if case.end == "LOST" else 4)
            _end(asked, case, maker)
            saga_work(rounds=1)
            made += 1
    saga_work()
    control(address=address, path="scenario", **PACE)
    return made


def accounts_prove(*, count: int) -> int:
    """Prove the accounts of borrowers who wait for their money, and return how many were proven."""
    known = PayeeCheck.objects.values("bank_account__customer_id")
    loans = Loan.objects.filter(status=LoanStatus.SANCTIONED).exclude(customer_id__in=known).order_by("pk")
    waiting = loans.values_list("customer_id", flat=True)
    borrowers = list(waiting[:count])
    accounts = list(BankAccount.objects.filter(customer_id__in=borrowers).select_related("customer").order_by("pk"))
    for account in accounts:
        _prove(account, "{name}")
    return len(accounts)


def _ask(customer: Customer, version: ProductVersion, case: _Case, maker: User) -> Payout | ApprovalRequest | None:
    """Sanction a loan and ask for its money; None for a customer who may not have it."""
    try:
        loan = loan_sanction(
            customer=customer,
            product_version=version,
            principal_paise=case.amount_paise,
            annual_rate_pct=Decimal(20),
            instalment_count=12,
            sanctioned_on=business_date(),
            idempotency_key=f"demo:payout:{customer.pk}",
            actor=maker,
        )
        account = _account(customer, case)
        if case.is_proven:
            _prove(account, case.bank_name)
        return payout_submit(order=_order(loan, account, maker))
    except KistError:
        # In a cooling-off time, or frozen: another borrower takes the place.
        return None


def _order(loan: Loan, account: BankAccount, maker: User) -> PayoutOrder:
    return PayoutOrder(
        kind=PayoutKind.DISBURSAL,
        loan_id=loan.pk,
        bank_account_id=account.pk,
        amount_paise=loan.principal_paise,
        idempotency_key=f"demo:payout:{loan.pk}",
        reason="Disbursal as sanctioned",
        actor=maker,
    )


def _account(customer: Customer, case: _Case) -> BankAccount:
    if case.account is not None:
        number, ifsc = case.account
        return bank_account_add(
            customer=customer, holder_name=customer.full_name, account_number=number, ifsc=ifsc, is_primary=True
        )
    known = BankAccount.objects.filter(customer=customer).order_by("-is_primary", "-pk").first()
    return known or bank_account_add(
        customer=customer, account_number=f"5010{customer.pk:010d}", ifsc="HDFC0000123", is_primary=True
    )


def _prove(account: BankAccount, bank_name: str) -> None:
    """Let a check be answered the way that a vendor answers it."""
    words = account.customer.full_name.split()
    check = PayeeCheck.objects.create(
        account_index=account.account_index,
        ifsc=account.ifsc,
        bank_account=account,
        vendor=Vendor.objects.get(code="cashfree"),
        operation=Operation.PENNILESS,
        our_reference=str(ULID()),
    )
    holder = bank_name.format(name=account.customer.full_name, first=words[0], initial=words[-1][:1]).upper()
    news = ProofNews(state=CheckState.VALID, holder_name=holder, vendor_reference=f"demo-{check.pk}")
    check_answered(check_id=check.pk, news=news, today=business_date())


def saga_work(*, rounds: int = 4) -> None:
    """Do the work of the workers, with every pause cut short."""
    for _ in range(rounds):
        due = SagaStep.objects.filter(state__in=(StepState.PENDING, StepState.COMP_PENDING))
        due.exclude(saga__kind=WATCH_SAGA).update(run_at=timezone.now() - timedelta(seconds=1))
        lane_drain(lane=LANES["sagas"], rounds=1)


def _end(payout: Payout, case: _Case, maker: User) -> None:
    payout.refresh_from_db()
    if case.end == "CANCELLED" and payout.state == PayoutState.REQUESTED:
        payout_cancel(payout_id=payout.pk, actor=maker, reason="The borrower changed their mind")
    elif case.end == "LOST":
        # As if a day had gone by: the vendor never heard of it, and the key no longer protects a repeat.
        ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).update(safe_retry_until=timezone.now())
    elif case.end == "RETURNED" and payout.state == PayoutState.PAID:
        _returned(payout)


def _returned(payout: Payout) -> None:
    """Ask the vendor until the bank has sent the money back, as the daily look does."""
    attempt = ProviderAttempt.objects.select_related("vendor").get(saga_id=payout.saga_id or 0, state="PROCESSED")
    client = payout_client_of(vendor=attempt.vendor)
    for _ in range(_RETURN_LOOKS):
        news = client.payout_find(our_reference=attempt.our_reference, vendor_reference=attempt.vendor_reference)
        if news.told == Told.REVERSED:
            payout_told(attempt_id=attempt.pk, news=news, source="LOOK")
            return
        time.sleep(0.2)
