"""Celery entry points of the loan book."""

from datetime import date
from typing import Any

from celery import shared_task
from django.contrib.auth.models import User

from lms.services import imports
from lms.services.day_end import day_end_run

_ONE_HOUR = 60 * 60
_SIX_HOURS = 6 * _ONE_HOUR


@shared_task(name="lms.day_end", time_limit=_SIX_HOURS, max_retries=0)
def day_end(*, to_date: str | None = None, **_later: Any) -> None:
    """Close business dates up to `to_date` (ISO form), the present one when it is not given; safe to run twice."""
    day_end_run(to_date=date.fromisoformat(to_date) if to_date else None)


@shared_task(name="lms.import_dry_run", time_limit=_ONE_HOUR, max_retries=0)
def import_dry_run(*, batch_id: int, **_later: Any) -> None:
    """Check a batch of loans; a repeated run starts afresh."""
    imports.import_dry_run(batch_id=batch_id)


@shared_task(name="lms.import_commit", time_limit=_SIX_HOURS, max_retries=0)
def import_commit(
    *, batch_id: int, actor_id: int, reason: str, is_skipping_rejected: bool = False, **_later: Any
) -> None:
    """Enter a checked batch into the book; a repeated run goes on where the first one stopped."""
    actor = User.objects.get(pk=actor_id)
    imports.import_commit(batch_id=batch_id, actor=actor, reason=reason, is_skipping_rejected=is_skipping_rejected)
