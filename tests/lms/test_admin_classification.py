"""The page that publishes thresholds of the asset classes."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from core.approvals.services import approval_approve
from core.models import ApprovalRequest
from lms.models import ClassificationParameters
from lms.services.classification_rules import classification_seed
from tests.factories.lms import set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db

FORM = {
    "effective_from": "2026-07-01",
    "sma_0_from_days": "1",
    "sma_1_from_days": "31",
    "sma_2_from_days": "61",
    "npa_from_days": "76",
    "doubtful_1_from_months": "12",
    "doubtful_2_from_months": "24",
    "doubtful_3_from_months": "48",
    "source": "A circular",
    "reason": "New norm",
    "idempotency_key": "once",
}


def second_manager() -> User:
    """Return another manager than the one of the client."""
    user = User.objects.create(username="second", is_staff=True)
    user.groups.add(Group.objects.get(name="manager"))
    return user


@pytest.fixture(autouse=True)
def _books() -> None:
    set_business_date(date(2026, 4, 1))
    classification_seed()


def test_thresholds_are_published_when_a_second_manager_agrees() -> None:
    answer = client_of("manager").post(reverse("staff:classification-publish"), FORM, follow=True)
    asked = ApprovalRequest.objects.get(kind="lms.classification")
    was_waiting = ClassificationParameters.objects.filter(effective_from=date(2026, 7, 1)).exists()

    approval_approve(request_id=asked.pk, seen_effect_hash=asked.effect_hash, actor=second_manager())

    assert "waits for a second person" in answer.content.decode()
    assert not was_waiting
    assert (asked.effect["npa_from_days_before"], asked.effect["npa_from_days_after"]) == (91, 76)
    assert ClassificationParameters.objects.get(effective_from=date(2026, 7, 1)).npa_from_days == 76


def test_form_starts_from_the_latest_row() -> None:
    page = client_of("manager").get(reverse("staff:classification-publish")).content.decode()

    assert 'name="npa_from_days" value="91"' in page


def test_refusal_keeps_what_was_entered() -> None:
    answer = client_of("manager").post(reverse("staff:classification-publish"), {**FORM, "npa_from_days": "61"})

    assert answer.status_code == 422
    assert "Each worse class has to begin later" in answer.content.decode()
    assert 'name="npa_from_days" value="61"' in answer.content.decode()
    assert ClassificationParameters.objects.count() == 1
