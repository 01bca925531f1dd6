"""Celery entry points of the loan book."""

from datetime import date
from typing import Any

from celery import shared_task

from lms.services.day_end import day_end_run

_SIX_HOURS = 6 * 60 * 60


@shared_task(name="lms.day_end", time_limit=_SIX_HOURS, max_retries=0)
def day_end(*, to_date: str | None = None, **_later: Any) -> None:
    """Close business dates up to `to_date` (ISO form), the present one when it is not given; safe to run twice."""
    day_end_run(to_date=date.fromisoformat(to_date) if to_date else None)
