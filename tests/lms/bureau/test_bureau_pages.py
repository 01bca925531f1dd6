"""The pages of bureau files: build, download, record what became of them, work the lists off, publish rows."""

import hashlib
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import AuditEntry
from core.reasons.services import reason_codes_seed
from lms.models import (
    BureauAccountType,
    BureauCycle,
    BureauDispute,
    BureauMembership,
    BureauParameters,
    BureauRejection,
    BureauSubmission,
    Loan,
)
from tests.factories.bureau import build, bureau_fill
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.staff import client_of
from tests.lms.bureau.test_cycles import lend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_at_once")]

TENTH = date(2026, 7, 10)


@pytest.fixture
def loan() -> Loan:
    """A loan in order, the books on 10 July 2026."""
    (loan,) = lend(1)
    set_business_date(TENTH)
    return loan


@pytest.fixture
def finance() -> Client:
    """The browser of an accountant."""
    return client_of("finance")


@pytest.fixture
def operations() -> Client:
    """The browser of somebody who works lists off."""
    return client_of("operations")


def text(client: Client, name: str, *arguments: Any, **data: Any) -> str:
    """Return a page."""
    answer = client.get(reverse(f"staff-bureau:{name}", args=arguments), data)
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, name: str, *arguments: Any, **data: Any) -> Any:
    """Send a form."""
    return client.post(reverse(f"staff-bureau:{name}", args=arguments), data)


def test_cycle_is_built_sent_and_its_rejections_come_on_the_worklist(
    loan: Loan, finance: Client, operations: Client
) -> None:
    assert "No files were built yet" in text(finance, "cycles")

    send(finance, "cycles", reference_date="2026-07-09")
    cycle = BureauCycle.objects.get()
    assert (cycle.state, cycle.records) == ("BUILT", 1)
    submission = cycle.submissions.get(bureau="CIBIL")
    send(finance, "submission", submission.pk, "send", sent_on="2026-07-10", reference="ACK-1")
    listed = SimpleUploadedFile("r.csv", f"account_number,reason_code\n{loan.number},E7\n".encode())
    send(finance, "submission", submission.pk, "rejections", answered_on="2026-07-10", file=listed)

    page = text(finance, "cycle", cycle.pk)
    assert loan.number in page
    assert "Accepted in part" not in page
    assert "Partly" in page
    rejection = BureauRejection.objects.get()
    assert "E7" in text(operations, "rejections")
    send(operations, "rejection", rejection.pk, note="Name corrected")
    rejection.refresh_from_db()
    assert (rejection.state, rejection.note) == ("FIXED", "Name corrected")


def test_download_gives_the_bytes_of_the_hash_and_is_written_down(loan: Loan, finance: Client) -> None:
    cycle = build(date(2026, 7, 9))
    submission = cycle.submissions.get(bureau="EQUIFAX")

    answer = finance.get(reverse("staff-bureau:file", args=[submission.pk]))

    content = b"".join(answer)
    assert hashlib.sha256(content).hexdigest() == submission.sha256
    assert answer["Content-Disposition"] == 'attachment; filename="equifax-20260709.tudf"'
    entry = AuditEntry.objects.get(action="lms.bureau_file_download")
    assert (entry.object_id, entry.detail["bureau"]) == (str(submission.pk), "EQUIFAX")


def test_whole_answer_is_recorded_and_a_refusal_needs_a_reason(loan: Loan, finance: Client) -> None:
    cycle = build(date(2026, 7, 9))
    submission = cycle.submissions.get(bureau="CRIF")
    send(finance, "submission", submission.pk, "send", sent_on="2026-07-10", reference="ACK-1")

    refused = send(finance, "submission", submission.pk, "answer", answered_on="2026-07-10", answer="REJECTED")
    accepted = send(finance, "submission", submission.pk, "answer", answered_on="2026-07-10", answer="ACCEPTED")

    assert (refused.status_code, accepted.status_code) == (422, 302)
    assert BureauSubmission.objects.get(pk=submission.pk).state == "ACCEPTED"


def test_what_is_missing_is_listed_before_building(loan: Loan, finance: Client) -> None:
    assert "Nothing is missing" in text(finance, "check")
    lacking = make_loan(
        version=loan.product_version,
        customer=make_customer(),
        sanctioned_on=TENTH,
        value_date=TENTH,
        first_due_date=date(2026, 8, 10),
    )

    page = text(finance, "check")

    assert lacking.number in page
    assert loan.number not in page
    assert "Birth date missing, Pan missing, Address missing" in page


def test_pages_show_nothing_personal(loan: Loan, finance: Client) -> None:
    cycle = build(date(2026, 7, 9))
    customer = loan.customer

    shown = text(finance, "cycles") + text(finance, "cycle", cycle.pk) + text(finance, "check")

    for secret in (customer.full_name, customer.pan, customer.phone, customer.email):
        assert secret not in shown


def test_dispute_is_recorded_answered_resolved_and_paid(loan: Loan, operations: Client) -> None:
    reason_codes_seed()
    given = {
        "loan_number": loan.number,
        "bureau": "CIBIL",
        "reference": "C-77",
        "received_on": "2026-07-01",
        "idempotency_key": "c77",
    }
    unknown = send(operations, "dispute-add", **{**given, "loan_number": "NONE"})
    assert unknown.status_code == 422
    send(operations, "dispute-add", **given)
    dispute = BureauDispute.objects.get()
    assert "C-77" in text(operations, "disputes")
    set_business_date(date(2026, 8, 10))
    send(operations, "dispute", dispute.pk, answered_on="2026-08-01", outcome="REFUSED", reason_code="NO_PROOF")
    send(operations, "dispute", dispute.pk, resolved_on="2026-08-03")
    dispute.refresh_from_db()
    assert (dispute.compensation_paise, dispute.payer) == (3_00_00, "LENDER")
    assert "₹300.00" in text(operations, "disputes")
    send(operations, "dispute", dispute.pk, credited_on="2026-08-05", reference="UTR-9")

    dispute.refresh_from_db()
    assert (dispute.credited_on, dispute.credit_reference) == (date(2026, 8, 5), "UTR-9")
    assert send(operations, "dispute", dispute.pk, resolved_on="2026-08-03").status_code == 404


def test_rows_are_published_by_managers(loan: Loan) -> None:
    manager = client_of("manager")
    rules = {
        "effective_from": "2026-07-20",
        "full_days": "",
        "incremental_days": "9, 16, 23",
        "full_within_days": 5,
        "incremental_within_days": 3,
        "layout": "TUDF_3_71",
        "alert_from_days": 1,
        "dispute_days": 30,
        "dispute_lender_days": 21,
        "dispute_rupees_per_day": 100,
        "dispute_credit_working_days": 5,
        "source": "Circular",
        "reason": "New deadline",
    }

    assert send(manager, "publish", "parameters", **{**rules, "incremental_days": "9; 16"}).status_code == 422
    assert send(manager, "publish", "parameters", **rules).status_code == 302
    named = {"effective_from": "2026-07-20", "reason": "New code"}
    send(manager, "publish", "membership", **named, bureau="CIBIL", member_code="nb7", member_name="Kist")
    send(manager, "publish", "account-type", **named, product_code="PL", account_type="69")

    row = BureauParameters.objects.get(effective_from=date(2026, 7, 20))
    assert (row.incremental_days, row.incremental_within_days, row.dispute_paise_per_day) == ([9, 16, 23], 3, 100_00)
    assert BureauMembership.objects.get(effective_from=date(2026, 7, 20)).member_code == "NB7"
    assert BureauAccountType.objects.get(effective_from=date(2026, 7, 20)).account_type == "69"


@pytest.mark.parametrize("name", ["cycles", "check", "cycle", "rejections", "disputes", "dispute"])
def test_pages_cost_few_statements(name: str) -> None:
    set_business_date(date(2026, 3, 10))
    loan = make_loan()
    cycle = bureau_fill(loan)
    arguments = {"cycle": [cycle.pk], "dispute": [BureauDispute.objects.get().pk]}.get(name, [])
    client = client_of("manager")
    cache.clear()

    with CaptureQueriesContext(connection) as captured:
        text(client, name, *arguments)

    assert len(captured.captured_queries) <= 15
