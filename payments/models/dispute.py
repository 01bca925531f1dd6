"""Payments that their payers dispute: until when to answer, what we answered, and with which papers."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from payments.models.incoming import IncomingPayment
from payments.models.vendor import Vendor


class DisputeState(models.TextChoices):
    """Where a dispute stands."""

    OPEN = "OPEN", "open"
    WON = "WON", "won: the money stays"
    LOST = "LOST", "lost: the receipt was taken back"
    CLOSED = "CLOSED", "closed without a decision"


class DisputeAnswer(models.TextChoices):
    """What we have answered."""

    NONE = "NONE", "not answered"
    CONTESTED = "CONTESTED", "contested"
    ACCEPTED = "ACCEPTED", "accepted"


class Dispute(models.Model):
    """A payment that its payer disputes with their bank."""

    payment = models.ForeignKey(IncomingPayment, on_delete=models.PROTECT, related_name="disputes")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="+")
    vendor_reference = models.CharField(max_length=64, db_index=True)
    amount_paise = models.PositiveBigIntegerField()
    state = models.CharField(max_length=6, choices=DisputeState, default=DisputeState.OPEN)
    reason = models.CharField(max_length=120, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    # Until when the gateway takes an answer; not every gateway names it.
    respond_by = models.DateTimeField(null=True)
    answer = models.CharField(max_length=9, choices=DisputeAnswer, default=DisputeAnswer.NONE)
    answer_reason = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # Who told the end: the gateway, or a person by hand.
    decided_from = models.CharField(max_length=10, blank=True)

    class Meta:
        permissions = [("handle_dispute", "Can answer disputes of payers")]
        constraints = [models.UniqueConstraint(fields=["vendor", "vendor_reference"], name="dispute_once")]
        indexes = [models.Index(fields=["state", "respond_by"], name="dispute_by_deadline")]

    def __str__(self) -> str:
        return self.vendor_reference


class DisputePaper(models.Model):
    """A paper that speaks for us in a dispute; never changed, never deleted."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="papers")
    name = models.CharField(max_length=120)
    content_hash = models.CharField(max_length=64)
    file = models.FileField(upload_to="disputes/%Y/%m/")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["dispute", "content_hash"], name="dispute_paper_once")]

    def __str__(self) -> str:
        return self.name
