"""Questions to the loan book: a loan as of a day and as known at an instant, and its statement."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from ledger.models import Journal
from ledger.selectors import journals_for
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import Allocation, LoanState
from lms.models import ClassificationEntry, FactKind, Loan, LoanAccrual, LoanFact
from lms.services.fact_rows import KIND_OF, facts_known, undone_sequences
from lms.services.facts import REFERENCE_TYPE
from lms.services.positions import terms_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One entry of a borrower's statement in paise: how it was applied, and what is owed at the day-end after it.

    `balance_paise` is everything outstanding less money held for the borrower; below zero it is the borrower's.
    """

    value_date: date
    sequence: int
    kind: FactKind
    reference: str
    amount_paise: int
    principal_paise: int
    interest_paise: int
    fee_paise: int
    tax_paise: int
    penal_paise: int
    excess_paise: int
    balance_paise: int


def loan_state_as_of(*, loan: Loan, as_of: date, known_at: datetime | None = None) -> LoanState:
    """Return the loan at the day-end of any day, with all that is known, or was known at an instant.

    Args:
        as_of: the day; entries valued later do not count.
        known_at: entries recorded after this instant do not count; all count when it is not given.

    Raises:
        EngineRefusal: the entries contradict each other.

    Source: design promise 2 (two clocks).
    """
    facts = facts_known(loan_id=loan.pk, known_at=known_at)
    return replay(terms=terms_of(loan=loan), facts=facts, as_of=as_of)


def loan_facts(*, loan: Loan, known_at: datetime | None = None) -> QuerySet[LoanFact]:
    """Return the entries of a loan in the order of recording, with who recorded them."""
    rows = LoanFact.objects.filter(loan=loan).select_related("recorded_by").order_by("sequence")
    return rows if known_at is None else rows.filter(recorded_at__lte=known_at)


def loan_postings(*, loan: Loan) -> QuerySet[Journal]:
    """Return the journals of the loan's own entries, first posted first, with their transfers and accounts.

    Daily interest is in the journals of the day-end; `loan_accruals` has the loan's part of them.
    """
    return journals_for(reference_type=REFERENCE_TYPE, reference_id=loan.pk)


def loan_accruals(*, loan: Loan) -> QuerySet[LoanAccrual]:
    """Return what the day-ends booked for a loan, latest first."""
    return loan.accruals.order_by("-booked_on", "movement", "head")


def loan_diary(*, loan: Loan) -> QuerySet[ClassificationEntry]:
    """Return every change of the loan's class, latest first, with the loan that caused it."""
    return loan.classification_entries.select_related("caused_by").order_by("-on_date", "-pk")


def loan_statement(
    *, loan: Loan, to_date: date, from_date: date | None = None, known_at: datetime | None = None
) -> tuple[StatementLine, ...]:
    """Return the entries that stand, by value date, with how each was applied and the balance after its day.

    Args:
        to_date: last day of the statement.
        from_date: first day; the first entry when not given.
        known_at: as in `loan_state_as_of`.

    Raises:
        EngineRefusal: the entries contradict each other.
    """
    facts = facts_known(loan_id=loan.pk, known_at=known_at)
    undone = undone_sequences(facts=facts)
    standing = sorted(
        (fact for fact in facts if fact.sequence not in undone and _is_shown(fact) and fact.value_date <= to_date),
        key=lambda fact: (fact.value_date, fact.sequence),
    )
    terms = terms_of(loan=loan)
    allocations = replay(terms=terms, facts=facts, as_of=to_date).allocations
    balances: dict[date, int] = {}
    for fact in standing:
        if fact.value_date not in balances:
            state = replay(terms=terms, facts=facts, as_of=fact.value_date)
            balances[fact.value_date] = state.outstanding.total - state.excess_paise
    return tuple(
        _line(fact, allocations, balances[fact.value_date])
        for fact in standing
        if from_date is None or fact.value_date >= from_date
    )


def _is_shown(fact: Fact) -> bool:
    return KIND_OF[type(fact)] is not FactKind.REVERSE


def _line(fact: Fact, allocations: tuple[Allocation, ...], balance_paise: int) -> StatementLine:
    parts = dict(_parts(fact, allocations))
    return StatementLine(
        value_date=fact.value_date,
        sequence=fact.sequence,
        kind=KIND_OF[type(fact)],
        reference=fact.reference,
        amount_paise=fact.amount_paise,
        principal_paise=parts.get("PRINCIPAL", 0),
        interest_paise=parts.get("INTEREST", 0),
        fee_paise=parts.get("FEE", 0),
        tax_paise=parts.get("TAX", 0),
        penal_paise=parts.get("PENAL", 0),
        excess_paise=parts.get("", 0),
        balance_paise=balance_paise,
    )


def _parts(fact: Fact, allocations: tuple[Allocation, ...]) -> Iterator[tuple[str, int]]:
    """Sum what a fact paid by component; money that was held first shows where it went in the end."""
    sums: dict[str, int] = {}
    for part in allocations:
        if part.fact_sequence == fact.sequence:
            name = part.component.value if part.component else ""
            sums[name] = sums.get(name, 0) + part.amount_paise
            if part.is_from_excess:
                sums[""] = sums.get("", 0) - part.amount_paise
    yield from sums.items()
