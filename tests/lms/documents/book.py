"""Loans and documents of the tests: a lender with a name, and figures read back out of the file."""

import io
from datetime import date
from typing import Any

import pypdf

from core.business_date import business_date
from lms.documents.cases import Subject
from lms.documents.issuing import document_issue
from lms.documents.jobs import document_job_create, document_job_run
from lms.documents.lender import LenderData, lender_profile_publish
from lms.models import Loan
from lms.models.document import Document, DocumentKind, DocumentLanguage, LenderProfile
from tests.factories.lms import next_key

LENDER = LenderData(
    name="Kist Test Finance Private Limited",
    address="4 Fort Road, Mumbai 400001",
    registration_number="N-13.00001",
    company_number="U65999MH2020PTC000001",
    phone="022 4000 0000",
    email="care@lender.example",
    grievance_officer="Nodal officer, 022 4000 0001",
    site="https://lender.example",
)


def publish_lender(day: date) -> LenderProfile:
    """Name the lender from a day on."""
    return lender_profile_publish(effective_from=day, lender=LENDER, reason="Opening")


def issue(loan: Loan, kind: DocumentKind, language: DocumentLanguage = DocumentLanguage.EN, **options: Any) -> Document:
    """Issue a document of a loan; fields of its subject by name."""
    key = options.pop("idempotency_key", None) or next_key("document")
    actor = options.pop("actor", None)
    return document_issue(
        loan_id=loan.pk, kind=kind, language=language, subject=Subject(**options), idempotency_key=key, actor=actor
    )


def issue_some(loan: Loan) -> None:
    """Issue the loan's schedule, and a job of statements for all loans, under a lender named today."""
    publish_lender(business_date())
    issue(loan, DocumentKind.SCHEDULE)
    job = document_job_create(
        kind=DocumentKind.STATEMENT, language=DocumentLanguage.EN, subject=Subject(), idempotency_key="statements"
    )
    document_job_run(job_id=job.pk)


def pdf_text(pdf: bytes) -> str:
    """Return the text of all pages."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
