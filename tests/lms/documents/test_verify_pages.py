"""The public page: a verdict and nothing else, for everybody, without a session."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from lms.documents.issuing import document_pdf
from lms.documents.reissuing import document_reissue
from lms.documents.verifying import FILE_MAX_BYTES, Verdict, document_verify
from lms.models import Document, Loan
from lms.models.document import DocumentKind as Kind
from tests.factories.book import receive
from tests.lms.documents.book import issue

GENUINE = "This document is genuine"
UNKNOWN = "We did not issue this"


@pytest.fixture
def document(loan: Loan) -> Document:
    """A statement of the loan."""
    return issue(loan, Kind.STATEMENT)


def scanned(number: str, code: str) -> str:
    """Return the address that a square code leads to."""
    return reverse("verify-document", args=[number, code])


def test_address_on_the_document_leads_to_the_verdict(document: Document) -> None:
    address = document.content["verify"]["address"].removeprefix("https://lender.example")

    answer = Client().get(address)

    assert answer.status_code == 200
    assert GENUINE in answer.content.decode()


def test_page_reveals_nothing_about_the_loan(document: Document) -> None:
    page = Client().get(scanned(document.number, document.content_hash[:16])).content.decode()

    told = (document.loan.number, "Asha", "Verma", "1,08,142.95", "Pune", "Statement", "2026", document.content_hash)
    assert [word for word in told if word in page] == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("SOA-2025-26-000001", "0" * 16),
        ("SOA-2025-26-000002", "0" * 16),
        ("SOA-2025-26-000001", "g" * 16),
        ("SOA-2025-26-000001", "0"),
        ("' OR 1=1", "0" * 16),
    ],
)
def test_wrong_code_and_unknown_number_get_the_same_answer(document: Document, number: str, code: str) -> None:
    answer = Client().get(scanned(number, code))

    assert answer.status_code == 404
    assert UNKNOWN in answer.content.decode()


def test_code_is_read_as_people_type_it(document: Document) -> None:
    typed = document.content["verify"]["code"].removeprefix("Verification code ").upper()

    assert document_verify(number=f" {document.number.lower()} ", code=typed) is Verdict.GENUINE
    sent = {"number": document.number, "code": typed}
    assert GENUINE in Client().post(reverse("verify"), sent).content.decode()


def test_superseded_and_withdrawn_documents_say_so(loan: Loan, document: Document) -> None:
    receive(loan, 6_465_50, date(2026, 3, 6))
    document_reissue(document_id=document.pk, reason="Receipt found later")

    page = Client().get(scanned(document.number, document.content_hash[:16]))

    assert page.status_code == 200
    assert "A newer document takes its place" in page.content.decode()


def test_file_is_compared_byte_by_byte(document: Document) -> None:
    pdf = document_pdf(document=document)

    genuine = Client().post(reverse("verify"), {"file": SimpleUploadedFile("a.pdf", pdf)})
    altered = Client().post(reverse("verify"), {"file": SimpleUploadedFile("a.pdf", pdf + b" ")})

    assert (genuine.status_code, altered.status_code) == (200, 404)
    assert GENUINE in genuine.content.decode()
    assert "No document of ours has these contents" in altered.content.decode()


def test_nothing_and_too_much_are_refused(document: Document) -> None:
    nothing = Client().post(reverse("verify"), {"number": document.number})
    large = Client().post(reverse("verify"), {"file": SimpleUploadedFile("a.pdf", b"x" * (FILE_MAX_BYTES + 1))})

    assert (nothing.status_code, large.status_code) == (422, 422)
    assert "Enter the number and the code" in nothing.content.decode()
    assert "larger than any document" in large.content.decode()


def test_page_runs_no_script_keeps_no_session_and_is_not_listed(document: Document) -> None:
    answer = Client().get(scanned(document.number, document.content_hash[:16]))

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "script" not in answer.content.decode()
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    assert "sessionid" not in answer.cookies


def test_verdict_takes_one_query(document: Document, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]  # a fixture of pytest-django
        Client().get(scanned(document.number, document.content_hash[:16]))
