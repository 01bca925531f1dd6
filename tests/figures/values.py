"""Numbers as the cases write them, and the comparison by printed digits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tests.figures.result import Unsupported


def number(text: Any) -> Fraction:
    """Read an exact number: "12.5", "0.10/12", "4/365 + 58/366", "18*12".

    Raises:
        Unsupported: the text is something else.
    """
    try:
        return sum((_product(part) for part in str(text).replace(" - ", " + -").split(" + ")), Fraction(0))
    except (ValueError, ZeroDivisionError) as error:
        raise Unsupported(f"number {text!r}") from error


def whole(value: Any) -> int:
    """Read an integer.

    Raises:
        Unsupported: the value has a fraction.
    """
    read = value if isinstance(value, Fraction) else number(value)
    if read.denominator != 1:
        raise Unsupported(f"a whole number where {value} stands")
    return int(read)


def is_date(text: str) -> bool:
    """Tell whether a text is an ISO date."""
    return len(text) == 10 and text[4] == text[7] == "-"


def take(inputs: Mapping[str, Any], *known: str) -> None:
    """Refuse any input that the caller does not read.

    Raises:
        Unsupported: naming the input.
    """
    unknown = set(inputs) - set(known)
    if unknown:
        raise Unsupported(f"input {sorted(unknown)[0]}")


def differs_from(expected: Any, found: Any, *, tolerance: Any = None) -> str:
    """Return "" where `found` is `expected` to its printed digits (or within the tolerance), else both."""
    if isinstance(expected, Mapping):
        return _first(expected, found, tolerance)
    if isinstance(expected, list):
        if len(expected) != len(found):
            return f"expected {len(expected)} entries, got {len(found)}"
        pairs = enumerate(zip(expected, found, strict=True), start=1)
        return next((f"{n}: {d}" for n, (e, f) in pairs if (d := differs_from(e, f, tolerance=tolerance))), "")
    if found is None and str(expected).lower() in ("nan", "error", "#num!", "none"):
        return ""
    if isinstance(found, str | bool) or found is None or isinstance(expected, bool) or expected is None:
        return "" if expected == found else f"expected {expected}, got {found}"
    return _number_differs(str(expected), Fraction(found), tolerance)


def _first(expected: Mapping[str, Any], found: Mapping[str, Any], tolerance: Any) -> str:
    for name, value in expected.items():
        if name not in found:
            raise Unsupported(f"expected figure {name}")
        if difference := differs_from(value, found[name], tolerance=tolerance):
            return f"{name}: {difference}"
    return ""


def _number_differs(expected: str, found: Fraction, tolerance: Any) -> str:
    target = number(expected)
    if tolerance is not None and abs(target - found) <= Fraction(str(tolerance)):
        return ""
    if "/" in expected:
        return "" if target == found else f"expected {expected}, got {found}"
    printed = Decimal(expected)
    exact = Decimal(found.numerator) / Decimal(found.denominator)
    unit = Decimal(1).scaleb(min(int(printed.as_tuple().exponent), 0))
    shown = {exact.quantize(unit, rounding=mode) for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    return "" if printed in shown else f"expected {expected}, got {exact.quantize(unit, rounding=ROUND_HALF_UP)}"


def _product(text: str) -> Fraction:
    value = Fraction(1)
    for position, factor in enumerate(text.strip().split("*")):
        dividend, *divisors = factor.split("/")
        value *= Fraction(dividend.strip()) if position or dividend else Fraction(0)
        for divisor in divisors:
            value /= Fraction(divisor.strip())
    return value
