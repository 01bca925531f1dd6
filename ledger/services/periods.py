"""Months of the books: which may still be booked into, and who closes and re-opens them."""

from datetime import date, timedelta
from typing import Final

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.transactions import run_in_transaction
from ledger.checks import broken_invariants
from ledger.errors import (
    PeriodClosed,
    PeriodEarlierOpen,
    PeriodLedgerBroken,
    PeriodNotOver,
    PeriodReopenByOne,
    PeriodStateWrong,
    ReasonMissing,
)
from ledger.locks import period_state_shared, periods_for_update
from ledger.models import Journal, Period, PeriodState

SOFT_PERMISSION: Final = "ledger.post_in_soft_closed_period"


def period_id(day: date) -> int:
    """Return the key of the month of a day, such as 202604."""
    return day.year * 100 + day.month


def booking_check(*, booked_on: date, is_soft_allowed: bool = False) -> None:
    """Refuse a booking in a closed month, and keep the month as it is until the caller's transaction ends.

    Args:
        booked_on: the day of booking.
        is_soft_allowed: finance's own journals may still go into a soft-closed month.

    Raises:
        PeriodClosed: the month takes no such booking.
    """
    month = Period(id=period_id(booked_on))
    state = period_state_shared(period_id=month.pk) or _state_without_row(month.pk)
    if state == PeriodState.OPEN or (state == PeriodState.SOFT_CLOSED and is_soft_allowed):
        return
    raise PeriodClosed(month=str(month), state=PeriodState(state).label.lower(), booked_on=booked_on)


def periods_create(*, upto: date, since: date | None = None) -> None:
    """Create the rows of months that have none, from the first journal's month to the one after `upto`.

    Postings lock these rows; a month is never created in a posting.
    """
    first = since or Journal.objects.order_by("booked_on").values_list("booked_on", flat=True).first() or upto
    day, months = min(first, upto).replace(day=1), []
    while day <= upto + timedelta(days=31):
        months.append(Period(id=period_id(day)))
        day = (day + timedelta(days=31)).replace(day=1)
    Period.objects.bulk_create(months, ignore_conflicts=True)


def period_soft_close(*, month: int, actor: User, reason: str) -> Period:
    """Close a month for all bookings but finance's own journals.

    Args:
        month: its key, such as 202604.

    Raises:
        PeriodNotOver, PeriodEarlierOpen, PeriodStateWrong, ReasonMissing: it cannot be closed so.
    """
    return _change(month=month, frm=PeriodState.OPEN, to=PeriodState.SOFT_CLOSED, actor=actor, reason=reason)


def period_hard_close(*, month: int, actor: User, reason: str) -> Period:
    """Close a soft-closed month for everybody, once the invariants of the ledger hold.

    Raises:
        PeriodLedgerBroken: an invariant does not hold.
        PeriodNotOver, PeriodEarlierOpen, PeriodStateWrong, ReasonMissing: it cannot be closed so.
    """
    if broken := broken_invariants():
        raise PeriodLedgerBroken(month=str(Period(id=month)), broken=", ".join(broken))
    return _change(month=month, frm=PeriodState.SOFT_CLOSED, to=PeriodState.HARD_CLOSED, actor=actor, reason=reason)


def period_reopen(*, month: int, first_actor: User, second_actor: User, reason: str) -> Period:
    """Open a closed month again; two persons take responsibility.

    Raises:
        PeriodReopenByOne: both are the same person.
        PeriodStateWrong, ReasonMissing: it is open, or no reason is given.
    """
    if first_actor.pk == second_actor.pk:
        raise PeriodReopenByOne()
    return _reopen(month, second_actor, reason, {"asked_by": first_actor.pk})


def period_reopen_approved(*, month: int, maker: User, request_id: int, reason: str) -> Period:
    """Open a closed month again for a request that maker and checker have agreed on; both stand in the request.

    Raises:
        PeriodStateWrong, ReasonMissing: it is open, or no reason is given.
    """
    return _reopen(month, maker, reason, {"request": request_id})


def _state_without_row(month: int) -> str:
    """Take a month without a row for open, unless a later one is closed: then it lies before the books began."""
    is_before = Period.objects.filter(pk__gt=month).exclude(state=PeriodState.OPEN).exists()
    return PeriodState.HARD_CLOSED.value if is_before else PeriodState.OPEN.value


def _change(*, month: int, frm: PeriodState, to: PeriodState, actor: User, reason: str) -> Period:
    _reason_check(reason)
    periods_create(upto=business_date())

    def change() -> Period:
        row = _locked(month)
        today = business_date()
        if period_id(today) <= row.pk:
            raise PeriodNotOver(month=str(row), business_date=today)
        if row.state != frm:
            raise _wrong(row, to.label.lower())
        allowed = [PeriodState.HARD_CLOSED, *([PeriodState.SOFT_CLOSED] if to == PeriodState.SOFT_CLOSED else [])]
        earlier = Period.objects.filter(pk__lt=row.pk).exclude(state__in=allowed).order_by("pk").first()
        if earlier is not None:
            raise PeriodEarlierOpen(earlier=str(earlier), month=str(row))
        return _save(row, to, actor, reason, {})

    return run_in_transaction(change)


def _reopen(month: int, actor: User, reason: str, detail: dict[str, object]) -> Period:
    _reason_check(reason)

    def reopen() -> Period:
        row = _locked(month)
        if row.state == PeriodState.OPEN:
            raise _wrong(row, "re-opened")
        return _save(row, PeriodState.OPEN, actor, reason, detail)

    return run_in_transaction(reopen)


def _locked(month: int) -> Period:
    """Lock a month; postings that read its state in their open transactions end first."""
    row = periods_for_update().filter(pk=month).first()
    if row is None:
        raise PeriodStateWrong(month=str(month), state="not part of these books", wanted="changed")
    return row


def _save(row: Period, state: PeriodState, actor: User, reason: str, detail: dict[str, object]) -> Period:
    was = row.state
    row.state, row.version, row.changed_at = state.value, row.version + 1, database_now()
    row.save(update_fields=["state", "version", "changed_at"])
    audit.record(
        actor=actor,
        action=f"ledger.period_{state.value.lower()}",
        obj=row,
        reason=reason,
        detail={"month": row.pk, "was": was, **detail},
    )
    return row


def _wrong(row: Period, wanted: str) -> PeriodStateWrong:
    return PeriodStateWrong(month=str(row), state=PeriodState(row.state).label.lower(), wanted=wanted)


def _reason_check(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing()
