"""Acts that need a second person, on the screens: asked for on their form, seen in the inbox, done once approved."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.approvals.models import ApprovalState
from core.reasons.services import reason_codes_seed
from lms.engine.terms import Component
from lms.models import Loan
from tests.factories.approvals import approve, last_request, make_head
from tests.factories.book import assert_verified, owed, receive
from tests.factories.lms import make_loan, set_business_date
from tests.factories.screens import RECEIPT, last_fact, send
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments from 1 January 2026; the books are on 10 March."""
    set_business_date(date(2026, 3, 10))
    reason_codes_seed()
    return make_loan()


@pytest.fixture
def clerk() -> Client:
    """The browser of operations."""
    return client_of("operations")


@pytest.fixture
def manager() -> Client:
    """The browser of a manager, who is not the head."""
    return client_of("manager")


@pytest.fixture
def head() -> Client:
    """The browser of the second person."""
    client = Client()
    client.force_login(make_head())
    return client


def ask(client: Client, loan: Loan, slug: str, **entered: Any) -> Any:
    """Send the form of an act, and expect to be led to a request that waits while nothing was done."""
    known = loan.fact_count
    response = send(client, loan, slug, **entered)
    assert response.status_code == 302, response.context["form"].errors
    assert response["Location"] == f"/admin/approvals/{last_request().pk}/"
    assert loan.fact_count == known
    return response


def decide(client: Client, decision: str, **entered: str) -> list[str]:
    """Press a button on the latest request, and return what the next page says."""
    row = last_request()
    target = reverse("staff-approvals:decide", args=[row.pk])
    response = client.post(target, {"decision": decision, "seen": row.effect_hash, **entered}, follow=True)
    return [str(message) for message in response.context["messages"]]


WAIVER = {"component": Component.INTEREST, "amount_paise": "250", "reason": "First time"}


def test_waiver_is_done_in_the_name_of_who_asked(loan: Loan, clerk: Client, head: Client) -> None:
    ask(clerk, loan, "waive", **WAIVER)

    page = head.get(reverse("staff-approvals:request", args=[last_request().pk])).content.decode()
    said = decide(head, "approve")

    loan.refresh_from_db()
    assert "Interest outstanding" in page
    assert "Amounts waived" in page
    assert said == [f"Request {last_request().pk} is approved, and its act is done."]
    assert (last_fact(loan).kind, last_fact(loan).amount_paise) == ("WAIVE", 250_00)
    figures = {figure["name"]: figure["after"] for figure in last_request().effect["loans"][0]["figures"]}
    assert figures["interest_outstanding_paise"] == str(owed(loan)["interest"])
    assert (last_fact(loan).recorded_by, last_request().decided_by) == (make_staff("operations"), make_head())
    assert_verified(loan)


def test_who_asked_cannot_approve_and_sees_why(loan: Loan, manager: Client) -> None:
    make_head()
    ask(manager, loan, "waive", **WAIVER)

    page = manager.get(reverse("staff-approvals:request", args=[last_request().pk])).content.decode()
    said = decide(manager, "approve")

    assert "You asked for it yourself" in page
    assert 'value="approve"' not in page
    assert said == [
        f"You made request {last_request().pk} yourself. Another person has to decide on it; you may withdraw it."
    ]
    loan.refresh_from_db()
    assert loan.fact_count == 1


def test_request_above_the_authority_is_refused_on_the_page(loan: Loan, clerk: Client, manager: Client) -> None:
    ask(clerk, loan, "waive", **WAIVER)

    page = manager.get(reverse("staff-approvals:request", args=[last_request().pk])).content.decode()
    said = decide(manager, "approve")

    assert "your authority ends at ₹0.00" in page
    assert "your authority ends at 0 paise" in said[0]
    assert last_request().state == ApprovalState.PENDING


def test_rejection_is_told_to_who_asked(loan: Loan, clerk: Client, head: Client) -> None:
    ask(clerk, loan, "waive", **WAIVER)

    silent = decide(head, "reject")
    decide(head, "reject", reason="Not yet")
    page = clerk.get(reverse("staff-approvals:inbox"), {"box": "mine"}).content.decode()

    assert "Say why" in silent[0]
    assert last_request().state == ApprovalState.REJECTED
    assert "“Not yet”" in page


def test_stale_request_is_worked_out_anew_and_asked_again(loan: Loan, clerk: Client, head: Client) -> None:
    ask(clerk, loan, "waive", **WAIVER)
    receive(loan, 1_000_00, date(2026, 3, 10))
    shown = last_request().effect_hash

    page = head.get(reverse("staff-approvals:request", args=[last_request().pk])).content.decode()
    first = decide(head, "approve")
    second = decide(head, "approve")

    assert "This has changed since the effect was worked out" in page
    assert "has changed since you looked at it" in first[0]
    assert last_request().effect_hash != shown
    assert "is approved" in second[0]
    assert_verified(loan)


def test_bulk_approval_tells_what_became_of_each(loan: Loan, clerk: Client, head: Client) -> None:
    other = make_loan(version=loan.product_version)
    ask(clerk, loan, "waive", **WAIVER)
    first = last_request()
    send(clerk, other, "waive", **WAIVER, idempotency_key="other")
    second = last_request()
    receive(other, 1_000_00, date(2026, 3, 10))

    box = head.get(reverse("staff-approvals:inbox")).content.decode()
    seen = [f"{row.pk}:{row.effect_hash}" for row in (first, second)]
    page = head.post(reverse("staff-approvals:bulk"), {"seen": seen}).content.decode()

    assert f'value="{first.pk}:{first.effect_hash}"' in box
    assert "2 to approve" in box
    assert f"Waive: {loan.number}, ₹250.00: approved and done." in page
    assert f"The effect of request {second.pk} has changed" in page
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (ApprovalState.EXECUTED, ApprovalState.PENDING)


def test_loan_page_shows_what_waits_on_the_loan(loan: Loan, clerk: Client) -> None:
    ask(clerk, loan, "waive", **WAIVER)

    page = clerk.get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()

    assert f"Waive: {loan.number}, ₹250.00: waits for a second person, asked for by operations" in page


def test_form_says_that_it_asks_and_takes_a_paper(
    loan: Loan, clerk: Client, head: Client, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    page = clerk.get(reverse("staff:loan-act", args=[loan.pk, "waive"])).content.decode()
    paper = SimpleUploadedFile("letter.pdf", b"%PDF-1.4 letter", "application/pdf")

    wrong = send(clerk, loan, "waive", **WAIVER, paper=SimpleUploadedFile("letter.exe", b"MZ"))
    ask(clerk, loan, "waive", **WAIVER, paper=paper)
    kept = last_request().attachments.get()
    target = reverse("staff-approvals:paper", args=[kept.pk])

    assert "Ask for approval" in page
    assert "Use one of .pdf" in wrong.content.decode()
    assert b"".join(head.get(target).streaming_content) == b"%PDF-1.4 letter"  # type: ignore[attr-defined]
    assert client_of("analyst").get(target).status_code == 403


def test_old_value_date_is_asked_for_with_the_days(loan: Loan, clerk: Client) -> None:
    old = {**RECEIPT, "value_date": "2026-03-02"}

    page = send(clerk, loan, "receipt", **old, check="").content.decode()
    ask(clerk, loan, "receipt", **old)
    approve()

    assert "its value date is 8 days back, more than 7" in page
    loan.refresh_from_db()
    assert (last_fact(loan).kind, last_fact(loan).value_date) == ("RECEIVE", date(2026, 3, 2))
    assert_verified(loan)


def test_excess_is_refunded(loan: Loan, clerk: Client) -> None:
    receive(loan, 1_00_000_00, date(2026, 3, 10))
    held = loan.excess_paise

    ask(clerk, loan, "refund", amount_paise="100", reference="OUT-2", reason="Paid twice")
    approve()

    loan.refresh_from_db()
    assert loan.excess_paise == held - 100_00


def test_loan_is_written_off_and_money_on_it_is_a_recovery(loan: Loan, manager: Client) -> None:
    unreasoned = send(manager, loan, "write-off", is_technical="on", reason="")
    ask(manager, loan, "write-off", reason="Recovery has failed")
    at_stake = last_request().amount_paise
    claim = sum(owed(loan)[name] for name in ("principal", "interest"))
    approve()
    offered = [act.slug for act in manager.get(reverse("admin:lms_loan_change", args=[loan.pk])).context["acts"]]
    loan.refresh_from_db()

    recovered = send(manager, loan, "recover", **RECEIPT)

    assert (unreasoned.status_code, recovered.status_code) == (422, 302)
    assert at_stake == claim
    assert (loan.status, loan.asset_class) == ("WRITTEN_OFF", "LOSS")
    assert offered == ["recover", "reverse"]
    assert loan.facts.get(sequence=2).details == {"is_technical": False}
    assert (last_fact(loan).kind, last_fact(loan).amount_paise) == ("RECOVER", 1_234_50)
    assert_verified(loan)


def test_settlement_below_the_debt_ends_the_loan(loan: Loan, clerk: Client) -> None:
    too_much = send(clerk, loan, "settle", **{**RECEIPT, "amount_paise": "1,30,000"}, reason="Compromise")
    ask(clerk, loan, "settle", **{**RECEIPT, "amount_paise": "60,000"}, reason="Compromise")
    given_up = last_request().amount_paise
    approve()

    loan.refresh_from_db()
    assert "leave nothing to give up" in too_much.content.decode()
    assert given_up == 65_093_86
    assert (loan.status, owed(loan)) == ("SETTLED", {})
    assert_verified(loan)


def test_rate_is_changed_within_the_limits_of_the_product(loan: Loan, manager: Client) -> None:
    page = manager.get(reverse("staff:loan-act", args=[loan.pk, "rate"])).content.decode()
    change = {"effect": "CUT_INSTALMENT", "reason": "Benchmark moved"}

    outside = send(manager, loan, "rate", **change, annual_rate_pct="60")
    ask(manager, loan, "rate", **change, annual_rate_pct="18.5")
    approve()

    assert "24 now; the product allows 0 to 48." in page
    assert "is outside 0.0000 to 48.0000 of product PL" in outside.content.decode()
    loan.refresh_from_db()
    assert loan.current_rate_pct == Decimal("18.5")
    assert_verified(loan)


def test_reschedule_moratorium_and_pause_are_one_entry_each(loan: Loan, clerk: Client) -> None:
    span = {"end_date": "2026-04-30", "reason": "Flood"}

    empty = send(clerk, loan, "reschedule", reason="Flood")
    ask(clerk, loan, "reschedule", reason="Flood", extra_instalments="2", is_restructure="on")
    approve()
    loan.refresh_from_db()
    ask(clerk, loan, "moratorium", **span)
    approve()
    loan.refresh_from_db()
    ask(clerk, loan, "pause", **span)
    approve()

    loan.refresh_from_db()
    assert "Nothing would change" in empty.content.decode()
    assert list(loan.facts.order_by("sequence").values_list("kind", flat=True)[1:]) == [
        "RESCHEDULE",
        "MORATORIUM",
        "PAUSE",
    ]
    assert (loan.asset_class, loan.restructured_on) == ("SUB_STANDARD", date(2026, 3, 10))
    assert_verified(loan)
