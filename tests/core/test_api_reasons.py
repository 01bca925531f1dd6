"""Reason codes: the ones in force on a day for an act, and how the list grows."""

from datetime import date

import pytest

from core.errors import KistError
from core.models import AuditEntry, ReasonCode
from core.reasons.services import (
    reason_code_add,
    reason_code_check,
    reason_code_end,
    reason_codes,
    reason_codes_seed,
)
from tests.factories.lms import set_business_date
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _list() -> None:
    set_business_date(TODAY)
    reason_codes_seed()


def test_act_has_its_own_codes_and_those_of_all_acts() -> None:
    assert list(reason_codes(act="waive", on_date=TODAY).values_list("act_group", "code")) == [
        ("ANY", "BORROWER_ASKED"),
        ("ANY", "COURT_OR_REGULATOR"),
        ("ANY", "OTHER"),
        ("ANY", "STAFF_MISTAKE"),
        ("ANY", "SYSTEM_MISTAKE"),
        ("waive", "DISPUTED_CHARGE"),
        ("waive", "GOODWILL"),
        ("waive", "HARDSHIP"),
    ]


def test_second_seed_changes_nothing() -> None:
    count = ReasonCode.objects.count()

    assert reason_codes_seed() == count


@pytest.mark.parametrize(
    ("code", "expected"),
    [("", "core.reason_code_missing"), ("FRAUD", "core.reason_code_unknown"), ("goodwill", "core.reason_code_unknown")],
)
def test_code_that_the_act_does_not_have_is_refused(code: str, expected: str) -> None:
    with pytest.raises(KistError) as caught:
        reason_code_check(act="waive", code=code, on_date=TODAY)

    assert caught.value.code == expected
    assert "GOODWILL" in caught.value.message


def test_act_that_needs_none_goes_without() -> None:
    assert reason_code_check(act="receipt", code="", on_date=TODAY, is_required=False) == ""
    assert reason_code_check(act="receipt", code="OTHER", on_date=TODAY, is_required=False) == "OTHER"


def test_new_code_counts_from_its_day_to_its_last() -> None:
    manager = make_staff("manager")
    row = reason_code_add(act="waive", code="FLOOD", text="Flood relief", active_from=date(2026, 5, 1), actor=manager)
    reason_code_end(reason_code_id=row.pk, active_until=date(2026, 5, 31), actor=manager)

    in_force = [
        reason_codes(act="waive", on_date=day).filter(code="FLOOD").exists()
        for day in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 31), date(2026, 6, 1))
    ]
    assert in_force == [False, True, True, False]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "core.reason_code_add",
        "core.reason_code_end",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"code": "goodwill"}, "core.reason_code_invalid"),
        ({"text": " "}, "core.reason_code_invalid"),
        ({"text": "x" * 121}, "core.reason_code_invalid"),
        ({"active_from": date(2026, 3, 31)}, "core.reason_code_invalid"),
        ({"active_until": date(2026, 3, 31)}, "core.reason_code_invalid"),
        ({"code": "GOODWILL"}, "core.reason_code_taken"),
    ],
)
def test_wrong_new_code_is_refused(change: dict[str, object], expected: str) -> None:
    before = list(ReasonCode.objects.order_by("pk").values_list())
    values = {"act": "waive", "code": "FLOOD", "text": "Flood relief", "active_from": TODAY, **change}

    with pytest.raises(KistError) as caught:
        reason_code_add(actor=make_staff("manager"), **values)  # type: ignore[arg-type]

    assert caught.value.code == expected
    assert list(ReasonCode.objects.order_by("pk").values_list()) == before


def test_code_does_not_end_in_the_past() -> None:
    row = ReasonCode.objects.get(act_group="waive", code="GOODWILL")

    with pytest.raises(KistError) as caught:
        reason_code_end(reason_code_id=row.pk, active_until=date(2026, 3, 31), actor=make_staff("manager"))

    assert caught.value.code == "core.reason_code_invalid"
    row.refresh_from_db()
    assert row.active_until is None
