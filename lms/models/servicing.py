"""Parameters of servicing as dated rows: times of settlements, notices and quotes, and who pays no early charge."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.fields import PaiseField


class ServicingParameters(models.Model):
    """Times that the regulator or the lender sets, from a day on; the latest row in force counts, none is changed."""

    effective_from = models.DateField(unique=True)
    # A settlement paid over more months than this is a restructuring.
    settlement_restructure_months = models.PositiveSmallIntegerField(default=3)
    # A part of a settlement may come so many days after its date.
    settlement_grace_days = models.PositiveSmallIntegerField(default=0)
    # No fresh money for so many months after a settlement, or after a write-off.
    settlement_cooling_months = models.PositiveSmallIntegerField(default=12)
    write_off_cooling_months = models.PositiveSmallIntegerField(default=12)
    # From the notice to the day on which a new rate counts.
    rate_notice_days = models.PositiveSmallIntegerField(default=30)
    quote_valid_days = models.PositiveSmallIntegerField(default=7)
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from"]
        verbose_name_plural = "servicing parameters"
        permissions = [("publish_servicing", "Can publish parameters of servicing and charge rules")]
        constraints = [
            models.CheckConstraint(condition=Q(quote_valid_days__gte=1), name="quotes_hold_for_a_day_at_least")
        ]

    def __str__(self) -> str:
        return f"Servicing from {self.effective_from}"


class RateKind(models.TextChoices):
    """Whether a rate follows a benchmark."""

    FLOATING = "FLOATING", "Floating"
    FIXED = "FIXED", "Fixed"


class NilChargeRule(models.Model):
    """Loans that pay no charge for closing early; a loan is spared when one rule in force at its sanction fits it.

    An empty column fits every loan.
    """

    effective_from = models.DateField()
    rate_kind = models.CharField(max_length=8, choices=RateKind, blank=True)
    customer_kind = models.CharField(max_length=10, blank=True)
    up_to_paise: "PaiseField[int | None, int | None]" = PaiseField(null=True)
    # The last sanction date that the rule covers; empty while it is open.
    effective_to = models.DateField(null=True)
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from", "-pk"]

    def __str__(self) -> str:
        return f"No early charge from {self.effective_from}"
