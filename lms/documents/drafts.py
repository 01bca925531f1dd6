"""Documents before they have a number: the subject filled in, the figures read from the book, the page laid out."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from core.clock import database_now
from lms.documents.cases import Case, Figures, Subject
from lms.documents.kinds import KINDS
from lms.documents.pages import Page, page_build, page_head
from lms.documents.texts import Wording
from lms.engine.facts import Fact
from lms.engine.state import LoanStatus
from lms.errors.documents import DocumentDayInFuture, DocumentSubjectIncomplete, DocumentYearEmpty
from lms.models import Loan
from lms.models.document import DocumentKind, DocumentLanguage, LenderProfile
from lms.services.fact_rows import facts_known
from lms.services.positions import terms_of

# How far ahead a letter may say what closing a loan will cost: nobody relies on more.
_AHEAD = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document without its number."""

    loan: Loan
    kind: DocumentKind
    language: DocumentLanguage
    subject: Subject
    figures: Figures
    page: Page
    fact_count: int
    known_at: datetime
    lender: LenderProfile
    issued_on: date

    @property
    def as_of(self) -> date:
        """Return the day that the figures are of."""
        return date.fromisoformat(self.figures["as_of"])


def draft_make(
    *,
    loan: Loan,
    kind: DocumentKind,
    language: DocumentLanguage,
    subject: Subject,
    lender: LenderProfile,
    issued_on: date,
    facts: tuple[Fact, ...] | None = None,
) -> Draft:
    """Work out what a document says; nothing is written.

    Args:
        loan: with its customer, product version and product.
        subject: fields that the kind does not take are left out of it.
        issued_on: the business date.
        facts: the loan's facts where they were read before; those recorded after `subject.known_at` are read out.

    Raises:
        DocumentSubjectIncomplete, DocumentDayInFuture, DocumentYearEmpty: the subject cannot be meant.
        The refusals of the kind's figures.
    """
    known_at = subject.known_at or database_now()
    facts = facts_known(loan_id=loan.pk, known_at=subject.known_at) if facts is None else facts
    complete = subject_complete(loan=loan, kind=kind, subject=subject, issued_on=issued_on)
    figures = figures_of(loan=loan, kind=kind, subject=complete, issued_on=issued_on, facts=facts)
    say = Wording(language)
    named = {**figures, "party": loan.customer.full_name}
    page = page_build(
        kind=kind,
        say=say,
        blocks=[*page_head(loan=loan, say=say, on_date=issued_on), *KINDS[kind].blocks(named, say)],
        figures=figures,
        lender=lender,
        issued_on=issued_on,
    )
    return Draft(
        loan=loan,
        kind=kind,
        language=language,
        subject=complete,
        figures=figures,
        page=page,
        fact_count=len(facts),
        known_at=known_at,
        lender=lender,
        issued_on=issued_on,
    )


def figures_of(
    *, loan: Loan, kind: DocumentKind, subject: Subject, issued_on: date, facts: tuple[Fact, ...]
) -> Figures:
    """Return the figures of a complete subject by the facts given, with the day that they are of.

    Raises:
        The refusals of the kind's figures.
    """
    case = Case(loan=loan, terms=terms_of(loan=loan), facts=facts, subject=subject, issued_on=issued_on)
    return {"as_of": case.as_of.isoformat(), **KINDS[kind].figures(case)}


def subject_complete(*, loan: Loan, kind: DocumentKind, subject: Subject, issued_on: date) -> Subject:
    """Return the subject with its day filled in, and without fields that the kind does not take.

    Raises:
        DocumentSubjectIncomplete: a field is missing that the kind needs.
        DocumentDayInFuture: the day is later than the loan is worked out for.
        DocumentYearEmpty: the financial year has not begun.
    """
    rule = KINDS[kind]
    for name in rule.needs:
        if getattr(subject, name) in (None, ""):
            raise DocumentSubjectIncomplete(kind=kind.value, field=name)
    kept = Subject(known_at=subject.known_at, **{name: getattr(subject, name) for name in (*rule.needs, *rule.takes)})
    latest = latest_day(loan=loan, issued_on=issued_on)
    if kept.year is not None:
        year = kept.financial_year
        if year.first_day > latest:
            raise DocumentYearEmpty(loan=loan.number, financial_year=year.label)
        return replace(kept, as_of=min(year.last_day, latest))
    if rule.is_dated_ahead:
        if not issued_on <= (kept.as_of or issued_on) <= issued_on + _AHEAD:
            raise DocumentDayInFuture(loan=loan.number, latest=issued_on + _AHEAD, as_of=kept.as_of)
        return replace(kept, as_of=kept.as_of or issued_on)
    if kept.as_of is not None and kept.as_of > latest:
        raise DocumentDayInFuture(loan=loan.number, latest=latest, as_of=kept.as_of)
    return replace(kept, as_of=kept.as_of or latest)


def latest_day(*, loan: Loan, issued_on: date) -> date:
    """Return the last day that a loan is worked out for; where nothing accrues any more, that is today."""
    if loan.status == LoanStatus.ACTIVE and loan.as_of is not None:
        return loan.as_of
    return max(loan.as_of or issued_on, issued_on)
