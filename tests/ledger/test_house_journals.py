"""Journals of the lender itself, between accounts of the chart."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from ledger.errors import AccountClosed, AccountUnknown, JournalKeyReused, PeriodClosed
from ledger.models import Account, Journal, Period, PeriodState
from ledger.services import chart_seed, house_journal_post
from tests.factories.ledger import legs_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _chart() -> None:
    chart_seed()


def appropriate(**changes: Any) -> Journal:
    """Move 500 rupees of profit into the impairment reserve."""
    values: dict[str, Any] = {
        "idempotency_key": "appropriation-1",
        "event": "PROVISIONS",
        "reference_type": "tests.run",
        "reference_id": 1,
        "debit_code": "3040",
        "credit_code": "3030",
        "amount_paise": 500_00,
        "value_date": date(2026, 3, 31),
        "booked_on": date(2026, 4, 1),
    }
    with transaction.atomic():
        return house_journal_post(**{**values, **changes})


def test_amount_goes_from_one_account_to_the_other_once() -> None:
    first = appropriate()

    assert appropriate() == first
    assert legs_of(first) == [("3040", "3030", 500_00)]
    assert (first.product_code, first.total_paise) == ("", 500_00)
    assert Journal.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"debit_code": "9999"}, AccountUnknown), ({"credit_code": "3010"}, AccountClosed)],
)
def test_account_that_cannot_be_posted_to_is_refused(changes: dict[str, Any], refusal: type[Exception]) -> None:
    Account.objects.filter(code="3010").update(is_active=False)

    with pytest.raises(refusal):
        appropriate(**changes)

    assert not Journal.objects.exists()


def test_closed_month_takes_a_repeat_and_nothing_else() -> None:
    first = appropriate()
    Period.objects.create(pk=202604, state=PeriodState.HARD_CLOSED)

    assert appropriate() == first
    with pytest.raises(PeriodClosed):
        appropriate(idempotency_key="appropriation-2")

    assert Journal.objects.count() == 1


def test_key_of_another_amount_is_refused() -> None:
    appropriate()

    with pytest.raises(JournalKeyReused):
        appropriate(amount_paise=1)


def test_nothing_is_no_journal() -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        appropriate(amount_paise=0)
