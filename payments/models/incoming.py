"""Money that arrives: every payment once, what became of it, and who decided what about it."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models import Customer
from lms.models import Loan
from payments.models.collect import PaymentLink, VirtualAccount
from payments.models.vendor import Vendor


class PaymentSource(models.TextChoices):
    """How a payment reached us."""

    LINK = "LINK", "link or order"
    VIRTUAL_ACCOUNT = "ACCOUNT", "virtual account"
    GATEWAY = "GATEWAY", "gateway, for nothing that we asked for"
    CASH = "CASH", "cash"
    CHEQUE = "CHEQUE", "cheque"


class PaymentState(models.TextChoices):
    """Where a payment stands."""

    CREATED = "CREATED", "begun"
    FAILED = "FAILED", "failed"
    HELD = "HELD", "cheque: not cleared yet"
    APPLIED = "APPLIED", "on the loan"
    SUSPENSE = "SUSPENSE", "in suspense: needs a person"
    KEPT = "KEPT", "kept in suspense, with a reason"
    REFUNDING = "REFUNDING", "being given back"
    REFUNDED = "REFUNDED", "given back"
    CHARGED_BACK = "CHARGEBACK", "taken back by the payer's bank"
    BOUNCED = "BOUNCED", "bounced"


# Where a payment's money lies in suspense.
IN_SUSPENSE: Final = (PaymentState.SUSPENSE, PaymentState.KEPT, PaymentState.REFUNDING)
# Of these the ones that may still go anywhere.
UNDECIDED: Final = (PaymentState.SUSPENSE, PaymentState.KEPT)


class IncomingPayment(models.Model):
    """One payment: on a loan, in suspense, or gone back; its money is in one account of the books at a time."""

    number = models.CharField(max_length=20, unique=True)
    source = models.CharField(max_length=7, choices=PaymentSource)
    vendor = models.ForeignKey(Vendor, null=True, on_delete=models.PROTECT, related_name="+")
    # NULL where no vendor is: unique.
    vendor_reference = models.CharField(max_length=64, null=True, db_index=True)  # noqa: DJ001  # unset is no text
    order_reference = models.CharField(max_length=64, blank=True)
    link = models.ForeignKey(PaymentLink, null=True, on_delete=models.PROTECT, related_name="payments")
    virtual_account = models.ForeignKey(VirtualAccount, null=True, on_delete=models.PROTECT, related_name="payments")
    loan = models.ForeignKey(Loan, null=True, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    amount_paise = models.PositiveBigIntegerField()
    # What its payer has taken back by disputes; the rest is what there is to decide about.
    lost_paise = models.PositiveBigIntegerField(default=0)
    method = models.CharField(max_length=30, blank=True)
    utr = models.CharField(max_length=35, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=PaymentState, default=PaymentState.CREATED)
    taken_on = models.DateField(null=True)
    # The receipt on the loan while the payment is applied, and how often it was applied: each time has keys of its own.
    fact_sequence = models.PositiveIntegerField(null=True)
    turn = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        permissions = [
            ("resolve_suspense", "Can decide about money in suspense"),
            ("refund_payment", "Can give payments back to their payers"),
            ("move_payment", "Can move a payment to another loan"),
            ("take_cash", "Can take cash and cheques"),
            ("deposit_cash", "Can bring cash and cheques to the bank"),
            ("approve_payment", "Can agree to what others decide about money that arrived"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "vendor_reference"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=Q(lost_paise__lte=models.F("amount_paise")), name="payment_lost_in_amount"
            ),
            models.CheckConstraint(
                condition=Q(state="APPLIED", fact_sequence__isnull=False, loan__isnull=False)
                | (~Q(state="APPLIED") & Q(fact_sequence__isnull=True)),
                name="payment_applied_has_receipt",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "changed_at"], name="payment_by_state"),
            models.Index(fields=["loan", "-id"], name="payment_by_loan"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def left_paise(self) -> int:
        """What is left of the payment."""
        return self.amount_paise - self.lost_paise


class PaymentEvent(models.Model):
    """What happened to a payment, who said so or decided it; never changed, never deleted."""

    payment = models.ForeignKey(IncomingPayment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=10)
    state_before = models.CharField(max_length=10, blank=True)
    state_after = models.CharField(max_length=10)
    note = models.CharField(max_length=255, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.state_after}"


class RefundState(models.TextChoices):
    """Where a refund stands."""

    REQUESTED = "REQUESTED", "requested"
    SENT = "SENT", "with the gateway"
    PAID = "PAID", "given back"
    FAILED = "FAILED", "failed: the money is in suspense"


class PaymentRefund(models.Model):
    """A payment given back through the gateway that took it."""

    number = models.CharField(max_length=20, unique=True)
    payment = models.ForeignKey(IncomingPayment, on_delete=models.PROTECT, related_name="refunds")
    # The payment while nothing final is known: one refund at a time.
    open_payment = models.OneToOneField(IncomingPayment, null=True, on_delete=models.PROTECT, related_name="+")
    amount_paise = models.PositiveBigIntegerField()
    state = models.CharField(max_length=9, choices=RefundState, default=RefundState.REQUESTED)
    reason = models.CharField(max_length=200)
    problem = models.CharField(max_length=255, blank=True)
    saga_id = models.BigIntegerField(null=True, db_index=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.number
