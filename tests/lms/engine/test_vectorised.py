"""Arrays against the scalar engine: the same paise, loan by loan and row by row."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.engine.classification import AssetClass, ClassificationRule, class_of_days, days_past_due
from lms.engine.errors import EngineRefusal
from lms.engine.interest import rate_numerator
from lms.engine.rounding import round_ratio
from lms.engine.schedule import build_schedule
from lms.engine.state import RowKind
from lms.engine.terms import (
    Amortisation,
    BrokenPeriod,
    DayCount,
    InstalmentMethod,
    InterestPeriod,
    MoratoriumInterest,
    PeriodUnit,
    RoundingMode,
    Terms,
)
from lms.engine.vectorised import (
    ScheduleArrays,
    ScheduleBatch,
    accrued_paise,
    build_schedules,
    check_supported,
    class_codes,
    days_past_due_array,
    regular_batch,
)
from tests.figures import fin_terms, frp_terms

PLAIN = Terms(principal_paise=1, annual_rate_pct=Decimal(1), instalment_count=1)
RULE = ClassificationRule(effective_from=date(2022, 10, 1))


def scalar_rows(terms: Terms, start: date) -> tuple[int, list[tuple[int, int, int]]]:
    """Give the broken-period interest and (principal, interest, balance) of the regular rows."""
    rows = build_schedule(terms=terms, start_date=start)
    broken = sum(row.due.interest for row in rows if row.kind is RowKind.BROKEN_PERIOD)
    regular = [row for row in rows if row.kind is RowKind.REGULAR]
    return broken, [(row.due.principal, row.due.interest, row.balance_after_paise) for row in regular]


def array_rows(arrays: ScheduleArrays, loan: int, count: int) -> tuple[int, list[tuple[int, int, int]]]:
    """Give the same of one loan of a batch."""
    columns = (arrays.principal_paise, arrays.interest_paise, arrays.balance_after_paise)
    rows = zip(*(column[:count, loan].tolist() for column in columns), strict=True)
    return int(arrays.broken_interest_paise[loan]), list(rows)


def batch_of(product: Terms, loans: Sequence[tuple[Terms, date]]) -> ScheduleBatch:
    """Put loans of one product side by side."""
    due = [terms.first_due_date for terms, _ in loans]
    return regular_batch(
        terms=product,
        principal_paise=np.array([terms.principal_paise for terms, _ in loans], dtype=np.int64),
        rate_numerator=np.array([rate_numerator(terms.annual_rate_pct) for terms, _ in loans], dtype=np.int64),
        instalment_count=np.array([terms.instalment_count for terms, _ in loans], dtype=np.int64),
        start_dates=np.array([start for _, start in loans], dtype="datetime64[D]"),
        first_due_dates=None if None in due else np.array(due, dtype="datetime64[D]"),
    )


def assert_equal_to_scalar(product: Terms, loans: Sequence[tuple[Terms, date]]) -> None:
    arrays = build_schedules(batch=batch_of(product, loans))

    for index, (terms, start) in enumerate(loans):
        assert array_rows(arrays, index, terms.instalment_count) == scalar_rows(terms, start)


products = st.builds(
    Terms,
    principal_paise=st.just(1),
    annual_rate_pct=st.just(Decimal(1)),
    instalment_count=st.just(1),
    every=st.sampled_from([1, 1, 2, 3, 12]),
    interest_period=st.sampled_from(InterestPeriod),
    day_count=st.sampled_from([DayCount.ACTUAL_365, DayCount.ACTUAL_360, DayCount.ACTUAL_364]),
    instalment_unit_paise=st.sampled_from([1, 1, 100, 500]),
    instalment_rounding=st.sampled_from(RoundingMode),
    interest_rounding=st.sampled_from([RoundingMode.HALF_UP, RoundingMode.HALF_EVEN]),
)
loan_numbers = st.tuples(
    st.one_of(st.integers(1, 10**9), st.integers(1, 10**4).map(lambda n: n * 10_000)),
    st.one_of(st.integers(0, 6000).map(lambda n: Decimal(n) / 100), st.integers(0, 6).map(lambda n: Decimal(12 * n))),
    st.integers(1, 40),
    st.dates(date(2019, 1, 1), date(2032, 12, 31)),
)


def test_instalment_that_half_even_rounds_into_a_tie_is_that_of_the_scalar_engine() -> None:
    # 2,40,749.505… paise are 2,40,750 to the paisa, a tie of the rupee that goes to the even one.
    product = Terms(
        principal_paise=1,
        annual_rate_pct=Decimal(1),
        instalment_count=1,
        instalment_unit_paise=100,
        instalment_rounding=RoundingMode.HALF_EVEN,
    )
    loan = replace(product, principal_paise=5_649_990, annual_rate_pct=Decimal(24), instalment_count=32)

    assert_equal_to_scalar(product, [(loan, date(2019, 1, 1))])


@settings(max_examples=150, deadline=None)
@given(product=products, numbers=st.lists(loan_numbers, min_size=1, max_size=6))
def test_random_loans_are_those_of_the_scalar_engine(
    product: Terms, numbers: list[tuple[int, Decimal, int, date]]
) -> None:
    loans = [
        (replace(product, principal_paise=principal, annual_rate_pct=rate, instalment_count=count), start)
        for principal, rate, count, start in numbers
    ]

    assert_equal_to_scalar(product, loans)


@settings(max_examples=100, deadline=None)
@given(numbers=st.lists(st.tuples(loan_numbers, st.integers(1, 75)), min_size=1, max_size=6))
def test_random_first_due_dates_are_those_of_the_scalar_engine(
    numbers: list[tuple[tuple[int, Decimal, int, date], int]],
) -> None:
    loans = [
        (
            replace(
                PLAIN,
                principal_paise=principal,
                annual_rate_pct=rate,
                instalment_count=count,
                first_due_date=start + timedelta(days=gap),
            ),
            start,
        )
        for (principal, rate, count, start), gap in numbers
    ]

    assert_equal_to_scalar(PLAIN, loans)


def test_amounts_beyond_64_bits_are_reckoned_exactly() -> None:
    terms = replace(PLAIN, principal_paise=10**15 + 1, annual_rate_pct=Decimal("17.1234567891"), instalment_count=120)

    assert_equal_to_scalar(PLAIN, [(terms, date(2026, 1, 31))])


def test_ties_of_the_instalment_follow_the_rounding_mode() -> None:
    loans = [
        (replace(PLAIN, principal_paise=principal, annual_rate_pct=Decimal(0), instalment_count=8), date(2026, 1, 1))
        for principal in (100, 104, 108, 112, 116, 1200)
    ]
    for mode in RoundingMode:
        product = replace(PLAIN, instalment_unit_paise=1, instalment_rounding=mode)

        assert_equal_to_scalar(
            product,
            [(replace(terms, instalment_unit_paise=1, instalment_rounding=mode), start) for terms, start in loans],
        )


def test_an_agreed_instalment_is_kept() -> None:
    product = replace(PLAIN, instalment_paise=14_000_00)
    terms = replace(product, principal_paise=2_80_000_00, annual_rate_pct=Decimal("8.4"), instalment_count=22)

    assert_equal_to_scalar(product, [(terms, date(2020, 10, 1))])


@pytest.mark.parametrize("unit", PeriodUnit)
def test_every_rhythm_is_laid_out_like_the_scalar_engine(unit: PeriodUnit) -> None:
    product = replace(PLAIN, unit=unit, every=2)
    terms = replace(product, principal_paise=50_000_00, annual_rate_pct=Decimal(26), instalment_count=12)

    assert_equal_to_scalar(product, [(terms, date(2024, 1, 31)), (terms, date(2026, 2, 28))])


def test_days_may_come_from_the_caller() -> None:
    terms = replace(PLAIN, principal_paise=50_000_00, annual_rate_pct=Decimal(26), instalment_count=30)
    terms = replace(terms, unit=PeriodUnit.WEEK)
    batch = ScheduleBatch(
        terms=terms,
        principal_paise=np.array([terms.principal_paise]),
        rate_numerator=np.array([rate_numerator(terms.annual_rate_pct)]),
        instalment_count=np.array([30]),
        row_days=np.full((30, 1), 7),
    )

    assert array_rows(build_schedules(batch=batch), 0, 30) == scalar_rows(terms, date(2026, 1, 1))


def _published_loans() -> list[tuple[str, Terms, date]]:
    """Read published loans that the arrays support: id, terms, day of disbursal."""
    path = Path(__file__).with_name("visible_schedules.jsonl")
    cases: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    mapped = {"FIN": fin_terms.engine_terms, "FRP": _frappe_terms}
    starts = [date.fromisoformat(case["events"][0]["date"]) for case in cases]
    return [(case["id"], mapped[case["id"][:3]](case), start) for case, start in zip(cases, starts, strict=True)]


def _frappe_terms(case: dict[str, Any]) -> Terms:
    return frp_terms.terms_of(case["terms"], case["events"])


@pytest.mark.parametrize(("name", "terms", "start"), _published_loans(), ids=lambda part: str(part)[:9])
def test_published_loans_are_those_of_the_scalar_engine(name: str, terms: Terms, start: date) -> None:
    assert_equal_to_scalar(terms, [(terms, start)])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("amortisation", Amortisation.EQUAL_PRINCIPAL),
        ("day_count", DayCount.ACTUAL_ACTUAL),
        ("interest_unit_paise", 100),
        ("interest_rounding", RoundingMode.UP),
        ("instalment_method", InstalmentMethod.PERIOD_FACTORS),
        ("moratorium_count", 3),
        ("balloon_paise", 1),
        ("down_payment_pct", Decimal(10)),
    ],
)
def test_what_the_arrays_cannot_express_is_refused_by_name(setting: str, value: Any) -> None:
    with pytest.raises(EngineRefusal, match=setting) as refusal:
        check_supported(terms=replace(PLAIN, **{setting: value}))

    assert refusal.value.code == "engine.not_vectorised"


def test_a_broken_period_inside_the_first_instalment_is_refused() -> None:
    product = replace(PLAIN, broken_period=BrokenPeriod.IN_FIRST_INSTALMENT)
    terms = replace(product, principal_paise=1_000_00, first_due_date=date(2026, 3, 1))

    with pytest.raises(EngineRefusal, match="broken_period"):
        batch_of(product, [(terms, date(2026, 1, 15))])


def test_a_short_first_period_of_whole_periods_is_refused() -> None:
    product = replace(PLAIN, interest_period=InterestPeriod.WHOLE_PERIODS)
    terms = replace(product, principal_paise=1_000_00, first_due_date=date(2026, 3, 1))

    with pytest.raises(EngineRefusal, match="first_due_date"):
        batch_of(product, [(terms, date(2026, 2, 15))])


def test_row_days_must_fit_the_interest_of_the_product() -> None:
    one = np.array([1], dtype=np.int64)
    batch = ScheduleBatch(terms=PLAIN, principal_paise=one, rate_numerator=one, instalment_count=one)

    with pytest.raises(EngineRefusal, match="row_days"):
        build_schedules(batch=batch)


def test_moratorium_setting_alone_changes_nothing() -> None:
    check_supported(terms=replace(PLAIN, moratorium_interest=MoratoriumInterest.CAPITALISED))


@given(
    lines=st.lists(
        st.tuples(
            st.integers(-(10**12), 10**30), st.integers(-(10**9), 10**25), st.integers(1, 10**20), st.integers(0, 400)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_accrual_lines_are_read_as_the_scalar_engine_rounds(lines: list[tuple[int, int, int, int]]) -> None:
    fitting = [line for line in lines if abs(line[0] + line[1] * line[3]) // line[2] < 2**62]
    parts = [np.array(part, dtype=object) for part in zip(*fitting, strict=True)] if fitting else [np.array([])] * 4
    bases, rates, denominators, days = parts

    found = accrued_paise(base_numerator=bases, per_day_numerator=rates, denominator=denominators, days=days)

    assert found.tolist() == [round_ratio(base + rate * n, denominator) for base, rate, denominator, n in fitting]


@given(
    lines=st.lists(
        st.tuples(
            st.integers(-(2**62), 2**62), st.integers(-(2**55), 2**55), st.integers(1, 2**61), st.integers(0, 400)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_64_bit_accrual_lines_never_overflow(lines: list[tuple[int, int, int, int]]) -> None:
    fitting = [line for line in lines if abs(line[0] + line[1] * line[3]) // line[2] < 2**62]
    bases, rates, denominators, days = np.array(fitting, dtype=np.int64).reshape(-1, 4).T

    found = accrued_paise(base_numerator=bases, per_day_numerator=rates, denominator=denominators, days=days)

    assert found.tolist() == [round_ratio(base + rate * n, denominator) for base, rate, denominator, n in fitting]


@given(dues=st.lists(st.none() | st.dates(date(2024, 1, 1), date(2026, 12, 31)), min_size=1, max_size=10))
def test_days_past_due_and_class_are_those_of_the_scalar_rule(dues: list[date | None]) -> None:
    as_of = date(2026, 6, 30)
    days = days_past_due_array(oldest_unpaid_due_date=np.array(dues, dtype="datetime64[D]"), as_of=as_of)

    expected = [days_past_due(oldest_unpaid_due_date=due, as_of=as_of) for due in dues]
    assert days.tolist() == expected
    order = list(AssetClass)
    assert [order[code] for code in class_codes(days=days, rule=RULE)] == [
        class_of_days(days=count, rule=RULE) for count in expected
    ]
