"""Freezes of loans and customers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.fields import RecordedAtField
from lms.models.loan import Loan


class FreezeEffect(models.TextChoices):
    """What a freeze keeps from happening."""

    DISBURSAL = "DISBURSAL", "No fresh money"
    REFUND = "REFUND", "No refund or transfer of excess"
    AHEAD = "AHEAD", "No money beyond what is due"
    PENAL = "PENAL", "No penal charges"
    INTEREST = "INTEREST", "No interest"
    CONTACT = "CONTACT", "No contact"


class Freeze(models.Model):
    """Acts on a loan, or on all loans of a customer, forbidden from a day on, until a day or until it is lifted."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+")
    # Empty: every loan of the customer, those to come too.
    loan = models.ForeignKey(Loan, null=True, on_delete=models.PROTECT, related_name="freezes")
    # Codes of FreezeEffect.
    effects = models.JSONField()
    from_date = models.DateField()
    until_date = models.DateField(null=True)
    reason = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_at = RecordedAtField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    # The first day on which nothing is forbidden any more.
    lifted_on = models.DateField(null=True)
    lift_reason = models.CharField(max_length=200, null=True)  # noqa: DJ001  # set once, with the day
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=models.F("from_date")),
                name="freeze_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return f"Freeze {self.pk}"

    @property
    def effect_labels(self) -> str:
        """The effects in words."""
        return ", ".join(str(FreezeEffect(effect).label) for effect in self.effects)
