"""Seals: what the journals were, so that a later change shows."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.fields import PaiseField
from ledger.fields import HashField
from ledger.models.accounts import Account


class Seal(models.Model):
    """A Merkle root over the journals of a range, chained to the seal before; append-only in the database.

    `leaves` holds, for each journal in the order of its number, eight bytes of the number and the 32 bytes of its
    hash: with them a broken root leads to the journal. `root` is over the leaves, `seal_hash` over everything here and
    over the tips of the accounts.
    """

    no = models.BigIntegerField(primary_key=True)
    first_journal = models.BigIntegerField()
    last_journal = models.BigIntegerField(unique=True)
    journals = models.PositiveIntegerField()
    total_paise = models.DecimalField(max_digits=30, decimal_places=0)
    root = HashField()
    tips_hash = HashField()
    previous_hash = HashField()
    seal_hash = HashField()
    leaves = models.BinaryField()
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-no"]
        constraints = [
            models.CheckConstraint(condition=Q(no__gt=0), name="seal_number_is_positive"),
            models.CheckConstraint(condition=Q(journals__gt=0), name="seal_has_a_journal"),
            models.CheckConstraint(condition=Q(first_journal__lte=F("last_journal")), name="seal_range_is_ordered"),
        ]

    def __str__(self) -> str:
        return f"Seal {self.no}"

    @property
    def short_hash(self) -> str:
        """The beginning of the seal's hash, enough to compare by eye."""
        return bytes(self.seal_hash).hex()[:16]


class SealTip(models.Model):
    """Where an account's entries stood when a seal was made, if they moved since the seal before; append-only."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="tips")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    balance_paise = PaiseField()
    tip_hash = HashField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "seq"], name="seal_tip_is_unique")]

    def __str__(self) -> str:
        return f"Seal {self.seal_id} account {self.account_id}"


class LedgerCheck(models.Model):
    """One run of the invariants, kept so that it can be shown."""

    at = models.DateTimeField(default=timezone.now)
    is_incremental = models.BooleanField()
    is_held = models.BooleanField()
    seconds = models.DecimalField(max_digits=10, decimal_places=3)
    results = models.JSONField()

    class Meta:
        ordering = ["-id"]
        permissions = [("run_ledgercheck", "Can check the ledger")]

    def __str__(self) -> str:
        return f"Check {self.pk}"
