"""Loans whose interest follows what is really owed, day by day."""

from datetime import date
from decimal import Decimal

import pytest

from lms.engine.facts import Disburse, Pause
from lms.engine.quote import quote_foreclosure
from lms.engine.state import Amounts, LoanStatus
from lms.engine.terms import (
    Component,
    DayCount,
    DueGroup,
    EarlyPayment,
    FutureRule,
    InstalmentMethod,
    LastInstalment,
    LeapYear,
    RoundingMode,
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
