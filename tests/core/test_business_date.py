"""The books know their day from one row, which goes forward only."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from core.business_date import (
    BusinessDateBackward,
    BusinessDateMissing,
    business_date,
    business_date_for_update,
    business_date_set,
)
from core.models import BusinessDate

pytestmark = pytest.mark.django_db


def test_missing_business_date_is_refused_with_the_command_that_sets_it() -> None:
    with pytest.raises(BusinessDateMissing) as refusal:
        business_date()
    with pytest.raises(BusinessDateMissing):
        business_date_for_update()

    assert refusal.value.code == "core.business_date_missing"
    assert "init_kist --business-date" in refusal.value.message


def test_first_call_sets_the_date_and_later_calls_move_it_forward() -> None:
    business_date_set(to=date(2026, 4, 1))
    business_date_set(to=date(2026, 4, 1))
    business_date_set(to=date(2026, 4, 2))

    assert business_date() == date(2026, 4, 2)
    assert business_date_for_update().date == date(2026, 4, 2)


def test_business_date_never_goes_back() -> None:
    business_date_set(to=date(2026, 4, 2))

    with pytest.raises(BusinessDateBackward) as refusal:
        business_date_set(to=date(2026, 4, 1))

    assert refusal.value.context == {"current": "2026-04-02", "to": "2026-04-01"}
    assert business_date() == date(2026, 4, 2)


def test_there_is_one_business_date() -> None:
    business_date_set(to=date(2026, 4, 1))

    with pytest.raises(IntegrityError, match="business_date_has_one_row"), transaction.atomic():
        BusinessDate.objects.create(id=2, date=date(2026, 4, 1))
