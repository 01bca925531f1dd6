"""Changes tried on the live book: what each would move, before anybody agrees to it. Nothing here is in the books."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from lms.engine.classification import AssetClass

_CLASSES = [(asset_class.value, asset_class.value.replace("_", " ").capitalize()) for asset_class in AssetClass]


class DryRunKind(models.TextChoices):
    """What is tried."""

    PRODUCT = "PRODUCT", "New version of a product"
    WATERFALL = "WATERFALL", "Waterfall of a product"
    PENAL_PLAN = "PENAL_PLAN", "Penal plan of a product"
    RATE = "RATE", "Rate change"
    HOLIDAYS = "HOLIDAYS", "Holiday calendar"
    CLASSIFICATION = "CLASSIFICATION", "Thresholds of the asset classes"


class DryRun(models.Model):
    """One change tried on every loan that it concerns, as of the coming day-end."""

    class State(models.TextChoices):
        """Life of a dry run."""

        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        CANCELLED = "CANCELLED", "Cancelled"
        OUTDATED = "OUTDATED", "The books moved on"

    kind = models.CharField(max_length=14, choices=DryRunKind)
    title = models.CharField(max_length=200)
    # As it was asked for: what a request for approval of the same change is found by.
    change = models.JSONField()
    change_hash = models.CharField(max_length=64)
    # What the workers assume, checked and complete.
    assumption = models.JSONField()
    # The business date whose day-end is compared, with the change and without it.
    on_date = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    loans_total = models.PositiveIntegerField()
    chunks_total = models.PositiveIntegerField()
    chunks_done = models.PositiveIntegerField(default=0)
    loans_done = models.PositiveIntegerField(default=0)
    loans_moved = models.PositiveIntegerField(default=0)
    loans_refused = models.PositiveIntegerField(default=0)
    # Sums of the finished run: see `lms.dry_runs.totals`.
    result = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=96, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "dry run"
        permissions = [("run_dryrun", "Can try a change on the live book")]
        indexes = [models.Index(fields=["change_hash", "-id"], name="dry_run_by_change")]

    def __str__(self) -> str:
        return f"Dry run {self.pk}: {self.title}"


class DryRunChunk(models.Model):
    """A range of borrowers that is worked out at once; claimed by lease and fence."""

    class State(models.TextChoices):
        """Whether its loans are worked out."""

        PENDING = "PENDING", "Pending"
        DONE = "DONE", "Done"

    run = models.ForeignKey(DryRun, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first_customer_id = models.BigIntegerField()
    last_customer_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    # Nobody else works on it while the lease runs; a higher fence shuts out a worker that only slept.
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)

    class Meta:
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_dry_run_chunk_per_number"),
            models.CheckConstraint(
                condition=Q(first_customer_id__lte=models.F("last_customer_id")), name="dry_run_chunk_range_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} part {self.number}"


class DryRunLoan(models.Model):
    """A loan that the change would move, or that cannot take it; a loan that stays as it is has no row.

    `before` and `after` hold the figures of `lms.dry_runs.comparing.FIGURES` in their order, `movements` the
    difference by "MOVEMENT:HEAD" in paise. Of a loan that cannot take the change, `code` and `message` say why.
    """

    run = models.ForeignKey(DryRun, on_delete=models.PROTECT, related_name="loans", db_index=False)
    loan = models.ForeignKey(
        "lms.Loan", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    number = models.CharField(max_length=30)
    product_code = models.CharField(max_length=20)
    class_before = models.CharField(max_length=12, choices=_CLASSES)
    class_after = models.CharField(max_length=12, choices=_CLASSES)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    movements = models.JSONField(default=dict)
    code = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["run", "loan"]
        constraints = [models.UniqueConstraint(fields=["run", "loan"], name="one_dry_run_row_per_loan")]
        indexes = [models.Index(fields=["run", "class_before", "class_after", "loan"], name="dry_run_class_move")]

    def __str__(self) -> str:
        return self.number
