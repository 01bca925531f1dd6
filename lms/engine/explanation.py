"""The tree behind a figure: what each node is made of, by which rule, so that anybody can work it out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from lms.engine.rounding import round_ratio
from lms.engine.terms import RoundingMode

Value = int | str | date | Decimal | Fraction | None


class Rule(StrEnum):
    """How the amount of a node follows from what is below it."""

    GIVEN = "GIVEN"
    SUM = "SUM"
    MINUS = "MINUS"
    AT_LEAST_NIL = "AT_LEAST_NIL"
    ROUNDED = "ROUNDED"
    INTEREST = "INTEREST"
    DAYS = "DAYS"
    EARLIEST = "EARLIEST"
    COUNT = "COUNT"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node: what it is, how much, by which formula, from which inputs and facts, made of which parts.

    `rule` says how the amount is worked out: GIVEN stands in an entry or in the terms; SUM, MINUS and AT_LEAST_NIL
    follow from the parts; ROUNDED is the exact sum of the parts, rounded once by the inputs `rounding` and
    `unit_paise`; INTEREST is balance x rate x share of a year, exactly, DAYS the days between two dates, both counted;
    EARLIEST is the first of the parts' dates, COUNT how many parts there are.
    """

    label: str
    amount: Value
    formula: str
    inputs: tuple[tuple[str, Value], ...] = ()
    facts: tuple[int, ...] = ()
    parts: tuple[Explanation, ...] = ()
    rule: Rule = Rule.GIVEN


def recomputed(explanation: Explanation) -> Value:
    """Work a figure out again from the leaves of its tree alone; no amount above a leaf is read.

    Source: design promise 3 (every rupee explains itself).
    """
    return _WAYS[explanation.rule](explanation)


def sum_of(parts: Iterable[Explanation]) -> int:
    """Add up the amounts of parts that are amounts."""
    return sum(part.amount for part in parts if isinstance(part.amount, int))


def total_of(
    label: str,
    amount: int,
    formula: str,
    parts: Iterable[Explanation],
    *,
    inputs: tuple[tuple[str, Value], ...] = (),
    rest: tuple[str, str] = ("other", "what the parts above leave"),
) -> Explanation:
    """Make a node that is the sum of its parts; what they leave of the amount is a part of its own.

    Args:
        rest: label and formula of that part.
    """
    shown = tuple(part for part in parts if part.amount)
    if left := amount - sum_of(shown):
        shown += (Explanation(rest[0], left, rest[1]),)
    return Explanation(label, amount, formula, inputs, parts=shown, rule=Rule.SUM)


def rounded(
    label: str,
    amount: int,
    formula: str,
    parts: tuple[Explanation, ...],
    *,
    inputs: tuple[tuple[str, Value], ...] = (),
    mode: RoundingMode = RoundingMode.HALF_UP,
    unit_paise: int = 1,
) -> Explanation:
    """Make a node that is the exact sum of its parts, rounded once; a leaf where that is not the amount."""
    exact = sum((Fraction(part.amount) for part in parts if isinstance(part.amount, int | Fraction)), Fraction(0))
    if round_ratio(exact.numerator, exact.denominator, mode, unit_paise) != amount:
        return Explanation(label, amount, formula, inputs)
    how: tuple[tuple[str, Value], ...] = (("exact", exact), ("rounding", mode.value), ("unit_paise", unit_paise))
    return Explanation(label, amount, formula, (*inputs, *how), parts=parts, rule=Rule.ROUNDED)


def negative(part: Explanation) -> Explanation:
    """Make a part that is subtracted: with its sign turned where that is plain, else in a node around it."""
    if not isinstance(part.amount, int):
        raise ValueError(f"{part.label} is no amount that can be subtracted.")
    if part.rule is Rule.GIVEN:
        return replace(part, amount=-part.amount, formula=f"less: {part.formula}")
    if part.rule is Rule.SUM and all(each.rule is Rule.GIVEN for each in part.parts):
        parts = tuple(negative(each) for each in part.parts)
        return replace(part, amount=-part.amount, formula=f"less: {part.formula}", parts=parts)
    return Explanation(part.label, -part.amount, f"less: {part.formula}", parts=(part,), rule=Rule.MINUS)


def nodes_of(explanation: Explanation) -> Iterator[Explanation]:
    """List a node and all below it."""
    yield explanation
    for part in explanation.parts:
        yield from nodes_of(part)


def _number(value: Value) -> int | Fraction:
    if not isinstance(value, int | Fraction):
        raise ValueError(f"{value!r} cannot be added up.")
    return value


def _added(node: Explanation) -> int | Fraction:
    return sum((_number(recomputed(part)) for part in node.parts), 0)


def _rounded(node: Explanation) -> int:
    inputs = dict(node.inputs)
    exact, unit = Fraction(_added(node)), inputs["unit_paise"]
    assert isinstance(unit, int)  # noqa: S101  # `rounded` wrote it
    return round_ratio(exact.numerator, exact.denominator, RoundingMode(str(inputs["rounding"])), unit)


def _interest(node: Explanation) -> Fraction:
    inputs: dict[str, Any] = dict(node.inputs)
    return Fraction(inputs["balance_paise"]) * Fraction(inputs["rate_pct"]) / 100 * Fraction(inputs["share_of_year"])


def _days(node: Explanation) -> int:
    inputs: dict[str, Any] = dict(node.inputs)
    oldest = inputs["oldest_unpaid_due_date"]
    return 0 if oldest is None else (inputs["as_of"] - oldest).days + 1


def _earliest(node: Explanation) -> date | None:
    found = [recomputed(part) for part in node.parts]
    return min((day for day in found if isinstance(day, date)), default=None)


_WAYS: dict[Rule, Callable[[Explanation], Value]] = {
    Rule.GIVEN: lambda node: node.amount,
    Rule.SUM: _added,
    Rule.MINUS: lambda node: -_added(node),
    Rule.AT_LEAST_NIL: lambda node: max(_added(node), 0),
    Rule.ROUNDED: _rounded,
    Rule.INTEREST: _interest,
    Rule.DAYS: _days,
    Rule.EARLIEST: _earliest,
    Rule.COUNT: lambda node: len(node.parts),
}
