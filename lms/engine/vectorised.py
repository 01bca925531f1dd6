"""Whole chunks of the book at once: schedules, accruals and days past due in arrays, equal to the scalar engine.

Integers only. Where 64 bits might not hold a product, the loans concerned are reckoned with unbounded integers;
where a rounded instalment hangs on digits beyond the fixed-point estimate, the exact formula decides.
What a product needs and the arrays cannot express is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from lms.engine.classification import AssetClass, ClassificationRule
from lms.engine.errors import EngineRefusal
from lms.engine.interest import RATE_DENOMINATOR
from lms.engine.solver import round_instalment, textbook_instalment
from lms.engine.terms import (
    BrokenPeriod,
    DayCount,
    InstalmentMethod,
    InterestPeriod,
    MonthEnd,
    PeriodUnit,
    RoundingMode,
    Terms,
)

Integers = NDArray[np.int64]

_LIMIT = 2**62
# The annuity factor is carried with 52 binary digits in two limbs of 26, so that paise x limb stays within 63 bits.
_LIMB = 26
_LIMB_MASK = 2**_LIMB - 1
_LARGEST_ESTIMATED = 2**36
_YEAR_DAYS = {DayCount.ACTUAL_365: 365, DayCount.ACTUAL_360: 360, DayCount.ACTUAL_364: 364}
_STEP_DAYS = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7}
_STEP_MONTHS = {PeriodUnit.MONTH: 1, PeriodUnit.YEAR: 12}
# Settings that the arrays follow, and those that leave the promised schedule alone; any other must be the default.
_ELSEWHERE = frozenset(
    {"principal_paise", "annual_rate_pct", "instalment_count", "every", "unit", "first_due_date", "day_count"}
    | {"interest_period", "broken_period", "month_end", "instalment_paise", "instalment_unit_paise"}
    | {"instalment_rounding"}
)
# `Terms` lists the settings of the schedule before those of a loan's life, which begin with the early payment.
_NAMES = [setting.name for setting in fields(Terms)]
_NOT_ABOUT_THE_SCHEDULE = frozenset(
    {
        "holidays",
        "is_interest_moved_with_due_date",
        "moratorium_interest",
        "leap_year",
        "is_flat_interest_shared_equally",
    }
    | {"is_dated_from_evening_before", "is_tranche_from_period_start", "is_full_term_per_tranche"}
    | set(_NAMES[_NAMES.index("early_payment") :])
)
# Wherever every period has the same factor, the annuity on the factors is the textbook's.
_POSSIBLE = {
    "instalment_method": tuple(InstalmentMethod),
    "interest_rounding": (RoundingMode.HALF_UP, RoundingMode.HALF_EVEN),
}
_STEPS_A_YEAR = {PeriodUnit.MONTH: 12, PeriodUnit.WEEK: 52, PeriodUnit.YEAR: 1, PeriodUnit.DAY: 365}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleBatch:
    """Loans of one product: arrays of one entry a loan.

    `row_days` (rows x loans) are the interest days of each regular row, None where interest goes by whole periods;
    `broken_days` are those of a separate broken period before them. `rate_numerator` is over `RATE_DENOMINATOR`.
    """

    terms: Terms
    principal_paise: Integers
    rate_numerator: Integers
    instalment_count: Integers
    row_days: Integers | None = None
    broken_days: Integers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleArrays:
    """Schedules, rows x loans; rows beyond a loan's own count are zero. The broken period stands apart."""

    instalment_paise: Integers
    principal_paise: Integers
    interest_paise: Integers
    balance_after_paise: Integers
    broken_interest_paise: Integers


def check_supported(*, terms: Terms) -> None:
    """Refuse a product whose schedules the arrays cannot express.

    Raises:
        EngineRefusal: `engine.not_vectorised`, naming the setting.
    """
    for setting in fields(terms):
        value = getattr(terms, setting.name)
        if setting.name in _ELSEWHERE or setting.name in _NOT_ABOUT_THE_SCHEDULE:
            continue
        if value not in _POSSIBLE.get(setting.name, (setting.default,)):
            raise _refusal(setting.name, value)
    is_by_days = _is_by_days(terms)
    if terms.instalment_method is InstalmentMethod.PERIOD_FACTORS and is_by_days:
        raise _refusal("instalment_method", terms.instalment_method)
    if is_by_days and terms.day_count not in _YEAR_DAYS:
        raise _refusal("day_count", terms.day_count)


def build_schedules(*, batch: ScheduleBatch) -> ScheduleArrays:
    """Build the schedules of a batch, bit for bit those of `build_schedule`.

    Raises:
        EngineRefusal: the product is not supported, or its row days are missing.
    """
    terms = batch.terms
    check_supported(terms=terms)
    if _is_by_days(terms) == (batch.row_days is None):
        raise _refusal("row_days", "missing" if batch.row_days is None else "given for whole periods")
    rate, rate_denominator = _reduced_rates(batch.rate_numerator)
    instalment = _instalments(batch)
    if _is_by_days(terms):
        denominator = rate_denominator * _YEAR_DAYS[terms.day_count]
    else:
        rate, denominator = rate * terms.every, rate_denominator * _STEPS_A_YEAR[terms.unit]
    longest = int(batch.row_days.max(initial=1)) if batch.row_days is not None else 1
    weight = int(rate.max(initial=0)) * max(longest, int(_or_zero(batch.broken_days, rate).max(initial=0)))
    largest = int(batch.principal_paise.max(initial=0))
    is_wide = 2 * largest * weight + denominator >= _LIMIT
    return _rows(batch, rate.astype(object) if is_wide else rate, denominator, instalment)


def regular_batch(
    *,
    terms: Terms,
    principal_paise: Integers,
    rate_numerator: Integers,
    instalment_count: Integers,
    start_dates: NDArray[np.datetime64],
    first_due_dates: NDArray[np.datetime64] | None = None,
) -> ScheduleBatch:
    """Lay out the days of loans with one rhythm, as the scalar engine does for the same terms.

    Args:
        terms: of the product; its own principal, rate, count and first due date are not read.
        principal_paise: lent on each start date.
        rate_numerator: per cent a year over `RATE_DENOMINATOR`; see `interest.rate_numerator`.
        instalment_count: one entry a loan.
        start_dates: days of disbursal.
        first_due_dates: None where the first instalment falls one step after the start.

    Raises:
        EngineRefusal: the month end rolls over, or a first period cannot be expressed.
    """
    if terms.month_end is not MonthEnd.CLAMP:
        raise _refusal("month_end", terms.month_end)
    starts = np.asarray(start_dates, dtype="datetime64[D]")
    rows = int(instalment_count.max(initial=0))
    row_days, broken = None, None
    if first_due_dates is not None:
        anchors = np.asarray(first_due_dates, dtype="datetime64[D]")
        dues = _steps_after(terms, anchors, np.arange(-1, rows, dtype=np.int64))
        row_days, broken = _first_period(terms, starts.astype(np.int64), dues)
    elif _is_by_days(terms):
        row_days = np.diff(_steps_after(terms, starts, np.arange(rows + 1, dtype=np.int64)), axis=0)
    return ScheduleBatch(
        terms=terms,
        principal_paise=principal_paise,
        rate_numerator=rate_numerator,
        instalment_count=instalment_count,
        row_days=row_days if _is_by_days(terms) else None,
        broken_days=broken,
    )


def accrued_paise(
    *, base_numerator: NDArray[np.int64], per_day_numerator: Integers, denominator: Integers, days: Integers
) -> Integers:
    """Read straight accrual lines at a day: round_half_up((base + per day x days) / denominator), in paise.

    Args:
        base_numerator: one entry a line; object arrays hold numbers beyond 64 bits.
        per_day_numerator: likewise.
        denominator: more than zero.
        days: days since the line began, one entry a line.
    """
    lines = (base_numerator, per_day_numerator, denominator)
    if any(part.dtype == object for part in lines):
        return _accrued(*(part.astype(object) for part in (*lines, days)))
    bound = np.abs(base_numerator.astype(np.float64)) + np.abs(per_day_numerator.astype(np.float64)) * np.abs(days)
    is_safe = 2 * bound + denominator < _LIMIT
    if is_safe.all():
        return _accrued(base_numerator, per_day_numerator, denominator, days)
    found = np.empty(len(base_numerator), dtype=np.int64)
    parts = (*lines, days)
    found[is_safe] = _accrued(*(part[is_safe] for part in parts))
    found[~is_safe] = _accrued(*(part[~is_safe].astype(object) for part in parts))
    return found


def days_past_due_array(*, oldest_unpaid_due_date: NDArray[np.datetime64], as_of: date) -> Integers:
    """Count days past due at a day-end, the due date itself as day 1; NaT stands for nothing unpaid."""
    dues = oldest_unpaid_due_date.astype("datetime64[D]")
    days = (np.datetime64(as_of, "D") - dues).astype(np.int64) + 1
    return np.where(np.isnat(dues) | (days < 0), 0, days)


def class_codes(*, days: Integers, rule: ClassificationRule) -> Integers:
    """Give the severity of the class that days past due alone reach; see `AssetClass.severity`."""
    steps = sorted(rule.by_days, key=lambda step: step.from_days_past_due)
    starts = np.array([step.from_days_past_due for step in steps], dtype=np.int64)
    codes = [AssetClass.STANDARD.severity, *(step.asset_class.severity for step in steps)]
    worst: Integers = np.maximum.accumulate(np.array(codes, dtype=np.int64))
    return worst[np.searchsorted(starts, days, side="right")]


def _is_by_days(terms: Terms) -> bool:
    """Tell whether interest follows the days; 30/360 in months is a whole period too."""
    is_months = terms.unit in (PeriodUnit.MONTH, PeriodUnit.YEAR)
    is_thirty = terms.day_count in (DayCount.THIRTY_360, DayCount.THIRTY_E_360)
    return terms.interest_period is InterestPeriod.BY_DAYS and not (is_months and is_thirty)


def _steps_after(terms: Terms, anchors: NDArray[np.datetime64], steps: Integers) -> Integers:
    """Give the day numbers of anchors moved by each number of steps, clamped to the month end (steps x loans)."""
    if terms.unit in _STEP_DAYS:
        days: Integers = anchors.astype(np.int64)[None, :] + (steps * terms.every * _STEP_DAYS[terms.unit])[:, None]
        return days
    steps = steps * terms.every * _STEP_MONTHS[terms.unit]
    months = anchors.astype("datetime64[M]")
    day = (anchors - months.astype("datetime64[D]")).astype(np.int64)
    moved = months.astype(np.int64)[None, :] + steps[:, None]
    lowest, highest = int(moved.min(initial=0)), int(moved.max(initial=0))
    firsts = (
        np.arange(lowest, highest + 2, dtype=np.int64).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    )
    position = moved - lowest
    found: Integers = firsts[:-1][position] + np.minimum(day[None, :], np.diff(firsts)[position] - 1)
    return found


def _first_period(terms: Terms, starts: Integers, dues: Integers) -> tuple[Integers, Integers | None]:
    """Cut the first regular row at the disbursal and count the days of a broken period before it."""
    broken = np.maximum(dues[0] - starts, 0)
    if (starts > dues[1]).any():
        raise _refusal("first_due_date", "before the disbursal")
    if broken.any() and terms.broken_period is not BrokenPeriod.SEPARATE:
        raise _refusal("broken_period", terms.broken_period)
    if not _is_by_days(terms) and (starts != dues[0]).any():
        raise _refusal("first_due_date", "a first period that is not whole")
    row_days = np.diff(dues, axis=0)
    row_days[0] = dues[1] - np.maximum(starts, dues[0])
    return row_days, broken if broken.any() else None


def _rows(batch: ScheduleBatch, rate: Integers, denominator: int, instalment: Integers) -> ScheduleArrays:
    counts = batch.instalment_count
    rows, loans = int(counts.max(initial=0)), len(counts)
    shortest = int(counts.min(initial=rows)) if loans else 0
    principals = np.zeros((rows, loans), dtype=np.int64)
    interests = np.zeros((rows, loans), dtype=np.int64)
    balances = np.zeros((rows, loans), dtype=np.int64)
    balance = batch.principal_paise.astype(rate.dtype)
    level = instalment.astype(rate.dtype)
    rounded = _half_even if batch.terms.interest_rounding is RoundingMode.HALF_EVEN else _half_up
    broken = rounded(balance * (rate * _or_zero(batch.broken_days, rate)), denominator)
    for row in range(rows):
        weight = rate if batch.row_days is None else rate * batch.row_days[row]
        interest = rounded(balance * weight, denominator)
        principal = np.minimum(np.maximum(level - interest, 0), balance)
        if row + 1 >= shortest:
            principal = np.where(counts == row + 1, balance, principal)
        balance = balance - principal
        principals[row], interests[row], balances[row] = principal, interest, balance
    return ScheduleArrays(
        instalment_paise=instalment,
        principal_paise=principals,
        interest_paise=interests,
        balance_after_paise=balances,
        broken_interest_paise=broken.astype(np.int64),
    )


def _instalments(batch: ScheduleBatch) -> Integers:
    """Round the annuity of every loan: by a fixed-point estimate, by the exact formula where that leaves a doubt."""
    terms = batch.terms
    if terms.instalment_paise is not None:
        return np.full(len(batch.principal_paise), terms.instalment_paise, dtype=np.int64)
    pairs, position = np.unique(np.stack([batch.rate_numerator, batch.instalment_count]), axis=1, return_inverse=True)
    position = position.reshape(-1)
    factors = [_factor(terms, int(rate), int(count)) for rate, count in pairs.T]
    high = np.array([factor >> _LIMB for factor in factors], dtype=np.int64)[position]
    low = np.array([factor & _LIMB_MASK for factor in factors], dtype=np.int64)[position]
    principal = batch.principal_paise
    small = np.minimum(principal, _LARGEST_ESTIMATED)
    lower = small * high + ((small * low) >> _LIMB)
    upper = lower + (small >> _LIMB) + 2
    unit = terms.instalment_unit_paise << _LIMB
    at_least, at_most = _rounded_units(terms, lower, unit), _rounded_units(terms, upper, unit)
    found = at_least * terms.instalment_unit_paise
    # Half-even rounds to the paisa first: what is within one of a tie may become one.
    is_twice = terms.instalment_rounding is RoundingMode.HALF_EVEN and terms.instalment_unit_paise > 1
    reach = 1 << _LIMB if is_twice else 0
    is_near_tie = (lower % unit < 2) | ((lower + unit // 2 + reach) % unit < 2 * reach + 2)
    is_doubtful = (at_least != at_most) | is_near_tie | (principal > _LARGEST_ESTIMATED) | (at_least <= 0)
    for index in np.flatnonzero(is_doubtful):
        found[index] = _exact_instalment(batch, int(index))
    return found


def _rounded_units(terms: Terms, scaled: Integers, unit: int) -> Integers:
    """Round a fixed-point amount to units; ties are left to the exact formula by the caller's two bounds."""
    if terms.instalment_rounding is RoundingMode.UP:
        return -(-scaled // unit)
    if terms.instalment_rounding is RoundingMode.DOWN:
        return scaled // unit
    return (scaled + unit // 2) // unit


def _factor(terms: Terms, rate: int, count: int) -> int:
    """Give the annuity of one paisa, rounded down to 52 binary digits."""
    numerator, denominator = textbook_instalment(
        principal_paise=1, rate_numerator=rate, steps_a_year=(terms.every, _STEPS_A_YEAR[terms.unit]), count=count
    )
    return (numerator << (2 * _LIMB)) // denominator


def _exact_instalment(batch: ScheduleBatch, index: int) -> int:
    terms = batch.terms
    numerator, denominator = textbook_instalment(
        principal_paise=int(batch.principal_paise[index]),
        rate_numerator=int(batch.rate_numerator[index]),
        steps_a_year=(terms.every, _STEPS_A_YEAR[terms.unit]),
        count=int(batch.instalment_count[index]),
    )
    return round_instalment(terms, numerator, denominator)


def _reduced_rates(numerators: Integers) -> tuple[Integers, int]:
    """Cancel what all rates and their denominator have in common, so that products stay small."""
    common = int(np.gcd.reduce(numerators, initial=0)) if len(numerators) else 0
    common = int(np.gcd(common, RATE_DENOMINATOR)) or 1
    return numerators // common, RATE_DENOMINATOR // common


def _half_up(numerator: Integers, denominator: int) -> Integers:
    return (2 * numerator + denominator) // (2 * denominator)


def _half_even(numerator: Integers, denominator: int) -> Integers:
    quotient = numerator // denominator
    twice = 2 * (numerator - quotient * denominator)
    is_up = (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))
    found: Integers = quotient + is_up.astype(np.int64)
    return found


def _accrued(base: Integers, per_day: Integers, denominator: Integers, days: Integers) -> Integers:
    numerator = base + per_day * days
    size = np.abs(numerator)
    found = (2 * size + denominator) // (2 * denominator)
    return np.where(numerator < 0, -found, found).astype(np.int64)


def _or_zero(days: Integers | None, like: Integers) -> Integers:
    return np.zeros(len(like), dtype=np.int64) if days is None else days


def _refusal(name: str, value: object) -> EngineRefusal:
    return EngineRefusal(
        "engine.not_vectorised", f"Schedules with {name} = {value} are built loan by loan; use build_schedule."
    )
