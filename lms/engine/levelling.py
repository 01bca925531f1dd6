"""Levelling of the last instalment: its difference is spread over all of them until it is next to nothing."""

from __future__ import annotations

from lms.engine.evaluation import evaluate
from lms.engine.plan import INTEREST, PRINCIPAL, Period, Plan
from lms.engine.rounding import round_ratio
from lms.engine.solver import round_instalment
from lms.engine.state import RowKind

_MOST_ROUNDS = 3


def level(*, plan: Plan, first: int) -> None:
    """Spread the difference between the last two instalments over those from `first` on, at most three times.

    A round is tried while the difference in minor units exceeds half the number of instalments, and kept only if the
    difference shrank. Periods that pay no principal, or are fully paid, take no part.

    Source: figures of the progressive schedules, convention 4.
    """
    rows = [row for row in plan.periods[first:] if row.kind is RowKind.REGULAR and row.is_paying_principal]
    rows = [row for row in rows if row.paid is None or row.paid[PRINCIPAL] + row.paid[INTEREST] < row.instalment]
    for _ in range(_MOST_ROUNDS):
        gap = _gap(rows)
        if len(rows) // 2 == 0 or abs(gap) <= len(rows) // 2:
            return
        before = [row.instalment for row in rows]
        changed = _moved(plan, rows, gap)
        if changed == rows[-2].instalment:
            return
        _set(plan, first, rows, [changed] * len(rows))
        if abs(_gap(rows)) >= abs(gap):
            _set(plan, first, rows, before)
            return


def _gap(rows: list[Period]) -> int:
    """Compare what the last instalment came to with the one before it."""
    if len(rows) < 2:
        return 0
    return rows[-1].due_principal + rows[-1].due_interest - rows[-2].instalment


def _moved(plan: Plan, rows: list[Period], gap: int) -> int:
    terms = plan.terms
    share = round_ratio(gap, len(rows), terms.interest_rounding)
    return round_instalment(terms, rows[-2].instalment + share, 1)


def _set(plan: Plan, first: int, rows: list[Period], instalments: list[int]) -> None:
    for row, instalment in zip(rows, instalments, strict=True):
        row.agree(instalment)
    evaluate(plan=plan, first=first)
