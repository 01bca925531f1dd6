"""Rates behind cash flows: RBI's APR and its tables, IRR, XIRR, MIRR, present values, odd first periods.

Rates that end in `_pct` are per cent a year; the others are fractions. Results are unrounded decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import pyxirr

from lms.engine.time_value import (
    NoSolutionError,
    Number,
    PaymentTiming,
    cumipmt,
    cumprinc,
    effective_rate,
    fv,
    fv_schedule,
    growth_periods,
    growth_rate,
    ipmt,
    ispmt,
    nominal_rate,
    nper,
    pmt,
    ppmt,
    pv,
    rate,
    solve_between,
    to_decimal,
)

__all__ = [
    "AnnexB",
    "AnnexCRow",
    "DatedFlow",
    "NoSolutionError",
    "PaymentTiming",
    "PeriodFlow",
    "annex_b",
    "annex_c",
    "apr_pct",
    "cumipmt",
    "cumprinc",
    "effective_apr_pct",
    "effective_rate",
    "exact_instalment",
    "fv",
    "fv_schedule",
    "growth_periods",
    "growth_rate",
    "ipmt",
    "irr",
    "ispmt",
    "mirr",
    "nominal_rate",
    "nper",
    "npv",
    "odd_period_apr_pct",
    "pmt",
    "ppmt",
    "pv",
    "rate",
    "xirr",
    "xnpv",
]

_CONTEXT = Context(prec=50)
_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_POLISH_STEPS = 100
_CLOSE = Decimal("1e-35")
# Rates per unit period between which an odd-period APR is looked for.
_APR_GRID = (Decimal("-0.9"), Decimal("-0.5"), Decimal(0), Decimal("0.05"), Decimal("0.5"), Decimal(2), Decimal(20))
# Where a return is looked for when the library finds none: from all but a trillionth lost to a hundredfold gain.
_RETURN_GRID = (
    *(Decimal(10) ** -power - 1 for power in range(12, 0, -1)),
    *(Decimal(tenths) / 10 for tenths in range(-8, 20)),
    *(Decimal(whole) for whole in (3, 5, 10, 30, 100)),
)


@dataclass(frozen=True, slots=True)
class DatedFlow:
    """Money on a day; received is positive, paid is negative."""

    on_date: date
    amount: Number


@dataclass(frozen=True, slots=True)
class PeriodFlow:
    """A payment `whole` unit periods and a `fraction` of one after the advance."""

    whole: int
    fraction: Fraction
    amount: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexB:
    """The APR computation sheet of the Key Facts Statement; unrounded amounts in paise."""

    sanctioned_paise: int
    instalment_count: int
    instalment_paise: Decimal
    total_interest_paise: Decimal
    fees_paise: int
    net_disbursed_paise: int
    total_paid_paise: Decimal
    apr_pct: Decimal
    effective_pct: Decimal


@dataclass(frozen=True, slots=True)
class AnnexCRow:
    """One row of the repayment schedule of the Key Facts Statement; unrounded amounts in paise."""

    number: int
    opening_paise: Decimal
    principal_paise: Decimal
    interest_paise: Decimal
    instalment_paise: Decimal


def exact_instalment(
    *, principal: Number, annual_rate_pct: Number, instalment_count: int, periods_per_year: int = 12
) -> Decimal:
    """Return the textbook instalment, unrounded, in the unit of `principal`."""
    with localcontext(_CONTEXT):
        per_period = to_decimal(annual_rate_pct) / (100 * periods_per_year)
    return pmt(rate=per_period, nper=instalment_count, pv=to_decimal(principal).copy_negate())


def apr_pct(*, net_disbursed: Number, instalments: Sequence[Number], periods_per_year: int = 12) -> Decimal:
    """Return the annual percentage rate: `periods_per_year` times the IRR of the net amount against the instalments.

    Args:
        net_disbursed: amount sanctioned less every upfront fee, more than zero.
        instalments: what the borrower pays at the end of each period, unrounded where the loan has one instalment.
        periods_per_year: 12 for months, 52 for weeks.

    Raises:
        NoSolutionError: the instalments never repay the amount.

    Source: RBI/2024-25/18 of 15 April 2024, Annex B.
    """
    per_period = irr(amounts=[-to_decimal(net_disbursed), *instalments])
    with localcontext(_CONTEXT):
        return per_period * periods_per_year * _HUNDRED


def effective_apr_pct(*, flows: Sequence[DatedFlow], year_days: int = 365) -> Decimal:
    """Return the effective yearly rate of dated flows in per cent. Source: Directive 98/7/EC, annex."""
    with localcontext(_CONTEXT):
        return xirr(flows=flows, year_days=year_days) * _HUNDRED


def odd_period_apr_pct(*, advance: Number, payments: Sequence[PeriodFlow], periods_per_year: int) -> Decimal:
    """Return the nominal yearly rate where the first period is not whole: simple interest over the odd fraction.

    Raises:
        NoSolutionError: no rate fits.

    Source: Regulation Z, appendix J (actuarial method, general equation).
    """
    amounts = [(to_decimal(p.amount), to_decimal(p.fraction), p.whole) for p in payments]

    def shortfall(guess: Decimal) -> Decimal:
        worth = sum(
            (amount / ((_ONE + fraction * guess) * (_ONE + guess) ** whole) for amount, fraction, whole in amounts),
            Decimal(0),
        )
        return worth - to_decimal(advance)

    with localcontext(_CONTEXT):
        return _zero_on_grid(shortfall, _APR_GRID) * periods_per_year * _HUNDRED


def annex_b(
    *,
    sanctioned_paise: int,
    annual_rate_pct: Number,
    instalment_count: int,
    fees_paise: int,
    periods_per_year: int = 12,
) -> AnnexB:
    """Work out the APR computation sheet on the unrounded instalment. Source: RBI/2024-25/18, Annex B."""
    instalment = exact_instalment(
        principal=sanctioned_paise,
        annual_rate_pct=annual_rate_pct,
        instalment_count=instalment_count,
        periods_per_year=periods_per_year,
    )
    net_paise = sanctioned_paise - fees_paise
    apr = apr_pct(
        net_disbursed=net_paise, instalments=[instalment] * instalment_count, periods_per_year=periods_per_year
    )
    with localcontext(_CONTEXT):
        total = instalment * instalment_count
        return AnnexB(
            sanctioned_paise=sanctioned_paise,
            instalment_count=instalment_count,
            instalment_paise=instalment,
            total_interest_paise=total - sanctioned_paise,
            fees_paise=fees_paise,
            net_disbursed_paise=net_paise,
            total_paid_paise=total,
            apr_pct=apr,
            effective_pct=effective_rate(nominal=apr / _HUNDRED, periods=periods_per_year) * _HUNDRED,
        )


def annex_c(
    *, principal_paise: int, annual_rate_pct: Number, instalment_count: int, periods_per_year: int = 12
) -> tuple[AnnexCRow, ...]:
    """Work out the illustrative repayment table without any rounding. Source: RBI/2024-25/18, Annex C."""
    instalment = exact_instalment(
        principal=principal_paise,
        annual_rate_pct=annual_rate_pct,
        instalment_count=instalment_count,
        periods_per_year=periods_per_year,
    )
    rows = []
    with localcontext(_CONTEXT):
        per_period = to_decimal(annual_rate_pct) / (100 * periods_per_year)
        opening = Decimal(principal_paise)
        for number in range(1, instalment_count + 1):
            interest = opening * per_period
            rows.append(AnnexCRow(number, opening, instalment - interest, interest, instalment))
            opening -= instalment - interest
    return tuple(rows)


def npv(*, rate: Number, amounts: Sequence[Number], first_at: int = 0) -> Decimal:
    """Return the present value of equally spaced amounts, the first of them `first_at` periods from today."""
    with localcontext(_CONTEXT):
        growth = _ONE + to_decimal(rate)
        return sum((to_decimal(a) / growth ** (n + first_at) for n, a in enumerate(amounts)), Decimal(0))


def xnpv(*, rate: Number, flows: Sequence[DatedFlow], year_days: int = 365) -> Decimal:
    """Return the value of dated flows on the day of the first, by actual days / `year_days`."""
    with localcontext(_CONTEXT):
        return _worth(_timed(flows, year_days), to_decimal(rate))


def irr(*, amounts: Sequence[Number]) -> Decimal:
    """Return the rate per period at which equally spaced amounts are worth nothing.

    Raises:
        NoSolutionError: all amounts have one sign, or no rate was found.
    """
    decimals = [to_decimal(amount) for amount in amounts]
    guess = pyxirr.irr(decimals, silent=True)
    return _polish([(Decimal(n), amount) for n, amount in enumerate(decimals)], guess)


def xirr(*, flows: Sequence[DatedFlow], year_days: int = 365) -> Decimal:
    """Return the yearly rate at which dated flows are worth nothing, by actual days / `year_days`.

    Raises:
        NoSolutionError: all amounts have one sign, or no rate was found.
    """
    decimals = [to_decimal(flow.amount) for flow in flows]
    guess = pyxirr.xirr([flow.on_date for flow in flows], decimals, silent=True)
    return _polish(_timed(flows, year_days), guess)


def mirr(*, amounts: Sequence[Number], finance_rate: Number, reinvest_rate: Number) -> Decimal:
    """Return the rate that turns what is paid in, financed at one rate, into what comes back, reinvested at another.

    Raises:
        NoSolutionError: all amounts have one sign.
    """
    decimals = [to_decimal(amount) for amount in amounts]
    with localcontext(_CONTEXT):
        paid = npv(rate=finance_rate, amounts=[min(a, Decimal(0)) for a in decimals])
        earned = npv(rate=reinvest_rate, amounts=[max(a, Decimal(0)) for a in decimals])
        if not paid or not earned:
            raise NoSolutionError("A rate of return needs money paid and money received.")
        last = len(decimals) - 1
        growth = -earned / paid
        return growth ** (_ONE / last) * (_ONE + to_decimal(reinvest_rate)) - 1


def _timed(flows: Sequence[DatedFlow], year_days: int) -> list[tuple[Decimal, Decimal]]:
    start = flows[0].on_date
    with localcontext(_CONTEXT):
        return [(Decimal((f.on_date - start).days) / year_days, to_decimal(f.amount)) for f in flows]


def _worth(timed: Sequence[tuple[Decimal, Decimal]], guess: Decimal) -> Decimal:
    growth = _ONE + guess
    return sum((amount / growth**time for time, amount in timed), Decimal(0))


def _polish(timed: Sequence[tuple[Decimal, Decimal]], guess: float | None) -> Decimal:
    """Improve the library's answer, good to some nine digits, to an exact one by Newton's method."""
    if not any(amount > 0 for _, amount in timed) or not any(amount < 0 for _, amount in timed):
        raise NoSolutionError("No rate makes these flows worth nothing: money must be both paid and received.")
    with localcontext(_CONTEXT):
        if guess is None:
            return _zero_on_grid(lambda point: _worth(timed, point), _RETURN_GRID)
        found = Decimal(guess)
        for _ in range(_POLISH_STEPS):
            growth = _ONE + found
            slope = sum((-time * amount / growth ** (time + 1) for time, amount in timed), Decimal(0))
            step = _worth(timed, found) / slope
            found -= step
            if abs(step) < _CLOSE:
                return found
    raise NoSolutionError("No rate was found at which these flows are worth nothing.")


def _zero_on_grid(function: Callable[[Decimal], Decimal], grid: Sequence[Decimal]) -> Decimal:
    values = [function(point) for point in grid]
    for (low, high), (at_low, at_high) in zip(pairwise(grid), pairwise(values), strict=True):
        if at_low * at_high <= 0:
            return solve_between(function=function, low=low, high=high)
    raise NoSolutionError("No rate makes these payments worth the advance.")
