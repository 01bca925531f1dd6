"""Pauses of interest and of penal charges, also those that begin later, and moratoria that do."""

from datetime import date
from decimal import Decimal

import pytest

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact, Moratorium, Pause, Restructure
from lms.engine.replay import replay
from lms.engine.state import Head, LoanState, Movement
from lms.engine.terms import PenalMethod, PenalPlan, PenalSlab
from tests.lms.engine.cases import START, lent, state, terms

DAILY = PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=Decimal(24))
DUE = date(2025, 2, 15)


def penal_of(found: LoanState) -> int:
    """Return the penal charges accrued so far in paise."""
    return sum(t.amount_paise for t in found.totals if (t.movement, t.head) == (Movement.ACCRUED, Head.PENAL))


def late(*facts: Fact, as_of: date, plan: PenalPlan = DAILY) -> LoanState:
    """Return the state of a loan of 3,650 rupees of which nothing was paid."""
    return state(
        terms(principal_paise=3_650_00, instalment_count=3, penal_plan=plan), lent(3_650_00), *facts, as_of=as_of
    )


def test_penal_rests_in_the_range_alone():
    rest = Pause(sequence=2, value_date=DUE, end_date=date(2025, 2, 24), is_penal=True)

    without, with_rest = late(as_of=date(2025, 2, 28)), late(rest, as_of=date(2025, 2, 28))

    # Ten of fourteen nights rest.
    assert penal_of(late(rest, as_of=date(2025, 2, 24))) == 0
    assert penal_of(with_rest) == penal_of(late(as_of=date(2025, 2, 18)))
    assert without.outstanding.interest == with_rest.outstanding.interest


def test_penal_that_rests_later_runs_until_then():
    rest = Pause(sequence=2, value_date=DUE, start_date=date(2025, 2, 19), end_date=date(2025, 12, 31), is_penal=True)

    assert penal_of(late(rest, as_of=date(2025, 3, 10))) == penal_of(late(as_of=date(2025, 2, 18)))


def test_slab_that_falls_into_a_rest_is_not_charged():
    slabs = PenalPlan(method=PenalMethod.SLAB, slabs=(PenalSlab(1, 100_00), PenalSlab(10, 200_00)))
    rest = Pause(sequence=2, value_date=date(2025, 2, 20), end_date=date(2025, 2, 28), is_penal=True)

    assert penal_of(late(as_of=date(2025, 2, 28), plan=slabs)) == 300_00
    assert penal_of(late(rest, as_of=date(2025, 2, 28), plan=slabs)) == 100_00


def test_lines_and_next_change_know_of_a_rest():
    rest = Pause(sequence=2, value_date=DUE, start_date=date(2025, 2, 20), end_date=date(2025, 2, 24), is_penal=True)

    before, inside = late(rest, as_of=date(2025, 2, 16)), late(rest, as_of=date(2025, 2, 21))

    assert before.next_change_date == date(2025, 2, 20)
    assert [line.per_day_numerator for line in inside.accrual_lines if line.head is Head.PENAL] == [0]
    assert inside.next_change_date == date(2025, 2, 25)


def test_interest_rests_from_a_later_day_on():
    pause = Pause(sequence=2, value_date=START, start_date=date(2025, 1, 20), end_date=date(2025, 1, 24))
    whole = replay(terms=terms(principal_paise=3_650_00, instalment_count=3), facts=[lent(3_650_00)], as_of=DUE)

    paused = state(terms(principal_paise=3_650_00, instalment_count=3), lent(3_650_00), pause, as_of=DUE)

    # Five nights of 1.20.
    assert whole.outstanding.interest - paused.outstanding.interest == 6_00


def test_pause_after_the_last_instalment_changes_nothing_yet():
    pause = Pause(sequence=2, value_date=START, start_date=date(2026, 1, 1), end_date=date(2026, 2, 1))

    assert late(pause, as_of=DUE).instalments == late(as_of=DUE).instalments


def test_moratorium_may_begin_later():
    relief = Moratorium(sequence=2, value_date=START, start_date=date(2025, 3, 1), end_date=date(2025, 3, 31))

    found = late(relief, as_of=START)

    assert [row.due.principal == 0 for row in found.instalments] == [False, True, False, False]


def test_pause_before_its_decision_is_refused():
    with pytest.raises(EngineRefusal) as caught:
        late(Pause(sequence=2, value_date=DUE, start_date=START, end_date=DUE), as_of=DUE)
    assert caught.value.code == "engine.pause_ends_before_start"


def test_restructuring_leaves_every_figure_as_it_is():
    marked = late(Restructure(sequence=2, value_date=START), as_of=DUE)

    assert marked == late(as_of=DUE)
