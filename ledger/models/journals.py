"""Journals, their transfers, and the entries that they make on accounts."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.fields import PaiseField
from ledger.fields import HashField
from ledger.models.accounts import Account


class Journal(models.Model):
    """One balanced posting: the header of its transfers; append-only in the database."""

    idempotency_key = models.CharField(max_length=160, unique=True)
    content_hash = models.CharField(max_length=64)
    event = models.CharField(max_length=40)
    reference_type = models.CharField(max_length=40)
    reference_id = models.BigIntegerField()
    product_code = models.CharField(max_length=32)
    value_date = models.DateField(db_index=True)
    booked_on = models.DateField(db_index=True)
    recorded_at = models.DateTimeField(default=timezone.now)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    legs = models.PositiveSmallIntegerField()
    total_paise = PaiseField()
    narration = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["reference_type", "reference_id", "id"], name="journal_by_reference")]
        constraints = [
            models.CheckConstraint(condition=Q(legs__gt=0), name="journal_has_a_leg"),
            models.CheckConstraint(condition=Q(total_paise__gt=0), name="journal_total_is_positive"),
        ]

    def __str__(self) -> str:
        return f"Journal {self.pk}: {self.event}"


class Transfer(models.Model):
    """One amount from one account to another, so that nothing can be out of balance; append-only in the database.

    The dates repeat those of the journal: an account is then summed from one index alone.
    """

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="transfers", db_index=False)
    leg = models.PositiveSmallIntegerField()
    debit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    credit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_paise = PaiseField()
    value_date = models.DateField()
    booked_on = models.DateField()

    class Meta:
        ordering = ["journal", "leg"]
        constraints = [
            models.UniqueConstraint(fields=["journal", "leg"], name="transfer_leg_is_unique"),
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="transfer_amount_is_positive"),
            models.CheckConstraint(condition=Q(amount_paise__lt=10**18), name="transfer_amount_has_at_most_18_digits"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_is_between_two_accounts"
            ),
        ]
        indexes = [
            models.Index(
                fields=["debit_account", "value_date", "id", "amount_paise", "booked_on"], name="transfer_by_debit"
            ),
            models.Index(
                fields=["credit_account", "value_date", "id", "amount_paise", "booked_on"], name="transfer_by_credit"
            ),
        ]

    def __str__(self) -> str:
        return f"Journal {self.journal_id} leg {self.leg}"


class Entry(models.Model):
    """One side of a transfer in its account's own sequence, with the balance after it; append-only in the database.

    Clustered by account, so that a statement is one range. `hash` is chained over the entries of the account.
    """

    pk = models.CompositePrimaryKey("account_id", "seq")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="+", db_index=False)
    leg = models.PositiveSmallIntegerField()
    delta_paise = PaiseField()
    balance_after_paise = PaiseField()
    hash = HashField()

    class Meta:
        ordering = ["account_id", "seq"]
        verbose_name_plural = "entries"
        constraints = [
            # One debit and one credit for each leg. With the account, which every index of a table that is clustered by
            # it carries along, the index alone answers whether a transfer has both.
            models.UniqueConstraint(fields=["journal", "leg", "delta_paise"], name="entry_is_unique_by_side"),
            models.CheckConstraint(condition=~Q(delta_paise=0), name="entry_moves_something"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="entry_seq_is_positive"),
        ]

    def __str__(self) -> str:
        return f"Account {self.account_id} entry {self.seq}"


class DeferredEntry(models.Model):
    """One side of a transfer that waits for the roller: appended by postings, deleted when it has become an entry.

    The transfer beside it carries the foreign keys; here they would only slow the busiest insert of all.
    """

    pk = models.CompositePrimaryKey("account_id", "journal_id", "leg")
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    journal = models.ForeignKey(
        Journal, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    leg = models.PositiveSmallIntegerField()
    delta_paise = PaiseField()

    class Meta:
        verbose_name_plural = "deferred entries"
        constraints = [models.CheckConstraint(condition=~Q(delta_paise=0), name="deferred_entry_moves_something")]

    def __str__(self) -> str:
        return f"Journal {self.journal_id} leg {self.leg} on account {self.account_id}"
