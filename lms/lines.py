"""Questions to credit lines: as of a day and as known at an instant, what is left of many, and the statement of one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from lms.engine.classification import AssetClass
from lms.engine.facts import Fact
from lms.engine.lines import LineState, fold_line
from lms.engine.replay import replay
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Component
from lms.models import ClassificationEntry, CreditLine, FactKind, LineFact, LineFactKind, Loan, LoanFact
from lms.services.fact_rows import KIND_OF, fact_of
from lms.services.lines.standing import (
    LineStanding,
    event_of,
    events_of,
    given_up_paise,
    hindrance_of,
    standing_of,
)
from lms.services.positions import terms_of, totals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAsOf:
    """A line on a day: its folded events, its standing, and the state of every loan drawn by then."""

    state: LineState
    standing: LineStanding
    drawdowns: tuple[tuple[Loan, LoanState], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatementRow:
    """What a line's customer is told of one entry: paise that it drew (+) or gave back (-), and the line after its day.

    `loan` is empty for entries of the line itself.
    """

    value_date: date
    what: str
    loan: str
    loan_id: int | None
    reference: str
    amount_paise: int
    principal_paise: int
    limit_paise: int
    drawn_paise: int
    available_paise: int


def line_as_of(
    *, line: CreditLine, as_of: date, known_at: datetime | None = None, known_on: date | None = None
) -> LineAsOf | None:
    """Return a line at the day-end of any day, with all that is known, or was known at an instant or on a day.

    Args:
        as_of: entries valued later do not count.
        known_at: entries recorded after this instant do not count; all count when it is not given.
        known_on: entries recorded on a later business date do not count.

    Returns:
        The line; None before it was opened, or before anyone knew of it.

    Source: design promise 2 (two clocks).
    """
    return _as_of(_read(line, known_at, known_on), as_of)


def line_standings(*, lines: Sequence[CreditLine], today: date) -> dict[int, LineStanding]:
    """Return what is left of many lines by their keys, with two queries."""
    events = events_of(line_ids=[line.pk for line in lines])
    customers: dict[int, list[Loan]] = {line.customer_id: [] for line in lines}
    for loan in Loan.objects.filter(customer_id__in=list(customers)).defer("terms", "accrual_lines"):
        customers[loan.customer_id].append(loan)
    standings = {}
    for line in lines:
        state = fold_line(events=events[line.pk], as_of=today)
        if state is not None:
            standings[line.pk] = standing_of(state=state, loans=customers[line.customer_id])
    return standings


def line_facts(*, line: CreditLine, known_at: datetime | None = None) -> QuerySet[LineFact]:
    """Return the facts of a line in the order of recording, with their loans and who recorded them."""
    rows = LineFact.objects.filter(line=line).select_related("recorded_by", "loan").order_by("sequence")
    return rows if known_at is None else rows.filter(recorded_at__lte=known_at)


def line_by_number(*, number: str) -> CreditLine | None:
    """Return the credit line with exactly this number."""
    return CreditLine.objects.filter(number=number.upper()).first() if number else None


def line_statement(
    *,
    line: CreditLine,
    to_date: date,
    from_date: date | None = None,
    known_at: datetime | None = None,
    known_on: date | None = None,
) -> tuple[LineStatementRow, ...]:
    """Return what happened on a line and its drawdowns by value date, with limit, drawn and available after each day.

    Args:
        to_date: last day of the statement.
        from_date: first day; the opening of the line when not given.
        known_at, known_on: as in `line_as_of`.
    """
    book = _read(line, known_at, known_on)
    whole = _as_of(book, to_date)
    if whole is None:
        return ()
    lent = frozenset(loan.pk for loan, state in whole.drawdowns if state.status is not LoanStatus.SANCTIONED)
    entries = [_of_line(fact, lent) for fact in book.rows if fact.value_date <= to_date]
    for loan, state in whole.drawdowns:
        entries += _of_loan(loan, book.facts[loan.pk], state)
    rows: list[LineStatementRow] = []
    for day, of_day in groupby(sorted(entries, key=lambda entry: (entry.value_date, entry.order)), key=_day):
        after = _as_of(book, day)
        if after is not None and (from_date is None or day >= from_date):
            rows += [_row(entry, after.standing) for entry in of_day]
    return tuple(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """What is known of a line, read once: its facts, its loans with their facts, the diary of the customer's loans."""

    rows: tuple[LineFact, ...]
    loans: tuple[Loan, ...]
    facts: Mapping[int, tuple[Fact, ...]]
    diary: tuple[ClassificationEntry, ...]


def _read(line: CreditLine, known_at: datetime | None, known_on: date | None) -> _Book:
    known: dict[str, Any] = {} if known_at is None else {"recorded_at__lte": known_at}
    of_facts = known if known_on is None else known | {"recorded_on__lte": known_on}
    of_diary = known if known_on is None else known | {"on_date__lte": known_on}
    rows = tuple(LineFact.objects.filter(line=line, **of_facts).select_related("loan").order_by("sequence"))
    loans = tuple(row.loan for row in rows if row.loan is not None)
    facts: dict[int, list[Fact]] = {loan.pk: [] for loan in loans}
    for row in LoanFact.objects.filter(loan__in=loans, **of_facts).order_by("loan_id", "sequence"):
        facts[row.loan_id].append(fact_of(row=row))
    diary = ClassificationEntry.objects.filter(loan__customer_id=line.customer_id, **of_diary).select_related("loan")
    return _Book(
        rows=rows,
        loans=loans,
        facts={loan_id: tuple(found) for loan_id, found in facts.items()},
        diary=tuple(diary.order_by("loan_id", "on_date", "pk")),
    )


def _as_of(book: _Book, as_of: date) -> LineAsOf | None:
    state = fold_line(events=[event_of(row=row) for row in book.rows], as_of=as_of)
    if state is None:
        return None
    drawdowns = []
    for loan in book.loans:
        if any(fact.value_date <= as_of for fact in book.facts[loan.pk]):
            drawdowns.append((loan, replay(terms=terms_of(loan=loan), facts=book.facts[loan.pk], as_of=as_of)))
    standing = LineStanding(
        limit_paise=state.limit_paise,
        drawn_paise=sum(found.outstanding.principal for _, found in drawdowns),
        given_up_paise=sum(given_up_paise(totals=totals_of(state=found)) for _, found in drawdowns),
        held_paise=state.held_paise,
        hindrance=hindrance_of(state=state, is_non_performing=_was_non_performing(book, as_of)),
    )
    return LineAsOf(state=state, standing=standing, drawdowns=tuple(drawdowns))


def _was_non_performing(book: _Book, as_of: date) -> bool:
    """Tell from the diaries whether the borrower was non-performing."""
    latest = {entry.loan_id: entry for entry in book.diary if entry.on_date <= as_of}
    return any(
        AssetClass(entry.asset_class).is_npa
        and (
            entry.loan.closed_on is None or entry.loan.closed_on > as_of or entry.loan.status == LoanStatus.WRITTEN_OFF
        )
        for entry in latest.values()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    value_date: date
    order: tuple[int, int, int]
    what: str
    loan: Loan | None
    reference: str
    amount_paise: int
    principal_paise: int


def _day(entry: _Entry) -> date:
    return entry.value_date


def _of_line(fact: LineFact, lent: frozenset[int]) -> _Entry:
    """Return the entry of the line; a drawdown whose money came back, reversed, uses nothing of the limit."""
    is_undone = fact.loan_id is not None and fact.loan_id not in lent
    return _Entry(
        value_date=fact.value_date,
        order=(0, fact.sequence, 0),
        what=f"{LineFactKind(fact.kind).label}{', reversed' if is_undone else ''}",
        loan=fact.loan,
        reference=fact.reference,
        amount_paise=fact.amount_paise,
        principal_paise=fact.amount_paise if fact.loan_id in lent else 0,
    )


def _of_loan(loan: Loan, facts: Sequence[Fact], state: LoanState) -> Iterator[_Entry]:
    """Yield what took principal off a drawdown, on the day it did; what was drawn stands in the line's own entry."""
    by_sequence = {fact.sequence: fact for fact in facts}
    paid: Counter[tuple[int, date]] = Counter()
    for part in state.allocations:
        if part.component is Component.PRINCIPAL:
            paid[part.fact_sequence, part.applied_on] += part.amount_paise
    for (sequence, applied_on), amount_paise in paid.items():
        fact = by_sequence[sequence]
        yield _Entry(
            value_date=applied_on,
            order=(1, loan.pk, sequence),
            what=str(FactKind(KIND_OF[type(fact)]).label),
            loan=loan,
            reference=fact.reference,
            amount_paise=fact.amount_paise,
            principal_paise=-amount_paise,
        )


def _row(entry: _Entry, standing: LineStanding) -> LineStatementRow:
    return LineStatementRow(
        value_date=entry.value_date,
        what=entry.what,
        loan=entry.loan.number if entry.loan else "",
        loan_id=entry.loan.pk if entry.loan else None,
        reference=entry.reference,
        amount_paise=entry.amount_paise,
        principal_paise=entry.principal_paise,
        limit_paise=standing.limit_paise,
        drawn_paise=standing.drawn_paise,
        available_paise=standing.available_paise,
    )
