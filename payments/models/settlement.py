"""What gateways pay to our bank: each settlement, the parts that it is made of, and whether they add up."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from payments.models.incoming import IncomingPayment
from payments.models.vendor import Vendor


class SettlementStanding(models.TextChoices):
    """Whether a settlement is explained by its parts."""

    WAITING = "WAITING", "its parts were not told yet"
    EXPLAINED = "EXPLAINED", "adds up"
    DIFFERS = "DIFFERS", "does not add up"


class Settlement(models.Model):
    """Money that a gateway says it has paid to our bank, less its fees."""

    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="settlements")
    vendor_reference = models.CharField(max_length=64, db_index=True)
    amount_paise = models.PositiveBigIntegerField()
    fee_paise = models.PositiveBigIntegerField()
    tax_paise = models.PositiveBigIntegerField()
    utr = models.CharField(max_length=35, blank=True, db_index=True)
    booked_on = models.DateField()
    told_at = models.DateTimeField(default=timezone.now)
    standing = models.CharField(max_length=9, choices=SettlementStanding, default=SettlementStanding.WAITING)
    # What its parts come to, as the gateway's report had them when it was last read.
    parts_paise = models.BigIntegerField(null=True)
    parts_at = models.DateTimeField(null=True)
    saga_id = models.BigIntegerField(null=True)
    # The day on which the credit stands on our bank's statement, and who has seen it there.
    credited_on = models.DateField(null=True)
    credited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        permissions = [("confirm_settlement", "Can say that a settlement has reached the bank")]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "vendor_reference"], name="settlement_once"),
            models.CheckConstraint(
                condition=models.Q(tax_paise__lte=models.F("fee_paise")), name="settlement_tax_in_fee"
            ),
        ]
        indexes = [
            models.Index(fields=["standing", "booked_on"], name="settlement_by_standing"),
            models.Index(fields=["credited_on", "booked_on"], name="settlement_by_credit"),
        ]

    def __str__(self) -> str:
        return self.vendor_reference

    @property
    def difference_paise(self) -> int:
        """Return what the settlement is more than its parts; nothing while they are not known."""
        return 0 if self.parts_paise is None else self.amount_paise - self.parts_paise


class PartKind(models.TextChoices):
    """What a part of a settlement is."""

    PAYMENT = "PAYMENT", "payment"
    REFUND = "REFUND", "refund"
    DISPUTE = "DISPUTE", "dispute"
    ADJUSTMENT = "ADJUSTMENT", "adjustment"


class SettlementPart(models.Model):
    """One line of a gateway's report: what it adds to a settlement, or takes from it."""

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="parts")
    kind = models.CharField(max_length=10, choices=PartKind)
    vendor_reference = models.CharField(max_length=64, db_index=True)
    payment = models.ForeignKey(IncomingPayment, null=True, on_delete=models.PROTECT, related_name="settled_in")
    # What the borrower paid, or was given back; the fee with its tax; what of it all is in the settlement.
    amount_paise = models.BigIntegerField()
    fee_paise = models.BigIntegerField(default=0)
    tax_paise = models.BigIntegerField(default=0)
    net_paise = models.BigIntegerField()
    utr = models.CharField(max_length=35, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["settlement", "kind", "vendor_reference"], name="settlement_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.vendor_reference}"
