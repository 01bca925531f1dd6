"""Requests for an act by a second person, and up to which amount a role may approve."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.fields import PaiseField


class ApprovalState(models.TextChoices):
    """Life of a request."""

    PENDING = "PENDING", "Waiting"
    EXECUTED = "EXECUTED", "Approved and done"
    REJECTED = "REJECTED", "Rejected"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    EXPIRED = "EXPIRED", "Expired"


class ApprovalRequest(models.Model):
    """An act that somebody asks for: stored as data, with the effect it would have."""

    kind = models.CharField(max_length=60)
    description = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    effect = models.JSONField()
    effect_hash = models.CharField(max_length=64)
    subject_version = models.CharField(max_length=64)
    amount_paise: "PaiseField[int | None, int | None]" = PaiseField(null=True)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The effect was computed anew because the subject had changed; it has to be looked at again.
    recomputed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    result_type = models.CharField(max_length=60, blank=True)
    result_id = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=96, unique=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "kind", "id"], name="approval_by_state"),
            models.Index(fields=["subject_type", "subject_id"], name="approval_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("made_by")) | ~Q(state=ApprovalState.EXECUTED),
                name="approval_is_by_a_second_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ApprovalAttachment(models.Model):
    """A paper that supports a request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=120)
    content_hash = models.CharField(max_length=64)
    file = models.FileField(upload_to="approvals/%Y/%m/")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class AuthorityLimit(models.Model):
    """Up to which amount the members of a role may approve an act, from a day on; the latest row counts."""

    role = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    up_to_paise = PaiseField()
    effective_from = models.DateField()

    class Meta:
        ordering = ["kind", "role", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["role", "kind", "effective_from"], name="one_authority_limit_per_day"),
            models.CheckConstraint(condition=Q(up_to_paise__gte=0), name="authority_limit_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.kind}"
