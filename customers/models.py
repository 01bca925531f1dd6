"""Persons and businesses that borrow, and how to reach and pay them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.fields import EncryptedTextField, RecordedAtField


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
    pan_index = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001  # unset is no text
    birth_date = models.DateField(null=True, blank=True)
    state_code = models.CharField(max_length=2)
    created_at = RecordedAtField(default=timezone.now, editable=False)
    # A duplicate leads to the customer who stays; everything that was known of it is kept under it.
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="absorbed", editable=False
    )
    # Keys of the customer and its duplicates, where a page has read them: no column.
    family_keys: tuple[int, ...] | None = None

    class Meta:
        permissions = [
            ("unmask_customer", "Can see personal data in clear"),
            ("merge_customer", "Can merge two customers, and undo it"),
            ("approve_customer", "Can approve what others ask to change about customers"),
        ]
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
    # The business date from which the customer is there; empty: since the address is known.
    effective_from = models.DateField(null=True)
    # Null for addresses that came with the customer: a repeated move gives the first address.
    idempotency_key = models.CharField(max_length=96, unique=True, null=True, editable=False)  # noqa: DJ001  # unset is no text
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    created_at = RecordedAtField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "addresses"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} address of customer {self.customer_id}"


# In place of the IFSC of a branch.
UPI_BRANCH = "UPI"


class BankAccount(models.Model):
    """An account, or a UPI address, that money is paid to or taken from."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bank_accounts")
    holder_name = models.CharField(max_length=160)
    account_number = EncryptedTextField()
    account_index = models.CharField(max_length=64, db_index=True, editable=False)
    ifsc = models.CharField("IFSC", max_length=11)
    is_primary = models.BooleanField(default=False)
    # Equals the customer for the primary account and is NULL for others: the unique index allows one primary each.
    primary_of = models.OneToOneField(Customer, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    created_at = RecordedAtField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "account_index", "ifsc"], name="bank_account_once_per_customer")
        ]

    def __str__(self) -> str:
        return f"Bank account {self.pk} of customer {self.customer_id}"

    @property
    def is_upi(self) -> bool:
        """Whether this is a UPI address, which stands in place of an account's number and has no branch."""
        return self.ifsc == UPI_BRANCH


class CustomerField(models.TextChoices):
    """What may change about a customer."""

    FULL_NAME = "full_name", "Name"
    PHONE = "phone", "Phone"
    EMAIL = "email", "E-mail"
    PAN = "pan", "PAN"
    BIRTH_DATE = "birth_date", "Date of birth"
    STATE_CODE = "state_code", "State"


class CustomerChange(models.Model):
    """One value of a customer replaced by another: the history of what identifies a person; append-only."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="changes")
    field = models.CharField(max_length=12, choices=CustomerField)
    old_value = EncryptedTextField(blank=True)
    new_value = EncryptedTextField(blank=True)
    # The business date from which the new value counts.
    effective_from = models.DateField()
    reason = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=96)
    content_hash = models.CharField(max_length=64)
    recorded_at = RecordedAtField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key", "field"], name="one_change_per_key_and_field")
        ]
        indexes = [models.Index(fields=["customer", "field", "effective_from"], name="change_by_customer")]

    def __str__(self) -> str:
        return f"{self.get_field_display()} of customer {self.customer_id}"


class CustomerMerge(models.Model):
    """Two customers found to be one person: the duplicate leads to the survivor, until the merge is undone."""

    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    merged_on = models.DateField()
    reason = models.CharField(max_length=200)
    # What apps above moved: a list of keys and marks by name of the table.
    moved = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=96, unique=True)
    recorded_at = RecordedAtField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_on = models.DateField(null=True)
    undo_reason = models.CharField(max_length=200, null=True)  # noqa: DJ001  # set once, with the day
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(survivor=models.F("absorbed")), name="merge_is_of_two")]

    def __str__(self) -> str:
        return f"Merge {self.pk}"


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
