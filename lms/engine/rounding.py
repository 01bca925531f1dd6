"""Exact rounding of ratios of integers."""

from __future__ import annotations

from lms.engine.terms import RoundingMode


def round_ratio(numerator: int, denominator: int, mode: RoundingMode = RoundingMode.HALF_UP, unit: int = 1) -> int:
    """Round `numerator / denominator` to a multiple of `unit`.

    Args:
        numerator: any integer; halves of negative numbers go away from zero in HALF_UP.
        denominator: more than zero.
        mode: how the part below the unit is treated; UP is away from zero, DOWN towards it.
        unit: more than zero; 100 rounds paise to whole rupees.

    Returns:
        A multiple of `unit`.
    """
    if numerator < 0:
        return -round_ratio(-numerator, denominator, mode, unit)
    denominator *= unit
    if mode is RoundingMode.HALF_UP:
        return (2 * numerator + denominator) // (2 * denominator) * unit
    quotient, rest = divmod(numerator, denominator)
    if mode is RoundingMode.UP:
        quotient += rest > 0
    elif mode is RoundingMode.HALF_EVEN:
        quotient += 2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1)
    return quotient * unit
