"""Money that is promised but has not moved yet."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.fields import PaiseField
from ledger.models.accounts import Account
from ledger.models.journals import Journal


class HoldState(models.TextChoices):
    """A hold ends in one of three ways, once."""

    ACTIVE = "ACTIVE", "Active"
    POSTED = "POSTED", "Posted"
    VOIDED = "VOIDED", "Voided"
    EXPIRED = "EXPIRED", "Expired"


class Hold(models.Model):
    """The first phase of a movement: its amount is set aside until it is posted, voided or expires."""

    idempotency_key = models.CharField(max_length=160, unique=True)
    content_hash = models.CharField(max_length=64)
    debit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    credit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount_paise = PaiseField()
    reference_type = models.CharField(max_length=40)
    reference_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.ACTIVE)
    placed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    journal = models.OneToOneField(Journal, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "expires_at"], name="hold_by_expiry")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="hold_amount_is_positive"),
            models.CheckConstraint(condition=Q(amount_paise__lt=10**18), name="hold_amount_has_at_most_18_digits"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="hold_is_between_two_accounts"
            ),
            models.CheckConstraint(condition=Q(state__in=HoldState.values), name="hold_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=HoldState.POSTED, journal__isnull=False)
                | (~Q(state=HoldState.POSTED) & Q(journal=None)),
                name="posted_hold_has_its_journal",
            ),
        ]

    def __str__(self) -> str:
        return f"Hold {self.pk}"
