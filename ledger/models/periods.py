"""Months of the books."""

from datetime import date, timedelta

from django.db import models
from django.db.models import Q


class PeriodState(models.TextChoices):
    """Open to all bookings, open to finance's own journals, open to nobody."""

    OPEN = "OPEN", "Open"
    SOFT_CLOSED = "SOFT_CLOSED", "Soft closed"
    HARD_CLOSED = "HARD_CLOSED", "Hard closed"


class Period(models.Model):
    """One month; its key is the year and month, such as 202604. A month without a row is open."""

    id = models.PositiveIntegerField(primary_key=True)
    state = models.CharField(max_length=11, choices=PeriodState.choices, default=PeriodState.OPEN)
    # Counts the changes, so that a request to re-open knows whether the period is as it was.
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("close_period", "Can close a month"),
            ("request_period_reopen", "Can ask to re-open a month"),
            ("approve_period_reopen", "Can let a month be re-opened"),
            ("post_in_soft_closed_period", "Can post manual journals in a soft-closed month"),
            ("request_manual_journal", "Can ask for a manual journal"),
            ("approve_manual_journal", "Can approve a manual journal"),
            ("export_books", "Can download the books"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PeriodState.values), name="period_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%B %Y}"

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.id // 100, self.id % 100, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return (self.first_day + timedelta(days=31)).replace(day=1) - timedelta(days=1)
