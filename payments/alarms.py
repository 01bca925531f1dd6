"""Money that is stuck or late: each sort with how many, since when, and where to look.

Each sort is one look-up in an index that ends at a hundred: it is made for every page that a member of staff opens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import F

from core.business_date import business_date
from core.clock import database_now
from payments.alarm_sorts import Sort, sorts_of_stuck_money
from payments.selectors import age_tone
from payments.services.rules import rules_on

_COUNTED: Final = 100
_TONES: Final = ("green", "amber", "orange", "red")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One sort of money that is stuck: of what, how many, the oldest since when, and the page to look at."""

    title: str
    count: int
    oldest_at: datetime | None
    tone: str
    address: str
    noun: str = "payment"
    place: str = "stuck"

    @property
    def is_counted_out(self) -> bool:
        """Tell whether there is more than was counted."""
        return self.count >= _COUNTED


def alarms() -> tuple[Alarm, ...]:
    """Return each sort of money that is stuck or late; counts end at a hundred, and empty sorts are left out."""
    now, today = database_now(), business_date()
    sorts = sorts_of_stuck_money(now=now, today=today, rules=rules_on(day=today))
    found = zip(sorts, _counts(sorts), strict=True)
    return tuple(_alarm(sort, count, oldest, now) for sort, (count, oldest) in found if count)


def _counts(sorts: Sequence[Sort]) -> list[tuple[int, datetime | None]]:
    """Count every sort in one statement, each up to the limit from its oldest row on."""
    parts: list[str] = []
    params: list[Any] = []
    for number, sort in enumerate(sorts):
        rows = sort.rows.order_by(sort.column).values(age=F(sort.column))[:_COUNTED]
        sql, own = rows.query.sql_with_params()
        parts.append(f"SELECT {number}, COUNT(*), MIN(age) FROM ({sql}) part_{number}")  # noqa: S608  # the ORM's own
        params.extend(own)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        found = {number: (int(count), _instant(oldest)) for number, count, oldest in cursor.fetchall()}
    return [found[number] for number in range(len(sorts))]


def _alarm(sort: Sort, count: int, oldest: datetime | None, now: datetime) -> Alarm:
    tone = sort.tone or max(age_tone(since=oldest, now=now), "amber", key=_TONES.index)
    return Alarm(
        title=sort.title,
        count=count,
        oldest_at=oldest,
        tone=tone,
        address=sort.address,
        noun=sort.noun,
        place=sort.place,
    )


def _instant(value: date | datetime | str | None) -> datetime | None:
    """Return an instant; the databases give it as text, or without a zone, and a day begins at our own midnight."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-01-01") else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))
