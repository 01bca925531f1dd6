"""Keys of requests, and what was answered to the first of each."""

from django.conf import settings
from django.db import models


class IdempotencyState(models.TextChoices):
    """How far the request with a key has come."""

    IN_PROGRESS = "IN_PROGRESS", "Being worked on"
    DONE = "DONE", "Answered"


class IdempotencyKey(models.Model):
    """One request that may come more than once: its content's fingerprint, and the answer that every repeat gets."""

    scope = models.CharField(max_length=48)
    key = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=11, choices=IdempotencyState, default=IdempotencyState.IN_PROGRESS)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        # Nobody is given a right to look at answers by their keys: they are read by whoever sends the request again.
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_request_per_key")]
        indexes = [models.Index(fields=["state", "created_at"], name="request_by_state")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
