"""The provision of every loan and undrawn line: prudential and expected loss side by side, with what explains them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP
from typing import Any, Final

from lms.engine.classification import AssetClass
from lms.engine.provisions import Exposure, RateKind, Stage, iracp_provision, rate_kind, stage_of
from lms.engine.provisions_ecl import LossKey, ecl_provision
from lms.models import ProvisionMark, ProvisionResult, ProvisionRun
from lms.services.day_end.statements import rows_insert
from lms.services.provisions.effective_rates import EffectiveRates
from lms.services.provisions.marks import marks_on
from lms.services.provisions.rows import ProvisionRules, undrawn_model
from lms.services.provisions.standings import Standing
from lms.services.provisions.undrawn import Undrawn, UndrawnLine

COLUMNS: Final = (
    "run_id",
    "loan_id",
    "line_id",
    "product_code",
    "segment",
    "asset_class",
    "stage",
    "days_past_due",
    "npa_since",
    "is_restructured",
    "is_on_watch_list",
    "principal_paise",
    "interest_paise",
    "charges_paise",
    "suspended_paise",
    "undrawn_paise",
    "line_undrawn_paise",
    "funded_paise",
    "secured_bps",
    "rate_id",
    "extra_rate_id",
    "ecl_row_id",
    "eir_bps",
    "months_left",
    "factor_units",
    "iracp_paise",
    "ecl_paise",
    "fact_count",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    is_on_watch_list: bool
    is_in_relief: bool


def results_of(
    *,
    run: ProvisionRun,
    standings: Sequence[Standing],
    undrawn: Undrawn,
    rules: ProvisionRules,
    rates: EffectiveRates,
) -> list[tuple[Any, ...]]:
    """Work out provisions; nothing is written.

    Returns:
        Values in the order of `COLUMNS`, one row for each loan, and one for each line of `undrawn.lines`.

    Raises:
        ProvisionRowsMissing: no row says which rate or model counts.
    """
    ids = [standing.loan.pk for standing in standings]
    marks = marks_on(loan_ids=ids, on_date=rules.month_end)
    effective = rates.of(loans=[standing.loan for standing in standings if standing.eir_bps is None])
    effective |= {item.loan.pk: item.eir_bps for item in standings if item.eir_bps is not None}
    rows = [
        _row(
            run.pk,
            standing,
            rules,
            _Marks(
                is_on_watch_list=(standing.loan.pk, ProvisionMark.Kind.WATCH_LIST.value) in marks,
                is_in_relief=(standing.loan.pk, ProvisionMark.Kind.CALAMITY.value) in marks,
            ),
            eir_bps=effective[standing.loan.pk],
            line_undrawn_paise=undrawn.behind_loans.get(standing.loan.pk, 0),
        )
        for standing in standings
    ]
    return rows + [_line_row(run.pk, line, rules) for line in undrawn.lines]


def results_insert(*, rows: Iterable[tuple[Any, ...]]) -> None:
    """Append results, in the caller's transaction."""
    rows_insert(model=ProvisionResult, columns=COLUMNS, rows=list(rows))


def _row(
    run_id: int, standing: Standing, rules: ProvisionRules, marks: _Marks, *, eir_bps: int, line_undrawn_paise: int
) -> tuple[Any, ...]:
    loan, asset_class = standing.loan, standing.asset_class
    segment = rules.segment(loan.product_code)
    model = rules.model(segment.name)
    exposure = replace(
        standing.exposure,
        secured_bps=segment.secured_bps,
        undrawn_paise=standing.exposure.undrawn_paise + line_undrawn_paise,
    )
    rate = rules.rate(rate_kind(asset_class=asset_class), segment.category)
    is_extra = marks.is_in_relief and not asset_class.is_npa
    extra = rules.rate(RateKind.CALAMITY, segment.category) if is_extra else None
    stage = _stage(standing, rules, is_watched=marks.is_on_watch_list)
    key = LossKey(
        stage=stage,
        grade=AssetClass.STANDARD if asset_class.is_npa else asset_class,
        months_left=standing.months_left,
        eir_bps=eir_bps,
        secured_bps=segment.secured_bps,
    )
    factor = rules.factor(model, key)
    return (
        *(run_id, loan.pk, None, loan.product_code, segment.name, asset_class.value, stage.value),
        *(standing.days_past_due, _day(standing.npa_since), standing.is_restructured, marks.is_on_watch_list),
        *_amounts(exposure, line_undrawn_paise),
        *(rate.key, extra.key if extra else None, model.key),
        *(eir_bps, standing.months_left, factor.units),
        iracp_provision(exposure=exposure, rates=[rate, *([extra] if extra else [])]),
        ecl_provision(exposure=exposure, factor=factor, ccf_bps=model.ccf_bps),
        standing.fact_count,
    )


def _line_row(run_id: int, undrawn: UndrawnLine, rules: ProvisionRules) -> tuple[Any, ...]:
    """Return the row of a line that nothing is drawn from; the norms ask for nothing on what is not lent."""
    line, asset_class = undrawn.line, undrawn.asset_class
    segment = rules.segment(line.product_code)
    model = undrawn_model(rules.model(segment.name))
    exposure = Exposure(principal_paise=0, undrawn_paise=undrawn.undrawn_paise, secured_bps=segment.secured_bps)
    key = LossKey(
        stage=_stage(undrawn, rules, is_watched=undrawn.is_watched),
        grade=asset_class,
        months_left=undrawn.months_left,
        eir_bps=int((line.annual_rate_pct * 100).to_integral_value(rounding=ROUND_HALF_UP)),
        secured_bps=segment.secured_bps,
    )
    factor = rules.factor(model, key)
    rate = rules.rate(rate_kind(asset_class=asset_class), segment.category)
    return (
        *(run_id, None, line.pk, line.product_code, segment.name, asset_class.value, key.stage.value),
        *(undrawn.days_past_due, None, undrawn.is_restructured, undrawn.is_watched),
        *_amounts(exposure, undrawn.undrawn_paise),
        *(rate.key, None, model.key),
        *(key.eir_bps, key.months_left, factor.units),
        iracp_provision(exposure=exposure, rates=[rate]),
        ecl_provision(exposure=exposure, factor=factor, ccf_bps=model.ccf_bps),
        line.fact_count,
    )


def _stage(found: Standing | UndrawnLine, rules: ProvisionRules, *, is_watched: bool) -> Stage:
    return stage_of(
        asset_class=found.asset_class,
        days_past_due=found.days_past_due,
        is_watched=is_watched,
        is_restructured=found.is_restructured,
        stage_2_from_days=rules.parameters.stage_2_from_days,
        stage_3_from_days=rules.parameters.stage_3_from_days,
    )


def _amounts(exposure: Exposure, line_undrawn_paise: int) -> tuple[int, ...]:
    return (
        exposure.principal_paise,
        exposure.interest_paise,
        exposure.charges_paise,
        exposure.suspended_paise,
        exposure.undrawn_paise - line_undrawn_paise,
        line_undrawn_paise,
        exposure.funded_paise,
        exposure.secured_bps,
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
