"""Persons and businesses that borrow, and how to reach and pay them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.fields import EncryptedTextField


class CustomerKind(models.TextChoices):
    """Whether the borrower is a natural person."""

    INDIVIDUAL = "INDIVIDUAL", "Individual"
    BUSINESS = "BUSINESS", "Business"


class AddressKind(models.TextChoices):
    """What an address is used for."""

    CURRENT = "CURRENT", "Current"
    PERMANENT = "PERMANENT", "Permanent"
    OFFICE = "OFFICE", "Office"


class Customer(models.Model):
    """A borrower; shown by number, because names and identifiers are personal data."""

    number = models.CharField(max_length=32, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=CustomerKind.choices, default=CustomerKind.INDIVIDUAL)
    full_name = models.CharField(max_length=160)
    phone = models.CharField(max_length=10, db_index=True)
    phone_reversed = models.CharField(max_length=10, db_index=True, editable=False)
    email = models.EmailField(blank=True)
    pan = EncryptedTextField("PAN", blank=True)
    # NULL without a PAN: a unique index lets any number of NULLs in, on every database.
    pan_index = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    birth_date = models.DateField(null=True, blank=True)
    state_code = models.CharField(max_length=2)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        permissions = [("unmask_customer", "Can see personal data in clear")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CustomerKind.values), name="customer_kind_is_known"),
            models.CheckConstraint(condition=~Q(full_name=""), name="customer_has_a_name"),
            models.CheckConstraint(condition=~Q(number=""), name="customer_has_a_number"),
        ]

    def __str__(self) -> str:
        return self.number


class Address(models.Model):
    """Where a customer lives or works; a later one of the same kind replaces the earlier."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="addresses")
    kind = models.CharField(max_length=10, choices=AddressKind.choices)
    line_1 = models.CharField(max_length=160)
    line_2 = models.CharField(max_length=160, blank=True)
    city = models.CharField(max_length=80)
    state_code = models.CharField(max_length=2)
    pin_code = models.CharField(max_length=6)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "addresses"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} address of customer {self.customer_id}"


class BankAccount(models.Model):
    """An account that money is paid to or taken from."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bank_accounts")
    holder_name = models.CharField(max_length=160)
    account_number = EncryptedTextField()
    account_index = models.CharField(max_length=64, db_index=True, editable=False)
    ifsc = models.CharField("IFSC", max_length=11)
    is_primary = models.BooleanField(default=False)
    # Equals the customer for the primary account and is NULL for others: the unique index allows one primary each.
    primary_of = models.OneToOneField(Customer, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "account_index", "ifsc"], name="bank_account_once_per_customer")
        ]

    def __str__(self) -> str:
        return f"Bank account {self.pk} of customer {self.customer_id}"


class CustomerNameToken(models.Model):
    """One word of a customer's name, folded for search."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="name_tokens")
    token = models.CharField(max_length=40)

    class Meta:
        # Not unique: two words that differ may be equal to the collation of the database.
        indexes = [models.Index(fields=["token", "customer"], name="customer_by_name_token")]

    def __str__(self) -> str:
        return f"Name token of customer {self.customer_id}"


class NameVariant(models.Model):
    """A word that occurs in names, and one form of it with at most one letter left out: how a typing error finds it."""

    variant = models.CharField(max_length=40)
    word = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "word"], name="name_variant_once_per_word")]

    def __str__(self) -> str:
        return self.variant
