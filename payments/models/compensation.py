"""What a late transfer costs the lender by the regulator's turn-around times: dated rules, and what was booked."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from payments.models.payout import Payout
from payments.models.vendor import Rail


class CompensationRule(models.Model):
    """From a day on: how many days a transfer may take on a rail, what each further day costs, and the accounts."""

    rail = models.CharField(max_length=4, choices=Rail)
    valid_from = models.DateField()
    free_days = models.PositiveSmallIntegerField()
    paise_per_day = models.PositiveBigIntegerField()
    expense_code = models.CharField(max_length=32)
    owed_code = models.CharField(max_length=32)
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["rail", "-valid_from"]
        permissions = [("publish_compensationrule", "Can publish what a late transfer costs")]
        constraints = [
            models.UniqueConstraint(fields=["rail", "valid_from"], name="one_compensation_rule_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.rail} {self.valid_from}"


class PayoutCompensation(models.Model):
    """Compensation booked for a payout that took too long; a later end adds a row for the further days."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="compensations")
    rule = models.ForeignKey(CompensationRule, on_delete=models.PROTECT, related_name="+")
    sent_on = models.DateField()
    ended_on = models.DateField()
    # All days beyond those that are free until the end; the amount is of those that no earlier row has paid.
    late_days = models.PositiveIntegerField()
    amount_paise = models.PositiveBigIntegerField()
    booked_on = models.DateField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["payout", "late_days"], name="compensation_once_per_length"),
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="compensation_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} {self.late_days}"
