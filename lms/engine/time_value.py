"""Time value of money with the signs of spreadsheets: money received is positive, money paid is negative.

Everything is reckoned in decimals of fifty digits and returned unrounded; callers round for display. Rates are
fractions per period (0.01 is one per cent), never per cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

Number = int | Decimal | Fraction

_CONTEXT = Context(prec=50)
_ONE = Decimal(1)
_ZERO = Decimal(0)
_NEWTON_STEPS = 60
_CLOSE = Decimal("1e-40")
# Rates at which RATE looks for a change of sign, nearest to the usual ones first.
_RATE_GRID = tuple(Decimal(n) / 1000 for n in (*range(-990, -100, 30), *range(-100, 300, 5), *range(300, 10_001, 50)))


class PaymentTiming(StrEnum):
    """Whether payments fall at the end or at the beginning of each period."""

    END = "END"
    BEGIN = "BEGIN"


class NoSolutionError(ValueError):
    """No rate or term makes the given flows balance."""


def to_decimal(number: Number) -> Decimal:
    """Return a number as a decimal of fifty digits."""
    if isinstance(number, Fraction):
        return _CONTEXT.divide(Decimal(number.numerator), Decimal(number.denominator))
    return Decimal(number)


def pmt(
    *, rate: Number, nper: Number, pv: Number, fv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the level payment that turns `pv` into -`fv` after `nper` periods."""
    with localcontext(_CONTEXT):
        r, n, present, future = (to_decimal(x) for x in (rate, nper, pv, fv))
        if n == 0:
            raise NoSolutionError("A loan of no periods has no payment.")
        if r == 0:
            return -(present + future) / n
        growth = (_ONE + r) ** n
        return -(present * growth + future) * r / ((growth - 1) * _due_factor(r, timing))


def fv(
    *, rate: Number, nper: Number, pmt: Number, pv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return what is left after `nper` payments."""
    with localcontext(_CONTEXT):
        r, n, payment, present = (to_decimal(x) for x in (rate, nper, pmt, pv))
        if r == 0:
            return -(present + payment * n)
        growth = (_ONE + r) ** n
        return -(present * growth + payment * _due_factor(r, timing) * (growth - 1) / r)


def pv(
    *, rate: Number, nper: Number, pmt: Number, fv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return what `nper` payments and a last `fv` are worth today."""
    with localcontext(_CONTEXT):
        r, n, payment, future = (to_decimal(x) for x in (rate, nper, pmt, fv))
        if r == 0:
            return -(future + payment * n)
        growth = (_ONE + r) ** n
        return -(future + payment * _due_factor(r, timing) * (growth - 1) / r) / growth


def ipmt(
    *, rate: Number, per: int, nper: Number, pv: Number, fv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the interest inside payment number `per` (from 1).

    Raises:
        ValueError: there is no such payment.
    """
    if not 1 <= per <= to_decimal(nper):
        raise ValueError(f"There is no payment number {per} in a term of {nper}.")
    payment = pmt(rate=rate, nper=nper, pv=pv, fv=fv, timing=timing)
    with localcontext(_CONTEXT):
        if timing is PaymentTiming.BEGIN and per == 1:
            return _ZERO
        interest = _balance(rate, per - 1, payment, pv, timing) * to_decimal(rate)
        return interest / (_ONE + to_decimal(rate)) if timing is PaymentTiming.BEGIN else interest


def ppmt(
    *, rate: Number, per: int, nper: Number, pv: Number, fv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the principal inside payment number `per` (from 1).

    Raises:
        ValueError: there is no such payment.
    """
    interest = ipmt(rate=rate, per=per, nper=nper, pv=pv, fv=fv, timing=timing)
    with localcontext(_CONTEXT):
        return pmt(rate=rate, nper=nper, pv=pv, fv=fv, timing=timing) - interest


def cumipmt(
    *, rate: Number, nper: int, pv: Number, start: int, end: int, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the interest of payments `start` to `end`, both included.

    Raises:
        ValueError: the range of payments is not within the term.
    """
    _require_range(start, end, nper)
    return _sum(ipmt(rate=rate, per=per, nper=nper, pv=pv, timing=timing) for per in range(start, end + 1))


def cumprinc(
    *, rate: Number, nper: int, pv: Number, start: int, end: int, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the principal of payments `start` to `end`, both included.

    Raises:
        ValueError: the range of payments is not within the term.
    """
    _require_range(start, end, nper)
    return _sum(ppmt(rate=rate, per=per, nper=nper, pv=pv, timing=timing) for per in range(start, end + 1))


def ispmt(*, rate: Number, per: int, nper: Number, pv: Number) -> Decimal:
    """Return the interest of period `per` (from 0) of a loan whose principal is repaid in equal parts."""
    with localcontext(_CONTEXT):
        return to_decimal(pv) * to_decimal(rate) * (to_decimal(per) / to_decimal(nper) - 1)


def nper(
    *, rate: Number, pmt: Number, pv: Number, fv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the number of periods, a fraction where it is not whole.

    Raises:
        NoSolutionError: the payments never balance the account.
    """
    with localcontext(_CONTEXT):
        r, payment, present, future = (to_decimal(x) for x in (rate, pmt, pv, fv))
        if r == 0:
            if payment == 0:
                raise NoSolutionError("Nothing is paid and nothing grows: the term has no end.")
            return -(present + future) / payment
        level = payment * _due_factor(r, timing) / r
        start, end = level + present, level - future
        if start == 0 or end / start <= 0 or r <= -1:
            raise NoSolutionError("The payments never balance the account.")
        return (end / start).ln() / (_ONE + r).ln()


def rate(
    *, nper: Number, pmt: Number, pv: Number, fv: Number = 0, timing: PaymentTiming = PaymentTiming.END
) -> Decimal:
    """Return the rate per period; of several the one nearest to nil.

    Raises:
        NoSolutionError: no rate between -99 % and 1000 % a period fits.
    """

    def excess(guess: Decimal) -> Decimal:
        if guess == 0:
            return to_decimal(pv) + to_decimal(pmt) * to_decimal(nper) + to_decimal(fv)
        growth = (_ONE + guess) ** to_decimal(nper)
        annuity = _due_factor(guess, timing) * (growth - 1) / guess
        return to_decimal(pv) * growth + to_decimal(pmt) * annuity + to_decimal(fv)

    with localcontext(_CONTEXT):
        values = [excess(guess) for guess in _RATE_GRID]
        brackets = [
            (low, high)
            for (low, high, at_low, at_high) in zip(_RATE_GRID, _RATE_GRID[1:], values, values[1:], strict=False)
            if at_low * at_high <= 0
        ]
        if not brackets:
            raise NoSolutionError("No rate makes these payments balance.")
        low, high = min(brackets, key=lambda bracket: abs(bracket[0] + bracket[1]))
        return solve_between(function=excess, low=low, high=high)


def effective_rate(*, nominal: Number, periods: int) -> Decimal:
    """Return the yearly rate that compounding a nominal one `periods` times a year comes to."""
    with localcontext(_CONTEXT):
        return (_ONE + to_decimal(nominal) / periods) ** periods - 1


def nominal_rate(*, effective: Number, periods: int) -> Decimal:
    """Return the nominal yearly rate, compounded `periods` times, behind an effective one."""
    with localcontext(_CONTEXT):
        return ((_ONE + to_decimal(effective)) ** (_ONE / periods) - 1) * periods


def growth_rate(*, nper: Number, pv: Number, fv: Number) -> Decimal:
    """Return the rate per period at which `pv` grows into `fv`."""
    with localcontext(_CONTEXT):
        return (to_decimal(fv) / to_decimal(pv)) ** (_ONE / to_decimal(nper)) - 1


def growth_periods(*, rate: Number, pv: Number, fv: Number) -> Decimal:
    """Return the periods in which `pv` grows into `fv`."""
    with localcontext(_CONTEXT):
        return (to_decimal(fv) / to_decimal(pv)).ln() / (_ONE + to_decimal(rate)).ln()


def fv_schedule(*, principal: Number, rates: Iterable[Number]) -> Decimal:
    """Return the amount that `principal` becomes under one rate after another."""
    with localcontext(_CONTEXT):
        amount = to_decimal(principal)
        for each in rates:
            amount *= _ONE + to_decimal(each)
        return amount


def solve_between(*, function: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    """Return the zero of `function` between two points where its signs differ (regula falsi, Illinois variant)."""
    with localcontext(_CONTEXT):
        at_low, at_high = function(low), function(high)
        for end, value in ((low, at_low), (high, at_high)):
            if value == 0:
                return end
        for _ in range(_NEWTON_STEPS):
            middle = high - at_high * (high - low) / (at_high - at_low)
            at_middle = function(middle)
            if at_middle == 0 or abs(high - low) < _CLOSE or at_high == at_low:
                return middle
            if at_middle * at_high < 0:
                low, at_low = high, at_high
            else:
                at_low /= 2
            high, at_high = middle, at_middle
            if at_high == at_low:
                return middle
        return high


def _due_factor(r: Decimal, timing: PaymentTiming) -> Decimal:
    return _ONE + r if timing is PaymentTiming.BEGIN else _ONE


def _balance(rate: Number, paid: int, payment: Decimal, present: Number, timing: PaymentTiming) -> Decimal:
    """Return what is owed after `paid` payments, as a spreadsheet's future value."""
    return fv(rate=rate, nper=paid, pmt=payment, pv=present, timing=timing)


def _require_range(start: int, end: int, term: int) -> None:
    if not 1 <= start <= end <= term:
        raise ValueError(f"Payments {start} to {end} are not within a term of {term}.")


def _sum(parts: Iterable[Decimal]) -> Decimal:
    with localcontext(_CONTEXT):
        return sum(parts, _ZERO)
