"""Money that leaves."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models import BankAccount, Customer
from lms.models import Loan
from payments.models.vendor import Rail


class PayoutKind(models.TextChoices):
    """What money leaves for."""

    DISBURSAL = "DISBURSAL", "Disbursal of a loan"
    REFUND = "REFUND", "Refund of excess"


class PayoutState(models.TextChoices):
    """Where a payout stands."""

    REQUESTED = "REQUESTED", "requested"
    SENT = "SENT", "on its way"
    PAID = "PAID", "paid"
    FAILED = "FAILED", "failed: no money left"
    REVERSED = "REVERSED", "paid and sent back by the bank"
    CANCELLED = "CANCELLED", "cancelled before it was sent"


class Payout(models.Model):
    """One payment to a borrower's own account, from the request to the bank's final word."""

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=PayoutKind)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    # The account as it was when the payout was asked for: a changed one is another account.
    account_index = models.CharField(max_length=64)
    ifsc = models.CharField(max_length=11)
    # Whether the borrower was paid here by default then: an account that was left since is a changed one too.
    is_to_primary = models.BooleanField(default=False)
    amount_paise = models.PositiveBigIntegerField()
    rail = models.CharField(max_length=4, choices=Rail)
    state = models.CharField(max_length=10, choices=PayoutState, default=PayoutState.REQUESTED)
    # The loan while nothing final is known, NULL afterwards: one payout of a kind at a time.
    open_loan = models.ForeignKey(Loan, null=True, on_delete=models.PROTECT, related_name="+")
    saga_id = models.BigIntegerField(null=True, db_index=True)
    utr = models.CharField(max_length=35, blank=True, db_index=True)
    paid_on = models.DateField(null=True)
    problem = models.CharField(max_length=255, blank=True)
    fact_sequence = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)

    class Meta:
        permissions = [
            ("request_payout", "Can ask for money to be paid out"),
            ("approve_payout", "Can approve payouts above the limit"),
            ("answer_payout", "Can enter what the bank has answered about a payout"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "open_loan"], name="one_open_payout"),
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="payout_is_positive"),
        ]
        indexes = [
            models.Index(fields=["state", "changed_at"], name="payout_by_state"),
            models.Index(fields=["loan", "-id"], name="payout_by_loan"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_payee_changed(self) -> bool:
        """Tell whether the account is not the one that the payout was asked for, or the borrower has left it since."""
        account = self.bank_account
        is_other = (account.account_index, account.ifsc) != (self.account_index, self.ifsc)
        return is_other or (self.is_to_primary and not account.is_primary)
