"""Provisions by the prudential norms: a share of what is owed, by class, layer and security; and the stage of Ind AS.

Rates are data of dated rows. Source: regulation 3 and 13 (IRACP norms of NBFCs, Ind AS 109).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from lms.engine.classification import AssetClass

WHOLE_BPS = 10_000


class Layer(StrEnum):
    """Where the regulator's scale puts the lender."""

    BASE = "BASE"
    MIDDLE = "MIDDLE"
    UPPER = "UPPER"


class Basis(StrEnum):
    """Which provision the books carry; the other one is worked out beside it."""

    IRACP = "IRACP"
    ECL = "ECL"


class RateKind(StrEnum):
    """What a prudential rate is for; CALAMITY comes on top of the rate of a performing loan."""

    STANDARD = "STANDARD"
    SUB_STANDARD = "SUB_STANDARD"
    DOUBTFUL_1 = "DOUBTFUL_1"
    DOUBTFUL_2 = "DOUBTFUL_2"
    DOUBTFUL_3 = "DOUBTFUL_3"
    LOSS = "LOSS"
    CALAMITY = "CALAMITY"


class Category(StrEnum):
    """Kinds of lending that have standard-asset rates of their own in the upper layer."""

    GENERAL = "GENERAL"
    HOUSING = "HOUSING"
    SMALL_MICRO = "SMALL_MICRO"
    TEASER_HOUSING = "TEASER_HOUSING"
    CRE_RH = "CRE_RH"
    CRE = "CRE"


class Stage(IntEnum):
    """Stage of impairment: losses of twelve months, of the whole life, and of the whole life when impaired."""

    ONE = 1
    TWO = 2
    THREE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionRate:
    """Share of the secured and of the unsecured part to provide for, from a day on; "" stands for any."""

    key: int
    kind: RateKind
    effective_from: date
    secured_bps: int
    unsecured_bps: int
    layer: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What a loan owes at a day-end, in paise, by layer; `secured_bps` is the part that security covers.

    `suspended_paise` is income that was booked, not received and taken out again: it is no asset.
    """

    principal_paise: int
    interest_paise: int = 0
    charges_paise: int = 0
    suspended_paise: int = 0
    undrawn_paise: int = 0
    secured_bps: int = 0

    @property
    def funded_paise(self) -> int:
        """What the balance sheet carries of the loan; interest paid ahead of its day does not make it negative."""
        return max(self.principal_paise + self.interest_paise + self.charges_paise - self.suspended_paise, 0)

    @property
    def secured_paise(self) -> int:
        """The part of it that security covers, rounded down."""
        return self.funded_paise * self.secured_bps // WHOLE_BPS

    @property
    def unsecured_paise(self) -> int:
        """The part of it that nothing covers."""
        return self.funded_paise - self.secured_paise


def rate_kind(*, asset_class: AssetClass) -> RateKind:
    """Return the kind of rate of a class; special mention accounts are standard assets."""
    return RateKind(asset_class.value) if asset_class.is_npa else RateKind.STANDARD


def rate_on(
    *, rates: Iterable[ProvisionRate], kind: RateKind, layer: Layer, category: str, as_of: date
) -> ProvisionRate | None:
    """Return the rate in force on a day: one for the layer or the category before one for any, then the latest.

    Returns:
        None where no row covers the question.
    """
    found = [
        rate
        for rate in rates
        if rate.kind is kind
        and rate.effective_from <= as_of
        and rate.layer in ("", layer.value)
        and rate.category in ("", category)
    ]
    return max(found, key=lambda rate: (rate.layer != "", rate.category != "", rate.effective_from), default=None)


def iracp_provision(*, exposure: Exposure, rates: Sequence[ProvisionRate]) -> int:
    """Return the prudential provision in paise: every rate on its part, added up exactly and rounded half up once.

    Args:
        rates: that of the class, and any that come on top of it.
    """
    weighed = sum(
        exposure.secured_paise * rate.secured_bps + exposure.unsecured_paise * rate.unsecured_bps for rate in rates
    )
    return half_up(weighed, WHOLE_BPS)


def stage_of(
    *,
    asset_class: AssetClass,
    days_past_due: int,
    is_watched: bool,
    is_restructured: bool,
    stage_2_from_days: int,
    stage_3_from_days: int,
) -> Stage:
    """Return the stage of a loan at a day-end.

    Args:
        is_watched: the loan is on the watch list.
        is_restructured: its terms were eased for financial difficulty.
        stage_2_from_days, stage_3_from_days: days past due from which the risk has risen, and the loan is impaired.

    Source: Ind AS 109 (rebuttable at more than 30 and more than 90 days).
    """
    if asset_class.is_npa or days_past_due >= stage_3_from_days:
        return Stage.THREE
    if is_watched or is_restructured or days_past_due >= stage_2_from_days:
        return Stage.TWO
    return Stage.ONE


def half_up(numerator: int, denominator: int) -> int:
    """Round a fraction that is not negative to a whole number, a half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)
