"""What moved and why: entries that count from closed days, with the figures of each day before and after them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet

from ledger.models import Journal
from ledger.selectors import journals_for
from lms.engine.day_reading import figures_by_day
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Terms
from lms.models import ClassificationCorrection, FactKind, Loan, LoanFact
from lms.services.fact_rows import facts_of
from lms.services.facts import REFERENCE_TYPE
from lms.services.knowledge import ALL_KNOWN, Knowledge
from lms.services.positions import terms_of

_DAYS_AT_MOST: Final = 60
_ONE_DAY: Final = timedelta(days=1)
# What a reader compares; names ending in _paise are amounts.
_FIGURES: Final[dict[str, Callable[[LoanState], object]]] = {
    "status": lambda state: state.status.value,
    "principal_outstanding_paise": lambda state: state.outstanding.principal,
    "interest_outstanding_paise": lambda state: state.outstanding.interest,
    "fee_outstanding_paise": lambda state: state.outstanding.fee,
    "tax_outstanding_paise": lambda state: state.outstanding.tax,
    "penal_outstanding_paise": lambda state: state.outstanding.penal,
    "overdue_paise": lambda state: state.overdue.total,
    "days_past_due": lambda state: state.days_past_due,
    "excess_paise": lambda state: state.excess_paise,
    "instalment_paise": lambda state: state.instalment_paise,
    "next_due_date": lambda state: state.next_due_date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One figure of a day, without the entry and with it."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDay:
    """A closed day on which the entry moved something; a day on which the loan cannot be worked out says why."""

    day: date
    figures: tuple[Moved, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """An entry that counts from a closed day: who made it and why, what it moved, what it booked, which classes.

    `is_cut`: more days moved than are listed.
    """

    row: LoanFact
    days: tuple[MovedDay, ...]
    journals: tuple[Journal, ...]
    classes: tuple[ClassificationCorrection, ...]
    is_cut: bool = False


def corrections_of(*, loan: Loan, knowledge: Knowledge = ALL_KNOWN) -> QuerySet[LoanFact]:
    """Return the entries that count from a day before the one they were recorded on, latest recorded first.

    What was recorded with the loan's first entry, as an import does, corrects nothing.
    """
    rows = knowledge.of(LoanFact.objects.filter(loan=loan)).select_related("recorded_by").order_by("-sequence")
    first = LoanFact.objects.filter(loan=loan).order_by("sequence").values_list("recorded_on", flat=True).first()
    late = Q(recorded_on__gt=first) | Q(kind=FactKind.REVERSE)
    return rows.filter(late, value_date__lt=F("recorded_on")) if first is not None else rows.none()


def correction_brief(*, loan: Loan, rows: Sequence[LoanFact]) -> tuple[Correction, ...]:
    """Tell for some corrections what moved on their value date and on the last day that was closed before them."""
    known, terms = facts_of(loan_id=loan.pk), terms_of(loan=loan)
    journals, classes = _journals(loan, rows), _class_corrections(rows)
    return tuple(
        Correction(
            row=row,
            days=tuple(_moved_days(terms, known, row, [row.value_date, row.recorded_on - _ONE_DAY])),
            journals=tuple(journals.get(row.pk, ())),
            classes=tuple(classes.get(row.pk, ())),
        )
        for row in rows
    )


def correction_in_full(*, loan: Loan, row: LoanFact) -> Correction:
    """Tell what an entry moved on every closed day on which anything turned since its value date.

    Between two of these days the figures move by nightly interest alone.
    """
    known, terms = facts_of(loan_id=loan.pk), terms_of(loan=loan)
    classes = _class_corrections([row]).get(row.pk, [])
    days = _turning_days(terms, known, row, classes)
    return Correction(
        row=row,
        days=tuple(_moved_days(terms, known, row, days[:_DAYS_AT_MOST])),
        journals=tuple(_journals(loan, [row]).get(row.pk, ())),
        classes=tuple(classes),
        is_cut=len(days) > _DAYS_AT_MOST,
    )


def _turning_days(
    terms: Terms, known: Sequence[Fact], row: LoanFact, classes: Sequence[ClassificationCorrection]
) -> list[date]:
    last = row.recorded_on - _ONE_DAY
    days = {row.value_date, last}
    days |= {fact.value_date for fact in known if fact.sequence <= row.sequence}
    days |= {correction.from_date for correction in classes}
    upto = [fact for fact in known if fact.sequence <= row.sequence]
    for facts in (upto, upto[:-1]):
        state = _state(terms, facts, last)
        if isinstance(state, LoanState):
            days |= {item.due_date for item in state.instalments}
    return sorted(day for day in days if row.value_date <= day <= last)


def _moved_days(terms: Terms, known: Sequence[Fact], row: LoanFact, days: Sequence[date]) -> Iterator[MovedDay]:
    after = [fact for fact in known if fact.sequence <= row.sequence]
    before = [fact for fact in after if fact.sequence != row.sequence]
    days = list(dict.fromkeys(days))
    was, is_now = _figures(terms, before, days), _figures(terms, after, days)
    for day in days:
        states = was[day], is_now[day]
        problem = next((state for state in states if isinstance(state, str)), "")
        figures = () if problem else tuple(_moved(*states))  # type: ignore[arg-type]  # both are states
        if problem or figures:
            yield MovedDay(day=day, figures=figures, problem=problem)


def _figures(terms: Terms, facts: Sequence[Fact], days: Sequence[date]) -> Mapping[date, LoanState | str]:
    """Read the figures of all days in one fold; one by one where a later entry contradicts the loan."""
    try:
        return figures_by_day(terms=terms, facts=facts, days=days)
    except EngineRefusal:
        return {day: _state(terms, facts, day) for day in days}


def _moved(before: LoanState, after: LoanState) -> Iterator[Moved]:
    for name, read in _FIGURES.items():
        was, is_now = read(before), read(after)
        if was != is_now:
            yield Moved(name=name, before=was, after=is_now)


def _state(terms: Terms, facts: Sequence[Fact], day: date) -> LoanState | str:
    try:
        return replay(terms=terms, facts=facts, as_of=day)
    except EngineRefusal as refusal:
        return refusal.message


def _journals(loan: Loan, rows: Sequence[LoanFact]) -> dict[int, list[Journal]]:
    keys = {f"lms.fact:{row.pk}": row.pk for row in rows}
    found: dict[int, list[Journal]] = {}
    posted = journals_for(reference_type=REFERENCE_TYPE, reference_id=loan.pk)
    for journal in posted.filter(idempotency_key__in=list(keys)):
        found.setdefault(keys[journal.idempotency_key], []).append(journal)
    return found


def _class_corrections(rows: Sequence[LoanFact]) -> dict[int, list[ClassificationCorrection]]:
    found: dict[int, list[ClassificationCorrection]] = {}
    corrections = ClassificationCorrection.objects.filter(fact__in=rows).select_related("loan", "caused_by")
    for correction in corrections.order_by("loan", "from_date"):
        found.setdefault(correction.fact_id, []).append(correction)
    return found
