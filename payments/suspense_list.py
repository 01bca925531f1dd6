"""Money in suspense as a worklist: the oldest first, in bands of age, page by page without counting everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Min, Q, QuerySet, Sum

from payments.models import UNDECIDED, IncomingPayment

ROWS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Ages from `since` up to `until`; the colours are those of all clearing: green, amber, orange, red."""

    code: str
    title: str
    since: timedelta
    until: timedelta | None
    tone: str


BANDS: Final = (
    Band(code="day", title="up to 24 hours", since=timedelta(0), until=timedelta(hours=24), tone="green"),
    Band(code="two", title="24 to 48 hours", since=timedelta(hours=24), until=timedelta(hours=48), tone="amber"),
    Band(code="three", title="48 to 72 hours", since=timedelta(hours=48), until=timedelta(hours=72), tone="orange"),
    Band(code="week", title="3 to 7 days", since=timedelta(hours=72), until=timedelta(days=7), tone="red"),
    Band(code="month", title="7 to 30 days", since=timedelta(days=7), until=timedelta(days=30), tone="red"),
    Band(code="old", title="over 30 days", since=timedelta(days=30), until=None, tone="red"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandTotal:
    """What lies in one band."""

    band: Band
    count: int
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseRow:
    """One payment with the band that its age is in."""

    payment: IncomingPayment
    band: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensePage:
    """A page of the worklist; `next_after` is where the next one begins, None on the last."""

    rows: Sequence[SuspenseRow]
    next_after: int | None


def band_totals(*, now: datetime) -> tuple[BandTotal, ...]:
    """Return how much lies in each band, in one query over what waits."""
    sums: dict[str, Count | Sum] = {}
    for band in BANDS:
        within = _within(band, now)
        sums[f"{band.code}_count"] = Count("pk", filter=within)
        sums[f"{band.code}_paise"] = Sum(F("amount_paise") - F("lost_paise"), filter=within)
    found = IncomingPayment.objects.filter(state__in=UNDECIDED).order_by().aggregate(**sums)
    return tuple(
        BandTotal(band=band, count=found[f"{band.code}_count"], amount_paise=found[f"{band.code}_paise"] or 0)
        for band in BANDS
    )


def suspense_page(*, now: datetime, state: str = "", band: str = "", text: str = "", after: int = 0) -> SuspensePage:
    """Return a page of what waits, the oldest first.

    Args:
        state: SUSPENSE or KEPT; both when empty.
        band: code of a band; every age when empty or unknown.
        text: number, UTR or the gateway's reference, in full.
        after: the last payment of the page before.
    """
    rows = IncomingPayment.objects.filter(state__in=[state] if state in UNDECIDED else UNDECIDED, pk__gt=after)
    if chosen := next((row for row in BANDS if row.code == band), None):
        rows = rows.filter(_within(chosen, now))
    if wanted := text.strip():
        rows = rows.filter(Q(number=wanted.upper()) | Q(utr=wanted) | Q(vendor_reference=wanted))
    found = list(rows.select_related("vendor", "payer").order_by("pk")[: ROWS + 1])
    shown = [SuspenseRow(payment=payment, band=band_of(age=now - payment.created_at)) for payment in found[:ROWS]]
    return SuspensePage(rows=shown, next_after=shown[-1].payment.pk if len(found) > ROWS else None)


def band_of(*, age: timedelta) -> Band:
    """Return the band of an age."""
    return next(band for band in BANDS if band.until is None or age < band.until)


def oldest_waiting() -> datetime | None:
    """Return since when the oldest money in suspense waits; None when nothing does."""
    rows: QuerySet[IncomingPayment] = IncomingPayment.objects.filter(state__in=UNDECIDED)
    found: datetime | None = rows.aggregate(oldest=Min("created_at"))["oldest"]
    return found


def _within(band: Band, now: datetime) -> Q:
    within = Q(created_at__lte=now - band.since)
    return within if band.until is None else within & Q(created_at__gt=now - band.until)
