"""Reschedules, moratoria and pauses while a loan runs."""

from datetime import date
from decimal import Decimal

from lms.engine.facts import Moratorium, Pause, Reschedule, Waive
from lms.engine.replay import replay
from lms.engine.state import Head, Movement
from lms.engine.terms import Component, DayCount, InterestPeriod
from tests.lms.engine.cases import START, lent, state, terms

WHOLE = {"principal_paise": 3_000_00, "instalment_count": 3, "interest_period": InterestPeriod.WHOLE_PERIODS}
DAY = date(2025, 2, 1)


def test_moved_due_date_takes_the_later_ones_along_and_the_last_pays_for_the_days():
    move = Reschedule(sequence=2, value_date=DAY, from_due_date=date(2025, 2, 15), new_due_date=date(2025, 2, 20))
    loan = terms(principal_paise=3_650_00, instalment_count=3)

    after = state(loan, lent(3_650_00), move, as_of=DAY)

    assert [row.due_date for row in after.instalments] == [date(2025, 2, 20), date(2025, 3, 20), date(2025, 4, 20)]
    # 3,650 at 1.20 a night for 36 nights.
    assert after.instalments[0].due.interest == 43_20
    assert after.instalments[0].due.total == after.instalments[1].due.total


def test_moved_period_counts_whole_months_and_the_days_beyond():
    move = Reschedule(sequence=2, value_date=DAY, from_due_date=date(2025, 2, 15), new_due_date=date(2025, 3, 1))
    loan = terms(principal_paise=3_000_00, instalment_count=3, day_count=DayCount.THIRTY_360, instalment_paise=1_021_00)

    after = state(loan, lent(3_000_00), move, as_of=DAY)

    # One month at 1 % and 14 of the next month's 28 days: 30 + 15.
    assert after.instalments[0].due.interest == 45_00


def test_more_instalments_make_each_smaller():
    longer = Reschedule(sequence=2, value_date=DAY, from_due_date=date(2025, 3, 15), extra_instalments=2)

    after = state(terms(**WHOLE), lent(3_000_00), longer, as_of=DAY)

    assert len(after.instalments) == 5
    assert after.instalments[0].due.total == 1_021_00
    # 2,009 over four months at 1 %: 514.87, so 515.
    assert [row.due.total for row in after.instalments[1:4]] == [515_00] * 3


def test_restructure_may_grant_grace_and_a_lower_rate():
    relief = Reschedule(
        sequence=2,
        value_date=date(2025, 2, 15),
        from_due_date=date(2025, 3, 15),
        extra_instalments=1,
        annual_rate_pct=Decimal(6),
        grace_principal_count=1,
        is_restructure=True,
    )

    after = state(terms(**WHOLE), lent(3_000_00), relief, as_of=date(2025, 2, 15))

    # 2,009 at 6 %: a month of interest only, then two instalments.
    second = after.instalments[1].due
    assert second.principal == 0
    assert after.instalments[2].due.total > 1_000_00
    assert len(after.instalments) == 4
    assert after.instalments[3].balance_after_paise == 0


def test_moratorium_defers_interest_and_adds_instalments_at_the_end():
    rest = Moratorium(sequence=2, value_date=DAY, end_date=date(2025, 3, 31))

    after = state(terms(**WHOLE), lent(3_000_00), rest, as_of=DAY)

    assert [row.due.total for row in after.instalments[:2]] == [0, 0]
    assert len(after.instalments) == 5
    # Two months' interest wait, and fall due with the third.
    assert after.instalments[2].due.interest == 90_00
    assert after.instalments[3].due.total == 1_021_00


def test_moratorium_capitalises_interest_and_solves_again():
    rest = Moratorium(sequence=2, value_date=DAY, end_date=date(2025, 3, 31), is_interest_capitalised=True)

    after = state(terms(**WHOLE), lent(3_000_00), rest, as_of=date(2025, 3, 15))

    assert after.total(Movement.CAPITALISED, Head.INTEREST) == 60_30
    assert after.outstanding.principal == 3_060_30
    assert after.instalments[2].due.interest == 30_60
    # 3,060.30 over three months at 1 %: 1,040.57, so 1,041.
    assert after.instalments[2].due.total == 1_041_00


def test_pause_bears_no_interest_on_both_its_days():
    pause = Pause(sequence=2, value_date=date(2025, 1, 20), end_date=date(2025, 1, 24))
    loan = terms(principal_paise=3_650_00, instalment_count=3)

    after = state(loan, lent(3_650_00), pause, as_of=date(2025, 1, 25))

    # Nights of 15 to 19 and of 25 January: six at 1.20.
    assert after.total(Movement.ACCRUED, Head.INTEREST) == 7_20
    assert after.instalments[0].due.interest == 26 * 1_20


def test_planned_changes_show_only_when_asked_for():
    later = Pause(sequence=2, value_date=date(2025, 1, 20), end_date=date(2025, 1, 24))
    loan = terms(principal_paise=3_650_00, instalment_count=3)
    facts = [lent(3_650_00), later]

    known = replay(terms=loan, facts=facts, as_of=START)
    shown = replay(terms=loan, facts=facts, as_of=START, has_planned=True)

    assert (known.instalments[0].due.interest, shown.instalments[0].due.interest) == (31 * 1_20, 26 * 1_20)


def test_overdue_interest_of_a_moved_row_is_due_on_its_new_date():
    loan = terms(instalment_count=3, has_interest_on_overdue_principal=True)
    move = Reschedule(
        sequence=2, value_date=date(2025, 2, 25), from_due_date=date(2025, 2, 15), new_due_date=date(2025, 3, 10)
    )
    before = state(loan, lent(), move, as_of=date(2025, 3, 9))
    earlier = before.charges[0]
    paid_up = Waive(
        sequence=3,
        value_date=date(2025, 3, 9),
        component=Component.INTEREST,
        amount_paise=earlier.open_paise,
    )

    after = state(loan, lent(), move, paid_up, as_of=date(2025, 3, 20))

    assert earlier.due_date == date(2025, 2, 15)
    assert [(charge.due_date, charge.open_paise > 0) for charge in after.charges] == [
        (date(2025, 2, 15), False),
        (date(2025, 3, 10), True),
    ]
    # Days past due count from there, not from a date that was put off.
    assert (after.oldest_unpaid_due_date, after.days_past_due) == (date(2025, 3, 10), 11)
