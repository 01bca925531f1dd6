"""Provisions of the last two month-ends: worked out, asked for by one person, posted by another."""

from collections.abc import Callable
from datetime import date

from django.contrib.auth.models import User

from core.approvals.services import approval_approve, approval_request
from lms.services.provisions.approval import POST, provision_payload
from lms.services.provisions.runs import month_end_before, provision_run_compute, provision_run_create

_REASON = "Month-end of the demo lender"


def provisions_make(*, maker: User, checker: User, today: date, progress: Callable[[str], None]) -> None:
    """Work out and post the two month-ends before a day, so that there is a movement to look at.

    Args:
        maker, checker: who asks, and who approves.
        today: the business date.
        progress: called with a line for the reader after each month-end.
    """
    last = month_end_before(today)
    for month_end in (month_end_before(last), last):
        run = provision_run_compute(run_id=provision_run_create(month_end=month_end, actor=maker).pk)
        request = approval_request(
            kind=POST,
            payload=provision_payload(run=run, reason=_REASON),
            reason=_REASON,
            actor=maker,
            idempotency_key=f"demo:provisions:{month_end.isoformat()}",
        )
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)
        progress(f"provisions of {month_end:%d %b %Y}: {run.loans_done:,} loans")
