"""Planned penal charges: on the amount in default only, by the night, by slabs or flat."""

from datetime import date
from decimal import Decimal

import pytest

from lms.engine.state import Head, Movement
from lms.engine.terms import InterestPeriod, PenalMethod, PenalPlan, PenalSlab
from tests.lms.engine.cases import lent, paid, state, terms

FIRST = date(2025, 2, 15)
SMALL = {"principal_paise": 3_000_00, "instalment_count": 3, "interest_period": InterestPeriod.WHOLE_PERIODS}
SLABS = PenalPlan(method=PenalMethod.SLAB, slabs=(PenalSlab(3, 100_00), PenalSlab(31, 200_00)))


def penal(plan, day, *facts):
    """Give the penal accrued by a day-end."""
    return state(terms(**SMALL, penal_plan=plan), lent(3_000_00), *facts, as_of=day).total(Movement.ACCRUED, Head.PENAL)


@pytest.mark.parametrize(
    ("plan", "day", "expected"),
    [
        # 1,021 overdue at 36.5 % is 1.021 a night; the night of the due date is the first.
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5")), date(2025, 2, 14), 0),
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5")), FIRST, 1_02),
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5")), date(2025, 2, 24), 10_21),
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5"), grace_days=3), date(2025, 2, 17), 0),
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5"), grace_days=3), date(2025, 2, 18), 1_02),
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5"), cap_paise=5_00), date(2025, 3, 10), 5_00),
        # Two rows overdue on 15 March: 28 nights of the first, one of both.
        (PenalPlan(PenalMethod.PER_DAY, Decimal("36.5")), date(2025, 3, 15), 30_63),
        (PenalPlan(PenalMethod.FLAT, amount_paise=250_00), date(2025, 2, 14), 0),
        (PenalPlan(PenalMethod.FLAT, amount_paise=250_00), FIRST, 250_00),
        (PenalPlan(PenalMethod.FLAT, amount_paise=250_00, grace_days=2), date(2025, 2, 16), 0),
        (PenalPlan(PenalMethod.FLAT, amount_paise=250_00, grace_days=2), date(2025, 2, 17), 250_00),
        (SLABS, date(2025, 2, 16), 0),
        (SLABS, date(2025, 2, 17), 100_00),
        (SLABS, date(2025, 3, 14), 100_00),
        # Day 31 of the first row is 17 March, day 3 of the second too.
        (SLABS, date(2025, 3, 17), 400_00),
    ],
)
def test_penal_follows_the_plan(plan, day, expected):
    assert penal(plan, day) == expected


def test_part_payment_lowers_the_base_from_its_day():
    plan = PenalPlan(PenalMethod.PER_DAY, Decimal("36.5"))

    # Five nights on 1,021, five on 521.
    assert penal(plan, date(2025, 2, 24), paid(2, date(2025, 2, 20), 500_00)) == 7_71


def test_penal_bears_no_penal_and_never_becomes_principal():
    plan = PenalPlan(PenalMethod.PER_DAY, Decimal("36.5"))
    loan = terms(**SMALL, penal_plan=plan)

    # The instalment is paid on the tenth day; what is left open is penal, and it stays as it is.
    facts = [lent(3_000_00), paid(2, date(2025, 2, 25), 1_021_00)]
    at_once, later = (state(loan, *facts, as_of=day) for day in (date(2025, 2, 25), date(2025, 3, 14)))

    assert at_once.outstanding.penal == 10_21
    assert later.outstanding.penal == 10_21
    assert later.outstanding.principal == 3_000_00 - 991_00
    assert later.days_past_due == 0


def test_no_plan_no_penal():
    assert penal(None, date(2025, 6, 1)) == 0
