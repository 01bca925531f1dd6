"""Documents that the past has moved under: found, issued again under a new number, or withdrawn."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core import audit
from core.errors import KistError
from core.transactions import run_in_transaction
from lms.documents.cases import Figures, Subject
from lms.documents.drafts import figures_of
from lms.documents.issuing import document_by_id, document_issue
from lms.documents.kinds import KINDS
from lms.engine.facts import Fact
from lms.errors.documents import DocumentNotOutdated
from lms.models import LoanFact
from lms.models.document import Document, DocumentKind, DocumentLanguage
from lms.services.checks import reason_check
from lms.services.fact_rows import facts_of

_UNBOUND = [kind.value for kind, rule in KINDS.items() if not rule.is_bound_to_day]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """A document whose figures differ now; `refusal` says why it could not be issued at all any more."""

    document: Document
    changed: tuple[tuple[str, object, object], ...] = ()
    refusal: KistError | None = None


def documents_standing() -> QuerySet[Document]:
    """Return documents that were neither superseded nor withdrawn."""
    return Document.objects.filter(superseded_by=None, withdrawn_at=None)


def documents_suspect() -> QuerySet[Document]:
    """Return standing documents on whose loan something was recorded later that counts on their day or before.

    One look-up per document, without any arithmetic; what was asked for as known at an instant never changes.
    """
    later = LoanFact.objects.filter(loan=OuterRef("loan"), sequence__gt=OuterRef("fact_count"))
    back_dated = later.filter(value_date__lte=OuterRef("as_of")).filter(value_date__lte=OuterRef("issued_on"))
    suspect = Q(Exists(back_dated)) | Q(Exists(later), kind__in=_UNBOUND)
    return documents_standing().filter(suspect).exclude(subject__has_key="known_at").order_by("pk")


def documents_outdated(*, loan_id: int | None = None, after: int = 0, limit: int = 50) -> tuple[Outdated, ...]:
    """Return documents that would say something else if they were issued now.

    Args:
        loan_id: of one loan; of all loans when not given.
        after: key of the last document seen, for the next page.
        limit: how many suspects are looked at, at most.

    Source: design 4 (documents from the same figures), promise 1.
    """
    suspects = documents_suspect().filter(pk__gt=after).select_related("loan__customer")
    if loan_id is not None:
        suspects = suspects.filter(loan_id=loan_id)
    known: dict[int, tuple[Fact, ...]] = {}
    found = []
    for document in suspects[:limit]:
        if document.loan_id not in known:
            known[document.loan_id] = facts_of(loan_id=document.loan_id)
        if outdated := _compared(document, known[document.loan_id]):
            found.append(outdated)
    return tuple(found)


def document_outdated(*, document: Document) -> Outdated | None:
    """Return how a document differs from the book now; None while it stands, or is superseded or withdrawn."""
    if not documents_suspect().filter(pk=document.pk).exists():
        return None
    return _compared(document, facts_of(loan_id=document.loan_id))


def document_reissue(
    *, document_id: int, reason: str, actor: User | None = None, is_file_made: bool = True
) -> Document:
    """Issue a document again that the past has moved under, or withdraw it where it could not be issued any more.

    The old document stays as it was, and says on the public page that it was superseded or withdrawn.

    Returns:
        The new document, which names the old one; the old one itself where it was withdrawn. A second call returns
        what the first one did.

    Raises:
        DocumentUnknown: there is none of this key.
        DocumentNotOutdated: it still says what the book says.
        ReasonMissing, ReasonTooLong: why is not said.
    """
    reason_check(reason=reason, is_required=True)
    document = document_by_id(document_id=document_id)
    if newer := Document.objects.filter(supersedes=document).first():
        return newer
    if document.withdrawn_at is not None:
        return document
    outdated = document_outdated(document=document)
    if outdated is None:
        raise DocumentNotOutdated(number=document.number)
    if outdated.refusal is not None:
        return run_in_transaction(lambda: _withdraw(document, outdated.refusal, reason, actor))
    return document_issue(
        loan_id=document.loan_id,
        kind=DocumentKind(document.kind),
        language=DocumentLanguage(document.language),
        subject=Subject.from_json(document.subject),
        idempotency_key=f"reissue:{document.number}",
        actor=actor,
        supersedes=document,
        reason=reason,
        is_file_made=is_file_made,
    )


def documents_reissue(
    *, loan_id: int, reason: str, actor: User | None = None, is_file_made: bool = True
) -> list[Document]:
    """Issue all documents of a loan again that the past has moved under, each as `document_reissue` does.

    The caller's transaction may hold them all: the series of numbers are locked in one order, as for every other loan.

    Args:
        is_file_made: False leaves the files to the first one who asks for them.

    Raises:
        ReasonMissing, ReasonTooLong: why is not said.
    """
    reason_check(reason=reason, is_required=True)
    outdated = documents_outdated(loan_id=loan_id, limit=500)
    in_series = sorted(
        (item.document for item in outdated), key=lambda row: (KINDS[DocumentKind(row.kind)].prefix, row.pk)
    )
    issued = {
        document.pk: document_reissue(document_id=document.pk, reason=reason, actor=actor, is_file_made=is_file_made)
        for document in in_series
    }
    return [issued[item.document.pk] for item in outdated]


def documents_followed(*, loan_id: int, sequence: int) -> QuerySet[Document]:
    """Return the documents that were issued after an entry in the place of ones from before it."""
    rows = Document.objects.filter(loan_id=loan_id, supersedes__fact_count__lt=sequence, fact_count__gte=sequence)
    return rows.select_related("supersedes").order_by("pk")


def _withdraw(document: Document, refusal: KistError | None, reason: str, actor: User | None) -> Document:
    """Mark a document as no longer true; the first one to do so counts."""
    now = timezone.now()
    standing = Document.objects.filter(pk=document.pk, withdrawn_at=None)
    if standing.update(withdrawn_at=now, withdrawn_reason=reason):
        audit.record(
            actor=actor,
            action="lms.document_withdraw",
            obj=document,
            reason=reason,
            detail={"number": document.number, "refusal": refusal.code if refusal else ""},
        )
    return Document.objects.get(pk=document.pk)


def _compared(document: Document, facts: tuple[Fact, ...]) -> Outdated | None:
    try:
        figures = figures_of(
            loan=document.loan,
            kind=DocumentKind(document.kind),
            subject=Subject.from_json(document.subject),
            issued_on=document.issued_on,
            facts=facts,
        )
    except KistError as refusal:
        return Outdated(document=document, refusal=refusal)
    changed = tuple(_changes(document.figures, figures))
    return Outdated(document=document, changed=changed) if changed else None


def _changes(before: Figures, now: Figures) -> list[tuple[str, object, object]]:
    """Name the figures that differ, with both values; of lists how many rows they have."""
    found: list[tuple[str, object, object]] = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old != new:
            found.append((name, _brief(old), _brief(new)))
    return found


def _brief(value: object) -> object:
    if isinstance(value, list):
        return f"{len(value)} rows"
    return "" if isinstance(value, dict) else value
