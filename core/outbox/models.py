"""Rows behind published events."""

from django.db import models
from django.utils import timezone

EVENT_ID_LENGTH = 26


class OutboxEvent(models.Model):
    """An event that was published and not yet handed to its subscribers; removed when it was."""

    # Not unique here: relays that remove rows would wait for producers at the index. The inbox takes each id once.
    event_id = models.CharField(max_length=EVENT_ID_LENGTH)
    topic = models.CharField(max_length=80)
    partition_key = models.CharField(max_length=96)
    priority = models.PositiveSmallIntegerField(default=50)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.topic} {self.partition_key}"


class SentEvent(models.Model):
    """An event that its subscribers have in their inbox; kept to be read and replayed."""

    event_id = models.CharField(max_length=EVENT_ID_LENGTH, primary_key=True)
    topic = models.CharField(max_length=80)
    partition_key = models.CharField(max_length=96)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(default=timezone.now, db_index=True)
    subscribers = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["topic", "partition_key"], name="sent_event_by_key")]

    def __str__(self) -> str:
        return f"{self.topic} {self.partition_key}"
