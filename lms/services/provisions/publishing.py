"""Publish the dated rows that provisions follow; none is ever changed, the next one takes over from its day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction

from core import audit
from core.transactions import run_in_transaction
from lms.engine.classification import AssetClass
from lms.engine.provisions import WHOLE_BPS, Basis, Category, Layer, RateKind
from lms.engine.provisions_ecl import GRADES, WHOLE_PPM, Profile, Scenario
from lms.errors.provisions import ProvisionRowDateTaken, ProvisionRowInPostedMonth, ProvisionRowInvalid
from lms.models import EclParameters, ProvisionParameters, ProvisionRate, ProvisionRun, ProvisionSegment
from lms.services.checks import reason_check

Row = TypeVar("Row", bound=models.Model)
_FACTOR_MAX_BPS = 10 * WHOLE_BPS
_YEARS_MAX = 40


def provision_parameters_publish(
    *,
    effective_from: date,
    layer: Layer,
    basis: Basis,
    scenarios: Sequence[Scenario],
    source: str,
    reason: str,
    stage_2_from_days: int = 31,
    stage_3_from_days: int = 91,
    actor: User | None = None,
) -> ProvisionParameters:
    """Publish layer, basis, stages and scenarios from a day on.

    Raises:
        ProvisionRowInvalid: the weights are not a whole, a factor is out of range, or the stages do not rise.
        ProvisionRowInPostedMonth, ProvisionRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    if sum(item.weight_bps for item in scenarios) != WHOLE_BPS or any(item.weight_bps <= 0 for item in scenarios):
        raise ProvisionRowInvalid(problem="The weights of the scenarios are not positive parts of 100 %.")
    factors = [factor for item in scenarios for factor in (item.pd_factor_bps, item.lgd_factor_bps)]
    if not all(0 <= factor <= _FACTOR_MAX_BPS for factor in factors):
        raise ProvisionRowInvalid(problem="A factor of a scenario is not between 0 and 10.")
    if not 1 <= stage_2_from_days < stage_3_from_days:
        raise ProvisionRowInvalid(problem="Stage 3 has to begin later than stage 2.")
    row = ProvisionParameters(
        effective_from=effective_from,
        layer=layer.value,
        basis=basis.value,
        stage_2_from_days=stage_2_from_days,
        stage_3_from_days=stage_3_from_days,
        scenarios=[asdict(item) for item in scenarios],
    )
    return _publish(row, source=source, reason=reason, actor=actor)


def provision_rate_publish(
    *,
    effective_from: date,
    kind: RateKind,
    secured_bps: int,
    unsecured_bps: int,
    source: str,
    reason: str,
    layer: Layer | None = None,
    category: Category | None = None,
    actor: User | None = None,
) -> ProvisionRate:
    """Publish a prudential rate from a day on, for a layer and a category of lending or for any.

    Raises:
        ProvisionRowInvalid: a rate is no share of a whole.
        ProvisionRowInPostedMonth, ProvisionRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    _shares_check(secured_bps, unsecured_bps)
    row = ProvisionRate(
        effective_from=effective_from,
        kind=kind.value,
        layer=layer.value if layer else "",
        category=category.value if category else "",
        secured_bps=secured_bps,
        unsecured_bps=unsecured_bps,
    )
    return _publish(row, source=source, reason=reason, actor=actor)


def ecl_parameters_publish(
    *,
    effective_from: date,
    segment: str,
    curves: Mapping[AssetClass, Sequence[int]],
    lgd_secured_bps: int,
    lgd_unsecured_bps: int,
    ccf_bps: int,
    source: str,
    reason: str,
    profile: Profile = Profile.AMORTISING,
    actor: User | None = None,
) -> EclParameters:
    """Publish chances of default, losses and credit conversion of a segment from a day on.

    Args:
        segment: "" for any segment without a row of its own.
        curves: for each grade from STANDARD to SMA_2, the chance in millionths to have defaulted by the end of each
            year; it never falls.

    Raises:
        ProvisionRowInvalid: a grade has no curve, a curve falls or is longer than 40 years, or a share is no share.
        ProvisionRowInPostedMonth, ProvisionRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    _shares_check(lgd_secured_bps, lgd_unsecured_bps, ccf_bps)
    for grade in GRADES:
        curve = list(curves.get(grade, ()))
        if not 1 <= len(curve) <= _YEARS_MAX or curve != sorted(curve) or curve[0] < 0 or curve[-1] > WHOLE_PPM:
            raise ProvisionRowInvalid(
                problem=f"The chances of default of {grade.value} do not rise from 0 to at most 100 %, year by year."
            )
    row = EclParameters(
        effective_from=effective_from,
        segment=segment.strip().upper(),
        lgd_secured_bps=lgd_secured_bps,
        lgd_unsecured_bps=lgd_unsecured_bps,
        ccf_bps=ccf_bps,
        profile=profile.value,
        curves={grade.value: list(curves[grade]) for grade in GRADES},
    )
    return _publish(row, source=source, reason=reason, actor=actor)


def provision_segment_publish(
    *,
    effective_from: date,
    product_code: str,
    segment: str,
    category: Category,
    secured_bps: int,
    source: str,
    reason: str,
    actor: User | None = None,
) -> ProvisionSegment:
    """Publish what a product's loans are to provisions from a day on.

    Args:
        secured_bps: the part of what is owed that security covers.

    Raises:
        ProvisionRowInvalid: the secured part is no share of a whole.
        ProvisionRowInPostedMonth, ProvisionRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    _shares_check(secured_bps)
    row = ProvisionSegment(
        effective_from=effective_from,
        product_code=product_code,
        segment=segment.strip().upper(),
        category=category.value,
        secured_bps=secured_bps,
    )
    return _publish(row, source=source, reason=reason, actor=actor)


def _shares_check(*shares_bps: int) -> None:
    if not all(0 <= share <= WHOLE_BPS for share in shares_bps):
        raise ProvisionRowInvalid(problem="A share is not between 0 and 100 %.")


def _publish(row: Row, *, source: str, reason: str, actor: User | None) -> Row:
    reason_check(reason=reason, is_required=True)
    if not source.strip():
        raise ProvisionRowInvalid(problem="The row does not say what demands it.")
    values: dict[str, Any] = {"source": source.strip(), "published_by": actor}
    for name, value in values.items():
        setattr(row, name, value)
    return run_in_transaction(lambda: _save(row, reason, actor))


def _save(row: Row, reason: str, actor: User | None) -> Row:
    effective_from: date = row.effective_from  # type: ignore[attr-defined]  # every dated row has one
    posted = ProvisionRun.objects.filter(state=ProvisionRun.State.POSTED).order_by("-month_end").first()
    if posted is not None and effective_from <= posted.month_end:
        raise ProvisionRowInPostedMonth(month_end=posted.month_end, effective_from=effective_from)
    row.pk = None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ProvisionRowDateTaken(effective_from=effective_from) from error
    audit.record(
        actor=actor,
        action="lms.provision_row_publish",
        obj=row,
        reason=reason,
        detail={"effective_from": effective_from.isoformat(), "row": str(row)[:120]},
    )
    return row
