"""Expected credit loss: what of an exposure is expected to be lost, exactly, as a factor for loans that are alike.

Loss = exposure x factor. The factor adds, over scenarios and months, the chance to default in the month, the part of
today's exposure that is left then, what of it is lost, and what that is worth today at the effective rate. It is a rate
with twelve decimals; money is rounded once, where exposure meets factor.

Source: Ind AS 109; regulation 13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from enum import StrEnum
from itertools import pairwise

from lms.engine.classification import AssetClass
from lms.engine.provisions import WHOLE_BPS, Exposure, Stage, half_up

FACTOR_UNIT = 10**12
WHOLE_PPM = 10**6
_MONTHS = 12
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)
# Grades that have a chance of default of their own; an impaired loan is in default already.
GRADES = (AssetClass.STANDARD, AssetClass.SMA_0, AssetClass.SMA_1, AssetClass.SMA_2)


class Profile(StrEnum):
    """How the exposure runs down: by equal instalments, or at once at the end."""

    AMORTISING = "AMORTISING"
    BULLET = "BULLET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way the economy may go: how likely, and how it stretches chances of default and losses."""

    name: str
    weight_bps: int
    pd_factor_bps: int = WHOLE_BPS
    lgd_factor_bps: int = WHOLE_BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class EclModel:
    """Figures of a segment from a day on.

    `curves` has for each grade the chance in millionths to have defaulted by the end of year one, two, three; the last
    year's rise goes on after it. `ccf_bps` of what is undrawn is taken for drawn when it comes to a default.
    """

    key: int
    segment: str
    effective_from: date
    lgd_secured_bps: int
    lgd_unsecured_bps: int
    ccf_bps: int
    profile: Profile
    curves: Mapping[AssetClass, tuple[int, ...]]

    def lgd_weighted(self, secured_bps: int) -> int:
        """Return the loss given default for a mix of security, in units of 1/10^8."""
        return self.lgd_secured_bps * secured_bps + self.lgd_unsecured_bps * (WHOLE_BPS - secured_bps)


@dataclass(frozen=True, slots=True)
class LossKey:
    """What loans with the same factor have in common. `eir_bps` is the effective rate of a year in basis points."""

    stage: Stage
    grade: AssetClass
    months_left: int
    eir_bps: int
    secured_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioLoss:
    """One scenario's part of a factor: chance of default, loss given default, and their discounted product."""

    scenario: Scenario
    pd: Decimal
    lgd: Decimal
    loss: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFactor:
    """The factor in units of 1/10^12, and how it came about."""

    key: LossKey
    months: int
    units: int
    scenarios: tuple[ScenarioLoss, ...]


def loss_factor(*, key: LossKey, model: EclModel, scenarios: Sequence[Scenario]) -> LossFactor:
    """Return what of a rupee of exposure is expected to be lost.

    Stage 1 looks at twelve months, stage 2 at all that are left; in stage 3 the default has happened.

    Args:
        scenarios: their weights add up to 10,000.

    Raises:
        ValueError: they do not.
    """
    if sum(scenario.weight_bps for scenario in scenarios) != WHOLE_BPS:
        raise ValueError("The weights of the scenarios do not add up to one.")
    months = max(key.months_left, 1)
    counted = min(months, _MONTHS) if key.stage is Stage.ONE else months
    with localcontext(_CONTEXT):
        parts = tuple(_scenario_loss(key, model, scenario, months, counted) for scenario in scenarios)
        weighed = sum((part.loss * part.scenario.weight_bps for part in parts), Decimal(0)) / WHOLE_BPS
        units = int((weighed * FACTOR_UNIT).to_integral_value(rounding=ROUND_HALF_EVEN))
    return LossFactor(key=key, months=counted if key.stage is not Stage.THREE else 0, units=units, scenarios=parts)


def ecl_provision(*, exposure: Exposure, factor: LossFactor, ccf_bps: int) -> int:
    """Return the expected credit loss in paise, rounded half up once."""
    return half_up(ead_weighted(exposure=exposure, ccf_bps=ccf_bps) * factor.units, FACTOR_UNIT * WHOLE_BPS)


def ead_weighted(*, exposure: Exposure, ccf_bps: int) -> int:
    """Return the exposure at default in hundredths of a hundredth of a paisa: nothing of it is rounded yet."""
    return exposure.funded_paise * WHOLE_BPS + exposure.undrawn_paise * ccf_bps


def cumulative_pd(*, curve: Sequence[int], months: int) -> int:
    """Return the chance to have defaulted by the end of a month, in units of 1/(12 x 10^6).

    Within a year it rises evenly; after the last year of the curve it rises as in that year, up to certainty.
    """
    years, part = divmod(months, _MONTHS)
    return min(_MONTHS * _of_year(curve, years) + (_of_year(curve, years + 1) - _of_year(curve, years)) * part, _SURE)


_SURE = _MONTHS * WHOLE_PPM


def months_between(*, start: date, end: date) -> int:
    """Return the months from a day to a later one, a begun month as a whole one; zero where none is left."""
    if end <= start:
        return 0
    months = (end.year - start.year) * _MONTHS + end.month - start.month
    return max(months + (1 if end.day > start.day else 0), 1)


def _of_year(curve: Sequence[int], year: int) -> int:
    """Return the chance in millionths by the end of a year, counted from one; zero at the start."""
    if year <= 0:
        return 0
    if year <= len(curve):
        return curve[year - 1]
    before = curve[-2] if len(curve) > 1 else 0
    return curve[-1] + (curve[-1] - before) * (year - len(curve))


def _scenario_loss(key: LossKey, model: EclModel, scenario: Scenario, months: int, counted: int) -> ScenarioLoss:
    lgd = Decimal(model.lgd_weighted(key.secured_bps)) / (WHOLE_BPS * WHOLE_BPS)
    lgd = min(lgd * scenario.lgd_factor_bps / WHOLE_BPS, _ONE)
    if key.stage is Stage.THREE:
        return ScenarioLoss(scenario=scenario, pd=_ONE, lgd=lgd, loss=lgd)
    chances = _chances(model.curves[key.grade], scenario, counted)
    left = _left(key, model.profile, months)
    growth = _ONE + Decimal(key.eir_bps) / (_MONTHS * WHOLE_BPS)
    weighed, discount = Decimal(0), _ONE
    for chance, share in zip(chances, left, strict=False):
        discount /= growth
        weighed += chance * share * discount
    return ScenarioLoss(scenario=scenario, pd=sum(chances, Decimal(0)), lgd=lgd, loss=weighed * lgd)


def _chances(curve: Sequence[int], scenario: Scenario, months: int) -> list[Decimal]:
    """Return the chance to default in each of the months."""
    stretched = [
        min(Decimal(cumulative_pd(curve=curve, months=month)) * scenario.pd_factor_bps / WHOLE_BPS, Decimal(_SURE))
        for month in range(months + 1)
    ]
    return [(after - before) / _SURE for before, after in pairwise(stretched)]


def _left(key: LossKey, profile: Profile, months: int) -> list[Decimal]:
    """Return which part of today's exposure is left at the start of each month."""
    if profile is Profile.BULLET:
        return [_ONE] * months
    if key.eir_bps == 0:
        return [Decimal(months - gone) / months for gone in range(months)]
    growth = _ONE + Decimal(key.eir_bps) / (_MONTHS * WHOLE_BPS)
    powers = [_ONE]
    for _ in range(months):
        powers.append(powers[-1] * growth)
    return [(powers[months] - powers[gone]) / (powers[months] - _ONE) for gone in range(months)]
