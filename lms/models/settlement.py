"""Settlements that are paid in parts."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.fields import PaiseField, RecordedAtField
from lms.models.loan import Loan, LoanFact


class SettlementPlan(models.Model):
    """An agreement to take an amount, in parts on agreed days, for the whole claim; the rest is given up with the last.

    What was agreed is never changed; the state follows from the money that came.
    """

    class State(models.TextChoices):
        """Life of an agreement."""

        ACTIVE = "ACTIVE", "In force"
        KEPT = "KEPT", "Kept, the rest is given up"
        BROKEN = "BROKEN", "Broken, the claim is whole again"
        CANCELLED = "CANCELLED", "Cancelled"
        ENDED = "ENDED", "Ended with the loan"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="settlement_plans")
    agreed_on = models.DateField()
    amount_paise = PaiseField()
    # What was owed on the day of the agreement, for the record.
    debt_paise = PaiseField()
    grace_days = models.PositiveSmallIntegerField()
    # Entries of the loan after this one count as paid under the agreement.
    after_sequence = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_at = RecordedAtField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    # The entry that made the loan non-performing, where the parts take long.
    restructure_fact = models.OneToOneField(LoanFact, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    # Equals the loan while the agreement is in force: the unique index allows one for each loan.
    active_of = models.OneToOneField(Loan, null=True, on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField(null=True)
    settle_fact = models.ForeignKey(LoanFact, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=Q(amount_paise__gt=0), name="settlement_amount_positive")]

    def __str__(self) -> str:
        return f"Settlement of {self.agreed_on}"


class SettlementPart(models.Model):
    """One part of a settlement: so much by that day."""

    plan = models.ForeignKey(SettlementPlan, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveSmallIntegerField()
    due_date = models.DateField()
    amount_paise = PaiseField()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_settlement_part_per_number"),
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="settlement_part_positive"),
        ]
        indexes = [models.Index(fields=["due_date"], name="settlement_part_due")]

    def __str__(self) -> str:
        return f"Part {self.number} due {self.due_date}"
