"""Thresholds of asset classification as dated rows."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ClassificationParameters(models.Model):
    """Thresholds of the asset classes from a day on; the latest row that is in force counts, none is ever changed."""

    effective_from = models.DateField(unique=True)
    sma_0_from_days = models.PositiveSmallIntegerField(default=1)
    sma_1_from_days = models.PositiveSmallIntegerField(default=31)
    sma_2_from_days = models.PositiveSmallIntegerField(default=61)
    npa_from_days = models.PositiveSmallIntegerField(default=91)
    doubtful_1_from_months = models.PositiveSmallIntegerField(default=12)
    doubtful_2_from_months = models.PositiveSmallIntegerField(default=24)
    doubtful_3_from_months = models.PositiveSmallIntegerField(default=48)
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from"]
        verbose_name_plural = "classification parameters"
        permissions = [("publish_classification", "Can publish thresholds of the asset classes")]
        constraints = [
            models.CheckConstraint(
                condition=Q(sma_0_from_days__gte=1)
                & Q(sma_1_from_days__gt=F("sma_0_from_days"))
                & Q(sma_2_from_days__gt=F("sma_1_from_days"))
                & Q(npa_from_days__gt=F("sma_2_from_days")),
                name="days_of_asset_classes_rise",
            ),
            models.CheckConstraint(
                condition=Q(doubtful_1_from_months__gte=1)
                & Q(doubtful_2_from_months__gt=F("doubtful_1_from_months"))
                & Q(doubtful_3_from_months__gt=F("doubtful_2_from_months")),
                name="months_of_doubtful_classes_rise",
            ),
        ]

    def __str__(self) -> str:
        return f"Asset classes from {self.effective_from}"
