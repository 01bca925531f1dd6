"""Interest earned night by night, and the straight lines that continue it until something changes."""

from __future__ import annotations

from datetime import date, timedelta
from math import gcd

from lms.engine.account import Account, open_amount
from lms.engine.interest import rate_numerator
from lms.engine.penal import DENOMINATOR, first_penal_date, is_penal_resting, slab_dates
from lms.engine.plan import InterestDue, Period
from lms.engine.recalculation import interest_owed
from lms.engine.rounding import round_ratio
from lms.engine.state import AccrualLine, Head, LoanStatus, Movement
from lms.engine.terms import DayCount, InterestMethod, PenalMethod, RoundingMode

_ONE_DAY = timedelta(days=1)
# A line may end early: nobody waits longer for a cap to be reached.
_MOST_NIGHTS = 3_650


def earned_interest(*, account: Account, as_of: date) -> int:
    """Give the interest of all nights up to and including `as_of`, less what was earned in another book.

    Every finished period counts with its rounded interest; the running one is rounded half-up as a running total.
    A loan that has ended has earned what fell due on it, ahead of time or not.
    """
    if account.closed_as in (LoanStatus.CLOSED, LoanStatus.SETTLED):
        rows = account.plan.periods
        return sum(row.due_interest - row.extra_interest + row.capitalised for row in rows) - account.accrued_elsewhere
    finished, current = split_periods(account=account, as_of=as_of)
    total = finished - account.accrued_elsewhere
    if current is not None:
        numerator, denominator = interest_until(account=account, row=current, day=as_of + _ONE_DAY)
        total += round_ratio(numerator, denominator)
    return total


def interest_until(*, account: Account, row: Period, day: date) -> tuple[int, int]:
    """Give the exact interest of the nights of a period before `day`, as numerator and denominator in paise."""
    plan = account.plan
    if _is_by_balance_owed(account):
        return interest_owed(plan=plan, index=plan.index_at(row.start), day=day)
    return plan.interest_until(row, day)


def interest_of_night(*, account: Account, night: date) -> int:
    """Give the contract interest of one night, rounded half-up; nil outside the periods or on a closed loan."""
    row = account.plan.periods[account.plan.index_at(night)]
    if account.closed_as is not None or not row.start <= night < row.end:
        return 0
    _, denominator = interest_until(account=account, row=row, day=night + _ONE_DAY)
    return round_ratio(_per_night(account, row, night), denominator)


def accrual_lines(*, account: Account, as_of: date) -> tuple[AccrualLine, ...]:
    """Give ACCRUED of interest and of planned penal as straight lines from `as_of` on; see `AccrualLine`."""
    finished, current = split_periods(account=account, as_of=as_of)
    finished += account.overdue_interest - account.accrued_elsewhere
    if current is None:
        lines = [AccrualLine(Head.INTEREST, finished, 0, 1)] if finished else []
    else:
        numerator, denominator = interest_until(account=account, row=current, day=as_of + _ONE_DAY)
        per_day = _per_night(account, current, as_of + _ONE_DAY)
        lines = [_line(Head.INTEREST, finished * denominator + numerator, per_day, denominator)]
    plan = account.terms.penal_plan
    if plan is not None and (per_night := _penal_per_night(account, as_of)):
        lines.append(_line(Head.PENAL, account.penal_exact, per_night, DENOMINATOR))
    elif penal := account.total(Movement.ACCRUED, Head.PENAL):
        lines.append(AccrualLine(Head.PENAL, penal, 0, 1))
    return tuple(lines)


def next_change_date(*, account: Account, as_of: date) -> date | None:
    """Give the first day-end that the lines may not reach: a due date, a change of rate or penal, a year end."""
    if _moves_daily(account, as_of):
        return as_of + _ONE_DAY
    dates = [day for day in _schedule_dates(account, as_of) if day > as_of]
    dates += [day for day in _penal_dates(account, as_of) if day > as_of]
    rule = account.plan.rule
    dates += [day for day in rule.rate_dates if day > as_of]
    dates += [day for pause in (*rule.pauses, *account.penal_rests) for day in pause if day > as_of]
    return min(dates, default=None)


def _line(head: Head, base: int, per_day: int, denominator: int) -> AccrualLine:
    """Reduce the three numbers, so that they fit a 64-bit column for any ordinary rate."""
    common = gcd(base, per_day, denominator)
    return AccrualLine(head, base // common, per_day // common, denominator // common)


def split_periods(*, account: Account, as_of: date) -> tuple[int, Period | None]:
    """Add up the finished periods and find the running one."""
    after = as_of + _ONE_DAY
    periods = account.plan.periods
    if after >= periods[-1].end:
        return sum(whole_interest(account=account, row=row, as_of=as_of) for row in periods), None
    index = account.plan.index_at(after)
    running = periods[index] if periods[index].start < after else None
    return sum(whole_interest(account=account, row=row, as_of=as_of) for row in periods[:index]), running


def whole_interest(*, account: Account, row: Period, as_of: date) -> int:
    """Give the rounded interest of a finished period.

    The row of a recalculated loan still counts what is overdue as paid on the night of `as_of`; that night is over.
    """
    if row.end <= as_of or row.start >= row.end or not _is_by_balance_owed(account):
        return row.interest
    terms = account.terms
    return round_ratio(
        *interest_until(account=account, row=row, day=row.end), terms.interest_rounding, terms.interest_unit_paise
    )


def _is_by_balance_owed(account: Account) -> bool:
    return account.terms.is_interest_recalculated and account.closed_as is None


def _per_night(account: Account, row: Period, night: date) -> int:
    if night >= row.end or row.interest_due is InterestDue.FREE:
        return 0
    until, _ = interest_until(account=account, row=row, day=night)
    after, _ = interest_until(account=account, row=row, day=night + _ONE_DAY)
    return after - until


def _moves_daily(account: Account, as_of: date) -> bool:
    """Tell whether interest follows no straight line: on overdue principal, recalculated, or by months of 30 days."""
    if account.terms.is_interest_recalculated:
        return True
    _, running = split_periods(account=account, as_of=as_of)
    is_whole = account.plan.rule.is_whole_period and running is not None and running.whole_days > 0
    if account.terms.day_count in (DayCount.THIRTY_360, DayCount.THIRTY_E_360) and running is not None and not is_whole:
        return True
    is_overdue = any(row.due <= as_of and open_amount(row, 0) > 0 for row in account.plan.periods[account.cursor :])
    return account.terms.has_interest_on_overdue_principal and is_overdue


def _schedule_dates(account: Account, as_of: date) -> list[date]:
    periods, terms = account.plan.periods, account.terms
    dates = [date(as_of.year, 12, 31), date(as_of.year + 1, 1, 1)] if terms.day_count is DayCount.ACTUAL_ACTUAL else []
    is_half_up = terms.interest_rounding is RoundingMode.HALF_UP and terms.interest_unit_paise == 1
    is_flat = terms.interest_method is InterestMethod.FLAT
    for row in periods[account.plan.index_at(as_of) :]:
        dates += [row.due, row.end, *row.marks, *(item.due for item in row.items or ())]
        if not is_half_up or is_flat:
            dates.append(row.end - _ONE_DAY)
        if min(row.due, row.end) > as_of:
            break
    return dates


def _penal_per_night(account: Account, as_of: date) -> int:
    plan = account.terms.penal_plan
    if plan is None or plan.method is not PenalMethod.PER_DAY:
        return 0
    if is_penal_resting(account=account, day=as_of + _ONE_DAY):
        return 0
    base = 0
    for row in account.plan.periods[account.cursor :]:
        if row.due > as_of:
            break
        is_capped = plan.cap_paise is not None and account.penal_by_row.get(id(row), 0) >= plan.cap_paise * DENOMINATOR
        if first_penal_date(plan=plan, due=row.due) <= as_of + _ONE_DAY and not is_capped:
            base += open_amount(row, 0) + open_amount(row, 1)
    return base * rate_numerator(plan.annual_rate_pct)


def _penal_dates(account: Account, as_of: date) -> list[date]:
    plan = account.terms.penal_plan
    if plan is None:
        return []
    dates = []
    for row in account.plan.periods[account.cursor :]:
        if row.due > as_of:
            break
        base = open_amount(row, 0) + open_amount(row, 1)
        if base <= 0:
            continue
        if plan.method is not PenalMethod.PER_DAY:
            dates += [day for day, _ in slab_dates(plan=plan, due=row.due)]
            continue
        dates.append(first_penal_date(plan=plan, due=row.due))
        if plan.cap_paise is not None and plan.annual_rate_pct:
            left = plan.cap_paise * DENOMINATOR - account.penal_by_row.get(id(row), 0)
            nights = min(left // (base * rate_numerator(plan.annual_rate_pct)), _MOST_NIGHTS)
            dates.append(as_of + timedelta(days=nights + 1))
    return dates
