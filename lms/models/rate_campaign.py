"""Benchmarks, and changes of the rate of many loans with notice."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.fields import PaiseField, RecordedAtField
from lms.models.loan import Loan, LoanFact
from lms.models.product import Product


class RateChoice(models.TextChoices):
    """What the borrower wants to change when the rate does."""

    EMI = "EMI", "The instalment"
    TENOR = "TENOR", "The number of instalments"
    BOTH = "BOTH", "Both"


class Benchmark(models.Model):
    """A rate outside the loan that floating rates follow."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.code


class BenchmarkRate(models.Model):
    """The value of a benchmark from a day on; the latest row counts, none is ever changed."""

    benchmark = models.ForeignKey(Benchmark, on_delete=models.PROTECT, related_name="rates")
    effective_from = models.DateField()
    rate_pct = models.DecimalField(max_digits=9, decimal_places=4)
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["benchmark", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "effective_from"], name="one_benchmark_rate_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.benchmark} {self.effective_from}"


class ProductBenchmark(models.Model):
    """Loans of a product that are sanctioned from a day on float with a benchmark, or with none from then on.

    The spread of a loan is its rate at sanction less the benchmark of that day.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="benchmarks")
    benchmark = models.ForeignKey(Benchmark, null=True, on_delete=models.PROTECT, related_name="+")
    effective_from = models.DateField()
    # What changes for a borrower who did not choose.
    default_choice = models.CharField(max_length=5, choices=RateChoice, default=RateChoice.EMI)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["product", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["product", "effective_from"], name="one_product_benchmark_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.effective_from}"


class RateCampaign(models.Model):
    """One change of rate for every loan that floats with a benchmark, or for every loan of a product."""

    class State(models.TextChoices):
        """Life of a campaign."""

        DRAFT = "DRAFT", "Being worked out"
        PREPARED = "PREPARED", "Worked out, not announced"
        ANNOUNCED = "ANNOUNCED", "Announced to the borrowers"
        DONE = "DONE", "Done"
        CANCELLED = "CANCELLED", "Cancelled"

    benchmark = models.ForeignKey(Benchmark, null=True, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    # The benchmark's new value, or by how much the rates of the product's loans move.
    new_rate_pct = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    delta_pct = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    effective_date = models.DateField()
    default_choice = models.CharField(max_length=5, choices=RateChoice, blank=True)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    # Loans up to this key are worked out: where a stopped job goes on.
    last_loan_id = models.BigIntegerField(default=0)
    announced_on = models.DateField(null=True)
    announced_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_on = models.DateField()
    recorded_at = RecordedAtField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(benchmark__isnull=False, new_rate_pct__isnull=False, product__isnull=True)
                | Q(product__isnull=False, delta_pct__isnull=False, benchmark__isnull=True),
                name="campaign_is_of_a_benchmark_or_a_product",
            )
        ]

    def __str__(self) -> str:
        return f"Rate change {self.pk}"


class RateNotice(models.Model):
    """What a campaign means for one loan, as the borrower is told it, and what became of it."""

    class State(models.TextChoices):
        """What became of the change of one loan."""

        PENDING = "PENDING", "To come"
        DONE = "DONE", "Done"
        REFUSED = "REFUSED", "Not possible"
        UNDONE = "UNDONE", "Undone"

    campaign = models.ForeignKey(RateCampaign, on_delete=models.PROTECT, related_name="notices")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="rate_notices")
    old_rate_pct = models.DecimalField(max_digits=9, decimal_places=4)
    new_rate_pct = models.DecimalField(max_digits=9, decimal_places=4)
    choice = models.CharField(max_length=5, choices=RateChoice)
    # The borrower said so; otherwise it is what the product does.
    is_chosen = models.BooleanField(default=False)
    principal_paise = PaiseField(default=0)
    # By choice: instalment in paise and how many are left.
    before_instalment_paise = PaiseField(default=0)
    before_count = models.PositiveIntegerField(default=0)
    options = models.JSONField(default=dict)
    # What the choice comes to.
    after_instalment_paise = PaiseField(default=0)
    after_count = models.PositiveIntegerField(default=0)
    # The day by which the notice has to be with the borrower.
    send_by = models.DateField()
    announced_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    refusal_code = models.CharField(max_length=80, blank=True)
    refusal = models.CharField(max_length=300, blank=True)
    fact = models.ForeignKey(LoanFact, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["campaign", "loan"]
        constraints = [models.UniqueConstraint(fields=["campaign", "loan"], name="one_rate_notice_per_loan")]
        indexes = [models.Index(fields=["campaign", "state", "loan"], name="rate_notice_by_state")]

    def __str__(self) -> str:
        return f"Notice {self.pk}"
