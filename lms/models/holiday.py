"""The calendar of holidays as rows."""

from django.conf import settings
from django.db import models


class Holiday(models.Model):
    """A day declared a holiday, or a working day again; the latest row of a day counts, none is ever changed.

    Loans sanctioned from then on carry the calendar in their terms, where their product moves due dates.
    """

    on_date = models.DateField()
    name = models.CharField(max_length=80)
    is_holiday = models.BooleanField(default=True)
    reason = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-on_date", "-pk"]
        permissions = [("publish_holiday", "Can publish holidays")]
        indexes = [models.Index(fields=["on_date"], name="holiday_on_date")]

    def __str__(self) -> str:
        return f"{self.on_date} {self.name}"
