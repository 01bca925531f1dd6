"""Products and their immutable versions."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from core.fields import PaiseField


class Product(models.Model):
    """What the lender sells; the terms live in its versions."""

    code = models.CharField(
        max_length=20, unique=True, validators=[RegexValidator(r"^[A-Z][A-Z0-9-]*$", "Use capital letters and digits.")]
    )
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    # Credit lines are sanctioned under it, and its loans are their drawdowns.
    is_line = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProductVersion(models.Model):
    """One dated set of terms; never changed once published, replaced by the next version."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    effective_from = models.DateField()
    # `lms.engine.codec` form of Terms without principal, rate and instalment count, which belong to the loan.
    terms_template = models.JSONField()
    principal_min_paise = PaiseField()
    principal_max_paise = PaiseField()
    rate_min_pct = models.DecimalField(max_digits=9, decimal_places=4)
    rate_max_pct = models.DecimalField(max_digits=9, decimal_places=4)
    instalment_count_min = models.PositiveIntegerField()
    instalment_count_max = models.PositiveIntegerField()
    reason = models.CharField(max_length=200, blank=True)
    # Publishing the same content again gives this version.
    content_hash = models.CharField(max_length=64)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["product", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="one_version_per_number"),
            models.CheckConstraint(
                condition=models.Q(principal_min_paise__gt=0)
                & models.Q(principal_max_paise__gte=models.F("principal_min_paise")),
                name="principal_range_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(rate_min_pct__gte=0) & models.Q(rate_max_pct__gte=models.F("rate_min_pct")),
                name="rate_range_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(instalment_count_min__gt=0)
                & models.Q(instalment_count_max__gte=models.F("instalment_count_min")),
                name="instalment_count_range_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.code} v{self.number}"
