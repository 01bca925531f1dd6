"""Thresholds of the asset classes: which are in force, and how a change of the regulation is published."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.classification_errors import ThresholdsDateTaken, ThresholdsInPast, ThresholdsNotRising
from lms.engine.classification import AgeThreshold, AssetClass, ClassificationRule, DayThreshold
from lms.models import ClassificationParameters
from lms.services.checks import reason_check

FIRST_SOURCE = "RBI/2021-22/125 of 12 November 2021; 90 days for every NBFC"
BASE_LAYER_SOURCE = "RBI scale based regulation of 22 October 2021: the base layer's way to 90 days"
_FIRST_DAY = date(2000, 1, 1)
# From which day past due a lender of the base layer calls a loan non-performing, by the day on which that began.
_BASE_LAYER_PATH = (
    (_FIRST_DAY, 181),
    (date(2024, 3, 31), 151),
    (date(2025, 3, 31), 121),
    (date(2026, 3, 31), 91),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From how many days past due each class begins, and from how many months as NPA each doubtful class."""

    sma_0_from_days: int = 1
    sma_1_from_days: int = 31
    sma_2_from_days: int = 61
    npa_from_days: int = 91
    doubtful_1_from_months: int = 12
    doubtful_2_from_months: int = 24
    doubtful_3_from_months: int = 48

    def as_columns(self) -> dict[str, int]:
        """Return the thresholds by the names of their columns."""
        return {name: getattr(self, name) for name in self.__slots__}


def classification_rules() -> tuple[ClassificationRule, ...]:
    """Return every published rule; the norm of the regulation alone where nothing was published yet."""
    rows = ClassificationParameters.objects.order_by("effective_from")
    return tuple(_rule(row) for row in rows) or (ClassificationRule(effective_from=_FIRST_DAY),)


def rule_of_thresholds(*, effective_from: date, thresholds: Thresholds) -> ClassificationRule:
    """Return the rule that thresholds are, published or not."""
    return ClassificationRule(
        effective_from=effective_from,
        by_days=(
            DayThreshold(AssetClass.SMA_0, thresholds.sma_0_from_days),
            DayThreshold(AssetClass.SMA_1, thresholds.sma_1_from_days),
            DayThreshold(AssetClass.SMA_2, thresholds.sma_2_from_days),
            DayThreshold(AssetClass.SUB_STANDARD, thresholds.npa_from_days),
        ),
        by_npa_age=(
            AgeThreshold(AssetClass.DOUBTFUL_1, thresholds.doubtful_1_from_months),
            AgeThreshold(AssetClass.DOUBTFUL_2, thresholds.doubtful_2_from_months),
            AgeThreshold(AssetClass.DOUBTFUL_3, thresholds.doubtful_3_from_months),
        ),
    )


def classification_seed(*, is_base_layer: bool = False) -> None:
    """Publish the norm of the regulation as the first rows, once.

    Args:
        is_base_layer: with the steps by which lenders of the base layer came to 90 days.

    Source: regulation 3.
    """
    if ClassificationParameters.objects.exists():
        return
    path = _BASE_LAYER_PATH if is_base_layer else ((_FIRST_DAY, Thresholds().npa_from_days),)
    source = BASE_LAYER_SOURCE if is_base_layer else FIRST_SOURCE
    ClassificationParameters.objects.bulk_create(
        ClassificationParameters(effective_from=first_day, npa_from_days=days, source=source)
        for first_day, days in path
    )


def classification_publish(
    *, effective_from: date, thresholds: Thresholds, source: str, reason: str, actor: User | None = None
) -> ClassificationParameters:
    """Publish thresholds that count from a day on; day-ends before it go by the earlier ones.

    Args:
        effective_from: the business date or later: closed days are never classified anew.
        source: the circular.

    Raises:
        ThresholdsInPast: the day is closed.
        ThresholdsNotRising: a worse class would begin before a better one.
        ThresholdsDateTaken: another row begins on that day.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    if effective_from < (today := business_date()):
        raise ThresholdsInPast(effective_from=effective_from, business_date=today)
    days = (1, thresholds.sma_0_from_days, thresholds.sma_1_from_days, thresholds.sma_2_from_days)
    months = (thresholds.doubtful_1_from_months, thresholds.doubtful_2_from_months, thresholds.doubtful_3_from_months)
    is_rising = days[0] <= days[1] < days[2] < days[3] < thresholds.npa_from_days and 1 <= months[0] < months[1]
    if not is_rising or months[1] >= months[2]:
        raise ThresholdsNotRising()
    return run_in_transaction(lambda: _publish(effective_from, thresholds, source.strip(), reason, actor))


def _publish(
    effective_from: date, thresholds: Thresholds, source: str, reason: str, actor: User | None
) -> ClassificationParameters:
    try:
        with transaction.atomic():
            row = ClassificationParameters.objects.create(
                effective_from=effective_from, source=source, published_by=actor, **thresholds.as_columns()
            )
    except IntegrityError as error:
        raise ThresholdsDateTaken(effective_from=effective_from) from error
    audit.record(
        actor=actor,
        action="lms.classification_publish",
        obj=row,
        reason=reason,
        detail={"effective_from": effective_from.isoformat(), **thresholds.as_columns()},
    )
    return row


def _rule(row: ClassificationParameters) -> ClassificationRule:
    thresholds = Thresholds(**{name: getattr(row, name) for name in Thresholds.__slots__})
    return rule_of_thresholds(effective_from=row.effective_from, thresholds=thresholds)
