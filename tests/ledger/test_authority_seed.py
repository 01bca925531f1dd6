"""The first authority limits are set once and never overwritten."""

from datetime import date

import pytest
from django.core.management import call_command

from core.approvals.models import AuthorityLimit
from ledger.approvals import MANUAL_JOURNAL

pytestmark = pytest.mark.django_db


def test_first_limits_are_set_once() -> None:
    call_command("authority_seed")
    call_command("authority_seed")

    limits = AuthorityLimit.objects.order_by("role").values_list("role", "kind", "up_to_paise")
    assert list(limits) == [
        ("finance", MANUAL_JOURNAL, 10_00_00_000_00),
        ("manager", MANUAL_JOURNAL, 100_00_00_000_00),
    ]


def test_limits_that_exist_stay_alone() -> None:
    AuthorityLimit.objects.create(role="finance", kind=MANUAL_JOURNAL, up_to_paise=1, effective_from=date(2026, 1, 1))

    call_command("authority_seed")

    assert AuthorityLimit.objects.get().up_to_paise == 1
