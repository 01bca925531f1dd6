"""Accrual lines say what a replay would say, until the date they name."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from lms.engine.facts import Charge, Pause, Prepay, PrepaymentEffect, RateChange
from lms.engine.rounding import round_ratio
from lms.engine.state import Head, Movement
from lms.engine.terms import (
    DayCount,
    InterestMethod,
    InterestPeriod,
    PenalMethod,
    PenalPlan,
    PenalSlab,
    RoundingMode,
)
from tests.lms.engine.cases import START, lent, paid, state, terms

DAILY = PenalPlan(PenalMethod.PER_DAY, Decimal(24), grace_days=2, cap_paise=200_00)
SLABS = PenalPlan(PenalMethod.SLAB, slabs=(PenalSlab(2, 50_00), PenalSlab(10, 70_00)))
LOANS = {
    "plain": terms(instalment_count=4),
    "penal by the night": terms(instalment_count=4, penal_plan=DAILY),
    "penal by slabs": terms(instalment_count=4, penal_plan=SLABS),
    "whole periods": terms(instalment_count=4, interest_period=InterestPeriod.WHOLE_PERIODS),
    "actual/actual": terms(instalment_count=4, day_count=DayCount.ACTUAL_ACTUAL),
    "30/360 by days": terms(instalment_count=4, day_count=DayCount.THIRTY_E_360, first_due_date=date(2025, 3, 5)),
    "flat": terms(instalment_count=4, interest_method=InterestMethod.FLAT),
    "half-even": terms(instalment_count=4, interest_rounding=RoundingMode.HALF_EVEN),
    "whole rupees": terms(instalment_count=4, interest_unit_paise=100),
    "interest on overdue principal": terms(instalment_count=4, has_interest_on_overdue_principal=True),
}
FACTS = [
    lent(),
    paid(2, date(2025, 2, 25), 20_000_00),
    Charge(sequence=3, value_date=date(2025, 2, 1), amount_paise=100_00, code="X", due_date=date(2025, 2, 10)),
    RateChange(sequence=4, value_date=date(2025, 3, 20), annual_rate_pct=Decimal(15)),
    Pause(sequence=5, value_date=date(2025, 4, 1), end_date=date(2025, 4, 5)),
    Prepay(sequence=6, value_date=date(2025, 4, 20), amount_paise=70_000_00, effect=PrepaymentEffect.CUT_TENOR),
]


def line_value(after, head, day):
    """Read a line at a day-end; without a line the total is nil."""
    values = [
        round_ratio(line.base_numerator + line.per_day_numerator * (day - after.as_of).days, line.denominator)
        for line in after.accrual_lines
        if line.head is head
    ]
    return sum(values)


def quiet_days(after, facts, limit):
    """List the day-ends that the lines of a state reach: up to their end and to the next fact."""
    end = min([limit, after.next_change_date or limit, *(f.value_date for f in facts if f.value_date > after.as_of)])
    return [after.as_of + timedelta(days=offset) for offset in range((end - after.as_of).days)]


@pytest.mark.parametrize("name", LOANS)
def test_lines_equal_the_replay_on_every_day_they_reach(name):
    loan, limit = LOANS[name], date(2025, 6, 30)
    differences = []

    for offset in range(0, (limit - START).days, 5):
        after = state(loan, *FACTS, as_of=START + timedelta(days=offset))
        for day in quiet_days(after, FACTS, limit):
            there = state(loan, *FACTS, as_of=day)
            found = [(head, line_value(after, head, day)) for head in (Head.INTEREST, Head.PENAL)]
            differences += [
                (after.as_of, day, head) for head, value in found if value != there.total(Movement.ACCRUED, head)
            ]

    assert differences == []


def test_accrual_of_a_finished_period_is_its_interest():
    loan = terms(instalment_count=4)

    last_night = state(loan, lent(), as_of=date(2025, 2, 14))

    assert last_night.total(Movement.ACCRUED, Head.INTEREST) == last_night.instalments[0].due.interest
    assert last_night.next_change_date == date(2025, 2, 15)


def test_nights_add_up_without_drift():
    loan = terms(instalment_count=4)
    days = [START + timedelta(days=offset) for offset in range(120)]

    totals = [state(loan, lent(), as_of=day).total(Movement.ACCRUED, Head.INTEREST) for day in days]

    assert all(0 <= after - before <= 32_88 for before, after in pairwise(totals))
    assert totals[-1] == sum(row.due.interest for row in state(loan, lent(), as_of=START).instalments)


def test_interest_on_overdue_principal_is_simple_and_stands_apart():
    loan = terms(principal_paise=3_650_00, instalment_count=2, has_interest_on_overdue_principal=True)
    plain = terms(principal_paise=3_650_00, instalment_count=2)
    day = date(2025, 2, 24)

    with_it, without = (state(one, lent(3_650_00), as_of=day) for one in (loan, plain))

    # The first instalment's principal, 1,815.80, at 12 % for ten nights.
    principal = with_it.instalments[0].due.principal
    assert principal == 1_815_80
    assert with_it.overdue.interest - without.overdue.interest == 5_97
    assert with_it.total(Movement.ACCRUED, Head.INTEREST) - without.total(Movement.ACCRUED, Head.INTEREST) == 5_97
    assert with_it.next_change_date == date(2025, 2, 25)
