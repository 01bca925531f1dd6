"""Questions to the loan book: a loan as of a day and as known at an instant, and its statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, Max, QuerySet

from core.business_date import business_date
from ledger.models import Journal
from ledger.selectors import journals_for
from lms.engine.day_reading import balances_by_day
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import Allocation, LoanState
from lms.engine.terms import Terms
from lms.models import ClassificationEntry, FactKind, Freeze, Loan, LoanAccrual, LoanFact
from lms.services.fact_rows import KIND_OF, facts_known, undone_sequences
from lms.services.facts import REFERENCE_TYPE
from lms.services.positions import terms_of

_ONE_DAY: Final = timedelta(days=1)


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


@dataclass(frozen=True, slots=True)
class Statement:
    """Entries of a period, and what was owed on the eve of it less money held, in paise."""

    opening_paise: int
    lines: tuple[StatementLine, ...]


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


def loan_standing(*, loan_id: int) -> str:
    """Return a text that changes whenever what decides about money out of a loan does: entries, freezes, the day.

    Who has tried an act and finds the same text again need not try it once more.
    """
    loan = Loan.objects.order_by().values_list("customer_id", "status", "fact_count", "state_hash").get(pk=loan_id)
    freezes = Freeze.objects.filter(customer_id=loan[0]).aggregate(newest=Max("pk"), lifted=Count("lifted_on"))
    return ":".join(map(str, (business_date().isoformat(), *loan, freezes["newest"], freezes["lifted"])))


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
    facts, terms = facts_known(loan_id=loan.pk, known_at=known_at), terms_of(loan=loan)
    state = replay(terms=terms, facts=facts, as_of=to_date)
    return statement_of(terms=terms, facts=facts, state=state, from_date=from_date).lines


def statement_of(*, terms: Terms, facts: Sequence[Fact], state: LoanState, from_date: date | None = None) -> Statement:
    """Return the statement up to the day of a state, whose facts were read before; balances come from one fold.

    Args:
        from_date: first day; the first entry when not given.

    Raises:
        EngineRefusal: the entries contradict each other.
    """
    valued = [fact for fact in facts if fact.value_date <= state.as_of]
    # A payment that was returned after the period had not been returned in it.
    undone = undone_sequences(facts=valued)
    standing = sorted(
        (fact for fact in valued if fact.sequence not in undone and _is_shown(fact)),
        key=lambda fact: (fact.value_date, fact.sequence),
    )
    first = from_date or date.min + _ONE_DAY
    shown = [fact for fact in standing if fact.value_date >= first]
    days = {first - _ONE_DAY, *(fact.value_date for fact in shown)}
    balances = balances_by_day(terms=terms, facts=facts, days=days)
    parts = _parts(state.allocations)
    return Statement(
        opening_paise=balances[first - _ONE_DAY],
        lines=tuple(_line(fact, parts.get(fact.sequence, {}), balances[fact.value_date]) for fact in shown),
    )


def _is_shown(fact: Fact) -> bool:
    return KIND_OF[type(fact)] is not FactKind.REVERSE


def _line(fact: Fact, parts: Mapping[str, int], balance_paise: int) -> StatementLine:
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


def _parts(allocations: Sequence[Allocation]) -> dict[int, dict[str, int]]:
    """Sum what each fact paid by component; money that was held first shows where it went in the end."""
    sums: dict[int, dict[str, int]] = {}
    for part in allocations:
        of_fact = sums.setdefault(part.fact_sequence, {})
        name = part.component.value if part.component else ""
        of_fact[name] = of_fact.get(name, 0) + part.amount_paise
        if part.is_from_excess:
            of_fact[""] = of_fact.get("", 0) - part.amount_paise
    return sums
