"""Which facts count: those valued by the day, less the reversed ones, in the order of value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lms.engine.errors import EngineRefusal
from lms.engine.facts import (
    Bounce,
    Disburse,
    Fact,
    Foreclose,
    Prepay,
    Receive,
    Recover,
    Reverse,
    Settle,
    TakeOver,
)

_MONEY_IN = Receive | Prepay | Foreclose | Settle | Recover


def effective_facts(*, facts: Sequence[Fact], as_of: date) -> list[Fact]:
    """Give the facts that take effect by `as_of`, by value date, disbursals first, then in the order of recording.

    Raises:
        EngineRefusal: two facts share a sequence; a reversal names an unknown, reversed or reversing fact.
    """
    by_sequence = {fact.sequence: fact for fact in facts}
    if len(by_sequence) != len(facts):
        raise EngineRefusal("engine.sequence_not_unique", "Two facts of the loan share a sequence number.")
    undone = _undone(by_sequence, as_of)
    counted = [
        fact
        for fact in facts
        if fact.value_date <= as_of and fact.sequence not in undone and not isinstance(fact, Reverse)
    ]
    return sorted(counted, key=_order)


def undoing_dates(*, facts: Sequence[Fact]) -> list[date]:
    """Give the days from which something that counted up to then is undone, as a returned payment is, in order.

    Between two of them the facts that count by a day are the first ones of those that count by a later day.
    """
    valued = {fact.sequence: fact.value_date for fact in facts}
    targets = ((fact.value_date, _target(fact)) for fact in facts)
    return sorted({day for day, target in targets if target is not None and valued.get(target, day) < day})


def _order(fact: Fact) -> tuple[date, bool, int]:
    return fact.value_date, not isinstance(fact, Disburse | TakeOver), fact.sequence


def _undone(by_sequence: dict[int, Fact], as_of: date) -> set[int]:
    """Collect reversed sequences; the latest reversal is looked at first, so that a reversed bounce undoes nothing."""
    undone: set[int] = set()
    for sequence in sorted(by_sequence, reverse=True):
        fact = by_sequence[sequence]
        if sequence in undone or fact.value_date > as_of:
            continue
        target = _target(fact)
        if target is None:
            continue
        _check_target(by_sequence, undone, fact, target)
        undone.add(target)
    return undone


def _target(fact: Fact) -> int | None:
    if isinstance(fact, Reverse):
        return fact.reversed_sequence
    return fact.receipt_sequence if isinstance(fact, Bounce) else None


def _check_target(by_sequence: dict[int, Fact], undone: set[int], fact: Fact, target: int) -> None:
    if target not in by_sequence or target == fact.sequence:
        raise EngineRefusal("engine.reversal_unknown", f"Fact {fact.sequence} reverses {target}, which does not exist.")
    if isinstance(fact, Bounce) and not isinstance(by_sequence[target], _MONEY_IN):
        raise EngineRefusal("engine.bounce_not_a_receipt", f"Fact {target} brought no money; reverse it instead.")
    if isinstance(by_sequence[target], Reverse):
        raise EngineRefusal(
            "engine.reversal_of_reversal",
            f"Fact {target} is itself a reversal; record the original fact again instead.",
        )
    if target in undone:
        raise EngineRefusal("engine.reversed_twice", f"Fact {target} has been reversed already.")
