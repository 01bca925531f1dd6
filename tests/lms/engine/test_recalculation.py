"""Loans whose interest follows what is really owed, day by day."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Disburse, Pause, Prepay, PrepaymentEffect, Receive, TakeOver, Waive
from lms.engine.quote import quote_foreclosure
from lms.engine.replay import replay
from lms.engine.rounding import round_ratio
from lms.engine.state import Amounts, Head, LoanStatus, Movement
from lms.engine.terms import (
    Amortisation,
    Component,
    DayCount,
    DueGroup,
    EarlyPayment,
    FutureRule,
    InstalmentMethod,
    LastInstalment,
    LeapYear,
    RoundingMode,
    Terms,
    Waterfall,
    WaterfallStep,
)
from tests.lms.engine.cases import lent, paid, state, terms

START = date(2024, 1, 1)
ORDER = (Component.PENAL, Component.FEE, Component.TAX, Component.INTEREST, Component.PRINCIPAL)


def loan(future=FutureRule.NEXT_INSTALMENT, **settings):
    """Give 100 rupees at 7 % by 30/360 over six months: instalments of 17.01, the last 17.00."""
    steps = tuple(WaterfallStep(group, component) for group in DueGroup for component in ORDER)
    given = {
        "principal_paise": 100_00,
        "annual_rate_pct": Decimal(7),
        "instalment_count": 6,
        "day_count": DayCount.THIRTY_360,
        "leap_year": LeapYear.CUT_ON_31_DECEMBER,
        "instalment_method": InstalmentMethod.PERIOD_FACTORS,
        "last_instalment": LastInstalment.LEVELLED,
        "is_unpaid_interest_carried": True,
        "instalment_unit_paise": 1,
        "instalment_rounding": RoundingMode.HALF_EVEN,
        "interest_rounding": RoundingMode.HALF_EVEN,
        "is_interest_recalculated": True,
        "has_interest_on_overdue_principal": True,
        "early_payment": EarlyPayment.PAY_AT_ONCE,
        "is_dated_from_evening_before": True,
        "waterfalls": (Waterfall(steps=steps, future=future),),
        **settings,
    }
    return terms(**given)


def dues(after):
    """List principal and interest due of every row."""
    return [(row.due.principal, row.due.interest) for row in after.instalments]


def test_unpaid_schedule_is_the_plain_one():
    after = state(loan(), lent(100_00, on=START), as_of=START)

    assert dues(after) == [(16_43, 58), (16_52, 49), (16_62, 39), (16_72, 29), (16_81, 20), (16_90, 10)]


def test_early_payment_of_the_running_instalment_takes_interest_to_its_day():
    first = paid(2, date(2024, 1, 15), 15_00)
    second = paid(3, date(2024, 1, 20), 2_01)

    after = state(loan(), lent(100_00, on=START), first, second, as_of=date(2024, 1, 20))

    # 100 for 14 of 31 days is 0.26; 85.26 for five more 0.08. The instalment stays, so principal rises.
    assert dues(after)[0] == (16_67, 34)
    # Interest of the days that remain falls due with the next instalment.
    assert dues(after)[1] == (16_33, 68)
    assert after.instalments[0].paid_on == date(2024, 1, 20)
    assert dues(after)[5] == (16_85, 10)


def test_overdue_principal_bears_interest_to_the_day():
    # 83.57 x 7 % / 12 is 0.4875; 16.43 for 8 of 29 days adds 0.0264. The last instalment absorbs it.
    after = state(loan(), lent(100_00, on=START), as_of=date(2024, 2, 9))

    assert dues(after)[1] == (16_50, 51)
    assert after.instalments[5].due.total == 17_02


def test_overdue_principal_bears_none_where_the_terms_say_so():
    after = state(loan(has_interest_on_overdue_principal=False), lent(100_00, on=START), as_of=date(2024, 2, 9))

    assert dues(after)[1] == (16_52, 49)


def test_money_for_the_last_instalment_shortens_the_loan():
    receipt = paid(2, date(2024, 1, 15), 17_01)

    after = state(loan(FutureRule.LAST_INSTALMENT), lent(100_00, on=START), receipt, as_of=date(2024, 1, 15))

    assert dues(after)[5] == (17_01, 0)
    assert after.instalments[5].paid_on == date(2024, 1, 15)
    assert after.instalments[4].due.total == 16_45


@pytest.mark.parametrize(("day", "total"), [(date(2024, 1, 15), 100_26), (date(2024, 2, 15), 100_86)])
def test_quote_is_principal_and_interest_to_the_day(day, total):
    facts = [lent(100_00, on=START)]
    quote = quote_foreclosure(terms=loan(), facts=facts, on_date=day)
    assert quote.total_paise == total

    closed = state(loan(), *facts, paid(2, day, total), as_of=day)
    assert (closed.status, closed.outstanding) == (LoanStatus.CLOSED, Amounts())


def test_tranche_after_early_money_adds_its_own_instalment():
    facts = [
        lent(100_00, on=START),
        paid(2, date(2024, 1, 15), 17_01),
        Disburse(sequence=3, value_date=date(2024, 2, 1), amount_paise=100_00),
    ]

    after = state(loan(principal_paise=200_00), *facts, as_of=date(2024, 2, 1))

    # 183.57 over five months at 7 %: 37.36.
    assert [row.due.total for row in after.instalments[1:4]] == [37_36] * 3
    assert after.instalments[5].balance_after_paise == 0


def test_pause_leaves_the_instalments_and_lowers_the_last():
    pause = Pause(sequence=2, value_date=date(2024, 2, 1), end_date=date(2024, 2, 5))

    after = state(loan(), lent(100_00, on=START), pause, as_of=date(2024, 2, 6))

    paused = state(loan(has_interest_on_overdue_principal=False), lent(100_00, on=START), pause, as_of=date(2024, 2, 6))
    assert dues(paused)[:2] == [(16_45, 56), (16_59, 42)]
    assert after.instalments[5].due.total < 17_00


def test_outstanding_is_what_was_lent_less_what_came_in():
    facts = [lent(100_00, on=START), paid(2, date(2024, 1, 15), 15_00), paid(3, date(2024, 3, 20), 20_00)]

    after = state(loan(), *facts, as_of=date(2024, 4, 10))

    assert after.outstanding.principal == sum(row.open.principal for row in after.instalments)
    assert after.next_change_date == date(2024, 4, 11)


def accrued(after):
    """Read the cumulative interest of a state."""
    return after.total(Movement.ACCRUED, Head.INTEREST)


def daily_rest(**settings):
    """Give 50,000 rupees at 24 % over twelve months, paid early, with interest on what is really owed."""
    return terms(
        principal_paise=50_000_00,
        annual_rate_pct=Decimal(24),
        first_due_date=date(2026, 1, 30),
        early_payment=EarlyPayment.PAY_AT_ONCE,
        is_interest_recalculated=True,
        **settings,
    )


EARLY = [
    lent(50_000_00, on=date(2025, 12, 30)),
    *(paid(2 + n, date(2025, 12, 30) + timedelta(days=29 * (n + 1)), 5_000_00) for n in range(4)),
]


@pytest.mark.parametrize("is_overdue_bearing", [False, True])
def test_nights_after_an_early_payment_accrue_on_what_is_left(is_overdue_bearing):
    loan = daily_rest(has_interest_on_overdue_principal=is_overdue_bearing)
    days = [date(2026, 1, 26) + timedelta(days=offset) for offset in range(5)]

    after = [state(loan, *EARLY, as_of=day) for day in days]

    # 50,000 at 24 % is 32.8767 a night; of the 5,000 on 28 January 953.42 is interest of 29 nights, and the balance of
    # 45,953.42 bears 30.2159 from that night on.
    assert [one.outstanding.principal for one in after] == [50_000_00] * 2 + [45_953_42] * 3
    assert [accrued(one) for one in after] == [920_55, 953_42, 983_64, 1_013_86, 1_044_08]


@pytest.mark.parametrize("is_overdue_bearing", [False, True])
def test_the_last_night_of_a_period_brings_no_correction(is_overdue_bearing):
    loan = daily_rest(has_interest_on_overdue_principal=is_overdue_bearing)
    days = [date(2026, 4, 27) + timedelta(days=offset) for offset in range(4)]

    assert [accrued(state(loan, *EARLY, as_of=day)) for day in days] == [3_410_59, 3_432_51, 3_454_44, 3_476_37]


def test_the_night_of_an_unpaid_due_date_bears_interest_on_all_that_is_owed():
    loan = terms(instalment_count=2, is_interest_recalculated=True, has_interest_on_overdue_principal=True)
    nights = [date(2025, 2, 13), date(2025, 2, 14), date(2025, 2, 15), date(2025, 3, 13), date(2025, 3, 14)]

    after = [state(loan, lent(), as_of=night) for night in nights]

    # 1,00,000 at 12 % for 30, 31, 32, 58 and 59 nights, the first 31 rounded on their own.
    assert [accrued(one) for one in after] == [986_30, 1_019_18, 1_052_06, 1_906_85, 1_939_73]
    closed_period = state(loan, lent(), as_of=date(2025, 3, 15))
    assert sum(row.due.interest for row in closed_period.instalments) == 1_939_73


def test_waived_principal_is_no_longer_owed_when_a_tranche_and_a_receipt_follow():
    loan = Terms(
        principal_paise=24_162_60,
        annual_rate_pct=Decimal(0),
        instalment_count=5,
        first_due_date=date(2024, 2, 5),
        is_interest_recalculated=True,
    )
    facts = [
        lent(24_162_60, on=date(2024, 1, 17)),
        Waive(sequence=2, value_date=date(2024, 4, 6), amount_paise=7_107_20, component=Component.PRINCIPAL),
        lent(1, on=date(2024, 5, 15), sequence=3),
        paid(4, date(2024, 6, 24), 17_513_47),
    ]

    after = state(loan, *facts, as_of=date(2024, 6, 24))

    assert [row.due.principal for row in after.instalments] == [4_833_00] * 4 + [4_830_61]
    assert [row.open.principal for row in after.instalments] == [0] * 5
    # Owed was 17,055.41 after the waiver and the tranche.
    assert (after.status, after.outstanding, after.excess_paise) == (LoanStatus.CLOSED, Amounts(), 458_06)


def test_waived_principal_bears_no_more_interest():
    loan = terms(instalment_count=2, is_interest_recalculated=True, has_interest_on_overdue_principal=True)
    waiver = Waive(sequence=2, value_date=date(2025, 2, 20), amount_paise=49_732_82, component=Component.PRINCIPAL)
    days = [date(2025, 2, 18), date(2025, 2, 19), date(2025, 2, 20)]

    totals = [accrued(state(loan, lent(), waiver, as_of=day)) for day in days]

    # 1,00,000 at 12 % is 32.8767 a night; the 50,267.18 that are left after the waiver bear 16.5263.
    assert [after - before for before, after in pairwise(totals)] == [32_87, 16_53]


def test_interest_of_the_running_period_before_a_take_over_counts_what_is_overdue():
    loan = terms(
        instalment_count=4,
        first_due_date=date(2025, 2, 5),
        is_interest_recalculated=True,
        has_interest_on_overdue_principal=True,
    )
    brought = TakeOver(sequence=1, value_date=date(2025, 4, 20), amount_paise=80_000_00, instalments_paid=1)

    after = state(loan, brought, as_of=date(2025, 4, 20))

    # Two instalments of the 80,000 are overdue; all of it bears 26.3014 a night. The night of the take-over is ours,
    # those before it came with the loan.
    assert accrued(after) == 26_30


MOST_DAYS = 130
recalculated_loans = st.builds(
    terms,
    principal_paise=st.sampled_from([1_000_00, 24_162_60, 5_00_000_00]),
    annual_rate_pct=st.sampled_from([Decimal(0), Decimal("9.5"), Decimal(24)]),
    instalment_count=st.integers(1, 4),
    first_due_date=st.sampled_from([None, START + timedelta(days=19), START + timedelta(days=45)]),
    amortisation=st.sampled_from(
        [Amortisation.EQUAL_INSTALMENTS, Amortisation.EQUAL_PRINCIPAL, Amortisation.INTEREST_ONLY]
    ),
    early_payment=st.sampled_from(EarlyPayment),
    is_interest_recalculated=st.just(True),
    has_interest_on_overdue_principal=st.booleans(),
    is_unpaid_interest_carried=st.booleans(),
)
parts = st.integers(1, 1_000)
acts: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just(Receive), parts, st.fixed_dictionaries({})),
    st.tuples(st.just(Disburse), parts, st.fixed_dictionaries({})),
    st.tuples(st.just(Prepay), parts, st.fixed_dictionaries({"effect": st.sampled_from(PrepaymentEffect)})),
    st.tuples(
        st.just(Waive),
        st.integers(1, 300),
        st.fixed_dictionaries({"component": st.sampled_from([Component.PRINCIPAL, Component.INTEREST])}),
    ),
)
lives = st.lists(st.tuples(st.integers(0, MOST_DAYS), acts), min_size=2, max_size=10)


def facts_of(loan, life):
    """Lend the loan and let happen what the engine takes; amounts are up to half of the loan."""
    facts = [lent(loan.principal_paise, on=START)]
    for offset, (kind, part, values) in sorted(life, key=lambda entry: entry[0]):
        day, amount = START + timedelta(days=offset), max(loan.principal_paise * part // 2_000, 1)
        fact = kind(sequence=len(facts) + 1, value_date=day, amount_paise=amount, **values)
        try:
            replay(terms=loan, facts=[*facts, fact], as_of=day)
        except EngineRefusal:
            continue
        facts.append(fact)
    return facts


def line_of_interest(after):
    """Read the line of interest on its first day; a closed loan has none and stays as it is."""
    lines = [line for line in after.accrual_lines if line.head is Head.INTEREST]
    return [round_ratio(line.base_numerator, line.denominator) for line in lines]


def balance_that_bears(loan, after):
    """Give the principal on which the night of a day-end is earned, until the last due date."""
    overdue = [after.overdue.principal, 0][loan.has_interest_on_overdue_principal]
    return (after.outstanding.principal - overdue) * (after.as_of < after.instalments[-1].due_date)


def rows_sums(after):
    """Add up the rows: principal due, principal open."""
    return sum(row.due.principal for row in after.instalments), sum(row.open.principal for row in after.instalments)


def principal_of_rows(after):
    """Give what the rows must come to: what was lent less part-prepayments, which belong to no row."""
    prepaid = [a for a in after.allocations if a.component is Component.PRINCIPAL and a.instalment_number is None]
    return after.total(Movement.DISBURSED, Head.PRINCIPAL) - sum(a.amount_paise for a in prepaid)


@given(loan=recalculated_loans, life=lives)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_each_night_is_earned_on_the_balance_of_that_night(loan, life):
    facts = facts_of(loan, life)
    exact, before = Fraction(0), 0

    for offset in range(MOST_DAYS + 30):
        after = state(loan, *facts, as_of=START + timedelta(days=offset))
        exact += balance_that_bears(loan, after) * Fraction(loan.annual_rate_pct) / 36_500

        assert accrued(after) >= before
        # Every period is rounded on its own.
        assert abs(accrued(after) - exact) <= Fraction(len(after.instalments) + 1, 2)
        assert line_of_interest(after) in ([], [accrued(after)])
        before = accrued(after)


@given(loan=recalculated_loans, life=lives)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_rows_add_up_to_what_was_lent_and_is_owed(loan, life):
    facts = facts_of(loan, [*life, (MOST_DAYS + 10, (Receive, 1_900, {}))])

    for offset in range(0, MOST_DAYS + 60, 10):
        after = state(loan, *facts, as_of=START + timedelta(days=offset))

        assert rows_sums(after) == (principal_of_rows(after), after.outstanding.principal)
        assert after.instalments[-1].balance_after_paise == 0
        assert min([0, *(min(row.open.principal, row.open.interest) for row in after.instalments)]) == 0
    # Behind the last due date all interest is earned and due.
    assert after.outstanding.interest == sum(row.open.interest for row in after.instalments)
