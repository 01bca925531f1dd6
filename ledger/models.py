"""Accounts, and the journals that move money between them."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.fields import PaiseField


class AccountKind(models.TextChoices):
    """The five kinds of account; assets and expenses grow by debits."""

    ASSET = "ASSET", "Asset"
    LIABILITY = "LIABILITY", "Liability"
    EQUITY = "EQUITY", "Equity"
    INCOME = "INCOME", "Income"
    EXPENSE = "EXPENSE", "Expense"


class AccountRole(models.TextChoices):
    """What an account does for a product; posting rules speak of roles, a product maps them to accounts."""

    BANK = "BANK", "Bank"
    LOAN_PRINCIPAL = "LOAN_PRINCIPAL", "Loan principal"
    INTEREST_RECEIVABLE = "INTEREST_RECEIVABLE", "Interest receivable"
    FEE_RECEIVABLE = "FEE_RECEIVABLE", "Fees and tax receivable"
    PENAL_RECEIVABLE = "PENAL_RECEIVABLE", "Penal charges receivable"
    INTEREST_INCOME = "INTEREST_INCOME", "Interest income"
    FEE_INCOME = "FEE_INCOME", "Fee income"
    PENAL_INCOME = "PENAL_INCOME", "Penal charges income"
    GST_PAYABLE = "GST_PAYABLE", "GST payable"
    EXCESS = "EXCESS", "Excess money of borrowers"
    INTEREST_SUSPENSE = "INTEREST_SUSPENSE", "Interest suspense of NPAs"
    PENAL_SUSPENSE = "PENAL_SUSPENSE", "Penal charges suspense of NPAs"
    FEE_SUSPENSE = "FEE_SUSPENSE", "Fee suspense of NPAs"
    WAIVER_EXPENSE = "WAIVER_EXPENSE", "Amounts waived"
    WRITE_OFF_EXPENSE = "WRITE_OFF_EXPENSE", "Loans written off"
    RECOVERY_INCOME = "RECOVERY_INCOME", "Recovery of written-off loans"
    TAKEOVER_CLEARING = "TAKEOVER_CLEARING", "Clearing of loans taken over"


class Account(models.Model):
    """One account of the chart."""

    code = models.CharField(max_length=48, unique=True)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind_is_one_of_five")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProductAccount(models.Model):
    """Which account plays a role for a product."""

    product_code = models.CharField(max_length=32)
    role = models.CharField(max_length=24, choices=AccountRole.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="product_accounts")

    class Meta:
        ordering = ["product_code", "role"]
        constraints = [
            models.UniqueConstraint(fields=["product_code", "role"], name="product_has_one_account_per_role"),
            models.CheckConstraint(condition=Q(role__in=AccountRole.values), name="product_account_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.product_code} {self.role}"


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
