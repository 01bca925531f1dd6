"""When a vendor is asked again what became of a call: by the row of what it is asked for."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from lms.services.holidays import holidays_between
from payments.models import ProviderAttempt, VendorRoute
from payments.protocol import STANDARD_LADDER, Ladder, pause_before_next_look


def pause_before_look(*, attempt: ProviderAttempt, looks: int, now: datetime) -> timedelta:
    """Return how long to wait before the vendor is asked again about a call, after a number of looks."""
    sent_at = timezone.localtime(attempt.first_sent_at or attempt.created_at)
    ladder, holidays = _ladder(attempt, sent_at), frozenset[date]()
    if looks >= len(ladder):
        # Only the days that are over decide whether the third working day is.
        holidays = holidays_between(first=sent_at.date(), last=timezone.localdate(now))
    return pause_before_next_look(ladder=ladder, looks=looks, sent_at=sent_at, now=now, holidays=holidays)


def _ladder(attempt: ProviderAttempt, sent_at: datetime) -> Ladder:
    """Return the pauses of the row that was in force when the call left, also where that has ended since."""
    rows = VendorRoute.objects.filter(
        vendor_id=attempt.vendor_id,
        operation=attempt.operation,
        rail=attempt.rail,
        valid_from__lte=sent_at.date(),
    )
    row = rows.order_by("-valid_from").first()
    return row.ladder if row is not None else STANDARD_LADDER
