"""Rows that every app shares: who did what, and which day it is."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.acts.models import ActRule
from core.approvals.models import ApprovalAttachment, ApprovalRequest, ApprovalState, AuthorityLimit
from core.fields import RecordedAtField
from core.idempotency.models import IdempotencyKey, IdempotencyState
from core.inbox.models import InboxMessage, MessageState
from core.outbox.models import OutboxEvent, SentEvent
from core.reasons.models import ReasonCode
from core.sagas.models import Saga, SagaEvent, SagaState, SagaStep, StepState
from core.tokens.models import ApiToken

__all__ = [
    "ActRule",
    "ApiToken",
    "ApprovalAttachment",
    "ApprovalRequest",
    "ApprovalState",
    "AuditEntry",
    "AuthorityLimit",
    "BusinessDate",
    "IdempotencyKey",
    "IdempotencyState",
    "InboxMessage",
    "MessageState",
    "NumberSequence",
    "OutboxEvent",
    "ReasonCode",
    "Saga",
    "SagaEvent",
    "SagaState",
    "SagaStep",
    "SentEvent",
    "StepState",
]


class AuditEntry(models.Model):
    """One act of a person or of the system on one object; never changed, never deleted."""

    at = RecordedAtField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class BusinessDate(models.Model):
    """The day that the books are on; one row, moved by the day-end."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    date = models.DateField()

    class Meta:
        verbose_name_plural = "business date"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="business_date_has_one_row")]

    def __str__(self) -> str:
        return self.date.isoformat()


class NumberSequence(models.Model):
    """The next number of a series, such as customer numbers."""

    name = models.CharField(max_length=60, primary_key=True)
    next_value = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(next_value__gt=0), name="number_sequence_is_positive")]

    def __str__(self) -> str:
        return self.name
