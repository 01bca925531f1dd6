"""Reason codes: the list that staff and their tools choose from."""

from django.db import models
from django.db.models import F, Q


class ReasonCode(models.Model):
    """One reason for an act, in force from a day on; the text of a code never changes, a better one is a new code."""

    # Slug of the act; ANY for all of them.
    act_group = models.CharField("act", max_length=40)
    code = models.CharField(max_length=40)
    text = models.CharField(max_length=120)
    active_from = models.DateField()
    # Last day; null while it is in force without an end.
    active_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["act_group", "code"]
        constraints = [
            models.UniqueConstraint(fields=["act_group", "code"], name="one_reason_code_per_act"),
            models.CheckConstraint(
                condition=Q(active_until__isnull=True) | Q(active_until__gte=F("active_from")),
                name="reason_code_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act_group}: {self.code}"
