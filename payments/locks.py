"""The only place where rows of payments are locked."""

from django.db.models import QuerySet

from core.prepared import PreparedQuery
from payments.models import (
    CounterReceipt,
    Deposit,
    Dispute,
    IncomingPayment,
    PaidCheck,
    PayeeCheck,
    PaymentLink,
    PaymentRefund,
    Payout,
    ProofJob,
    ProviderAttempt,
    Settlement,
    Vendor,
    VendorDowntime,
    VirtualAccount,
)


def payouts_for_update() -> QuerySet[Payout]:
    """Return payouts in key order, locked when the queryset runs; the loans of the borrower are locked before."""
    return Payout.objects.select_for_update().order_by("pk")


_PAYOUT = PreparedQuery(lambda pk: payouts_for_update().filter(pk=pk))


def payout_lock(*, payout_id: int) -> Payout:
    """Lock one payout, and return it; `payouts_for_update`, only faster."""
    [payout] = _PAYOUT.rows(payout_id)
    return payout


def attempts_for_update() -> QuerySet[ProviderAttempt]:
    """Return attempts in key order, locked when the queryset runs; after the payout."""
    return ProviderAttempt.objects.select_for_update().order_by("pk")


_ATTEMPT = PreparedQuery(lambda pk: attempts_for_update().filter(pk=pk))


def attempt_lock(*, attempt_id: int) -> ProviderAttempt:
    """Lock one attempt, and return it; `attempts_for_update`, only faster."""
    [attempt] = _ATTEMPT.rows(attempt_id)
    return attempt


def checks_for_update() -> QuerySet[PayeeCheck]:
    """Return checks of payees in key order, locked when the queryset runs; of that table alone where joins are read."""
    return PayeeCheck.objects.select_for_update().order_by("pk")


def downtimes_for_update() -> QuerySet[VendorDowntime]:
    """Return what vendors said of their health in key order, locked when the queryset runs."""
    return VendorDowntime.objects.select_for_update().order_by("pk")


def paid_checks_for_update() -> QuerySet[PaidCheck]:
    """Return the rights to paid checks in key order, locked when the queryset runs; before the checks."""
    return PaidCheck.objects.select_for_update().order_by("pk")


def jobs_for_update() -> QuerySet[ProofJob]:
    """Return accounts to be proven, the most urgent first, locked when the queryset runs; locked ones are left out."""
    return ProofJob.objects.select_for_update(skip_locked=True).order_by("priority", "run_at", "pk")


def payments_for_update() -> QuerySet[IncomingPayment]:
    """Return payments in key order, locked when the queryset runs; after the loans, before anything of a vendor."""
    return IncomingPayment.objects.select_for_update().order_by("pk")


def links_for_update() -> QuerySet[PaymentLink]:
    """Return links in key order, locked when the queryset runs; after payments."""
    return PaymentLink.objects.select_for_update().order_by("pk")


def virtual_accounts_for_update() -> QuerySet[VirtualAccount]:
    """Return virtual accounts in key order, locked when the queryset runs; after payments."""
    return VirtualAccount.objects.select_for_update().order_by("pk")


def refunds_for_update() -> QuerySet[PaymentRefund]:
    """Return refunds in key order, locked when the queryset runs; after payments."""
    return PaymentRefund.objects.select_for_update().order_by("pk")


def disputes_for_update() -> QuerySet[Dispute]:
    """Return disputes in key order, locked when the queryset runs; after payments."""
    return Dispute.objects.select_for_update().order_by("pk")


def counter_receipts_for_update() -> QuerySet[CounterReceipt]:
    """Return cash and cheques in key order, locked when the queryset runs; after payments."""
    return CounterReceipt.objects.select_for_update().order_by("pk")


def deposits_for_update() -> QuerySet[Deposit]:
    """Return slips in key order, locked when the queryset runs; a locking read sees what was committed last."""
    return Deposit.objects.select_for_update().order_by("pk")


def settlements_for_update() -> QuerySet[Settlement]:
    """Return settlements in key order, locked when the queryset runs; after payments."""
    return Settlement.objects.select_for_update().order_by("pk")


def vendors_for_update() -> QuerySet[Vendor]:
    """Return vendors in key order, locked when the queryset runs: one change of a contract at a time."""
    return Vendor.objects.select_for_update().order_by("pk")
