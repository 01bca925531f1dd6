"""Waterfalls as data: which due one receipt meets first."""

from datetime import date

import pytest

from lms.engine.allocation import pick_waterfall
from lms.engine.facts import Charge, Penal
from lms.engine.state import Amounts
from lms.engine.terms import (
    Component,
    Direction,
    DueGroup,
    EarlyPayment,
    FutureRule,
    InterestPeriod,
    Waterfall,
    WaterfallStep,
)
from tests.lms.engine.cases import lent, paid, state, terms

SMALL = {"principal_paise": 3_000_00, "instalment_count": 3, "interest_period": InterestPeriod.WHOLE_PERIODS}
FIRST, SECOND = date(2025, 2, 15), date(2025, 3, 15)
PRIN, INT, FEE, TAX, PENAL = Component


def steps(*components, groups=tuple(DueGroup)):
    """List stops: every component in turn, group by group."""
    return tuple(WaterfallStep(group, component) for group in groups for component in components)


def paid_by_row(loan, *facts, as_of=SECOND):
    """Give what was paid on the first two rows."""
    return [row.paid for row in state(loan, lent(3_000_00), *facts, as_of=as_of).instalments[:2]]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        # Rows of 991 + 30 and 1,000.91 + 20.09: row by row, or all interest first.
        (Direction.HORIZONTAL, [Amounts(principal=970_00, interest=30_00), Amounts()]),
        (Direction.VERTICAL, [Amounts(principal=970_00, interest=30_00), Amounts()]),
    ],
)
def test_past_due_group_comes_before_the_due_one(direction, expected):
    loan = terms(**SMALL, waterfalls=(Waterfall(steps=steps(INT, PRIN, FEE, TAX, PENAL), direction=direction),))

    assert paid_by_row(loan, paid(2, SECOND, 1_000_00)) == expected


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.HORIZONTAL, [Amounts(principal=991_00, interest=30_00), Amounts(interest=4_00)]),
        (Direction.VERTICAL, [Amounts(principal=974_91, interest=30_00), Amounts(interest=20_09)]),
    ],
)
def test_direction_decides_between_rows_and_components(direction, expected):
    loan = terms(**SMALL, waterfalls=(Waterfall(steps=steps(INT, PRIN, FEE, TAX, PENAL), direction=direction),))

    # A day later both rows are past due.
    assert paid_by_row(loan, paid(2, date(2025, 3, 16), 1_025_00), as_of=date(2025, 3, 16)) == expected


def test_penal_first_waterfall_takes_penal_and_charges_before_the_instalment():
    loan = terms(**SMALL, waterfalls=(Waterfall(steps=steps(PENAL, FEE, TAX, PRIN, INT)),))
    fee = Charge(sequence=2, value_date=FIRST, amount_paise=100_00, tax_paise=18_00, code="X")
    penal = Penal(sequence=3, value_date=FIRST, amount_paise=50_00)

    first, _ = paid_by_row(loan, fee, penal, paid(4, FIRST, 200_00))

    assert first == Amounts(principal=32_00, fee=100_00, tax=18_00, penal=50_00)


def test_most_specific_waterfall_wins():
    any_of_all = Waterfall(steps=steps(INT, PRIN))
    of_class = Waterfall(steps=steps(PRIN, INT), asset_class="SUB_STANDARD")
    of_kind = Waterfall(steps=steps(INT), transaction_kind="SUBSIDY")
    of_both = Waterfall(steps=steps(PRIN), transaction_kind="SUBSIDY", asset_class="SUB_STANDARD")
    loan = terms(waterfalls=(any_of_all, of_class, of_kind, of_both))

    picked = {
        (kind, asset): pick_waterfall(terms=loan, transaction_kind=kind, asset_class=asset)
        for kind in ("", "SUBSIDY")
        for asset in ("", "SUB_STANDARD")
    }

    assert picked == {
        ("", ""): any_of_all,
        ("", "SUB_STANDARD"): of_class,
        ("SUBSIDY", ""): of_kind,
        ("SUBSIDY", "SUB_STANDARD"): of_both,
    }


def test_receipt_of_an_npa_follows_the_waterfall_of_its_class():
    npa = Waterfall(steps=steps(PRIN, INT, FEE, TAX, PENAL), asset_class="SUB_STANDARD")
    loan = terms(**SMALL, waterfalls=(Waterfall(steps=steps(INT, PRIN, FEE, TAX, PENAL)), npa))

    first, _ = paid_by_row(loan, paid(2, FIRST, 100_00, asset_class="SUB_STANDARD"))

    assert first == Amounts(principal=100_00)


@pytest.mark.parametrize(
    ("future", "expected"),
    [
        (FutureRule.NEXT_INSTALMENT, [1_021_00, 479_00, 0]),
        (FutureRule.LAST_INSTALMENT, [0, 481_83, 1_018_17]),
        (FutureRule.NEXT_THEN_LAST, [1_021_00, 0, 479_00]),
        (FutureRule.REAMORTISE, [500_00, 500_00, 500_00]),
    ],
)
def test_money_ahead_meets_the_rows_that_the_rule_names(future, expected):
    waterfall = Waterfall(steps=steps(INT, PRIN, FEE, TAX, PENAL), future=future)
    loan = terms(**SMALL, early_payment=EarlyPayment.PAY_AT_ONCE, waterfalls=(waterfall,))

    after = state(loan, lent(3_000_00), paid(2, date(2025, 1, 20), 1_500_00), as_of=date(2025, 1, 20))

    assert [row.paid.total for row in after.instalments] == expected
    assert [row.paid_in_advance_paise for row in after.instalments] == expected
    assert after.excess_paise == 0


def test_allocations_tell_where_a_receipt_went():
    after = state(terms(**SMALL), lent(3_000_00), paid(2, FIRST, 1_100_00), as_of=FIRST)

    parts = [(part.component, part.amount_paise, part.instalment_number) for part in after.allocations]
    assert parts == [(INT, 30_00, 1), (PRIN, 991_00, 1), (None, 79_00, None)]
    assert {part.fact_sequence for part in after.allocations} == {2}
