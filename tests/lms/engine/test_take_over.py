"""Loans brought in from another book: what they show on the first day."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Receive, Recover, TakeOver, WriteOff
from lms.engine.replay import replay
from lms.engine.state import Amounts, Head, LoanStatus, Movement
from lms.engine.terms import DayCount, InterestPeriod, Terms

TERMS = Terms(
    principal_paise=2_800_000,
    annual_rate_pct=Decimal("14.07"),
    instalment_count=60,
    first_due_date=date(2018, 4, 1),
    instalment_unit_paise=1,
    instalment_paise=65_253,
    interest_period=InterestPeriod.WHOLE_PERIODS,
    day_count=DayCount.THIRTY_360,
)
TAKE_OVER = TakeOver(sequence=1, value_date=date(2018, 6, 1), amount_paise=2_701_586, instalments_paid=3)


def test_loan_goes_on_with_its_next_instalment_from_the_balance_brought_in() -> None:
    state = replay(terms=TERMS, facts=[TAKE_OVER], as_of=date(2018, 6, 1))

    assert state.status is LoanStatus.ACTIVE
    assert state.outstanding.principal == 2_701_586
    assert (state.next_due_date, state.next_due_paise) == (date(2018, 7, 1), 65_253)
    assert state.undrawn_paise == 0
    assert state.days_past_due == 0


def test_loan_without_any_claim_is_closed_from_the_start() -> None:
    fact = replace(TAKE_OVER, amount_paise=0)

    state = replay(terms=TERMS, facts=[fact], as_of=date(2018, 12, 1))

    assert (state.status, state.closed_on) == (LoanStatus.CLOSED, date(2018, 6, 1))
    assert state.outstanding == Amounts()
    assert state.totals == ()
    assert state.undrawn_paise == 0


def test_row_in_arrears_earns_no_interest_again() -> None:
    fact = replace(TAKE_OVER, amount_paise=717_585, instalments_paid=2, interest_arrears_paise=8_414)

    state = replay(terms=TERMS, facts=[fact], as_of=date(2018, 6, 1))

    assert state.total(Movement.TAKEN_OVER, Head.INTEREST) == 8_414
    # One night on the 660,746 paise that are not overdue: 660,746 x 14.07 % / 360, half up.
    assert state.total(Movement.ACCRUED, Head.INTEREST) == 258
    assert state.overdue == Amounts(principal=56_839, interest=8_414)
    assert (state.oldest_unpaid_due_date, state.days_past_due) == (date(2018, 6, 1), 1)


def test_claim_written_off_elsewhere_leaves_no_balance_and_takes_recoveries() -> None:
    facts = [
        replace(TAKE_OVER, amount_paise=717_585, instalments_paid=2),
        WriteOff(sequence=2, value_date=date(2018, 6, 1)),
        Recover(sequence=3, value_date=date(2018, 8, 9), amount_paise=10_000),
    ]

    state = replay(terms=TERMS, facts=facts, as_of=date(2018, 8, 31))

    assert state.status is LoanStatus.WRITTEN_OFF
    assert state.outstanding == Amounts()
    assert state.total(Movement.WRITTEN_OFF, Head.PRINCIPAL) == 717_585
    assert state.total(Movement.RECOVERED, Head.PRINCIPAL) == 10_000


def test_loan_paid_ahead_of_its_plan_ends_early_and_closes_with_its_last_payment() -> None:
    facts = [
        replace(TAKE_OVER, amount_paise=100_000),
        Receive(sequence=2, value_date=date(2018, 7, 1), amount_paise=65_253),
        Receive(sequence=3, value_date=date(2018, 8, 1), amount_paise=36_341),
    ]

    state = replay(terms=TERMS, facts=facts, as_of=date(2018, 8, 1))

    assert [row.due.total for row in state.instalments] == [65_253, 36_341]
    assert (state.status, state.closed_on) == (LoanStatus.CLOSED, date(2018, 8, 1))


def test_amount_below_zero_is_refused() -> None:
    with pytest.raises(EngineRefusal) as refused:
        replay(terms=TERMS, facts=[replace(TAKE_OVER, amount_paise=-1)], as_of=date(2018, 6, 1))

    assert refused.value.code == "engine.amount_not_positive"
