"""Planned penal charges: on the overdue principal and interest of a row, never on penal, never capitalised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from lms.engine.account import HEADS, Account, Night, penal_item
from lms.engine.interest import RATE_DENOMINATOR, rate_numerator
from lms.engine.plan import PENAL, Item, Period
from lms.engine.rounding import round_ratio
from lms.engine.state import Head, Movement
from lms.engine.terms import PenalMethod, PenalPlan

DENOMINATOR = RATE_DENOMINATOR * 365


def accrue_penal(*, account: Account, until: date) -> None:
    """Charge the plan's penal for the nights from the account's day up to, not including, that of `until`.

    PER_DAY: overdue principal and interest x rate / 365 a night, summed exactly over the loan and rounded half-up as
    one running total; a row's nights start when its grace days are over and stop at the cap of the row. FLAT and SLAB
    fall at the day-end on which the row's days past due reach the threshold (the due date itself is day 1).

    Source: RBI, penal charges in loan accounts, 18 August 2023: a charge on the amount in default, not capitalised.
    """
    plan = account.terms.penal_plan
    if plan is None or until <= account.day or account.closed_as is not None:
        return
    levy = _accrue_daily if plan.method is PenalMethod.PER_DAY else _levy_slabs
    if not account.penal_rests:
        levy(account, plan, until)
        return
    day = account.day
    for first, after in _charged_ranges(account, until):
        account.day = first
        levy(account, plan, after)
    account.day = day


def is_penal_resting(*, account: Account, day: date) -> bool:
    """Tell whether the night of a day bears no planned penal."""
    return any(first <= day < after for first, after in account.penal_rests)


def first_penal_date(*, plan: PenalPlan, due: date) -> date:
    """Give the first night that can bear penal for a row due on `due`."""
    return due + timedelta(days=plan.grace_days)


def slab_dates(*, plan: PenalPlan, due: date) -> list[tuple[date, int]]:
    """List the day-ends on which a row due on `due` and still unpaid is charged, with the amounts."""
    if plan.method is PenalMethod.FLAT:
        return [(due + timedelta(days=plan.grace_days), plan.amount_paise)]
    days = [(slab.from_days_past_due - 1 + plan.grace_days, slab.amount_paise) for slab in plan.slabs]
    return [(due + timedelta(days=offset), amount) for offset, amount in days]


def _charged_ranges(account: Account, until: date) -> list[tuple[date, date]]:
    """Cut the days from the account's day up to `until` into the ranges in which penal does not rest."""
    edges = {edge for rest in account.penal_rests for edge in rest if account.day < edge < until}
    days = sorted({account.day, until, *edges})
    return [(first, after) for first, after in pairwise(days) if not is_penal_resting(account=account, day=first)]


def _accrue_daily(account: Account, plan: PenalPlan, until: date) -> None:
    rate = rate_numerator(plan.annual_rate_pct)
    total, rounded = account.penal_exact, round_ratio(account.penal_exact, DENOMINATOR)
    booked = rounded
    for row, base in _overdue(account, until):
        first = max(account.day, first_penal_date(plan=plan, due=row.due))
        nights = (until - first).days
        if nights <= 0:
            continue
        exact = base * rate * nights
        if plan.cap_paise is not None:
            so_far = account.penal_by_row.get(id(row), 0)
            exact = min(exact, max(plan.cap_paise * DENOMINATOR - so_far, 0))
            account.penal_by_row[id(row)] = so_far + exact
        if account.nights is not None:
            account.nights.append(Night(Head.PENAL, row, first, nights, base, rate, exact))
        total += exact
        before, rounded = rounded, (2 * total + DENOMINATOR) // (2 * DENOMINATOR)
        _add_penal(row, rounded - before)
    account.penal_exact = total
    account.book(Movement.ACCRUED, HEADS[PENAL], rounded - booked)


def _levy_slabs(account: Account, plan: PenalPlan, until: date) -> None:
    for row, _ in _overdue(account, until):
        for day, charged in slab_dates(plan=plan, due=row.due):
            if account.day <= day < until:
                item = penal_item(row)
                room = charged if plan.cap_paise is None else plan.cap_paise - (item.amount if item else 0)
                amount = max(min(charged, room), 0)
                _add_penal(row, amount)
                account.book(Movement.ACCRUED, HEADS[PENAL], amount)


def _overdue(account: Account, until: date) -> Iterator[tuple[Period, int]]:
    """Give rows due before `until` on which principal or interest is open, with how much."""
    periods = account.plan.periods
    for index in range(account.cursor, len(periods)):
        row = periods[index]
        if row.due >= until:
            return
        base = row.due_principal + row.due_interest + row.overdue_settled
        for parts in (row.paid, row.waived, row.written_off):
            if parts is not None:
                base -= parts[0] + parts[1]
        if base > 0:
            yield row, base


def _add_penal(row: Period, amount: int) -> None:
    if amount <= 0:
        return
    item = penal_item(row)
    if item is None:
        item = Item(PENAL, row.due, 0)
        row.items = [*(row.items or ()), item]
    item.amount += amount
    row.paid_on = None
