"""What vendors say about their own health."""

from django.db import models
from django.utils import timezone

from payments.models.vendor import Vendor


class VendorDowntime(models.Model):
    """A way of paying that a vendor says does not work; it ends when the vendor says so."""

    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="downtimes")
    vendor_reference = models.CharField(max_length=64)
    method = models.CharField(max_length=60, blank=True)
    instrument = models.CharField(max_length=120, blank=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vendor", "vendor_reference"], name="downtime_once")]
        indexes = [models.Index(fields=["vendor", "ended_at"], name="downtime_by_vendor")]

    def __str__(self) -> str:
        return self.vendor_reference
