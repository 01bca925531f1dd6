"""Rows of sagas: the saga, its steps as far as it got, and what happened to them."""

from django.db import models
from django.utils import timezone

from core.fields import RecordedAtField


class SagaState(models.TextChoices):
    """Where a saga stands."""

    RUNNING = "RUNNING", "under way"
    COMPENSATING = "COMPENSATING", "being undone"
    DONE = "DONE", "done"
    COMPENSATED = "COMPENSATED", "undone"
    MANUAL = "MANUAL", "parked: needs a person"


class StepState(models.TextChoices):
    """Where a step stands."""

    PENDING = "PENDING", "waiting to run"
    CLAIMED = "CLAIMED", "running"
    DONE = "DONE", "done"
    FAILED = "FAILED", "failed"
    COMP_PENDING = "COMP_PENDING", "waiting to be undone"
    COMP_CLAIMED = "COMP_CLAIMED", "being undone"
    COMP_DONE = "COMP_DONE", "undone"
    SKIPPED = "SKIPPED", "nothing to undo"


class Saga(models.Model):
    """One intent; it is started once for its kind and key."""

    kind = models.CharField(max_length=48)
    intent_key = models.CharField(max_length=96)
    state = models.CharField(max_length=12, choices=SagaState, default=SagaState.RUNNING)
    priority = models.PositiveSmallIntegerField(default=50)
    context = models.JSONField(default=dict)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=255, blank=True)
    # While it is parked: what it goes on by itself with as soon as somebody tells it; empty when only a person decides.
    awaits = models.CharField(max_length=64, blank=True, default="")
    started_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "intent_key"], name="saga_once")]
        indexes = [
            models.Index(fields=["state", "changed_at"], name="saga_by_state"),
            models.Index(fields=["subject_type", "subject_id"], name="saga_by_subject"),
        ]
        permissions = [("decide_saga", "Can retry, undo and park sagas")]

    def __str__(self) -> str:
        return f"{self.kind} {self.intent_key}"


class SagaStep(models.Model):
    """A step that a saga has reached. A step that was ever claimed is undone when the saga is."""

    saga = models.ForeignKey(Saga, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=48)
    is_pivot = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=StepState, default=StepState.PENDING)
    queue = models.CharField(max_length=60)
    # Due instant plus a quarter of an hour for each degree of priority: whoever waits long enough comes first.
    order_at = models.DateTimeField()
    run_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    problem = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["saga", "number"], name="saga_step_once")]
        indexes = [
            models.Index(fields=["queue", "state", "order_at"], name="saga_step_due"),
            models.Index(fields=["queue", "state", "run_at"], name="saga_step_runs"),
            models.Index(fields=["state", "lease_until"], name="saga_step_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.saga_id}.{self.number} {self.name}"


class SagaEvent(models.Model):
    """What happened to a saga, for its timeline; never changed, never deleted."""

    saga = models.ForeignKey(Saga, on_delete=models.PROTECT, related_name="events")
    at = RecordedAtField(default=timezone.now)
    step = models.CharField(max_length=48, blank=True)
    what = models.CharField(max_length=30)
    note = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.saga_id} {self.step} {self.what}"
