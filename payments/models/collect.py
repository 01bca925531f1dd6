"""What borrowers are asked to pay by: links and orders, and an account of its own for each loan."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.fields import EncryptedTextField
from customers.models import Customer
from lms.models import Loan
from payments.models.vendor import Vendor


class LinkForm(models.TextChoices):
    """What a vendor opens for one payment."""

    LINK = "LINK", "Payment link"
    ORDER = "ORDER", "Order, paid within the app"


class LinkState(models.TextChoices):
    """Where a link or an order stands."""

    OPENING = "OPENING", "being opened"
    OPEN = "OPEN", "waits for the payment"
    PAID = "PAID", "paid"
    EXPIRED = "EXPIRED", "expired"
    CANCELLED = "CANCELLED", "cancelled"
    FAILED = "FAILED", "could not be opened"


class PaymentLink(models.Model):
    """One payment that a borrower is asked for, through a vendor."""

    number = models.CharField(max_length=20, unique=True)
    form = models.CharField(max_length=5, choices=LinkForm)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(Vendor, null=True, on_delete=models.PROTECT, related_name="+")
    amount_paise = models.PositiveBigIntegerField()
    description = models.CharField(max_length=120)
    our_reference = models.CharField(max_length=26, unique=True)
    vendor_reference = models.CharField(max_length=64, blank=True, db_index=True)
    order_reference = models.CharField(max_length=64, blank=True, db_index=True)
    address = models.URLField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=LinkState, default=LinkState.OPENING)
    expires_at = models.DateTimeField()
    problem = models.CharField(max_length=255, blank=True)
    # How often the vendor was asked what became of it: less and less often.
    looks = models.PositiveSmallIntegerField(default=0)
    saga_id = models.BigIntegerField(null=True, db_index=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)

    class Meta:
        permissions = [("request_paymentlink", "Can ask borrowers for payments by link")]
        constraints = [models.CheckConstraint(condition=Q(amount_paise__gt=0), name="link_is_positive")]
        indexes = [
            models.Index(fields=["loan", "-id"], name="link_by_loan"),
            models.Index(fields=["state", "expires_at"], name="link_by_state"),
        ]

    def __str__(self) -> str:
        return self.number


class AccountState(models.TextChoices):
    """Where a virtual account stands."""

    OPENING = "OPENING", "being opened"
    OPEN = "OPEN", "takes credits"
    FAILED = "FAILED", "could not be opened"
    CLOSING = "CLOSING", "being closed"
    CLOSED = "CLOSED", "closed"


class VirtualAccount(models.Model):
    """An account number of one loan's own: whatever is credited there is that loan's."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(Vendor, null=True, on_delete=models.PROTECT, related_name="+")
    our_reference = models.CharField(max_length=26, unique=True)
    vendor_reference = models.CharField(max_length=64, blank=True, db_index=True)
    account_number = models.CharField(max_length=34, blank=True, db_index=True)
    ifsc = models.CharField(max_length=11, blank=True)
    state = models.CharField(max_length=7, choices=AccountState, default=AccountState.OPENING)
    problem = models.CharField(max_length=255, blank=True)
    saga_id = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("manage_virtualaccount", "Can open and close accounts of loans, and say who pays into them")]
        indexes = [models.Index(fields=["state"], name="virtual_account_by_state")]

    def __str__(self) -> str:
        return self.our_reference


class AllowedPayer(models.Model):
    """An account that may pay into a virtual account; while there is none, everybody may."""

    account = models.ForeignKey(VirtualAccount, on_delete=models.PROTECT, related_name="payers")
    # Whose it is, in the words of staff.
    label = models.CharField(max_length=80)
    account_index = models.CharField(max_length=64)
    last_digits = models.CharField(max_length=4)
    ifsc = models.CharField(max_length=11)
    # The number itself, only until the gateway has been told, and by what name the gateway knows it then.
    account_number = EncryptedTextField(blank=True, default="")
    vendor_reference = models.CharField(max_length=64, blank=True)
    # True while it may pay, nothing afterwards: one row for each account at a time.
    is_live = models.BooleanField(null=True, default=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "account_index", "ifsc", "is_live"], name="payer_once")
        ]

    def __str__(self) -> str:
        return f"{self.label} …{self.last_digits}"
