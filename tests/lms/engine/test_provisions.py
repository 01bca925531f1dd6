"""Prudential provisions and expected loss, worked by hand; movements that add up whatever happened."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.engine.classification import AssetClass
from lms.engine.provisions import (
    Exposure,
    Layer,
    ProvisionRate,
    RateKind,
    Stage,
    half_up,
    iracp_provision,
    rate_kind,
    rate_on,
    stage_of,
)
from lms.engine.provisions_ecl import (
    FACTOR_UNIT,
    EclModel,
    LossKey,
    Profile,
    Scenario,
    cumulative_pd,
    ecl_provision,
    loss_factor,
    months_between,
)
from lms.engine.provisions_movement import Exit, MovementCell, movement_lines, movement_total

FIRST = date(2000, 1, 1)
ONLY = (Scenario(name="Only", weight_bps=10_000),)
ALL_GRADES = (AssetClass.STANDARD, AssetClass.SMA_0, AssetClass.SMA_1, AssetClass.SMA_2)


def rate(kind: RateKind, secured: int, unsecured: int, **changes: object) -> ProvisionRate:
    """Build a rate in force since 2000."""
    values: dict[str, object] = {"key": 1, "effective_from": FIRST, "layer": "", "category": ""}
    return ProvisionRate(kind=kind, secured_bps=secured, unsecured_bps=unsecured, **(values | changes))  # type: ignore[arg-type]


def model(**changes: object) -> EclModel:
    """Build a model that loses half, with chances of 1.2 % in the first year and 1.2 % more in the second."""
    values: dict[str, object] = {
        "key": 1,
        "segment": "",
        "effective_from": FIRST,
        "lgd_secured_bps": 2_500,
        "lgd_unsecured_bps": 5_000,
        "ccf_bps": 5_000,
        "profile": Profile.BULLET,
        "curves": dict.fromkeys(ALL_GRADES, (12000, 24000)),
    }
    return EclModel(**(values | changes))  # type: ignore[arg-type]


def key(stage: Stage, months: int, **changes: int) -> LossKey:
    """Build the key of an unsecured standard loan without interest."""
    values = {"eir_bps": 0, "secured_bps": 0} | changes
    return LossKey(stage, AssetClass.STANDARD, months, values["eir_bps"], values["secured_bps"])


@pytest.mark.parametrize(
    ("asset_class", "secured_bps", "expected_paise"),
    [
        # Of 1,00,000 rupees: 0.40 %, 10 %, and for doubtful loans by age and security.
        (AssetClass.STANDARD, 0, 400_00),
        (AssetClass.SMA_2, 0, 400_00),
        (AssetClass.SUB_STANDARD, 10_000, 10_000_00),
        (AssetClass.DOUBTFUL_1, 10_000, 20_000_00),
        (AssetClass.DOUBTFUL_2, 10_000, 30_000_00),
        (AssetClass.DOUBTFUL_3, 10_000, 50_000_00),
        (AssetClass.DOUBTFUL_1, 0, 1_00_000_00),
        (AssetClass.DOUBTFUL_1, 6_000, 52_000_00),
        (AssetClass.LOSS, 10_000, 1_00_000_00),
    ],
)
def test_norms_give_the_provision_of_each_class(asset_class: AssetClass, secured_bps: int, expected_paise: int) -> None:
    rates = {
        RateKind.STANDARD: rate(RateKind.STANDARD, 40, 40),
        RateKind.SUB_STANDARD: rate(RateKind.SUB_STANDARD, 1_000, 1_000),
        RateKind.DOUBTFUL_1: rate(RateKind.DOUBTFUL_1, 2_000, 10_000),
        RateKind.DOUBTFUL_2: rate(RateKind.DOUBTFUL_2, 3_000, 10_000),
        RateKind.DOUBTFUL_3: rate(RateKind.DOUBTFUL_3, 5_000, 10_000),
        RateKind.LOSS: rate(RateKind.LOSS, 10_000, 10_000),
    }
    exposure = Exposure(principal_paise=1_00_000_00, secured_bps=secured_bps)

    found = iracp_provision(exposure=exposure, rates=[rates[rate_kind(asset_class=asset_class)]])

    assert found == expected_paise


def test_income_in_suspense_needs_no_provision() -> None:
    exposure = Exposure(
        principal_paise=90_000_00, interest_paise=9_000_00, charges_paise=1_180_00, suspended_paise=10_000_00
    )

    assert exposure.funded_paise == 90_180_00
    assert iracp_provision(exposure=exposure, rates=[rate(RateKind.SUB_STANDARD, 1_000, 1_000)]) == 9_018_00


def test_money_is_rounded_once_and_a_half_goes_up() -> None:
    exposure = Exposure(principal_paise=1_25)

    # 0.40 % of 125 paise is half a paisa; with 5 % on top it is 6.75.
    assert iracp_provision(exposure=exposure, rates=[rate(RateKind.STANDARD, 40, 40)]) == 1
    assert (
        iracp_provision(exposure=exposure, rates=[rate(RateKind.STANDARD, 40, 40), rate(RateKind.CALAMITY, 500, 500)])
        == 7
    )


def test_most_specific_rate_wins_and_then_the_latest() -> None:
    rates = [
        rate(RateKind.STANDARD, 40, 40, key=1, layer="UPPER"),
        rate(RateKind.STANDARD, 100, 100, key=2, layer="UPPER", category="CRE"),
        rate(RateKind.STANDARD, 45, 45, key=3, layer="UPPER", effective_from=date(2027, 4, 1)),
        rate(RateKind.STANDARD, 25, 25, key=4, layer="BASE"),
    ]

    def picked(layer: Layer, category: str, as_of: date) -> int | None:
        found = rate_on(rates=rates, kind=RateKind.STANDARD, layer=layer, category=category, as_of=as_of)
        return found.key if found else None

    assert picked(Layer.UPPER, "GENERAL", date(2027, 3, 31)) == 1
    assert picked(Layer.UPPER, "GENERAL", date(2027, 4, 1)) == 3
    assert picked(Layer.UPPER, "CRE", date(2027, 4, 1)) == 2
    assert picked(Layer.BASE, "CRE", date(2027, 4, 1)) == 4
    assert picked(Layer.MIDDLE, "CRE", date(2027, 4, 1)) is None


@pytest.mark.parametrize(
    ("asset_class", "days", "is_watched", "is_restructured", "expected"),
    [
        (AssetClass.STANDARD, 0, False, False, Stage.ONE),
        (AssetClass.SMA_0, 30, False, False, Stage.ONE),
        (AssetClass.SMA_1, 31, False, False, Stage.TWO),
        (AssetClass.SMA_2, 90, False, False, Stage.TWO),
        (AssetClass.SUB_STANDARD, 91, False, False, Stage.THREE),
        (AssetClass.SUB_STANDARD, 0, False, False, Stage.THREE),
        (AssetClass.SMA_2, 91, False, False, Stage.THREE),
        (AssetClass.STANDARD, 0, True, False, Stage.TWO),
        (AssetClass.STANDARD, 0, False, True, Stage.TWO),
    ],
)
def test_stage_follows_from_days_class_and_marks(
    asset_class: AssetClass, days: int, is_watched: bool, is_restructured: bool, expected: Stage
) -> None:
    found = stage_of(
        asset_class=asset_class,
        days_past_due=days,
        is_watched=is_watched,
        is_restructured=is_restructured,
        stage_2_from_days=31,
        stage_3_from_days=91,
    )

    assert found is expected


def test_chance_of_default_rises_evenly_within_a_year_and_on_after_the_last() -> None:
    curve = (12_000, 36_000)

    # In units of a twelfth of a millionth.
    assert [cumulative_pd(curve=curve, months=month) for month in (0, 1, 12, 18, 24, 36)] == [
        0,
        12_000,
        144_000,
        144_000 + 6 * 24_000,
        432_000,
        720_000,
    ]
    assert cumulative_pd(curve=(600_000, 900_000), months=60) == 12 * 10**6


def test_stage_one_looks_at_twelve_months_and_stage_two_at_all() -> None:
    # Without interest and without repayments: 1.2 % x 50 %, and 2.4 % x 50 % over two years.
    assert loss_factor(key=key(Stage.ONE, 24), model=model(), scenarios=ONLY).units == 6_000_000_000
    assert loss_factor(key=key(Stage.TWO, 24), model=model(), scenarios=ONLY).units == 12_000_000_000
    assert loss_factor(key=key(Stage.ONE, 6), model=model(), scenarios=ONLY).units == 3_000_000_000


def test_exposure_that_runs_down_loses_less() -> None:
    found = loss_factor(key=key(Stage.ONE, 12), model=model(profile=Profile.AMORTISING), scenarios=ONLY)

    # A twelfth of 1.2 % in each month, on 12/12, 11/12 ... 1/12 of the exposure: 78/144 of it; half is lost.
    assert found.units == half_up(6 * 10**9 * 78, 144)


def test_impaired_loan_loses_what_is_not_recovered() -> None:
    found = loss_factor(key=key(Stage.THREE, 24, secured_bps=4_000), model=model(), scenarios=ONLY)

    # 40 % secured loses 25 %, the rest 50 %.
    assert (found.units, found.months) == (400_000_000_000, 0)


def test_scenarios_are_weighed_and_nothing_is_lost_more_than_wholly() -> None:
    scenarios = (
        Scenario(name="Base", weight_bps=6_000),
        Scenario(name="Bad", weight_bps=4_000, pd_factor_bps=20_000, lgd_factor_bps=30_000),
    )

    found = loss_factor(key=key(Stage.ONE, 12), model=model(), scenarios=scenarios)

    # 0.6 x 1.2 % x 50 % + 0.4 x 2.4 % x 100 %.
    assert found.units == 3_600_000_000 + 9_600_000_000
    assert [(part.pd, part.lgd) for part in found.scenarios] == [
        (Decimal("0.012"), Decimal("0.5")),
        (Decimal("0.024"), Decimal(1)),
    ]


def test_weights_that_are_no_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        loss_factor(key=key(Stage.ONE, 12), model=model(), scenarios=(Scenario(name="Half", weight_bps=5_000),))


def test_undrawn_amount_counts_by_its_conversion_factor() -> None:
    factor = loss_factor(key=key(Stage.ONE, 12), model=model(), scenarios=ONLY)
    exposure = Exposure(principal_paise=1_00_000_00, undrawn_paise=40_000_00)

    # 0.6 % of 1,20,000.
    assert ecl_provision(exposure=exposure, factor=factor, ccf_bps=5_000) == 720_00


@given(
    months=st.integers(1, 40),
    eir_bps=st.integers(0, 4_800),
    secured_bps=st.integers(0, 10_000),
    stage=st.sampled_from([Stage.ONE, Stage.TWO]),
    profile=st.sampled_from(list(Profile)),
    pd_factor_bps=st.integers(5_000, 20_000),
    funded_paise=st.integers(0, 10**10),
)
def test_factor_is_that_of_exact_fractions(
    *,
    months: int,
    eir_bps: int,
    secured_bps: int,
    stage: Stage,
    profile: Profile,
    pd_factor_bps: int,
    funded_paise: int,
) -> None:
    scenarios = (
        Scenario(name="Base", weight_bps=7_000),
        Scenario(name="Bad", weight_bps=3_000, pd_factor_bps=pd_factor_bps),
    )
    used = model(profile=profile)
    found = loss_factor(
        key=key(stage, months, eir_bps=eir_bps, secured_bps=secured_bps), model=used, scenarios=scenarios
    )

    exact = _exact_factor(used, scenarios, stage, months, eir_bps=eir_bps, secured_bps=secured_bps)
    assert abs(Fraction(found.units, FACTOR_UNIT) - exact) <= Fraction(1, 2 * FACTOR_UNIT)
    provision = ecl_provision(exposure=Exposure(principal_paise=funded_paise), factor=found, ccf_bps=0)
    assert abs(provision - funded_paise * exact) <= Fraction(1, 2) + Fraction(funded_paise, 2 * FACTOR_UNIT)


def _exact_factor(
    used: EclModel, scenarios: tuple[Scenario, ...], stage: Stage, months: int, *, eir_bps: int, secured_bps: int
) -> Fraction:
    growth = 1 + Fraction(eir_bps, 120_000)
    steps = [(growth**months - growth**gone) for gone in range(months)]
    whole = growth**months - 1
    even = [Fraction(months - gone, months) for gone in range(months)]
    running = [step / whole for step in steps] if whole else even
    left = running if used.profile is Profile.AMORTISING else [Fraction(1)] * months
    counted = min(months, 12) if stage is Stage.ONE else months
    lgd = Fraction(2_500 * secured_bps + 5_000 * (10_000 - secured_bps), 10**8)
    total = Fraction(0)
    for scenario in scenarios:
        chances = [
            min(Fraction(1_000 * month * scenario.pd_factor_bps, 10**10), Fraction(1)) for month in range(counted + 1)
        ]
        loss = sum(
            (chances[month + 1] - chances[month]) * left[month] / growth ** (month + 1) for month in range(counted)
        )
        total += Fraction(scenario.weight_bps, 10_000) * loss * lgd
    return total


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-31", "2026-03-31", 0),
        ("2026-03-31", "2026-04-01", 1),
        ("2026-03-31", "2026-04-30", 1),
        ("2026-03-31", "2027-03-31", 12),
        ("2026-02-28", "2026-04-05", 2),
        ("2026-02-28", "2026-04-29", 3),
        ("2026-05-31", "2026-01-01", 0),
    ],
)
def test_begun_month_counts_as_a_whole_one(start: str, end: str, expected: int) -> None:
    assert months_between(start=date.fromisoformat(start), end=date.fromisoformat(end)) == expected


buckets = st.sampled_from(["1", "2", "3", None])
amounts = st.integers(0, 10**12)


@st.composite
def cells(draw: st.DrawFn) -> MovementCell:
    """Draw a group of loans that was somewhere and went somewhere."""
    opening, closing = draw(buckets), draw(buckets)
    reason = Exit.NONE if closing else draw(st.sampled_from([Exit.CLOSED, Exit.WRITTEN_OFF]))
    return MovementCell(
        opening=opening,
        closing=closing,
        exit=reason,
        loans=draw(st.integers(1, 100)),
        opening_exposure_paise=0,
        closing_exposure_paise=0,
        opening_paise=draw(amounts) if opening else 0,
        closing_paise=draw(amounts) if closing else 0,
    )


@given(drawn=st.lists(cells(), max_size=20))
def test_movement_explains_the_closing_balance_whatever_happened(drawn: list[MovementCell]) -> None:
    lines = movement_lines(cells=drawn, buckets=("1", "2", "3"))
    total = movement_total(lines=lines)

    assert [line.explained_paise for line in lines] == [line.closing_paise for line in lines]
    assert total.transferred_in_paise == total.transferred_out_paise
    assert total.opening_paise == sum(cell.opening_paise for cell in drawn)
    assert total.closing_paise == sum(cell.closing_paise for cell in drawn) == total.explained_paise
