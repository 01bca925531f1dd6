"""Month-ends that can be worked by hand: how they are computed, posted and read."""

from datetime import date
from decimal import Decimal
from typing import Any

from lms.engine.classification import AssetClass
from lms.models import ProvisionResult, ProvisionRun
from lms.services.provisions.posting import provision_run_post
from lms.services.provisions.publishing import ecl_parameters_publish
from lms.services.provisions.runs import provision_run_compute, provision_run_create

MAY = date(2026, 5, 31)
JUNE = date(2026, 6, 30)
NO_INTEREST: dict[str, Any] = {"annual_rate_pct": Decimal(0), "principal_paise": 1_20_000_00}


def compute(month_end: date, **options: Any) -> ProvisionRun:
    """Work out a month-end."""
    return provision_run_compute(run_id=provision_run_create(month_end=month_end).pk, **options)


def post(run: ProvisionRun) -> ProvisionRun:
    """Post a run."""
    return provision_run_post(run_id=run.pk, reason="Month-end")


def figures(run: ProvisionRun) -> dict[int, tuple[str, int, int, int, int]]:
    """Return class, stage, funded, IRACP and ECL by loan."""
    rows = ProvisionResult.objects.filter(run=run).values_list(
        "loan_id", "asset_class", "stage", "funded_paise", "iracp_paise", "ecl_paise"
    )
    return {loan_id: tuple(values) for loan_id, *values in rows}  # type: ignore[misc]


def certain_model() -> None:
    """Publish figures that can be worked by hand: one scenario, no interest, a default chance of 1.2 % a year."""
    ecl_parameters_publish(
        effective_from=date(2026, 1, 1),
        segment="",
        curves={
            AssetClass.STANDARD: [12_000, 24_000],
            AssetClass.SMA_0: [120_000],
            AssetClass.SMA_1: [240_000],
            AssetClass.SMA_2: [480_000],
        },
        lgd_secured_bps=2_500,
        lgd_unsecured_bps=5_000,
        ccf_bps=5_000,
        source="The lender's own model",
        reason="Model of the year",
    )
