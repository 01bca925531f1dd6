"""Staff issue, find, download and redo documents on screens."""

from datetime import date

import pytest
from django.urls import reverse

from lms.documents.issuing import document_pdf
from lms.models import Document, DocumentJob, LenderProfile, Loan
from lms.models.document import DocumentKind as Kind
from tests.factories.book import receive
from tests.factories.staff import client_of
from tests.lms.documents.book import LENDER, issue

pytestmark = pytest.mark.usefixtures("queue_without_worker")


def test_operations_issue_in_hindi_and_download(loan: Loan) -> None:
    client, target = client_of("operations"), reverse("staff-documents:loan", args=[loan.pk])
    sent = {"kind": "INTEREST", "language": "HI", "year": "2025", "idempotency_key": "one"}

    page = client.post(target, sent, follow=True).content.decode()
    client.post(target, sent)

    document = Document.objects.get()
    assert f"Interest certificate {document.number} is issued." in page
    file = client.get(reverse("staff-documents:download", args=[document.pk]))
    assert file.content == document_pdf(document=document)
    assert file["Content-Disposition"] == f'attachment; filename="{document.number}.pdf"'
    assert file["Content-Type"] == "application/pdf"
    assert file["Cache-Control"].startswith("private, no-store")


@pytest.mark.parametrize("kind", Kind)
def test_form_of_every_kind_opens(loan: Loan, kind: Kind) -> None:
    page = client_of("operations").get(reverse("staff-documents:loan", args=[loan.pk]) + f"?kind={kind.value}")

    assert page.status_code == 200
    assert f"Issue: {kind.label.lower()}" in page.content.decode()


def test_refusal_is_shown_above_the_form(loan: Loan) -> None:
    sent = {"kind": "NO_DUES", "language": "EN", "idempotency_key": "one"}

    answer = client_of("operations").post(reverse("staff-documents:loan", args=[loan.pk]), sent)

    assert answer.status_code == 422
    assert "no-dues certificates are for loans that are paid or settled" in answer.content.decode()
    assert Document.objects.count() == 0


def test_loan_page_loads_its_documents_and_offers_every_kind(loan: Loan) -> None:
    document = issue(loan, Kind.SCHEDULE)
    client = client_of("operations")

    page = client.get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()
    part = client.get(reverse("staff-documents:loan", args=[loan.pk]) + "?part=1").content.decode()

    assert f'hx-get="/admin/documents/loan/{loan.pk}/?part=1"' in page
    assert document.number in part
    assert [label for label in Kind.labels if f">{label}</a>" not in part] == []


def test_analyst_sees_the_list_and_no_file(loan: Loan) -> None:
    document = issue(loan, Kind.SCHEDULE)
    client = client_of("analyst")

    page = client.get(reverse("staff-documents:loan", args=[loan.pk])).content.decode()

    assert document.number in page
    assert "Download" not in page
    assert 'name="language"' not in page
    assert client.get(reverse("staff-documents:download", args=[document.pk])).status_code == 403


@pytest.mark.parametrize("text", ["sch-2025-26-000001", "L"])
def test_list_finds_by_the_number_of_document_and_loan(loan: Loan, text: str) -> None:
    issue(loan, Kind.SCHEDULE)
    issue(loan, Kind.STATEMENT)
    wanted = {"L": loan.number}.get(text, text)

    page = client_of("analyst").get(reverse("admin:lms_document_changelist") + f"?q={wanted}").content.decode()

    assert "SCH-2025-26-000001" in page
    assert ("SOA-2025-26-000001" in page) == (text == "L")


def test_page_of_an_outdated_document_shows_what_moved_and_issues_it_again(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT)
    receive(loan, 6_465_50, date(2026, 3, 6))
    client, target = client_of("operations"), reverse("admin:lms_document_change", args=[document.pk])

    before = client.get(target).content.decode()
    listed = client.get(reverse("staff-documents:outdated")).content.decode()
    reason = {"reason": "Receipt found later"}
    after = client.post(reverse("staff-documents:reissue", args=[document.pk]), reason, follow=True).content.decode()

    assert '₹6,465.50</td><td class="k-num">₹0.00' in before
    assert document.number in listed
    assert "SOA-2025-26-000002 takes its place." in after
    assert (
        "Every document still says what the book says"
        in client.get(reverse("staff-documents:outdated")).content.decode()
    )


def test_chosen_documents_are_issued_again_together(loan: Loan) -> None:
    documents = [issue(loan, Kind.STATEMENT), issue(loan, Kind.SCHEDULE)]
    receive(loan, 6_465_50, date(2026, 3, 6))
    sent = {"reason": "Receipt found later", "document": [document.pk for document in documents]}

    page = client_of("finance").post(reverse("staff-documents:outdated"), sent, follow=True).content.decode()

    assert "1 issued again or withdrawn." in page
    assert Document.objects.filter(supersedes=documents[0]).exists()
    assert "still says what the book says" in page


def test_reissue_without_a_reason_changes_nothing(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT)
    receive(loan, 6_465_50, date(2026, 3, 6))

    page = client_of("finance").post(reverse("staff-documents:reissue", args=[document.pk]), {}, follow=True)

    assert "Give a reason" in page.content.decode()
    assert Document.objects.count() == 1


def test_finance_starts_a_job_and_downloads_its_archive(loan: Loan, tasks_at_once: None) -> None:
    client = client_of("finance")
    sent = {"kind": "STATEMENT", "language": "EN", "idempotency_key": "job", "product_code": ""}

    page = client.post(reverse("staff-documents:jobs"), sent, follow=True).content.decode()

    job = DocumentJob.objects.get()
    assert (job.state, job.documents_done) == ("DONE", 1)
    assert "1 documents for 1 loans; part 1 of 1" in page
    archive = client.get(reverse("staff-documents:job-file", args=[job.pk, 1]))
    assert archive.getvalue().startswith(b"PK")
    progress = client.get(reverse("staff-documents:job-progress", args=[job.pk]))
    assert progress["HX-Refresh"] == "true"


def test_job_of_an_empty_year_is_refused_on_the_page(loan: Loan) -> None:
    sent = {"kind": "INTEREST", "language": "EN", "year": "2020", "idempotency_key": "job", "product_code": ""}

    answer = client_of("finance").post(reverse("staff-documents:jobs"), sent)

    assert answer.status_code == 422
    assert "No loan ran in the period" in answer.content.decode()


def test_manager_publishes_how_the_lender_is_named(loan: Loan) -> None:
    values = {name: getattr(LENDER, name) for name in LENDER.__slots__}
    sent = {**values, "name": "Kist Renamed Limited", "effective_from": "2026-04-01", "reason": "New name"}

    page = client_of("manager").post(reverse("staff-documents:lender-publish"), sent, follow=True).content.decode()

    assert LenderProfile.objects.get(effective_from=date(2026, 4, 1)).name == "Kist Renamed Limited"
    assert "Documents name the lender so from 01 Apr 2026." in page
    again = client_of("manager").post(reverse("staff-documents:lender-publish"), sent)
    assert again.status_code == 422
