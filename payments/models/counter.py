"""Cash and cheques that staff take, and the slips on which they go to the bank."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from payments.models.incoming import IncomingPayment


class CounterKind(models.TextChoices):
    """What is taken over the counter."""

    CASH = "CASH", "Cash"
    CHEQUE = "CHEQUE", "Cheque"


class SlipState(models.TextChoices):
    """Where something taken over the counter stands."""

    RECEIVED = "RECEIVED", "with us"
    DEPOSITED = "DEPOSITED", "brought to the bank"
    CLEARED = "CLEARED", "cleared"
    BOUNCED = "BOUNCED", "bounced"


class ChequeReturn(models.TextChoices):
    """Why banks return cheques: the usual ones of annexure D.

    Source: Uniform Regulations and Rules for Bankers' Clearing Houses.
    """

    FUNDS = "01", "01 Funds insufficient"
    ARRANGEMENT = "02", "02 Exceeds arrangement"
    UNCLEARED = "03", "03 Effects not cleared, present again"
    SIGNATURE = "12", "12 Drawer's signature differs"
    STOPPED = "20", "20 Payment stopped by drawer"
    BLOCKED = "51", "51 Account blocked"
    CLOSED = "55", "55 Account closed"
    OTHER = "88", "88 Other reason"


class Deposit(models.Model):
    """One slip: what was brought to the bank together."""

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=6, choices=CounterKind)
    amount_paise = models.PositiveBigIntegerField()
    bank_reference = models.CharField(max_length=64, unique=True)
    deposited_on = models.DateField()
    deposited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        permissions = [("confirm_deposit", "Can confirm what others bring to the bank")]
        indexes = [models.Index(fields=["deposited_on"], name="deposit_by_day")]

    def __str__(self) -> str:
        return self.number


class CounterReceipt(models.Model):
    """What is known of cash or a cheque besides the payment itself."""

    payment = models.OneToOneField(IncomingPayment, on_delete=models.PROTECT, related_name="counter")
    kind = models.CharField(max_length=6, choices=CounterKind)
    state = models.CharField(max_length=9, choices=SlipState, default=SlipState.RECEIVED)
    deposit = models.ForeignKey(Deposit, null=True, on_delete=models.PROTECT, related_name="receipts")
    cheque_number = models.CharField(max_length=12, blank=True, db_index=True)
    cheque_bank = models.CharField(max_length=80, blank=True)
    cheque_date = models.DateField(null=True)
    # The business day on which it was handed over; the payment's own day is that on which its money counts.
    taken_on = models.DateField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)

    class Meta:
        permissions = [("clear_cheque", "Can say what became of cheques at the bank")]
        indexes = [
            models.Index(fields=["kind", "state"], name="counter_by_state"),
            models.Index(fields=["taken_on", "taken_by"], name="counter_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.payment_id}"
