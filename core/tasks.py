"""Celery entry points of what every app shares."""

from typing import Any

from celery import shared_task

from core.clock import database_now
from core.idempotency.services import requests_expire

_TEN_MINUTES = 10 * 60


@shared_task(name="core.expire_requests", time_limit=_TEN_MINUTES, max_retries=0)
def expire_requests(**_later: Any) -> None:
    """Forget the answers to requests whose repeats are no longer expected."""
    requests_expire(now=database_now())
