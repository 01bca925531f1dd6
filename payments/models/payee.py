"""Accounts that money may be paid to: what was proven of them, by whom, and how well the name fits."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.fields import EncryptedTextField
from customers.models import BankAccount
from payments.models.vendor import Operation, Vendor


class CheckState(models.TextChoices):
    """What a check says."""

    WAITING = "WAITING", "waiting for the vendor"
    VALID = "VALID", "account exists"
    INVALID = "INVALID", "account does not take credits"
    UNPROVEN = "UNPROVEN", "no answer that proves anything"
    DROPPED = "DROPPED", "never sent"
    ENDED = "ENDED", "proof ended: the bank refused a payout"


class NameBand(models.TextChoices):
    """How well two names fit."""

    NONE = "", "not compared"
    PASS = "PASS", "same person"
    REVIEW = "REVIEW", "to be looked at"
    REJECT = "REJECT", "somebody else"


class NameDegree(models.TextChoices):
    """How well two names fit, as verification services say it."""

    UNCOMPARED = "", "not compared"
    COMPLETE = "COMPLETE", "the same"
    HIGH = "HIGH", "nearly the same"
    MODERATE = "MODERATE", "alike"
    LOW = "LOW", "something in common"
    NONE = "NONE", "nothing in common"


class PayeeCheck(models.Model):
    """One question to a vendor about one account; the answer counts for the days that the parameters give."""

    account_index = models.CharField(max_length=64)
    ifsc = models.CharField(max_length=11)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(Vendor, null=True, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=16, choices=Operation)
    state = models.CharField(max_length=8, choices=CheckState, default=CheckState.WAITING)
    # Another person's name, if the account is somebody else's.
    holder_name = EncryptedTextField(blank=True)
    score = models.PositiveSmallIntegerField(null=True)
    strict_score = models.PositiveSmallIntegerField(null=True)
    degree = models.CharField(max_length=8, choices=NameDegree, blank=True)
    band = models.CharField(max_length=6, choices=NameBand, blank=True)
    # The same account was proven for another customer: only the name is compared anew.
    taken_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    our_reference = models.CharField(max_length=26, unique=True)
    vendor_reference = models.CharField(max_length=64, blank=True, db_index=True)
    utr = models.CharField(max_length=35, blank=True)
    reason = models.CharField(max_length=120, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    valid_until = models.DateField(null=True)
    # What it cost: the vendor's fee, what was credited to the account, and the day on which both were booked.
    fee_paise = models.PositiveIntegerField(default=0)
    moved_paise = models.PositiveIntegerField(default=0)
    booked_on = models.DateField(null=True)
    decided_by_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account_index", "ifsc", "-asked_at"], name="payee_check_by_account"),
            models.Index(fields=["band", "asked_at"], name="payee_check_by_band"),
            models.Index(fields=["state", "asked_at"], name="payee_check_by_state"),
        ]
        permissions = [("decide_payeecheck", "Can accept or reject an account whose holder's name is in doubt")]

    def __str__(self) -> str:
        return self.our_reference


class PaidCheck(models.Model):
    """The right to ask a vendor for money about one account: one row for each, so that nobody pays for it twice."""

    account_index = models.CharField(max_length=64)
    ifsc = models.CharField(max_length=11)
    # The check that the right was used for, and the last day on which no other may be paid for.
    check_made = models.ForeignKey(PayeeCheck, null=True, on_delete=models.PROTECT, related_name="+")
    taken_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_index", "ifsc"], name="one_paid_check_per_account")]

    def __str__(self) -> str:
        return f"{self.pk}"


class ProofJob(models.Model):
    """An account that somebody wants proven, for the one consumer that asks vendors; the row is the work."""

    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    saga_id = models.BigIntegerField(null=True)
    priority = models.PositiveSmallIntegerField(default=50)
    requested_at = models.DateTimeField(default=timezone.now)
    run_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=160, blank=True)

    class Meta:
        indexes = [models.Index(fields=["done_at", "priority", "run_at"], name="proof_job_due")]
        constraints = [models.CheckConstraint(condition=Q(priority__lte=99), name="proof_job_priority")]

    def __str__(self) -> str:
        return f"{self.bank_account_id}"
