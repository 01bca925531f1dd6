"""The day-end: one run per business date, in chunks that can be resumed."""

from django.db import models

from core.fields import RecordedAtField


class DayEnd(models.Model):
    """Closing of one business date; the certificate is what it proved."""

    class State(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        CLOSED = "CLOSED", "Closed"
        FAILED = "FAILED", "Not sealed: see the certificate"

    business_date = models.DateField(unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    # Who works on it, "host:process:run"; nobody may while the lease runs, and a higher fence shuts out a late worker.
    owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    chunks_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    loans_total = models.PositiveIntegerField(default=0)
    loans_closed = models.PositiveIntegerField(default=0)
    # Invariants with their outcome, totals by head, and the hash over every loan's state.
    certificate = models.JSONField(default=dict)
    state_hash = models.CharField(max_length=64, default="")

    class Meta:
        ordering = ["-business_date"]
        verbose_name = "day-end"
        permissions = [("run_day_end", "Can run the day-end")]

    def __str__(self) -> str:
        return f"Day-end {self.business_date}"


class DayEndChunk(models.Model):
    """A range of customers closed in one transaction, claimed by lease and fence."""

    class State(models.TextChoices):
        PENDING = "PENDING", "Pending"
        DONE = "DONE", "Done"

    day_end = models.ForeignKey(DayEnd, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first_customer_id = models.BigIntegerField()
    last_customer_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    loans_closed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["day_end", "number"]
        constraints = [
            models.UniqueConstraint(fields=["day_end", "number"], name="one_chunk_per_number"),
            models.CheckConstraint(
                condition=models.Q(first_customer_id__lte=models.F("last_customer_id")), name="chunk_range_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day_end} chunk {self.number}"


class DayEndProblem(models.Model):
    """A loan that could not be closed and was set aside alone, with the reason."""

    day_end = models.ForeignKey(DayEnd, on_delete=models.PROTECT, related_name="problems")
    loan = models.ForeignKey("lms.Loan", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=60)
    message = models.TextField()
    recorded_at = RecordedAtField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.loan}: {self.code}"
