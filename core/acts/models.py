"""When an act needs a second person, as dated rows."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.fields import PaiseField


class ActRule(models.Model):
    """When an act needs a second person, from a day on; the latest row in force counts, none is ever changed."""

    act = models.CharField(max_length=40)
    effective_from = models.DateField()
    is_always = models.BooleanField(default=False)
    # A second person from above this amount on, and for value dates further back than this; null: whatever it is.
    above_paise: "PaiseField[int | None, int | None]" = PaiseField(null=True)
    backdated_over_days = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["act", "-effective_from"]
        permissions = [("publish_actrules", "Can publish when an act needs a second person")]
        constraints = [
            models.UniqueConstraint(fields=["act", "effective_from"], name="act_rule_once_per_day"),
            models.CheckConstraint(
                condition=Q(above_paise__isnull=True) | Q(above_paise__gte=0), name="act_rule_amount_from_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} from {self.effective_from}"
