"""Settlements in parts, freezes and quotes through the registry of acts and the pages of a loan."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from core.approvals.models import AuthorityLimit
from core.approvals.services import approval_approve
from core.models import AuditEntry
from core.reasons.services import reason_codes_seed
from lms.acts import ACTS, ActDone, ActWaiting, act_of, act_preview, act_submit
from lms.models import Freeze, Loan, SettlementPlan, StoredQuote
from lms.services.freezes import customer_freeze
from lms.services.settlement_plans import PartTerm, settlement_plan_agree
from lms.services.settlements import settlement_post
from tests.factories.book import assert_verified, receive, refused
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)
PARTS: list[dict[str, Any]] = [
    {"due_date": date(2026, 3, 20), "amount_paise": 30_000_00},
    {"due_date": date(2026, 4, 10), "amount_paise": 90_000_00},
]
WHY: dict[str, Any] = {"reason": "Letter of the borrower", "reason_code": "OTHER"}


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments from 1 January 2026; the books are on 10 March."""
    set_business_date(date(2026, 1, 1))
    reason_codes_seed()
    loan = make_loan()
    set_business_date(TODAY)
    return loan


@pytest.fixture
def head() -> User:
    """A manager with authority for every act up to 6,000 rupees."""
    AuthorityLimit.objects.bulk_create(
        AuthorityLimit(role="manager", kind=act.approval_code, up_to_paise=6_000_00, effective_from=date(2026, 1, 1))
        for act in ACTS
    )
    return make_staff("manager")


@pytest.fixture
def manager() -> Client:
    return client_of("manager")


def submit(slug: str, loan: Loan, actor: User, values: dict[str, Any], key: str = "k-1") -> ActDone | ActWaiting:
    """Submit an act, and read the loan anew."""
    outcome = act_submit(act=act_of(slug=slug), loan_id=loan.pk, values=values, actor=actor, idempotency_key=key, **WHY)
    loan.refresh_from_db()
    return outcome


def address(loan: Loan, slug: str) -> str:
    return reverse("staff:loan-act", args=[loan.pk, slug])


def test_settlement_in_parts_waits_for_authority_over_what_is_given_up(loan: Loan, head: User) -> None:
    waiting = submit("settle-plan", loan, make_staff("operations"), {"value_date": TODAY, "parts": PARTS})

    assert isinstance(waiting, ActWaiting)
    # 1,25,093.86 are owed and 1,20,000 are taken.
    assert waiting.request.amount_paise == 5_093_86
    approval_approve(request_id=waiting.request.pk, seen_effect_hash=waiting.request.effect_hash, actor=head)
    assert SettlementPlan.objects.get().amount_paise == 1_20_000_00
    receive(loan, 1_20_000_00, TODAY)
    assert loan.status == "SETTLED"
    assert_verified(loan)


def test_settlement_below_authority_is_refused(loan: Loan, head: User) -> None:
    parts = [PARTS[0], {**PARTS[1], "amount_paise": 80_000_00}]
    waiting = submit("settle-plan", loan, make_staff("operations"), {"value_date": TODAY, "parts": parts})
    assert isinstance(waiting, ActWaiting)

    with refused("core.approval_above_authority"):
        approval_approve(request_id=waiting.request.pk, seen_effect_hash=waiting.request.effect_hash, actor=head)

    assert not SettlementPlan.objects.exists()


def test_effect_of_long_parts_shows_the_class_and_writes_nothing(loan: Loan, head: User) -> None:
    long = [PARTS[0], {**PARTS[1], "due_date": date(2026, 7, 1)}]
    values = {"value_date": TODAY, "parts": long}

    effect = act_preview(act=act_of(slug="settle-plan"), loan_id=loan.pk, values=values, actor=head)

    (found,) = effect.loans
    assert [change.after for change in found.figures if change.name == "asset_class"] == ["SUB_STANDARD"]
    assert not SettlementPlan.objects.exists()


def test_freeze_that_gives_income_up_needs_a_second_person(loan: Loan, head: User) -> None:
    plain = submit("freeze", loan, head, {"effects": ["DISBURSAL"]}, key="a")
    giving_up = submit("freeze", loan, head, {"effects": ["INTEREST"]}, key="b")

    assert isinstance(plain, ActDone)
    assert isinstance(giving_up, ActWaiting)
    assert Freeze.objects.get() == plain.result


def test_freeze_and_its_end_each_keep_their_reason_code(loan: Loan, head: User) -> None:
    submit("freeze", loan, head, {"effects": ["DISBURSAL"]}, key="set")
    lifted = submit("unfreeze", loan, head, {"freeze_id": Freeze.objects.get().pk}, key="lift")

    assert isinstance(lifted, ActDone)
    kept = AuditEntry.objects.filter(action="lms.act_reason").order_by("pk")
    assert [(entry.detail["act"], entry.detail["reason_code"], entry.detail["key"]) for entry in kept] == [
        ("freeze", "OTHER", "set"),
        ("unfreeze", "OTHER", "lift"),
    ]
    assert {entry.object_id for entry in kept} == {str(lifted.result.pk)}


def test_freeze_of_another_loan_is_not_lifted_here(loan: Loan, head: User) -> None:
    other = make_loan(
        version=loan.product_version, sanctioned_on=TODAY, value_date=TODAY, first_due_date=date(2026, 4, 1)
    )
    submit("freeze", other, head, {"effects": ["REFUND"]})

    with refused("lms.freeze_unknown"):
        submit("unfreeze", loan, head, {"freeze_id": Freeze.objects.get().pk}, key="lift")


def test_pages_make_a_quote_and_close_the_loan_with_it(loan: Loan, manager: Client) -> None:
    made = manager.post(address(loan, "quote"), {"idempotency_key": "q", "valid_days": "3"}, follow=True)
    quote = StoredQuote.objects.get()
    assert f"Quote {quote.number} made." in made.content.decode()

    done = manager.post(
        address(loan, "quote-pay"),
        {
            "idempotency_key": "p",
            "quote_id": quote.pk,
            "amount_paise": f"{quote.total_paise / 100:.2f}",
            "value_date": "2026-03-10",
            "channel": "BANK",
            "reference": "UTR-1",
        },
        follow=True,
    )

    loan.refresh_from_db()
    assert "Loan foreclosed with" in done.content.decode()
    assert loan.status == "CLOSED"


def test_pages_freeze_a_loan_show_it_and_lift_the_freeze(loan: Loan, manager: Client) -> None:
    values = {"idempotency_key": "f", "effects": ["AHEAD", "CONTACT"], **WHY}

    frozen = manager.post(address(loan, "freeze"), values, follow=True).content.decode()
    freeze = Freeze.objects.get()
    assert f"Freeze {freeze.pk} set." in frozen
    assert "No money beyond what is due, No contact" in frozen

    lifted = manager.post(
        address(loan, "unfreeze"), {"idempotency_key": "l", "freeze_id": freeze.pk, **WHY}, follow=True
    ).content.decode()
    assert f"Freeze {freeze.pk} lifted." in lifted
    assert "No money beyond what is due, No contact" not in lifted


def test_page_reads_parts_and_says_which_line_is_wrong(loan: Loan, manager: Client) -> None:
    values = {"idempotency_key": "s", "value_date": "2026-03-10", **WHY}

    wrong = manager.post(address(loan, "settle-plan"), {**values, "parts": "tomorrow 5,000"})
    asked = manager.post(
        address(loan, "settle-plan"), {**values, "parts": "2026-03-20 30,000\n2026-04-10 50,000.00"}, follow=True
    )

    assert wrong.status_code == 422
    assert "“tomorrow 5,000” is no day and amount" in wrong.content.decode()
    assert "waits for approval" in asked.content.decode()


def test_loan_page_shows_the_settlement_and_what_is_left(loan: Loan, manager: Client) -> None:
    settlement_plan_agree(
        loan_id=loan.pk,
        parts=[PartTerm(**part) for part in PARTS],
        value_date=TODAY,
        idempotency_key="s",
        reason="Hardship",
    )
    receive(loan, 10_000_00, TODAY)

    page = manager.get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()

    assert "Settlement of ₹1,20,000.00 in 2 parts" in page
    assert "₹10,000.00 has come" in page


def test_customer_page_shows_freezes_and_the_cooling_time(loan: Loan, manager: Client) -> None:
    customer_freeze(customer_id=loan.customer_id, effects=["CONTACT"], reason="Bereavement", idempotency_key="f")
    settlement_post(
        loan_id=loan.pk,
        amount_paise=80_000_00,
        value_date=TODAY,
        reference="UTR-1",
        idempotency_key="s",
        reason="Hardship",
    )

    page = manager.get(reverse("admin:customers_customer_change", args=[loan.customer_id])).content.decode()

    assert "No contact" in page
    assert "No fresh money before 10 Mar 2027" in page
