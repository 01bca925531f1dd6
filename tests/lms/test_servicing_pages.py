"""Pages of servicing that are no act on one loan, and the task that runs by itself."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from core.reasons.services import reason_codes_seed
from customers.models import CustomerChange, CustomerMerge
from lms.models import Benchmark, Freeze, Loan, RateCampaign, RateNotice, ServicingParameters, SettlementPlan
from lms.services.settlement_plans import PartTerm, settlement_plan_agree
from lms.tasks import servicing_due
from tests.factories.approvals import approve
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.staff import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_at_once")]

TODAY = date(2026, 3, 10)
EFFECTIVE = date(2026, 4, 20)


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments from 1 January 2026; the books are on 10 March."""
    set_business_date(date(2026, 1, 1))
    loan = make_loan()
    set_business_date(TODAY)
    reason_codes_seed()
    return loan


@pytest.fixture
def manager() -> Client:
    return client_of("manager")


def test_duplicate_is_merged_on_a_page_and_leads_to_the_survivor(loan: Loan, manager: Client) -> None:
    twin = make_customer()
    key = loan.customer_id

    page = manager.post(
        reverse("staff:customer-merge", args=[key]),
        {"absorbed": twin.number, "reason": "Same person", "reason_code": "OTHER", "idempotency_key": "m"},
        follow=True,
    ).content.decode()
    merged = approve()
    survivor = manager.get(reverse("admin:customers_customer_change", args=[key])).content.decode()
    old = manager.get(reverse("admin:customers_customer_change", args=[twin.pk])).content.decode()

    assert "waits for approval" in page
    assert (merged.effect["duplicate"], merged.made_by.username) == (twin.number, "manager")
    assert "was merged into this customer" in survivor
    assert f"Go to {loan.customer.number}" in old
    manager.post(
        reverse("staff:customer-unmerge", args=[key, CustomerMerge.objects.get().pk]),
        {"reason": "Two persons", "reason_code": "OTHER", "idempotency_key": "u"},
    )
    approve()
    assert CustomerMerge.objects.get().undone_on == TODAY


def test_customer_is_frozen_and_the_freeze_lifted_on_pages(loan: Loan, manager: Client) -> None:
    manager.post(
        reverse("staff:customer-freeze", args=[loan.customer_id]),
        {"effects": ["CONTACT"], "reason": "Bereavement", "reason_code": "OTHER", "idempotency_key": "f"},
    )
    approve()
    freeze = Freeze.objects.get()

    manager.post(
        reverse("staff:customer-unfreeze", args=[loan.customer_id, freeze.pk]),
        {"reason": "Over", "reason_code": "OTHER", "idempotency_key": "l"},
    )
    approve()

    freeze.refresh_from_db()
    assert (freeze.effects, freeze.lifted_on) == (["CONTACT"], TODAY)


def test_change_of_a_phone_is_refused_by_name_and_kept_with_its_history(loan: Loan, manager: Client) -> None:
    other = make_customer()
    target = reverse("staff-customers:change", args=[loan.customer_id, "values"])
    values = {"phone": other.phone, "reason": "New number", "reason_code": "BORROWER_ASKED", "idempotency_key": "c"}

    refusal = manager.post(target, values)
    manager.post(target, {**values, "is_phone_shared": "on"})
    history = manager.get(reverse("staff-customers:history", args=[loan.customer_id])).content.decode()

    assert refusal.status_code == 422
    assert f"Customer {other.number} has this phone number" in refusal.content.decode()
    assert CustomerChange.objects.get().new_value == other.phone
    assert other.phone in history


def test_rates_are_changed_from_the_form_to_the_loan(loan: Loan, manager: Client) -> None:
    manager.post(
        reverse("staff:rate-campaign-add"),
        {
            "product": loan.product_version.product_id,
            "delta_pct": "-1",
            "effective_date": EFFECTIVE.isoformat(),
            "reason": "Cost of funds",
            "idempotency_key": "r",
        },
    )
    campaign = RateCampaign.objects.get()
    page = manager.get(reverse("staff:rate-campaign", args=[campaign.pk])).content.decode()
    announce = reverse("staff:rate-campaign-act", args=[campaign.pk, "announce"])
    form = manager.get(announce).content.decode()
    manager.post(announce, {"reason": "Cost of funds", "reason_code": "OTHER", "idempotency_key": "a"})
    asked = approve()
    manager.post(
        reverse("staff:rate-notice", args=[RateNotice.objects.get().pk, "choose"]),
        {"choice": "TENOR", "reason": "By e-mail", "reason_code": "BORROWER_ASKED", "idempotency_key": "n"},
    )

    set_business_date(EFFECTIVE)
    servicing_due()

    loan.refresh_from_db()
    campaign.refresh_from_db()
    assert ("Announce to the borrowers" in page, "Ask for approval" in form) == (True, True)
    assert (asked.effect["loans"], asked.effect["principal_paise"]) == (1, 1_20_000_00)
    instalments = [asked.effect[f"sum_of_instalments_paise_{when}"] for when in ("before", "after")]
    assert instalments == [11_348_00, 11_291_00]
    assert (campaign.state, RateNotice.objects.get().is_chosen) == ("DONE", True)
    assert loan.current_rate_pct == 23


def test_task_ends_settlements_of_which_a_part_did_not_come(loan: Loan) -> None:
    parts = [PartTerm(due_date=day, amount_paise=1_00) for day in (TODAY, date(2026, 3, 20))]
    settlement_plan_agree(loan_id=loan.pk, parts=parts, value_date=TODAY, idempotency_key="s", reason="Hardship")
    set_business_date(date(2026, 3, 11))

    servicing_due()

    assert SettlementPlan.objects.get().state == "BROKEN"


def test_dated_rows_are_published_on_pages(loan: Loan, manager: Client) -> None:
    publish = reverse("staff:servicing-publish", args=["benchmark"])
    manager.post(publish, {"code": "REPO", "name": "Repo rate", "reason": "Board"})
    numbers = {
        "settlement_restructure_months": 3,
        "settlement_grace_days": 2,
        "settlement_cooling_months": 12,
        "write_off_cooling_months": 12,
        "rate_notice_days": 15,
        "quote_valid_days": 5,
    }

    manager.post(
        reverse("staff:servicing-publish", args=["parameters"]),
        {
            "effective_from": TODAY.isoformat(),
            "source": "Policy",
            "reason": "Board",
            "idempotency_key": "p",
            **numbers,
        },
    )
    changed = approve().effect

    assert Benchmark.objects.get().code == "REPO"
    assert (changed["rate_notice_days_before"], changed["rate_notice_days_after"]) == (30, 15)
    assert ServicingParameters.objects.get().rate_notice_days == 15
