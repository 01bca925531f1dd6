"""The dated rows that are in force at a month-end, as the engine reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from lms.engine.classification import AssetClass
from lms.engine.provisions import (
    Basis,
    Category,
    Layer,
    ProvisionRate,
    RateKind,
    rate_on,
)
from lms.engine.provisions_ecl import EclModel, LossFactor, LossKey, Profile, Scenario, loss_factor
from lms.errors.provisions import ProvisionRowsMissing
from lms.models import EclParameters, ProvisionParameters, ProvisionSegment
from lms.models import ProvisionRate as RateRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What a product's loans are to provisions."""

    name: str = ""
    category: str = Category.GENERAL.value
    secured_bps: int = 0


@dataclass(slots=True, kw_only=True)
class ProvisionRules:
    """Everything that decides provisions of one month-end. Factors are worked out once for loans that are alike."""

    month_end: date
    parameters: ProvisionParameters
    scenarios: tuple[Scenario, ...]
    rates: tuple[ProvisionRate, ...]
    models: tuple[EclModel, ...]
    segments: Mapping[str, Segment]
    _picked: dict[tuple[RateKind, str], ProvisionRate] = field(default_factory=dict)
    _factors: dict[tuple[int, Profile, LossKey], LossFactor] = field(default_factory=dict)

    @property
    def layer(self) -> Layer:
        """Where the regulator's scale puts the lender."""
        return Layer(self.parameters.layer)

    @property
    def basis(self) -> Basis:
        """Which provision the books carry."""
        return Basis(self.parameters.basis)

    def segment(self, product_code: str) -> Segment:
        """Return the segment of a product; unsecured general lending where no row names it."""
        return self.segments.get(product_code, _NO_SEGMENT)

    def rate(self, kind: RateKind, category: str) -> ProvisionRate:
        """Return the rate in force.

        Raises:
            ProvisionRowsMissing: no row covers it.
        """
        found = self._picked.get((kind, category))
        if found is None:
            found = rate_on(rates=self.rates, kind=kind, layer=self.layer, category=category, as_of=self.month_end)
            if found is None:
                raise ProvisionRowsMissing(what=f"the rate of {kind.value}", month_end=self.month_end)
            self._picked[kind, category] = found
        return found

    def model(self, segment: str) -> EclModel:
        """Return the ECL row of a segment, the one for any segment where it has none of its own.

        Raises:
            ProvisionRowsMissing: there is neither.
        """
        own = [model for model in self.models if model.segment in ("", segment)]
        if not own:
            raise ProvisionRowsMissing(
                what=f"the ECL parameters of {segment or 'any segment'}", month_end=self.month_end
            )
        return max(own, key=lambda model: (model.segment != "", model.effective_from))

    def factor(self, model: EclModel, key: LossKey) -> LossFactor:
        """Return the loss factor of loans that are alike."""
        place = (model.key, model.profile, key)
        found = self._factors.get(place)
        if found is None:
            found = loss_factor(key=key, model=model, scenarios=self.scenarios)
            self._factors[place] = found
        return found


_NO_SEGMENT = Segment()


def provision_rules(*, month_end: date, parameters: ProvisionParameters | None = None) -> ProvisionRules:
    """Read what is in force on a month-end.

    Args:
        parameters: those that a run began with; the row in force when not given.

    Raises:
        ProvisionRowsMissing: parameters, rates or ECL rows are not published.
    """
    row = parameters or ProvisionParameters.objects.filter(effective_from__lte=month_end).first()
    if row is None:
        raise ProvisionRowsMissing(what="layer and basis of the lender", month_end=month_end)
    rules = ProvisionRules(
        month_end=month_end,
        parameters=row,
        scenarios=scenarios_of(row.scenarios),
        rates=tuple(rate_of(item) for item in RateRow.objects.filter(effective_from__lte=month_end)),
        models=_models(month_end),
        segments=_segments(month_end),
    )
    # What every book needs: a refusal now is better than one in the middle of the run.
    for kind in RateKind:
        rules.rate(kind, "")
    for segment in {"", *(item.name for item in rules.segments.values())}:
        rules.model(segment)
    return rules


def scenarios_of(rows: Iterable[Mapping[str, object]]) -> tuple[Scenario, ...]:
    """Read scenarios as a row of parameters holds them."""
    return tuple(
        Scenario(
            name=str(row["name"]),
            weight_bps=int(str(row["weight_bps"])),
            pd_factor_bps=int(str(row["pd_factor_bps"])),
            lgd_factor_bps=int(str(row["lgd_factor_bps"])),
        )
        for row in rows
    )


def ecl_model(row: EclParameters) -> EclModel:
    """Read a row of ECL parameters."""
    return EclModel(
        key=row.pk,
        segment=row.segment,
        effective_from=row.effective_from,
        lgd_secured_bps=row.lgd_secured_bps,
        lgd_unsecured_bps=row.lgd_unsecured_bps,
        ccf_bps=row.ccf_bps,
        profile=Profile(row.profile),
        curves={AssetClass(grade): tuple(curve) for grade, curve in row.curves.items()},
    )


def undrawn_model(model: EclModel) -> EclModel:
    """Return the model for a line that nothing is drawn from: all of it can be drawn until its last day."""
    return replace(model, profile=Profile.BULLET)


def rate_of(row: RateRow) -> ProvisionRate:
    """Read a row of prudential rates."""
    return ProvisionRate(
        key=row.pk,
        kind=RateKind(row.kind),
        effective_from=row.effective_from,
        secured_bps=row.secured_bps,
        unsecured_bps=row.unsecured_bps,
        layer=row.layer,
        category=row.category,
    )


def _models(month_end: date) -> tuple[EclModel, ...]:
    rows = EclParameters.objects.filter(effective_from__lte=month_end).order_by("effective_from")
    return tuple({row.segment: ecl_model(row) for row in rows}.values())


def _segments(month_end: date) -> dict[str, Segment]:
    rows = ProvisionSegment.objects.filter(effective_from__lte=month_end).order_by("effective_from")
    return {
        row.product_code: Segment(name=row.segment, category=row.category, secured_bps=row.secured_bps) for row in rows
    }
