"""The calendar of holidays: days are added or taken out by new rows, and loans sanctioned later carry it."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.contrib.auth.models import User
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.errors.dry_runs import HolidayInPast, HolidayNothingNew
from lms.models import Holiday
from lms.services.checks import reason_check


def holidays_known() -> dict[date, str]:
    """Return every holiday of the calendar with its name, by day."""
    return _standing(Holiday.objects.all())


def holidays_between(*, first: date, last: date) -> frozenset[date]:
    """Return the holidays of the calendar from a day to a day, both with it."""
    return frozenset(_standing(Holiday.objects.filter(on_date__range=(first, last))))


def holidays_publish(
    *, added: Mapping[date, str], removed: Sequence[date], reason: str, actor: User | None = None
) -> tuple[Holiday, ...]:
    """Declare days holidays, or working days again; loans that exist keep the calendar of their terms.

    Args:
        added: name by day.
        removed: days of the calendar that are working days after all.

    Returns:
        The new rows; days that stand as asked already need none.

    Raises:
        HolidayInPast: a day is before the business date.
        HolidayNothingNew: no day would change.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    today = business_date()
    for day in (*added, *removed):
        if day < today:
            raise HolidayInPast(on_date=day, business_date=today)
    return run_in_transaction(lambda: _publish(added, removed, reason, actor))


def _standing(rows: QuerySet[Holiday]) -> dict[date, str]:
    latest = {row.on_date: row for row in rows.order_by("on_date", "pk")}
    return {day: row.name for day, row in latest.items() if row.is_holiday}


def _publish(
    added: Mapping[date, str], removed: Sequence[date], reason: str, actor: User | None
) -> tuple[Holiday, ...]:
    known = holidays_known()
    rows = [
        Holiday(on_date=day, name=name.strip(), is_holiday=True, reason=reason, published_by=actor)
        for day, name in sorted(added.items())
        if known.get(day) != name.strip()
    ]
    rows += [
        Holiday(on_date=day, name=known[day], is_holiday=False, reason=reason, published_by=actor)
        for day in sorted(set(removed) - added.keys())
        if day in known
    ]
    if not rows:
        raise HolidayNothingNew()
    for row in rows:
        row.save(force_insert=True)
    audit.record(
        actor=actor,
        action="lms.holidays_publish",
        obj=rows[-1],
        reason=reason,
        detail={
            "added": [row.on_date.isoformat() for row in rows if row.is_holiday],
            "removed": [row.on_date.isoformat() for row in rows if not row.is_holiday],
        },
    )
    return tuple(rows)
