"""One kind of document for many loans: in parts that are whole or not there, whoever works on them and dies."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.db.models import F, QuerySet
from django.utils import timezone

from core import audit
from core.business_date import business_date
from core.errors import KistError
from core.parts import part_claim
from core.transactions import run_in_transaction
from lms.documents.cases import Subject
from lms.documents.drafts import Draft, draft_make
from lms.documents.issuing import document_pdf, documents_insert, request_hash_of
from lms.documents.kinds import KINDS
from lms.documents.lender import lender_profile_on
from lms.engine.state import LoanStatus
from lms.errors import IdempotencyKeyReused
from lms.errors.documents import DocumentJobEmpty, DocumentJobKind, DocumentJobUnknown, DocumentSubjectIncomplete
from lms.models import Loan
from lms.models.document import Document, DocumentJob, DocumentJobChunk, DocumentKind, DocumentLanguage, LenderProfile
from lms.services.checks import key_check
from lms.services.fact_rows import content_hash, facts_of_many

CHUNK_LOANS: Final = 100
# Longer than the work on one part; a worker that needs more is shut out by the fence and repeats nothing.
LEASE: Final = timedelta(minutes=2)
_ENDED: Final = (LoanStatus.CLOSED, LoanStatus.SETTLED)

Progress = Callable[[DocumentJob], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """What every part of a job needs."""

    job: DocumentJob
    subject: Subject
    lender: LenderProfile
    issued_on: date


def document_job_create(
    *,
    kind: DocumentKind,
    language: DocumentLanguage,
    subject: Subject,
    idempotency_key: str,
    product_code: str = "",
    actor: User | None = None,
    chunk_loans: int = CHUNK_LOANS,
) -> DocumentJob:
    """Cut the loans that get the document into parts; nothing is issued yet.

    Args:
        product_code: loans of one product only.
        chunk_loans: loans in a part.

    Returns:
        The job, or that of the first call with the same key and the same request.

    Raises:
        DocumentJobKind, DocumentSubjectIncomplete: a job cannot issue this.
        DocumentJobEmpty: no loan would get one.
        LenderProfileMissing: nobody has said how the lender is named.
        IdempotencyKeyMissing, IdempotencyKeyReused: the key cannot be used, or belongs to another request.
    """
    key_check(idempotency_key=idempotency_key)
    rule = KINDS[kind]
    if not rule.is_bulk:
        raise DocumentJobKind(kind=kind.value)
    for name in rule.needs:
        if getattr(subject, name) in (None, ""):
            raise DocumentSubjectIncomplete(kind=kind.value, field=name)
    request = {"kind": kind.value, "language": language.value, "subject": subject.to_json(), "product": product_code}
    request_hash = content_hash(content=request)
    if earlier := _earlier(idempotency_key, request_hash):
        return earlier
    lender_profile_on(on_date=business_date())
    ids = list(_loans(kind, subject, product_code).order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise DocumentJobEmpty()
    ranges = [ids[start : start + chunk_loans] for start in range(0, len(ids), chunk_loans)]

    def write() -> DocumentJob:
        job = DocumentJob.objects.create(
            kind=kind,
            language=language,
            subject=subject.to_json(),
            product_code=product_code,
            loans_total=len(ids),
            chunks_total=len(ranges),
            idempotency_key=idempotency_key,
            content_hash=request_hash,
            created_by=actor,
        )
        DocumentJobChunk.objects.bulk_create(
            DocumentJobChunk(job=job, number=number, first_loan_id=part[0], last_loan_id=part[-1])
            for number, part in enumerate(ranges, 1)
        )
        audit.record(actor=actor, action="lms.document_job_create", obj=job, detail={**request, "loans": len(ids)})
        return job

    try:
        return run_in_transaction(write)
    except IntegrityError:
        if earlier := _earlier(idempotency_key, request_hash):
            return earlier
        raise


def document_job(*, job_id: int) -> DocumentJob:
    """Return one job.

    Raises:
        DocumentJobUnknown: there is none of this key.
    """
    job = DocumentJob.objects.select_related("created_by").filter(pk=job_id).first()
    if job is None:
        raise DocumentJobUnknown(job=job_id)
    return job


def document_job_run(*, job_id: int, progress: Progress | None = None, lease: timedelta = LEASE) -> DocumentJob:
    """Work on the parts that nobody works on, until none is left; several workers share a job.

    A part's documents get their numbers in one transaction, so that a worker killed anywhere loses and repeats none;
    its files are made after it, and again only for the part that was not finished.

    Args:
        progress: called after every part with the job as it stands.
        lease: how long a part stays with a worker that says nothing.

    Returns:
        The job; not done where another worker still has a part.

    Raises:
        DocumentJobUnknown: there is none of this key.
        LenderProfileMissing: nobody has said how the lender is named.
    """
    job = document_job(job_id=job_id)
    today = business_date()
    order = JobOrder(
        job=job,
        subject=Subject.from_json(job.subject),
        lender=lender_profile_on(on_date=today),
        issued_on=today,
    )
    pending = DocumentJobChunk.objects.filter(job=job, state=DocumentJobChunk.State.PENDING)
    while chunk := part_claim(pending=pending, lease=lease):
        _work(order, chunk)
        if progress:
            progress(document_job(job_id=job_id))
    return document_job(job_id=job_id)


def _work(order: JobOrder, chunk: DocumentJobChunk) -> None:
    documents = list(chunk.issued.order_by("serial"))
    if not documents:
        drafts, problems = _drafts(order, chunk)
        documents = run_in_transaction(lambda: _insert(order, chunk, drafts, problems))
    packed = _packed(documents)
    name = f"documents/job-{order.job.pk}-part-{chunk.number}-{chunk.fence}.zip"
    stored = chunk.file.storage.save(name, ContentFile(packed)) if documents else ""
    run_in_transaction(lambda: _finish(order, chunk, stored, len(documents)))


def _drafts(order: JobOrder, chunk: DocumentJobChunk) -> tuple[list[Draft], list[dict[str, str]]]:
    """Work out what each loan's document says; loans that get none are named with the code of the refusal."""
    kind, language = DocumentKind(order.job.kind), DocumentLanguage(order.job.language)
    loans = list(
        _loans(kind, order.subject, order.job.product_code)
        .filter(pk__gte=chunk.first_loan_id, pk__lte=chunk.last_loan_id)
        .select_related("customer", "product_version__product")
        .prefetch_related("customer__addresses")
        .order_by("pk")
    )
    facts = facts_of_many(loan_ids=[loan.pk for loan in loans])
    drafts, problems = [], []
    for loan in loans:
        try:
            drafts.append(
                draft_make(
                    loan=loan,
                    kind=kind,
                    language=language,
                    subject=order.subject,
                    lender=order.lender,
                    issued_on=order.issued_on,
                    facts=facts[loan.pk],
                )
            )
        except KistError as refusal:
            problems.append({"loan": loan.number, "code": refusal.code})
    return drafts, problems


def _insert(
    order: JobOrder, chunk: DocumentJobChunk, drafts: Sequence[Draft], problems: list[dict[str, str]]
) -> list[Document]:
    """Write the rows of a part, if it is still this worker's."""
    if not _mine(chunk).update(problems=problems, documents=len(drafts)) or not drafts:
        return []
    job = order.job
    request_hashes = [
        request_hash_of(loan_id=draft.loan.pk, kind=draft.kind, language=draft.language, subject=draft.subject)
        for draft in drafts
    ]
    documents = documents_insert(
        drafts=drafts,
        keys=[f"job:{job.pk}:{draft.loan.pk}" for draft in drafts],
        hashes=request_hashes,
        actor=job.created_by,
        job_chunk=chunk,
    )
    audit.record(
        actor=job.created_by,
        action="lms.document_issue_many",
        obj=job,
        detail={"part": chunk.number, "first": documents[0].number, "last": documents[-1].number},
    )
    return documents


def _packed(documents: Sequence[Document]) -> bytes:
    """Make the files and put them into one archive, which is not compressed: the files are."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for document in documents:
            packed.writestr(f"{document.number}.pdf", document_pdf(document=document))
    return archive.getvalue()


def _finish(order: JobOrder, chunk: DocumentJobChunk, stored: str, count: int) -> None:
    """Count a part as done, once; the last one ends the job."""
    changes: dict[str, Any] = {"state": DocumentJobChunk.State.DONE, "lease_until": None, "file": stored}
    if not _mine(chunk).update(**changes):
        return
    refused = len(DocumentJobChunk.objects.values_list("problems", flat=True).get(pk=chunk.pk))
    DocumentJob.objects.filter(pk=order.job.pk).update(
        chunks_done=F("chunks_done") + 1, documents_done=F("documents_done") + count, refused=F("refused") + refused
    )
    DocumentJob.objects.filter(pk=order.job.pk, chunks_done=F("chunks_total")).update(
        state=DocumentJob.State.DONE, finished_at=timezone.now()
    )


def _mine(chunk: DocumentJobChunk) -> QuerySet[DocumentJobChunk]:
    return DocumentJobChunk.objects.filter(pk=chunk.pk, fence=chunk.fence, state=DocumentJobChunk.State.PENDING)


def _loans(kind: DocumentKind, subject: Subject, product_code: str) -> QuerySet[Loan]:
    """Return the loans that the kind is for: lent, and running at some time of the year where one is named."""
    loans = Loan.objects.exclude(disbursed_on=None)
    if product_code:
        loans = loans.filter(product_code=product_code)
    if kind is DocumentKind.NO_DUES:
        loans = loans.filter(status__in=_ENDED)
    if subject.year is not None:
        year = subject.financial_year
        loans = loans.filter(disbursed_on__lte=year.last_day)
        loans = loans.exclude(status__in=_ENDED, closed_on__lt=year.first_day)
    return loans


def _earlier(idempotency_key: str, request_hash: str) -> DocumentJob | None:
    job = DocumentJob.objects.filter(idempotency_key=idempotency_key).first()
    if job is not None and job.content_hash != request_hash:
        raise IdempotencyKeyReused(key=idempotency_key)
    return job
