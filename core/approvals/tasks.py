"""Celery entry points of maker and checker."""

from typing import Any

from celery import shared_task

from core.approvals.services import approvals_expire
from core.clock import database_now

_TEN_MINUTES = 10 * 60


@shared_task(name="core.approvals_expire", time_limit=_TEN_MINUTES, max_retries=0)
def expire(**_later: Any) -> None:
    """Close the requests that waited too long; safe to run twice."""
    approvals_expire(now=database_now())
