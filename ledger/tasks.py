"""Celery entry points of the ledger."""

from typing import Any

from celery import shared_task

from core.business_date import business_date
from core.clock import database_now
from ledger import services
from ledger.checks import ledger_check_keep
from ledger.gst.registrations import series_open

_TEN_MINUTES = 10 * 60
_ONE_HOUR = 60 * 60


@shared_task(name="ledger.roll", time_limit=_ONE_HOUR, max_retries=0)
def roll(**_later: Any) -> None:
    """Number the legs that wait; two runs at once share the accounts."""
    today = business_date()
    services.periods_create(upto=today)
    series_open(on_date=today)
    services.ledger_roll()


@shared_task(name="ledger.expire_holds", time_limit=_TEN_MINUTES, max_retries=0)
def expire_holds(**_later: Any) -> None:
    """Give back what holds set aside whose time is over."""
    services.holds_expire(now=database_now())


@shared_task(name="ledger.seal", time_limit=_ONE_HOUR, max_retries=0)
def seal(**_later: Any) -> None:
    """Check what was posted since the last seal, then seal it and add it to the sums of days."""
    ledger_check_keep(is_incremental=True)
    services.ledger_seal(now=database_now())
    services.ledger_sum()


@shared_task(name="ledger.check", time_limit=_ONE_HOUR, max_retries=0)
def check(*, is_incremental: bool = False, **_later: Any) -> None:
    """Check the invariants and keep the outcome for the page."""
    ledger_check_keep(is_incremental=is_incremental)
