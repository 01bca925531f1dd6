"""The first rows of provisions: the regulator's norms, and chances of default until the lender has its own model."""

from datetime import date
from typing import Final

from django.db import transaction

from lms.engine.classification import AssetClass
from lms.engine.provisions import Basis, Layer
from lms.models import EclParameters, ProvisionParameters, ProvisionRate

FIRST_DAY: Final = date(2000, 1, 1)
_NORMS: Final = "Prudential norms for NBFCs; scale based regulation of 22 October 2021"
_UPPER_NORMS: Final = "RBI/2022-23/61 of 6 June 2022"
_CALAMITY_NORMS: Final = "RBI/2026-27/69 of 29 April 2026"
_OWN_MODEL: Final = "To be replaced by the lender's own model"

# Kind, layer, category, secured and unsecured basis points, first day, source.
_RATES: Final = (
    ("STANDARD", "BASE", "", 25, 25, FIRST_DAY, _NORMS),
    ("STANDARD", "MIDDLE", "", 40, 40, FIRST_DAY, _NORMS),
    ("STANDARD", "UPPER", "", 40, 40, FIRST_DAY, _UPPER_NORMS),
    ("STANDARD", "UPPER", "HOUSING", 25, 25, FIRST_DAY, _UPPER_NORMS),
    ("STANDARD", "UPPER", "SMALL_MICRO", 25, 25, FIRST_DAY, _UPPER_NORMS),
    ("STANDARD", "UPPER", "TEASER_HOUSING", 200, 200, FIRST_DAY, _UPPER_NORMS),
    ("STANDARD", "UPPER", "CRE_RH", 75, 75, FIRST_DAY, _UPPER_NORMS),
    ("STANDARD", "UPPER", "CRE", 100, 100, FIRST_DAY, _UPPER_NORMS),
    ("SUB_STANDARD", "", "", 1_000, 1_000, FIRST_DAY, _NORMS),
    ("DOUBTFUL_1", "", "", 2_000, 10_000, FIRST_DAY, _NORMS),
    ("DOUBTFUL_2", "", "", 3_000, 10_000, FIRST_DAY, _NORMS),
    ("DOUBTFUL_3", "", "", 5_000, 10_000, FIRST_DAY, _NORMS),
    ("LOSS", "", "", 10_000, 10_000, FIRST_DAY, _NORMS),
    # None before the relief existed; the row makes every month-end find one.
    ("CALAMITY", "", "", 0, 0, FIRST_DAY, _NORMS),
    ("CALAMITY", "", "", 500, 500, date(2026, 7, 1), _CALAMITY_NORMS),
)
_SCENARIOS: Final = (
    {"name": "Base", "weight_bps": 6_000, "pd_factor_bps": 10_000, "lgd_factor_bps": 10_000},
    {"name": "Good", "weight_bps": 1_500, "pd_factor_bps": 8_000, "lgd_factor_bps": 9_500},
    {"name": "Bad", "weight_bps": 2_500, "pd_factor_bps": 14_000, "lgd_factor_bps": 11_000},
)
_CURVES: Final = {
    AssetClass.STANDARD: [15_000, 28_000, 38_000, 46_000, 52_000],
    AssetClass.SMA_0: [60_000, 95_000, 120_000, 138_000, 150_000],
    AssetClass.SMA_1: [220_000, 290_000, 330_000, 355_000, 370_000],
    AssetClass.SMA_2: [450_000, 530_000, 570_000, 590_000, 600_000],
}


@transaction.atomic
def provision_seed(*, layer: Layer = Layer.BASE, basis: Basis = Basis.IRACP) -> None:
    """Publish the first rows where there are none; rows that exist stay as they are.

    Args:
        layer: where the regulator's scale puts the lender.
        basis: what the books carry; ECL is for lenders that report by Ind AS.

    Source: regulation 3 and 13.
    """
    if not ProvisionRate.objects.exists():
        ProvisionRate.objects.bulk_create(
            ProvisionRate(
                kind=kind,
                layer=of_layer,
                category=category,
                secured_bps=secured,
                unsecured_bps=unsecured,
                effective_from=first_day,
                source=source,
            )
            for kind, of_layer, category, secured, unsecured, first_day, source in _RATES
        )
    if not EclParameters.objects.exists():
        EclParameters.objects.create(
            effective_from=FIRST_DAY,
            lgd_secured_bps=3_500,
            lgd_unsecured_bps=6_500,
            ccf_bps=5_000,
            curves={grade.value: curve for grade, curve in _CURVES.items()},
            source=_OWN_MODEL,
        )
    if not ProvisionParameters.objects.exists():
        ProvisionParameters.objects.create(
            effective_from=FIRST_DAY, layer=layer.value, basis=basis.value, scenarios=list(_SCENARIOS), source=_NORMS
        )
