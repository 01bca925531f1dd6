"""The page that sanctions a loan: the schedule is looked at first, and the product's limits hold."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from lms.models import Loan
from tests.factories.lms import make_customer, make_version, set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    """The browser of a manager."""
    return client_of("manager")


SANCTION = {
    "principal_paise": "1,20,000",
    "annual_rate_pct": "24",
    "instalment_count": "12",
    "first_due_date": "2026-04-01",
    "sanctioned_on": "2026-03-10",
    "idempotency_key": "sanction-key",
}


def test_sanction_asks_to_look_at_the_schedule_first(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    entered = {**SANCTION, "customer": make_customer().number, "version": make_version().pk}
    target = reverse("staff:loan-sanction")

    unseen = manager.post(target, {**entered, "confirm": ""})
    seen = unseen.context["form"]["previewed"].value()
    changed = manager.post(target, {**entered, "principal_paise": "1,30,000", "previewed": seen, "confirm": ""})
    before = Loan.objects.count()
    done = manager.post(target, {**entered, "previewed": seen, "confirm": ""})

    loan = Loan.objects.get()
    assert unseen.context["offer"].instalment_paise == 11_348_00
    assert "The terms were changed after the schedule was shown" in changed.content.decode()
    assert before == 0
    assert done["Location"] == f"/admin/lms/loan/{loan.pk}/change/"
    assert (loan.principal_paise, loan.sanctioned_on) == (1_20_000_00, date(2026, 3, 10))


def test_sanction_outside_the_product_is_refused_with_its_limits(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    entered = {**SANCTION, "customer": make_customer().number, "version": make_version().pk, "annual_rate_pct": "60"}

    response = manager.post(reverse("staff:loan-sanction"), {**entered, "preview": ""})

    assert response.status_code == 422
    assert "is outside" in response.content.decode()
    assert not Loan.objects.exists()


def test_sanction_for_an_unknown_customer_is_refused(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    entered = {**SANCTION, "customer": "C9999999", "version": make_version().pk}

    response = manager.post(reverse("staff:loan-sanction"), {**entered, "preview": ""})

    assert "There is no customer with this number" in response.content.decode()
