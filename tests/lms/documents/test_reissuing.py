"""Back-dating moves what documents said: they are found, issued again, or withdrawn."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse as url_of

from core.inbox.models import InboxMessage, MessageState
from core.models import AuditEntry
from core.outbox.models import OutboxEvent
from core.workers import LANES, lane_drain
from lms.documents.issuing import document_pdf
from lms.documents.reissuing import (
    document_outdated,
    document_reissue,
    documents_followed,
    documents_outdated,
    documents_reissue,
    documents_suspect,
)
from lms.documents.verifying import Verdict, document_verify, file_verify
from lms.models import Document, Loan
from lms.models.document import DocumentKind as Kind
from lms.models.document import DocumentLanguage
from tests.factories.book import receive, refused, reverse
from tests.factories.staff import make_staff
from tests.lms.documents.book import issue, pdf_text
from tests.lms.documents.test_kinds import close


def test_back_dated_receipt_moves_what_was_said_and_nothing_else(loan: Loan) -> None:
    statement = issue(loan, Kind.STATEMENT)
    early = issue(loan, Kind.STATEMENT, as_of=date(2026, 2, 15))
    known = issue(loan, Kind.STATEMENT, known_at=loan.facts.get(sequence=4).recorded_at)
    assert documents_outdated() == ()

    receive(loan, 6_465_50, date(2026, 3, 6))

    [outdated] = documents_outdated(loan_id=loan.pk)
    assert outdated.document == statement
    assert ("overdue_paise", 6_465_50, 0) in outdated.changed
    assert ("lines", "4 rows", "5 rows") in outdated.changed
    assert document_outdated(document=early) is None
    assert document_outdated(document=known) is None


def test_entry_of_today_leaves_documents_of_earlier_days_alone(loan: Loan) -> None:
    issue(loan, Kind.STATEMENT)
    issue(loan, Kind.INTEREST, year=2025)

    receive(loan, 6_465_50, date(2026, 3, 10))

    assert list(documents_suspect()) == []


def test_suspect_whose_figures_are_the_same_stands(loan: Loan) -> None:
    document = issue(loan, Kind.RECEIPT, sequence=2)

    receive(loan, 6_465_50, date(2026, 3, 6))

    assert list(documents_suspect()) == [document]
    assert documents_outdated() == ()
    with refused("lms.document_not_outdated"):
        document_reissue(document_id=document.pk, reason="To be sure")


def test_document_issued_again_names_the_one_it_replaces(loan: Loan) -> None:
    old = issue(loan, Kind.STATEMENT, DocumentLanguage.HI, from_date=date(2026, 2, 1))
    receive(loan, 6_465_50, date(2026, 3, 6))

    new = document_reissue(document_id=old.pk, reason="Receipt found later")

    assert (new.number, new.supersedes, new.language) == ("SOA-2025-26-000002", old, "HI")
    assert new.subject == old.subject == {"as_of": "2026-03-09", "from_date": "2026-02-01"}
    assert new.figures["overdue_paise"] == 0
    assert old.number in pdf_text(document_pdf(document=new))
    assert file_verify(content=document_pdf(document=old)) is Verdict.SUPERSEDED
    assert file_verify(content=document_pdf(document=new)) is Verdict.GENUINE
    assert AuditEntry.objects.get(object_id=str(new.pk), action="lms.document_issue").reason == "Receipt found later"
    assert documents_outdated() == ()


def test_second_call_returns_what_the_first_one_issued(loan: Loan) -> None:
    old = issue(loan, Kind.STATEMENT)
    receive(loan, 6_465_50, date(2026, 3, 6))

    first = document_reissue(document_id=old.pk, reason="Once")
    second = document_reissue(document_id=old.pk, reason="Twice")

    assert second == first
    assert Document.objects.count() == 2


def test_receipt_of_a_reversed_payment_is_withdrawn(loan: Loan) -> None:
    receipt = issue(loan, Kind.RECEIPT, sequence=4)
    reverse(loan, 4)
    [outdated] = documents_outdated()
    assert outdated.refusal is not None
    assert outdated.refusal.code == "lms.document_entry_reversed"

    withdrawn = document_reissue(document_id=receipt.pk, reason="Posted to the wrong loan")

    assert (withdrawn.pk, withdrawn.withdrawn_reason) == (receipt.pk, "Posted to the wrong loan")
    assert document_verify(number=receipt.number, code=receipt.content_hash[:16]) is Verdict.WITHDRAWN
    assert document_reissue(document_id=receipt.pk, reason="Again") == withdrawn
    assert documents_outdated() == ()


def test_no_dues_certificate_of_a_loan_that_came_back_to_life_is_withdrawn(loan: Loan) -> None:
    close(loan, date(2026, 3, 10))
    certificate = issue(loan, Kind.NO_DUES)
    reverse(loan, 5)

    [withdrawn] = documents_reissue(loan_id=loan.pk, reason="The payment was not ours")

    assert withdrawn.pk == certificate.pk
    assert withdrawn.withdrawn_at is not None


def test_all_documents_of_a_loan_are_issued_again_at_once(loan: Loan) -> None:
    issue(loan, Kind.STATEMENT)
    issue(loan, Kind.INTEREST, year=2025)
    issue(loan, Kind.FORECLOSURE)
    receive(loan, 6_465_50, date(2026, 3, 6))

    issued = documents_reissue(loan_id=loan.pk, reason="Receipt found later")

    assert [document.number for document in issued] == [
        "SOA-2025-26-000002",
        "INT-2025-26-000002",
        "FCL-2025-26-000002",
    ]
    assert documents_outdated() == ()


def test_reissue_needs_a_reason(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT)
    receive(loan, 6_465_50, date(2026, 3, 6))

    with refused("lms.reason_missing"):
        document_reissue(document_id=document.pk, reason=" ")
    with refused("lms.document_unknown"):
        document_reissue(document_id=0, reason="Which")


def test_documents_follow_a_late_entry_by_themselves(loan: Loan, client: Client) -> None:
    old = issue(loan, Kind.STATEMENT)
    receipt = issue(loan, Kind.RECEIPT, sequence=2)
    fact = receive(loan, 6_465_50, date(2026, 3, 6))
    # Not within the money's own transaction.
    assert OutboxEvent.objects.filter(topic="lms.loan_past_moved").count() == 1
    assert Document.objects.count() == 2

    # The second round finds nothing left to do.
    for _ in range(2):
        lane_drain(lane=LANES["relay"], rounds=2)
        lane_drain(lane=LANES["inbox"], rounds=2)

    new = Document.objects.get(supersedes=old)
    assert (new.figures["overdue_paise"], new.issued_by, new.pdf_sha256) == (0, None, None)
    assert document_verify(number=old.number, code=old.content_hash[:16]) is Verdict.SUPERSEDED
    assert document_pdf(document=new).startswith(b"%PDF")
    assert Document.objects.count() == 3
    assert documents_outdated() == ()
    assert list(documents_followed(loan_id=loan.pk, sequence=fact.sequence)) == [new]
    assert not Document.objects.filter(supersedes=receipt).exists()
    client.force_login(make_staff("operations"))
    page = client.get(url_of("staff:loan-correction", args=[loan.pk, fact.sequence])).content.decode()
    assert "Documents issued again" in page
    assert new.number in page


class Killed(BaseException):
    """The process is gone: nothing that catches errors sees it."""


class KilledAt:
    """Kill the process as it sends a statement for the so-manieth time."""

    def __init__(self, statement: str, *, nth: int) -> None:
        self.statement, self.left = statement, nth

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> Any:
        """Count what is sent; the database takes back by itself what the dead process had begun."""
        is_counted = sql.startswith(self.statement)
        self.left -= is_counted
        if is_counted and self.left == 0:
            raise Killed
        return execute(sql, params, many, context)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_worker_that_dies_between_two_documents_issues_each_of_them_once(loan: Loan, nth: int) -> None:
    issue(loan, Kind.STATEMENT)
    issue(loan, Kind.INTEREST, year=2025)
    issue(loan, Kind.FORECLOSURE)
    receive(loan, 6_465_50, date(2026, 3, 6))
    lane_drain(lane=LANES["relay"], rounds=1)
    insert = f"INSERT INTO {connection.ops.quote_name(Document._meta.db_table)}"

    with pytest.raises(Killed), connection.execute_wrapper(KilledAt(insert, nth=nth)):
        lane_drain(lane=LANES["inbox"], rounds=1)

    assert Document.objects.filter(supersedes__isnull=False).count() == 0
    assert InboxMessage.objects.get().state == MessageState.NEW
    lane_drain(lane=LANES["inbox"], rounds=1)
    assert InboxMessage.objects.get().state == MessageState.APPLIED
    assert list(Document.objects.order_by("number").values_list("number", "supersedes__number")) == [
        ("FCL-2025-26-000001", None),
        ("FCL-2025-26-000002", "FCL-2025-26-000001"),
        ("INT-2025-26-000001", None),
        ("INT-2025-26-000002", "INT-2025-26-000001"),
        ("SOA-2025-26-000001", None),
        ("SOA-2025-26-000002", "SOA-2025-26-000001"),
    ]
    assert documents_outdated() == ()


def test_entry_on_a_loan_without_documents_announces_nothing(loan: Loan) -> None:
    receive(loan, 6_465_50, date(2026, 3, 6))

    assert not OutboxEvent.objects.exists()
