"""Why a provision is what it is: formula, inputs and dated rows, worked out anew from what the result holds."""

from dataclasses import dataclass

from lms.engine.classification import AssetClass
from lms.engine.provisions import Exposure, Stage, iracp_provision
from lms.engine.provisions_ecl import EclModel, LossFactor, LossKey, ecl_provision, loss_factor
from lms.models import EclParameters, ProvisionResult
from lms.models import ProvisionRate as RateRow
from lms.services.provisions.rows import ecl_model, rate_of, scenarios_of, undrawn_model


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUse:
    """A dated row and what it was applied to, in paise."""

    row: RateRow
    secured_paise: int
    unsecured_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionExplanation:
    """The parts of both provisions; `iracp_paise` and `ecl_paise` are worked out from them and equal the result's."""

    exposure: Exposure
    stage: Stage
    rates: tuple[RateUse, ...]
    ecl_row: EclParameters
    model: EclModel
    factor: LossFactor
    iracp_paise: int
    ecl_paise: int


def provision_explain(*, result: ProvisionResult) -> ProvisionExplanation:
    """Return how the result of a loan or a line came about, from its inputs and the rows that it names.

    Args:
        result: with its run and the run's parameters.
    """
    exposure = Exposure(
        principal_paise=result.principal_paise,
        interest_paise=result.interest_paise,
        charges_paise=result.charges_paise,
        suspended_paise=result.suspended_paise,
        undrawn_paise=result.undrawn_paise + result.line_undrawn_paise,
        secured_bps=result.secured_bps,
    )
    rows = [RateRow.objects.get(pk=key) for key in (result.rate_id, result.extra_rate_id) if key is not None]
    ecl_row = EclParameters.objects.get(pk=result.ecl_row_id)
    model = ecl_model(ecl_row)
    if result.line_id is not None:
        model = undrawn_model(model)
    factor = loss_factor(key=_key(result), model=model, scenarios=scenarios_of(result.run.parameters.scenarios))
    return ProvisionExplanation(
        exposure=exposure,
        stage=Stage(result.stage),
        rates=tuple(
            RateUse(row=row, secured_paise=exposure.secured_paise, unsecured_paise=exposure.unsecured_paise)
            for row in rows
        ),
        ecl_row=ecl_row,
        model=model,
        factor=factor,
        iracp_paise=iracp_provision(exposure=exposure, rates=[rate_of(row) for row in rows]),
        ecl_paise=ecl_provision(exposure=exposure, factor=factor, ccf_bps=model.ccf_bps),
    )


def _key(result: ProvisionResult) -> LossKey:
    asset_class = AssetClass(result.asset_class)
    return LossKey(
        stage=Stage(result.stage),
        grade=AssetClass.STANDARD if asset_class.is_npa else asset_class,
        months_left=result.months_left,
        eir_bps=result.eir_bps,
        secured_bps=result.secured_bps,
    )
