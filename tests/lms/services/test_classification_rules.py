"""Thresholds of the asset classes are dated rows."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from core.models import AuditEntry
from lms.classification_errors import ThresholdsDateTaken, ThresholdsInPast, ThresholdsNotRising
from lms.engine.classification import AssetClass, ClassificationRule, class_of_days, rule_on
from lms.models import ClassificationParameters
from lms.services.classification_rules import (
    Thresholds,
    classification_publish,
    classification_rules,
    classification_seed,
)
from tests.factories.lms import set_business_date

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _books() -> None:
    set_business_date(TODAY)


def _publish(effective_from: date, **changed: int) -> ClassificationParameters:
    return classification_publish(
        effective_from=effective_from, thresholds=Thresholds(**changed), source="A circular", reason="New norm"
    )


def test_norm_of_the_regulation_holds_before_anything_is_published() -> None:
    assert classification_rules() == (ClassificationRule(effective_from=date(2000, 1, 1)),)


def test_seeded_row_is_the_norm_and_is_written_once() -> None:
    classification_seed()
    classification_seed()

    assert ClassificationParameters.objects.count() == 1
    assert classification_rules() == (ClassificationRule(effective_from=date(2000, 1, 1)),)


@pytest.mark.parametrize(
    ("day", "last_performing_day"),
    [
        (date(2024, 3, 30), 180),
        (date(2024, 3, 31), 150),
        (date(2025, 3, 30), 150),
        (date(2025, 3, 31), 120),
        (date(2026, 3, 30), 120),
        (date(2026, 3, 31), 90),
    ],
)
def test_base_layer_comes_to_ninety_days_in_steps(day: date, last_performing_day: int) -> None:
    classification_seed(is_base_layer=True)

    rule = rule_on(as_of=day, rules=classification_rules())

    assert class_of_days(days=last_performing_day, rule=rule) is AssetClass.SMA_2
    assert class_of_days(days=last_performing_day + 1, rule=rule) is AssetClass.SUB_STANDARD


def test_published_thresholds_hold_from_their_day() -> None:
    classification_seed()
    _publish(date(2026, 7, 1), npa_from_days=76)

    before, after = (rule_on(as_of=day, rules=classification_rules()) for day in (date(2026, 6, 30), date(2026, 7, 1)))

    assert class_of_days(days=76, rule=before) is AssetClass.SMA_2
    assert class_of_days(days=76, rule=after) is AssetClass.SUB_STANDARD
    assert AuditEntry.objects.get(action="lms.classification_publish").detail["npa_from_days"] == 76


def test_thresholds_of_a_closed_day_are_refused() -> None:
    with pytest.raises(ThresholdsInPast):
        _publish(date(2026, 3, 31))

    assert ClassificationParameters.objects.count() == 0


@pytest.mark.parametrize("changed", [{"npa_from_days": 61}, {"sma_0_from_days": 0}, {"doubtful_2_from_months": 12}])
def test_thresholds_that_do_not_rise_are_refused(changed: dict[str, int]) -> None:
    with pytest.raises(ThresholdsNotRising):
        _publish(TODAY, **changed)


def test_second_row_of_a_day_is_refused() -> None:
    _publish(TODAY)

    with pytest.raises(ThresholdsDateTaken):
        _publish(TODAY, npa_from_days=80)


def test_published_row_cannot_be_changed_in_the_database() -> None:
    row = _publish(TODAY)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE lms_classificationparameters SET npa_from_days = 80")

    row.refresh_from_db()
    assert row.npa_from_days == 91
