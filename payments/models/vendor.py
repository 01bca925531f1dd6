"""Who moves money and checks accounts for us, under which contract, and which of them is asked for what."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from core.fields import EncryptedTextField
from payments.protocol import STANDARD_LADDER, Ladder


class VendorKind(models.TextChoices):
    """Which language a vendor speaks: one client class each."""

    RAZORPAY = "RAZORPAY", "Gateway that counts in paise"
    CASHFREE = "CASHFREE", "Gateway that counts in rupees"
    LOOKUP = "LOOKUP", "Look-up of beneficiary names"


class Operation(models.TextChoices):
    """What a vendor is asked to do."""

    PAYOUT = "PAYOUT", "Pay out"
    PENNY_DROP = "PENNY_DROP", "Prove an account by a credit"
    PENNILESS = "PENNILESS", "Prove an account without a credit"
    NAME_LOOKUP = "NAME_LOOKUP", "Look up the holder's name"
    VPA_CHECK = "VPA_CHECK", "Prove a UPI address"
    COLLECT = "COLLECT", "Take a payment by order or link"
    REFUND = "REFUND", "Refund a payment"
    VIRTUAL_ACCOUNT = "VIRTUAL_ACCOUNT", "Open a virtual account"


class Rail(models.TextChoices):
    """How money travels between banks."""

    IMPS = "IMPS", "IMPS"
    NEFT = "NEFT", "NEFT"
    RTGS = "RTGS", "RTGS"
    UPI = "UPI", "UPI"


class Vendor(models.Model):
    """One contract with one vendor: address, secrets, and what it allows us."""

    code = models.SlugField(max_length=24, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=VendorKind)
    base_url = models.URLField(max_length=200)
    key_id = models.CharField(max_length=80, blank=True)
    key_secret = EncryptedTextField(blank=True)
    webhook_secret = EncryptedTextField(blank=True)
    # Still valid for what was sent before the secret was changed.
    previous_webhook_secret = EncryptedTextField(blank=True)
    account_number = models.CharField(max_length=30, blank=True)
    priority_class = models.PositiveSmallIntegerField(default=50)
    calls_per_second = models.PositiveIntegerField(default=5)
    answer_seconds = models.PositiveIntegerField(default=30)
    # Within this time a request with the same key is the same request.
    idempotency_hours = models.PositiveIntegerField(default=24)
    is_active = models.BooleanField(default=True)

    class Meta:
        permissions = [("change_secret", "Can replace the secrets of a vendor")]
        constraints = [
            models.CheckConstraint(condition=Q(calls_per_second__gt=0), name="vendor_rate_is_positive"),
            models.CheckConstraint(condition=Q(answer_seconds__range=(1, 50)), name="vendor_answer_within_lease"),
        ]

    def __str__(self) -> str:
        return self.name


def look_seconds_standard() -> str:
    """Return the pauses before looks where a contract names nothing else."""
    return ", ".join(str(int(pause.total_seconds())) for pause in STANDARD_LADDER)


class VendorRoute(models.Model):
    """That a vendor may be asked for an operation, from a day on: rank, cost, amounts and hours of the day."""

    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="routes")
    operation = models.CharField(max_length=16, choices=Operation)
    rail = models.CharField(max_length=4, choices=Rail, blank=True)
    rank = models.PositiveSmallIntegerField(default=10)
    cost_paise = models.PositiveIntegerField(default=0)
    least_paise = models.PositiveBigIntegerField(default=1)
    most_paise = models.PositiveBigIntegerField()
    opens_at = models.TimeField(null=True, blank=True)
    closes_at = models.TimeField(null=True, blank=True)
    # Seconds before each look at what became of a call, and how many the vendor allows; 0 is as many as one likes.
    look_seconds = models.CharField(max_length=120, default=look_seconds_standard)
    looks_in_two_hours = models.PositiveSmallIntegerField(default=3)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["operation", "rail", "rank", "cost_paise", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "operation", "rail", "valid_from"], name="vendor_route_once"),
            models.CheckConstraint(condition=Q(least_paise__lte=models.F("most_paise")), name="vendor_route_range"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.operation} {self.rail}"

    @property
    def ladder(self) -> Ladder:
        """Return how long to wait before each look at what became of a call."""
        return tuple(timedelta(seconds=int(part)) for part in self.look_seconds.split(","))


class PaymentParameters(models.Model):
    """Thresholds of payments from a day on; the latest row that has begun counts."""

    valid_from = models.DateField(unique=True)
    payout_approval_above_paise = models.PositiveBigIntegerField()
    payee_proof_days = models.PositiveSmallIntegerField()
    name_pass_score = models.PositiveSmallIntegerField()
    name_review_score = models.PositiveSmallIntegerField()
    # The least score of each degree in which two names fit, as verification services publish them.
    name_complete_score = models.PositiveSmallIntegerField(default=99)
    name_high_score = models.PositiveSmallIntegerField(default=85)
    name_moderate_score = models.PositiveSmallIntegerField(default=70)
    name_low_score = models.PositiveSmallIntegerField(default=45)
    # How long a check that the vendor does not know may still be on its way to it.
    proof_unknown_minutes = models.PositiveSmallIntegerField(default=30)
    reversal_watch_days = models.PositiveSmallIntegerField()
    cash_receipt_limit_paise = models.PositiveBigIntegerField()
    # After so many days a cheque at the bank, or what is missing of a settlement, is somebody's work.
    cheque_late_days = models.PositiveSmallIntegerField(default=3)
    settlement_late_days = models.PositiveSmallIntegerField(default=3)
    # So long is a cheque good from its date, by the calendar.
    cheque_valid_months = models.PositiveSmallIntegerField(default=3)
    # When an alarm rings: for what is undone, a call without proof, a webhook that speaks of what is not known, a look
    # that nobody makes, and money that is on its way or to be given back.
    undo_late_minutes = models.PositiveSmallIntegerField(default=5)
    unproven_late_minutes = models.PositiveSmallIntegerField(default=15)
    webhook_late_minutes = models.PositiveSmallIntegerField(default=30)
    look_late_minutes = models.PositiveSmallIntegerField(default=10)
    transfer_late_hours = models.PositiveSmallIntegerField(default=24)
    # What no vendor has told after so many days is asked of people.
    call_asked_days = models.PositiveSmallIntegerField(default=7)
    source = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "payment parameters"
        ordering = ["-valid_from"]
        permissions = [("publish_paymentparameters", "Can publish thresholds of payments")]
        constraints = [
            models.CheckConstraint(
                condition=Q(name_review_score__lte=models.F("name_pass_score")) & Q(name_pass_score__lte=100),
                name="name_scores_in_order",
            ),
            models.CheckConstraint(
                condition=Q(name_low_score__lte=models.F("name_moderate_score"))
                & Q(name_moderate_score__lte=models.F("name_high_score"))
                & Q(name_high_score__lte=models.F("name_complete_score"))
                & Q(name_complete_score__lte=100),
                name="name_degrees_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.valid_from.isoformat()
