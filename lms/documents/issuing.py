"""Issuing: a number without gap, a row that is never changed, and the file made from it."""

import hashlib
import logging
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.dates import financial_year
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from lms.documents.cases import Subject
from lms.documents.drafts import Draft, draft_make
from lms.documents.kinds import KINDS
from lms.documents.lender import lender_profile_on
from lms.documents.pages import page_number
from lms.documents.rendering import PAGE_FORM, RENDERER, pdf_render
from lms.documents.texts import Wording
from lms.errors import IdempotencyKeyReused, LoanUnknown
from lms.errors.documents import DocumentNotReproducible, DocumentUnknown
from lms.models import Loan
from lms.models.document import Document, DocumentJobChunk, DocumentKind, DocumentLanguage
from lms.services.checks import key_check
from lms.services.fact_rows import content_hash

logger = logging.getLogger(__name__)


def document_issue(
    *,
    loan_id: int,
    kind: DocumentKind,
    language: DocumentLanguage,
    subject: Subject,
    idempotency_key: str,
    actor: User | None = None,
    supersedes: Document | None = None,
    reason: str = "",
    is_file_made: bool = True,
) -> Document:
    """Issue one document: figures as of a day and as known at an instant, by the same replay as the screens.

    The row is committed first, with its number and everything that is printed; the file follows from it at any time.

    Args:
        subject: what it is about; its day is the last one that the loan is worked out for unless it says otherwise.
        supersedes: the document that this one takes the place of.
        reason: why, for the audit trail; where it supersedes another one.
        is_file_made: False leaves the file to the first one who asks for it.

    Returns:
        The document, or that of the first call with the same key and the same request.

    Raises:
        LoanUnknown: there is no such loan.
        LenderProfileMissing: nobody has said how the lender is named.
        IdempotencyKeyMissing, IdempotencyKeyReused: the key cannot be used, or belongs to another request.
        The refusals of `draft_make`.
    """
    key_check(idempotency_key=idempotency_key)
    request_hash = request_hash_of(loan_id=loan_id, kind=kind, language=language, subject=subject)
    if earlier := _earlier(idempotency_key, request_hash):
        return document_complete(document=earlier)
    loan = Loan.objects.select_related("customer", "product_version__product").filter(pk=loan_id).first()
    if loan is None:
        raise LoanUnknown(loan=loan_id)
    today = business_date()
    draft = draft_make(
        loan=loan,
        kind=kind,
        language=language,
        subject=subject,
        lender=lender_profile_on(on_date=today),
        issued_on=today,
    )

    def write() -> Document:
        [document] = documents_insert(
            drafts=[draft], keys=[idempotency_key], hashes=[request_hash], actor=actor, supersedes=supersedes
        )
        audit.record(
            actor=actor,
            action="lms.document_issue",
            obj=document,
            reason=reason,
            detail={"number": document.number, "loan": loan.number, "language": language.value},
        )
        return document

    try:
        document = run_in_transaction(write)
    except IntegrityError:
        earlier = _earlier(idempotency_key, request_hash)
        if earlier is None:
            raise
        document = earlier
    return document_complete(document=document) if is_file_made else document


def documents_insert(
    *,
    drafts: Sequence[Draft],
    keys: Sequence[str],
    hashes: Sequence[str],
    actor: User | None,
    supersedes: Document | None = None,
    job_chunk: DocumentJobChunk | None = None,
) -> list[Document]:
    """Give drafts of one kind and day their numbers and write their rows, in the caller's transaction.

    The series stays locked until that transaction ends, so its numbers have no gap; no other lock is taken after it.
    """
    first = drafts[0]
    year = financial_year(first.issued_on).label
    prefix = KINDS[first.kind].prefix
    serials = take_numbers(name=f"lms.document.{prefix}.{year}", count=len(drafts))
    rows = []
    for draft, serial, key, request_hash in zip(drafts, serials, keys, hashes, strict=True):
        number = f"{prefix}-{year}-{serial:06d}"
        content, said_hash = page_number(
            page=draft.page,
            number=number,
            issued_on=draft.issued_on,
            site=draft.lender.site,
            say=Wording(draft.language),
            replaces=supersedes.number if supersedes else "",
        )
        rows.append(
            Document(
                number=number,
                kind=draft.kind,
                financial_year=year,
                serial=serial,
                loan=draft.loan,
                language=draft.language,
                subject=draft.subject.to_json(),
                as_of=draft.as_of,
                fact_count=draft.fact_count,
                known_at=draft.known_at,
                figures=draft.figures,
                content=content,
                content_hash=said_hash,
                page_form=PAGE_FORM,
                renderer=RENDERER,
                supersedes=supersedes,
                job_chunk=job_chunk,
                idempotency_key=key,
                request_hash=request_hash,
                issued_on=draft.issued_on,
                issued_by=actor,
            )
        )
    with transaction.atomic():
        Document.objects.bulk_create(rows)
    # Read again: not every database says which keys it gave to many rows.
    return list(Document.objects.filter(number__in=[row.number for row in rows]).order_by("serial"))


def document_pdf(*, document: Document) -> bytes:
    """Make the file of a document from its row, and prove that it is the one that was issued.

    Raises:
        DocumentNotReproducible: the program gives other bytes than when the document was issued.
    """
    pdf = pdf_render(content=document.content, page_form=document.page_form)
    made = hashlib.sha256(pdf).hexdigest()
    if document.pdf_sha256 is None:
        # Two processes may make the first file at once; both make the same one.
        Document.objects.filter(pk=document.pk, pdf_sha256=None).update(pdf_sha256=made)
        document.pdf_sha256 = made
    if made != document.pdf_sha256:
        logger.error("document %s is not reproducible", document.number)
        raise DocumentNotReproducible(number=document.number, renderer=document.renderer)
    return pdf


def document_download(*, document_id: int, actor: User) -> tuple[Document, bytes]:
    """Return a document with its file, and write down who took it.

    Raises:
        DocumentUnknown: there is none of this key.
        DocumentNotReproducible: see `document_pdf`.
    """
    document = document_by_id(document_id=document_id)
    pdf = document_pdf(document=document)
    audit.record(actor=actor, action="lms.document_download", obj=document, detail={"number": document.number})
    return document, pdf


def document_by_id(*, document_id: int) -> Document:
    """Return one document with its loan.

    Raises:
        DocumentUnknown: there is none of this key.
    """
    document = Document.objects.select_related("loan__customer", "issued_by").filter(pk=document_id).first()
    if document is None:
        raise DocumentUnknown(document=document_id)
    return document


def document_complete(*, document: Document) -> Document:
    """Make the file once where a process died between the row and the file; return the document with its hash."""
    if document.pdf_sha256 is None:
        document_pdf(document=document)
    return document


def request_hash_of(*, loan_id: int, kind: DocumentKind, language: DocumentLanguage, subject: Subject) -> str:
    """Return the fingerprint of a request."""
    return content_hash(
        content={"loan": loan_id, "kind": kind.value, "language": language.value, "subject": subject.to_json()}
    )


def _earlier(idempotency_key: str, request_hash: str) -> Document | None:
    document = Document.objects.filter(idempotency_key=idempotency_key).first()
    if document is not None and document.request_hash != request_hash:
        raise IdempotencyKeyReused(key=idempotency_key)
    return document
