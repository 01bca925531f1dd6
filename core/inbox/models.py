"""Rows of received messages."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.fields import EncryptedBytesField


class MessageState(models.TextChoices):
    """Where a message stands."""

    NEW = "NEW", "waiting"
    APPLIED = "APPLIED", "applied"
    IGNORED = "IGNORED", "filed: not ours to act on"
    PARKED = "PARKED", "parked: waits for what it speaks of"
    POISON = "POISON", "failed: needs a person"
    REFUSED = "REFUSED", "refused: not proven genuine"


class InboxMessage(models.Model):
    """One message as it came; the same one from the same source is stored once, for ever."""

    source = models.CharField(max_length=60)
    event_id = models.CharField(max_length=96)
    entity = models.CharField(max_length=96, blank=True, db_index=True)
    kind = models.CharField(max_length=96, blank=True)
    # What vendors tell names people, their accounts and their telephones.
    raw: EncryptedBytesField[bytes, bytes] = EncryptedBytesField()
    headers = models.JSONField(default=dict)
    queue = models.CharField(max_length=60)
    priority = models.PositiveSmallIntegerField(default=50)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.NEW)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=255, blank=True)
    # Who has filed a message that failed; empty where its reader found that it concerns nothing of ours.
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="message_once")]
        indexes = [
            models.Index(fields=["queue", "state", "next_at"], name="message_due"),
            models.Index(fields=["state", "received_at"], name="message_by_state"),
        ]
        permissions = [
            ("replay_message", "Can let messages be tried again"),
            ("file_message", "Can file messages that failed"),
            ("read_message", "Can read the content of messages"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind}"

    @property
    def is_replayable(self) -> bool:
        """Tell whether it may be tried again: it waits or has failed, or a person has filed it."""
        is_filed_by_hand = self.state == MessageState.IGNORED and self.filed_by_id is not None
        return is_filed_by_hand or self.state in (MessageState.NEW, MessageState.PARKED, MessageState.POISON)
