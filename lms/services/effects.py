"""What an act on loans would do: entries, postings, schedule and class before and after, without doing it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from core.rehearsal import rehearse
from core.transactions import run_in_transaction
from lms.errors import LoanUnknown
from lms.models import Allocation, Instalment, Loan, LoanFact
from lms.selectors import loan_postings

# What an approver compares; the rest of a loan's columns are caches that follow from these.
COMPARED = (
    "status",
    "asset_class",
    "current_rate_pct",
    "instalment_paise",
    "principal_outstanding_paise",
    "interest_outstanding_paise",
    "fee_outstanding_paise",
    "tax_outstanding_paise",
    "penal_outstanding_paise",
    "overdue_paise",
    "excess_paise",
    "days_past_due",
    "next_due_date",
    "next_due_paise",
    "closed_on",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """One figure of a loan that the act changes, as text; amounts are paise."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """One row of a schedule: what is due on it and what is still open, in paise."""

    number: int
    due_date: str
    due_paise: int
    open_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """An entry that the act would append."""

    sequence: int
    kind: str
    value_date: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShare:
    """What of a new entry goes to one component of one instalment, in paise; neither: it is held as excess."""

    instalment_number: int | None
    component: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What the act would book between two accounts, in paise."""

    debit: str
    credit: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEffect:
    """What an act would do to one loan; the schedules are empty when no row changes."""

    loan: str
    figures: tuple[FigureChange, ...]
    facts: tuple[NewFact, ...]
    shares: tuple[NewShare, ...]
    postings: tuple[Posting, ...]
    schedule_before: tuple[ScheduleRow, ...]
    schedule_after: tuple[ScheduleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an act would do, loan by loan in the order of their keys."""

    loans: tuple[LoanEffect, ...]

    def as_json(self) -> dict[str, object]:
        """Return the effect as JSON can carry it; equal effects are equal dictionaries."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    number: str
    figures: dict[str, str]
    rows: tuple[ScheduleRow, ...]
    fact_count: int
    last_journal: int


def effect_of(
    *, loan_ids: Sequence[int], act: Callable[[], object], lock: Callable[[], object] = lambda: None
) -> Effect:
    """Run an act in a rehearsal and tell what it changed on these loans.

    Args:
        loan_ids: the loans that the act touches.
        act: calls the services as it would in earnest.
        lock: locks the loans, so that what others do meanwhile is not taken for an effect of the act.

    Raises:
        LoanUnknown: one of the loans does not exist.
        KistError: what the act itself would be refused for.
    """

    def run() -> tuple[LoanEffect, ...]:
        lock()
        before = {loan_id: _standing(loan_id) for loan_id in sorted(set(loan_ids))}
        act()
        return tuple(_loan_effect(loan_id, earlier) for loan_id, earlier in before.items())

    return Effect(loans=run_in_transaction(lambda: rehearse(run)))


def loans_version(*, loan_ids: Sequence[int]) -> str:
    """Return what changes whenever one of the loans does: the fingerprints of their positions."""
    hashes = Loan.objects.filter(pk__in=loan_ids).order_by("pk").values_list("state_hash", "fact_count")
    return "|".join(f"{state_hash[:16]}.{fact_count}" for state_hash, fact_count in hashes)


def _standing(loan_id: int) -> _Standing:
    loan = Loan.objects.filter(pk=loan_id).first()
    if loan is None:
        raise LoanUnknown(loan=loan_id)
    rows = Instalment.objects.filter(loan=loan).order_by("number")
    return _Standing(
        number=loan.number,
        figures={name: _text(getattr(loan, name)) for name in COMPARED},
        rows=tuple(
            ScheduleRow(
                number=row.number,
                due_date=row.due_date.isoformat(),
                due_paise=row.due_paise,
                open_paise=row.open_paise,
            )
            for row in rows
        ),
        fact_count=loan.fact_count,
        last_journal=loan_postings(loan=loan).order_by("-pk").values_list("pk", flat=True).first() or 0,
    )


def _loan_effect(loan_id: int, before: _Standing) -> LoanEffect:
    after = _standing(loan_id)
    is_moved = before.rows != after.rows
    return LoanEffect(
        loan=before.number,
        figures=tuple(
            FigureChange(name=name, before=before.figures[name], after=after.figures[name])
            for name in COMPARED
            if before.figures[name] != after.figures[name]
        ),
        facts=_new_facts(loan_id, before.fact_count),
        shares=_new_shares(loan_id, before.fact_count),
        postings=_postings(loan_id, before.last_journal),
        schedule_before=before.rows if is_moved else (),
        schedule_after=after.rows if is_moved else (),
    )


def _new_facts(loan_id: int, known: int) -> tuple[NewFact, ...]:
    return tuple(
        NewFact(
            sequence=fact.sequence,
            kind=fact.kind,
            value_date=fact.value_date.isoformat(),
            amount_paise=fact.amount_paise,
        )
        for fact in LoanFact.objects.filter(loan_id=loan_id, sequence__gt=known).order_by("sequence")
    )


def _new_shares(loan_id: int, known: int) -> tuple[NewShare, ...]:
    rows = Allocation.objects.filter(loan_id=loan_id, fact_sequence__gt=known).order_by("position")
    return tuple(
        NewShare(instalment_number=row.instalment_number, component=row.component, amount_paise=row.amount_paise)
        for row in rows
    )


def _postings(loan_id: int, last_journal: int) -> tuple[Posting, ...]:
    """Sum what was booked since by pair of accounts; both directions of a pair are netted."""
    sums: Counter[tuple[str, str]] = Counter()
    for journal in loan_postings(loan=Loan(pk=loan_id)).filter(pk__gt=last_journal):
        for leg in journal.transfers.all():
            debit, credit = str(leg.debit_account), str(leg.credit_account)
            if (credit, debit) in sums:
                sums[credit, debit] -= leg.amount_paise
            else:
                sums[debit, credit] += leg.amount_paise
    return tuple(
        Posting(debit=debit, credit=credit, amount_paise=amount)
        if amount > 0
        else Posting(debit=credit, credit=debit, amount_paise=-amount)
        for (debit, credit), amount in sorted(sums.items())
        if amount
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
