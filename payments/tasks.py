"""Celery entry points of payments."""

from typing import Any

from celery import shared_task

from payments.services.settlement_looks import settlements_look as look

_TEN_MINUTES = 10 * 60


@shared_task(name="payments.settlements_look", time_limit=_TEN_MINUTES, max_retries=0)
def settlements_look(**_later: Any) -> None:
    """Ask gateways for settlements that nobody told us; what is known is booked once."""
    look()
