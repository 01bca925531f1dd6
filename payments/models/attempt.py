"""Calls that move money: the intent is a row before anything is sent, and everything learnt of it is kept."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from payments.models.vendor import Operation, Rail, Vendor


class AttemptState(models.TextChoices):
    """What is known of a call."""

    SENDING = "SENDING", "being sent"
    UNKNOWN = "UNKNOWN", "unknown: no proof either way"
    PROCESSING = "PROCESSING", "accepted by the vendor"
    PROCESSED = "PROCESSED", "done"
    FAILED = "FAILED", "failed, proven"
    REVERSED = "REVERSED", "done and taken back"


class ProviderAttempt(models.Model):
    """One intent at one vendor; a saga's step has at most one that is alive."""

    saga_id = models.BigIntegerField()
    step = models.CharField(max_length=48)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=16, choices=Operation)
    rail = models.CharField(max_length=4, choices=Rail, blank=True)
    amount_paise = models.PositiveBigIntegerField()
    our_reference = models.CharField(max_length=26, unique=True)
    idempotency_key = models.CharField(max_length=36)
    generation = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=AttemptState, default=AttemptState.SENDING)
    # True while it may still move money, NULL afterwards: the unique index allows one that is alive.
    is_live = models.BooleanField(null=True, default=True)
    vendor_reference = models.CharField(max_length=64, blank=True, db_index=True)
    utr = models.CharField(max_length=35, blank=True, db_index=True)
    reason = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    first_sent_at = models.DateTimeField(null=True)
    # How often a worker was about to send it; back to 0 when it is proven that the first request never left.
    sends = models.PositiveIntegerField(default=0)
    # Until then a repeat with the same key is the same request to the vendor.
    safe_retry_until = models.DateTimeField()
    polls = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["saga_id", "step", "is_live"], name="one_live_attempt"),
            models.UniqueConstraint(fields=["saga_id", "step", "generation"], name="attempt_once_per_generation"),
            models.UniqueConstraint(fields=["vendor", "idempotency_key"], name="attempt_key_once"),
            models.CheckConstraint(condition=Q(is_live__isnull=True) | Q(is_live=True), name="attempt_live_or_null"),
        ]
        indexes = [models.Index(fields=["state", "changed_at"], name="attempt_by_state")]

    def __str__(self) -> str:
        return self.our_reference


class AttemptEvent(models.Model):
    """What was learnt of a call, from whom and when; never changed, never deleted."""

    attempt = models.ForeignKey(ProviderAttempt, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=10)
    told = models.CharField(max_length=40)
    state_before = models.CharField(max_length=10)
    state_after = models.CharField(max_length=10)
    note = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.told}"
