"""Credit lines: an account of the customer from which loans are drawn; its facts are the truth, the rest is a cache."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.fields import PaiseField, RecordedAtField
from lms.models.loan import Loan


class LineFactKind(models.TextChoices):
    """What can happen to a credit line; the stored code of each event of the engine."""

    OPEN = "OPEN", "Sanction"
    HOLD = "HOLD", "Set aside"
    RELEASE = "RELEASE", "Set aside no more"
    DRAW = "DRAW", "Drawdown"
    LIMIT = "LIMIT", "Limit change"
    BLOCK = "BLOCK", "Block"
    UNBLOCK = "UNBLOCK", "Unblock"
    RENEW = "RENEW", "Renewal"
    CLOSE = "CLOSE", "Closure"


class CreditLine(models.Model):
    """One credit line: what was agreed at its sanction, and the fold of its facts."""

    number = models.CharField(max_length=30, unique=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False)
    product_version = models.ForeignKey("lms.ProductVersion", on_delete=models.PROTECT, related_name="+")
    product_code = models.CharField(max_length=20)
    # What a drawdown bears; its number of instalments is chosen when it is drawn.
    annual_rate_pct = models.DecimalField(max_digits=9, decimal_places=4)
    opened_on = models.DateField()
    # A repeated sanction gives the first line; both are written once.
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    # Caches of the fold of the facts.
    limit_paise = PaiseField()
    valid_until = models.DateField()
    is_blocked = models.BooleanField(default=False)
    closed_on = models.DateField(null=True)
    fact_count = models.PositiveIntegerField(default=0)
    # What the memo accounts hold as undrawn commitment, and by how many journals.
    committed_paise = PaiseField(default=0)
    commitment_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("sanction_line", "Can sanction a credit line"),
            ("draw_line", "Can draw on a credit line"),
            ("block_line", "Can block a credit line"),
            ("unblock_line", "Can unblock a credit line"),
            ("change_line_limit", "Can change the limit of a credit line"),
            ("renew_line", "Can renew a credit line"),
            ("close_line", "Can close a credit line"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(limit_paise__gte=0), name="line_limit_not_negative"),
            models.CheckConstraint(condition=Q(committed_paise__gte=0), name="line_commitment_not_negative"),
        ]
        indexes = [
            models.Index(fields=["customer"], name="line_customer"),
            models.Index(fields=["product_code"], name="line_product"),
            models.Index(fields=["valid_until"], name="line_valid_until"),
        ]

    def __str__(self) -> str:
        return self.number


class LineFact(models.Model):
    """One thing that happened to a credit line; appended, never changed or deleted (triggers refuse it)."""

    line = models.ForeignKey(CreditLine, on_delete=models.PROTECT, related_name="facts", db_index=False)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=LineFactKind)
    value_date = models.DateField()
    amount_paise = PaiseField(default=0)
    until = models.DateField(null=True)
    hold_sequence = models.PositiveIntegerField(null=True)
    # The loan that a drawdown is; a loan is drawn once, from one line.
    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, null=True, related_name="line_fact")
    reference = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_on = models.DateField()
    recorded_at = RecordedAtField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["line", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["line", "sequence"], name="one_line_fact_per_sequence"),
            models.CheckConstraint(condition=Q(amount_paise__gte=0), name="line_fact_amount_not_negative"),
            models.CheckConstraint(condition=Q(value_date__lte=F("recorded_on")), name="line_fact_not_in_the_future"),
            models.CheckConstraint(
                condition=Q(kind="DRAW", loan__isnull=False) | (~Q(kind="DRAW") & Q(loan__isnull=True)),
                name="drawdown_has_its_loan",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value_date}"


class LineParameters(models.Model):
    """Guards of credit lines from a day on; the latest row that is in force counts, none is ever changed."""

    effective_from = models.DateField(unique=True)
    # A drawdown is refused while a loan of the customer is this many days past due or more.
    refuse_from_days_past_due = models.PositiveSmallIntegerField(default=1)
    # For so many days after a drawdown its excess may not go to another loan of the customer.
    own_dues_days = models.PositiveSmallIntegerField(default=30)
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from"]
        verbose_name_plural = "line parameters"
        permissions = [("publish_line_parameters", "Can publish the guards of credit lines")]
        constraints = [
            models.CheckConstraint(condition=Q(refuse_from_days_past_due__gte=1), name="line_dues_guard_is_on"),
        ]

    def __str__(self) -> str:
        return f"Credit lines from {self.effective_from}"
