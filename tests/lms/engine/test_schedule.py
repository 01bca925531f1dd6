"""Schedules, each checked by hand: what is due when, of what, and what is left."""

from datetime import date
from decimal import Decimal

import pytest

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Disburse
from lms.engine.schedule import build_schedule
from lms.engine.state import RowKind
from lms.engine.terms import (
    Amortisation,
    BrokenPeriod,
    CustomRow,
    DayCount,
    HolidayMove,
    InstalmentMethod,
    InterestMethod,
    InterestPeriod,
    LastInstalment,
    MoratoriumInterest,
    PeriodUnit,
    RoundingMode,
    Step,
)
from tests.lms.engine.cases import START, terms


def rows_of(loan, start=START, **more):
    """List (due date, principal, interest, balance) of each row."""
    rows = build_schedule(terms=loan, start_date=start, **more)
    return [(row.due_date, row.due.principal, row.due.interest, row.balance_after_paise) for row in rows]


def test_textbook_instalment_is_rounded_up_to_the_rupee():
    # 1,00,000 x 0.01 x 1.01^12 / (1.01^12 - 1) = 8,884.88: 8,885 rupees.
    rows = build_schedule(terms=terms(), start_date=START)

    assert [row.due.total for row in rows[:11]] == [8_885_00] * 11
    # 1,00,000 x 12 % x 31 / 365 = 1,019.178.
    assert rows[0].due.interest == 1_019_18
    assert rows[0].balance_after_paise == 1_00_000_00 - (8_885_00 - 1_019_18)
    assert rows[-1].balance_after_paise == 0
    assert sum(row.due.principal for row in rows) == 1_00_000_00


def test_whole_periods_bear_a_twelfth_of_the_rate():
    loan = terms(principal_paise=3_000_00, instalment_count=3, interest_period=InterestPeriod.WHOLE_PERIODS)

    # 3,000 at 1 % a month over 3: 1,020.07 rounded up to 1,021.
    assert rows_of(loan) == [
        (date(2025, 2, 15), 991_00, 30_00, 2_009_00),
        (date(2025, 3, 15), 1_000_91, 20_09, 1_008_09),
        (date(2025, 4, 15), 1_008_09, 10_08, 0),
    ]


def test_agreed_instalment_replaces_the_solved_one():
    rows = build_schedule(terms=terms(instalment_paise=9_000_00), start_date=START)

    assert {row.due.total for row in rows[:11]} == {9_000_00}
    assert rows[-1].due.total < 9_000_00


def test_equal_principal():
    loan = terms(principal_paise=900_00, instalment_count=3, amortisation=Amortisation.EQUAL_PRINCIPAL)

    # Interest by days: 900 x 12 % x 31/365 = 9.17; 600 x 28/365 = 5.52; 300 x 31/365 = 3.06.
    assert rows_of(loan) == [
        (date(2025, 2, 15), 300_00, 9_17, 600_00),
        (date(2025, 3, 15), 300_00, 5_52, 300_00),
        (date(2025, 4, 15), 300_00, 3_06, 0),
    ]


def test_flat_interest_is_on_the_amount_lent():
    loan = terms(
        principal_paise=1_200_00,
        instalment_count=3,
        interest_method=InterestMethod.FLAT,
        interest_period=InterestPeriod.WHOLE_PERIODS,
    )

    # 1,200 + 3 x 12 = 1,236; a third is 412.
    assert rows_of(loan) == [
        (date(2025, 2, 15), 400_00, 12_00, 800_00),
        (date(2025, 3, 15), 400_00, 12_00, 400_00),
        (date(2025, 4, 15), 400_00, 12_00, 0),
    ]


def test_shared_flat_interest_is_rounded_once():
    loan = terms(
        principal_paise=1_000_00,
        annual_rate_pct=Decimal(7),
        instalment_count=3,
        interest_method=InterestMethod.FLAT,
        is_flat_interest_shared_equally=True,
        instalment_unit_paise=1,
        instalment_rounding=RoundingMode.HALF_UP,
    )

    # 1,000 x 7 % x 90 / 365 = 17.26: 5.75, 5.75 and 5.76.
    assert [interest for _, _, interest, _ in rows_of(loan)] == [5_75, 5_75, 5_76]


@pytest.mark.parametrize(
    ("amortisation", "expected"),
    [
        (Amortisation.INTEREST_ONLY, [(0, 10_00), (0, 10_00), (1_000_00, 10_00)]),
        (Amortisation.BULLET, [(0, 0), (0, 0), (1_000_00, 30_00)]),
    ],
)
def test_principal_comes_back_at_the_end(amortisation, expected):
    loan = terms(
        principal_paise=1_000_00,
        instalment_count=3,
        amortisation=amortisation,
        interest_period=InterestPeriod.WHOLE_PERIODS,
    )

    assert [(principal, interest) for _, principal, interest, _ in rows_of(loan)] == expected


@pytest.mark.parametrize(("percent", "later"), [(Decimal(150), 150), (Decimal(50), 50)])
def test_stepped_instalments_keep_their_proportion(percent, later):
    loan = terms(
        amortisation=Amortisation.STEPPED,
        steps=(Step(from_instalment=7, percent=percent),),
        instalment_unit_paise=1,
        instalment_rounding=RoundingMode.HALF_UP,
        interest_period=InterestPeriod.WHOLE_PERIODS,
    )

    rows = build_schedule(terms=loan, start_date=START)

    first, seventh, eleventh = rows[0].due.total, rows[6].due.total, rows[10].due.total
    assert abs(seventh - first * later // 100) <= 1
    assert eleventh == seventh
    assert abs(rows[11].due.total - seventh) <= 12
    assert rows[11].balance_after_paise == 0


def test_balloon_is_paid_with_the_last_instalment():
    loan = terms(
        amortisation=Amortisation.BALLOON,
        balloon_paise=40_000_00,
        interest_period=InterestPeriod.WHOLE_PERIODS,
        instalment_unit_paise=1,
        instalment_rounding=RoundingMode.HALF_UP,
    )

    rows = build_schedule(terms=loan, start_date=START)

    # (1,00,000 - 40,000 / 1.01^12) x annuity factor = 8,884.88 - 40,000 x 0.078848789 = 5,730.93.
    assert rows[0].due.total == 5_730_93
    assert abs(rows[11].due.total - (40_000_00 + 5_730_93)) <= 12


def test_custom_rows_carry_their_principal():
    table = (CustomRow(date(2025, 3, 1), 200_00), CustomRow(date(2025, 6, 1), 800_00))
    loan = terms(principal_paise=1_000_00, amortisation=Amortisation.CUSTOM, custom_rows=table)

    # 1,000 x 12 % x 45/365 = 14.79; 800 x 12 % x 92/365 = 24.20.
    assert rows_of(loan) == [(date(2025, 3, 1), 200_00, 14_79, 800_00), (date(2025, 6, 1), 800_00, 24_20, 0)]


def test_broken_period_is_charged_apart():
    loan = terms(first_due_date=date(2025, 3, 5))

    rows = build_schedule(terms=loan, start_date=START)

    assert (rows[0].kind, rows[0].due_date, rows[0].due.principal) == (RowKind.BROKEN_PERIOD, date(2025, 2, 5), 0)
    # 1,00,000 x 12 % x 21 / 365.
    assert rows[0].due.interest == 690_41
    assert (rows[1].due_date, rows[1].due.total) == (date(2025, 3, 5), 8_885_00)
    assert len(rows) == 13


def test_broken_period_in_the_first_instalment_makes_it_larger():
    loan = terms(first_due_date=date(2025, 3, 5), broken_period=BrokenPeriod.IN_FIRST_INSTALMENT)

    rows = build_schedule(terms=loan, start_date=START)

    assert rows[0].due.total == 8_885_00 + 690_41
    assert rows[1].due.total == 8_885_00
    assert len(rows) == 12


def test_prorated_first_period_shares_its_shorter_factor():
    loan = terms(
        principal_paise=192_22,
        annual_rate_pct=Decimal("9.99"),
        instalment_count=6,
        schedule_start=date(2024, 1, 1),
        broken_period=BrokenPeriod.PRORATED,
        day_count=DayCount.THIRTY_360,
        instalment_method=InstalmentMethod.PERIOD_FACTORS,
        last_instalment=LastInstalment.LEVELLED,
        instalment_unit_paise=1,
        instalment_rounding=RoundingMode.HALF_EVEN,
    )

    rows = rows_of(loan, start=date(2024, 1, 15))

    # 192.22 x 9.99 % / 12 x 17/31 = 0.88; the instalment is solved on the same 17 days.
    assert rows[0] == (date(2024, 2, 1), 31_97, 88, 160_25)
    assert rows[5][1] + rows[5][2] == 32_87


@pytest.mark.parametrize(
    ("interest", "first_due", "opening"),
    [(MoratoriumInterest.DEFERRED, 20_00, 1_000_00), (MoratoriumInterest.CAPITALISED, 0, 1_020_10)],
)
def test_moratorium_comes_on_top_of_the_tenor(interest, first_due, opening):
    loan = terms(
        principal_paise=1_000_00,
        instalment_count=3,
        moratorium_count=2,
        moratorium_interest=interest,
        interest_period=InterestPeriod.WHOLE_PERIODS,
    )

    rows = build_schedule(terms=loan, start_date=START)

    assert [row.due.total for row in rows[:2]] == [0, 0]
    assert len(rows) == 5
    assert rows[2].balance_before_paise == opening
    # The first instalment after it: its own interest on the opening balance, and the deferred interest.
    assert rows[2].due.interest == first_due + opening // 100


def test_principal_grace_pays_interest_only():
    loan = terms(principal_paise=1_000_00, instalment_count=4, grace_principal_count=3)

    assert [row.due.principal for row in build_schedule(terms=loan, start_date=START)] == [0, 0, 0, 1_000_00]


def test_interest_free_periods_bear_nothing():
    loan = terms(principal_paise=900_00, instalment_count=3, interest_free_count=2)

    assert [row.due.interest for row in build_schedule(terms=loan, start_date=START)][:2] == [0, 0]


def test_tranche_bears_interest_from_its_day_and_raises_the_instalment():
    loan = terms(principal_paise=2_000_00, instalment_count=4)
    tranches = (
        Disburse(sequence=1, value_date=START, amount_paise=1_000_00),
        Disburse(sequence=2, value_date=date(2025, 3, 1), amount_paise=1_000_00),
    )

    rows = build_schedule(terms=loan, start_date=START, disbursals=tranches)

    # 1,000 / 4 at 1 %: 256.29, so 257; interest 10.19, principal 246.81, balance 753.19.
    assert (rows[0].due.total, rows[0].balance_after_paise) == (257_00, 753_19)
    # 753.19 for 28 days and 1,000 for 14: 6.9335 + 4.6027.
    assert rows[1].due.interest == 11_54
    # 1,753.19 over the three that are left at 1 %: 596.12, so 597.
    assert rows[1].due.total == 597_00
    assert rows[3].balance_after_paise == 0


def test_down_payment_is_due_the_same_day():
    loan = terms(principal_paise=1_000_00, instalment_count=3, down_payment_pct=Decimal(25))

    rows = build_schedule(terms=loan, start_date=START)

    assert (rows[0].kind, rows[0].due_date, rows[0].due.total) == (RowKind.DOWN_PAYMENT, START, 250_00)
    assert rows[1].balance_before_paise == 750_00
    assert sum(row.due.principal for row in rows) == 1_000_00


def test_due_date_on_a_holiday_moves_and_the_borrower_bears_the_days():
    loan = terms(
        principal_paise=1_000_00,
        instalment_count=2,
        holidays=(date(2025, 2, 15), date(2025, 2, 16)),
        holiday_move=HolidayMove.NEXT_WORKING_DAY,
    )

    moved = build_schedule(terms=loan, start_date=START)
    # 1,000 x 12 % x 33/365, against 31 days.
    assert (moved[0].due_date, moved[0].due.interest) == (date(2025, 2, 17), 10_85)


def test_due_date_on_a_holiday_moves_and_the_lender_bears_the_days():
    loan = terms(
        principal_paise=1_000_00,
        instalment_count=2,
        holidays=(date(2025, 2, 15), date(2025, 2, 16)),
        holiday_move=HolidayMove.NEXT_WORKING_DAY,
        is_interest_moved_with_due_date=False,
    )

    moved = build_schedule(terms=loan, start_date=START)

    assert (moved[0].due_date, moved[0].due.interest) == (date(2025, 2, 17), 10_19)


def test_levelling_spreads_the_last_difference():
    common = {
        "principal_paise": 100_00,
        "annual_rate_pct": Decimal("9.4822"),
        "instalment_count": 24,
        "day_count": DayCount.THIRTY_360,
        "instalment_method": InstalmentMethod.PERIOD_FACTORS,
        "instalment_unit_paise": 1,
        "instalment_rounding": RoundingMode.HALF_EVEN,
        "interest_rounding": RoundingMode.HALF_EVEN,
    }
    plain = build_schedule(terms=terms(**common), start_date=START)
    level = build_schedule(terms=terms(**common, last_instalment=LastInstalment.LEVELLED), start_date=START)

    plain_gap = abs(plain[-1].due.total - plain[0].due.total)
    level_gap = abs(level[-1].due.total - level[0].due.total)
    assert level_gap <= plain_gap
    assert sum(row.due.principal for row in level) == 100_00


@pytest.mark.parametrize("count", [1, 2, 90, 365])
def test_daily_instalments_end_at_nil(count):
    loan = terms(principal_paise=36_500_00, instalment_count=count, unit=PeriodUnit.DAY)

    rows = build_schedule(terms=loan, start_date=START)

    assert len(rows) == count
    # One day of 36,500 at 12 % is 12 rupees.
    assert rows[0].due.interest == 12_00
    assert rows[-1].balance_after_paise == 0


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"principal_paise": 0}, "engine.principal_not_positive"),
        ({"instalment_count": 0}, "engine.tenor_not_positive"),
        ({"every": 0}, "engine.tenor_not_positive"),
        ({"annual_rate_pct": Decimal(-1)}, "engine.rate_negative"),
        ({"first_due_date": date(2025, 1, 1)}, "engine.first_due_date_too_early"),
        ({"due_dates": (date(2025, 2, 1),)}, "engine.due_dates_count"),
        (
            {"amortisation": Amortisation.CUSTOM, "custom_rows": (CustomRow(date(2025, 2, 1), 1),)},
            "engine.custom_rows_sum",
        ),
        ({"grace_principal_count": 12}, "engine.no_instalment_left"),
        (
            {"is_interest_recalculated": True, "interest_method": InterestMethod.FLAT},
            "engine.recalculation_not_possible",
        ),
    ],
)
def test_terms_that_make_no_sense_are_refused(settings, code):
    with pytest.raises(EngineRefusal) as refusal:
        build_schedule(terms=terms(**settings), start_date=START)

    assert refusal.value.code == code


def test_textbook_instalment_by_days_takes_a_month_as_thirty_days():
    common = {"instalment_unit_paise": 1, "instalment_rounding": RoundingMode.HALF_UP}
    by_twelfths = build_schedule(terms=terms(**common), start_date=START)
    by_days = build_schedule(terms=terms(**common, is_textbook_rate_by_days=True), start_date=START)

    # 1 % a month, against 12 % x 30 / 365 = 0.98630 %.
    assert by_twelfths[0].due.total == 8_884_88
    assert by_days[0].due.total == 8_877_19
