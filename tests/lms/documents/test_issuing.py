"""Numbers without a gap, rows that never change, files that come out the same every time."""

import hashlib
import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from core.business_date import business_date_set
from core.models import AuditEntry
from core.rehearsal import rehearse
from lms.documents.issuing import document_download, document_pdf
from lms.documents.lender import LenderData, lender_profile_publish
from lms.documents.rendering import pdf_render
from lms.models import Document, Loan
from lms.models.document import DocumentKind as Kind
from lms.models.document import DocumentLanguage, LenderProfile
from tests.factories.book import refused
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import make_staff
from tests.lms.documents.book import LENDER, issue, publish_lender
from tests.lms.documents.golden import GOLDEN, GOLDEN_SHA256

ROOT = Path(__file__).resolve().parents[3]


def test_numbers_run_on_for_each_kind_and_begin_anew_with_the_financial_year(loan: Loan) -> None:
    first = [issue(loan, kind).number for kind in (Kind.STATEMENT, Kind.SCHEDULE, Kind.STATEMENT)]
    business_date_set(to=date(2026, 3, 31))
    first.append(issue(loan, Kind.STATEMENT).number)
    business_date_set(to=date(2026, 4, 1))

    then = issue(loan, Kind.STATEMENT).number

    assert first == ["SOA-2025-26-000001", "SCH-2025-26-000001", "SOA-2025-26-000002", "SOA-2025-26-000003"]
    assert then == "SOA-2026-27-000001"


def test_issue_that_is_rolled_back_leaves_no_gap(loan: Loan) -> None:
    lost = rehearse(lambda: issue(loan, Kind.STATEMENT).number)

    assert lost == "SOA-2025-26-000001"
    assert issue(loan, Kind.STATEMENT).number == "SOA-2025-26-000001"


def test_second_call_returns_the_first_document(loan: Loan) -> None:
    first = issue(loan, Kind.STATEMENT, idempotency_key="one")

    second = issue(loan, Kind.STATEMENT, idempotency_key="one")

    assert second == first
    assert Document.objects.count() == 1
    with refused("lms.idempotency_key_reused"):
        issue(loan, Kind.SCHEDULE, idempotency_key="one")


def test_issue_and_download_are_in_the_audit_trail_without_personal_data(loan: Loan) -> None:
    clerk = make_staff("operations")
    document = issue(loan, Kind.STATEMENT, actor=clerk)

    document_download(document_id=document.pk, actor=clerk)

    entries = AuditEntry.objects.filter(object_type="lms.document", object_id=str(document.pk)).order_by("pk")
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("lms.document_issue", clerk),
        ("lms.document_download", clerk),
    ]
    assert entries[0].detail == {"number": document.number, "loan": loan.number, "language": "EN"}


def test_issued_document_refuses_to_change(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT)

    changes: list[dict[str, Any]] = [{"figures": {}}, {"content": {}}, {"pdf_sha256": "0" * 64}, {"number": "X"}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            Document.objects.filter(pk=document.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Document.objects.filter(pk=document.pk).delete()


def test_file_is_made_again_byte_by_byte(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT, DocumentLanguage.HI)
    kept = Document.objects.get(pk=document.pk)

    again = [document_pdf(document=kept) for _ in range(2)]

    assert again[0] == again[1]
    assert hashlib.sha256(again[0]).hexdigest() == document.pdf_sha256


def test_row_without_a_file_gets_it_with_the_next_call(loan: Loan, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("lms.documents.issuing.document_pdf", lambda *, document: b"")
        unfinished = issue(loan, Kind.STATEMENT, idempotency_key="one")
    assert Document.objects.get(pk=unfinished.pk).pdf_sha256 is None

    finished = issue(loan, Kind.STATEMENT, idempotency_key="one")

    assert finished.pk == unfinished.pk
    assert finished.pdf_sha256 == hashlib.sha256(document_pdf(document=finished)).hexdigest()


def test_file_that_comes_out_otherwise_is_not_handed_out(loan: Loan, monkeypatch: pytest.MonkeyPatch) -> None:
    document = issue(loan, Kind.STATEMENT)
    monkeypatch.setattr("lms.documents.issuing.pdf_render", lambda **_: b"%PDF-other")

    with refused("lms.document_not_reproducible"):
        document_pdf(document=document)


def test_page_form_and_typesetter_give_the_bytes_that_were_issued() -> None:
    """Whoever changes form, fonts or typesetter changes every file: add a new form, and keep files issued before."""
    assert hashlib.sha256(pdf_render(content=GOLDEN)).hexdigest() == GOLDEN_SHA256


def test_another_process_gives_the_same_bytes() -> None:
    command = [sys.executable, "-m", "tests.lms.documents.golden"]
    environment = {**os.environ, "TZ": "America/New_York", "LC_ALL": "C"}

    printed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    assert printed.strip() == GOLDEN_SHA256


def test_profile_of_the_day_names_the_lender(loan: Loan) -> None:
    before = issue(loan, Kind.STATEMENT)
    values = {name: getattr(LENDER, name) for name in LenderData.__slots__}
    renamed = LenderData(**{**values, "name": "Kist Renamed Finance Limited"})
    lender_profile_publish(effective_from=date(2026, 3, 12), lender=renamed, reason="New name")

    set_business_date(date(2026, 3, 11))
    unchanged = issue(loan, Kind.STATEMENT)
    set_business_date(date(2026, 3, 12))
    after = issue(loan, Kind.STATEMENT)

    names = [document.content["lender"]["name"] for document in (before, unchanged, after)]
    assert names == [LENDER.name, LENDER.name, "Kist Renamed Finance Limited"]


def test_profiles_are_refused_by_name(loan: Loan) -> None:
    values = {name: getattr(LENDER, name) for name in LenderData.__slots__}
    with refused("lms.lender_profile_in_past"):
        lender_profile_publish(effective_from=date(2026, 3, 9), lender=LENDER, reason="Late")
    with refused("lms.lender_site_invalid"):
        site = LenderData(**{**values, "site": "javascript:alert(1)"})
        lender_profile_publish(effective_from=date(2026, 4, 1), lender=site, reason="Wrong")
    with refused("lms.reason_missing"):
        lender_profile_publish(effective_from=date(2026, 4, 1), lender=LENDER, reason=" ")
    publish_lender(date(2026, 4, 1))
    with refused("lms.lender_profile_date_taken"):
        publish_lender(date(2026, 4, 1))
    assert LenderProfile.objects.count() == 2


def test_nothing_is_issued_by_a_lender_without_a_name(db: None) -> None:
    set_business_date(date(2026, 1, 1))
    loan = make_loan()

    with refused("lms.lender_profile_missing"):
        issue(loan, Kind.SCHEDULE)


@pytest.fixture
def committed_loan(transactional_db: None) -> Loan:
    """A loan that other connections see."""
    set_business_date(date(2026, 1, 1))
    publish_lender(date(2026, 1, 1))
    return make_loan()


@pytest.mark.mariadb
def test_documents_issued_at_once_get_numbers_without_a_gap(committed_loan: Loan) -> None:
    numbers: list[str] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(3):
                numbers.append(issue(committed_loan, Kind.SCHEDULE).number)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sorted(numbers) == [f"SCH-2025-26-{serial:06d}" for serial in range(1, 13)]


@pytest.mark.mariadb
def test_same_request_at_once_gives_one_document(committed_loan: Loan) -> None:
    numbers: list[str] = []

    def work() -> None:
        try:
            numbers.append(issue(committed_loan, Kind.SCHEDULE, idempotency_key="same").number)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert numbers == ["SCH-2025-26-000001"] * 6
    assert Document.objects.count() == 1
