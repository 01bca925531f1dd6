"""How loans stand on a day, by all that is known or was known at an instant: one line for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.models import Loan, LoanFact
from lms.services.fact_rows import fact_of
from lms.services.knowledge import ALL_KNOWN, Knowledge
from lms.services.positions import terms_of
from lms.services.told_classes import told_classes


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLine:
    """One loan on a day; amounts in paise, nothing where it cannot be worked out, with the reason in `problem`."""

    loan: Loan
    status: str
    asset_class: str
    principal_outstanding_paise: int = 0
    outstanding_paise: int = 0
    overdue_paise: int = 0
    days_past_due: int = 0
    next_due_date: date | None = None
    next_due_paise: int = 0
    problem: str = ""


def standings_as_of(
    *, loans: Sequence[Loan], as_of: date, knowledge: Knowledge = ALL_KNOWN
) -> tuple[StandingLine, ...]:
    """Work out how loans stood at a day-end, with four queries for all of them.

    Args:
        loans: with their terms.
        as_of: the day.
        knowledge: what of their entries counts.

    Source: design promise 2 (two clocks).
    """
    facts: dict[int, list[Fact]] = {loan.pk: [] for loan in loans}
    rows = knowledge.of(LoanFact.objects.filter(loan__in=list(facts)).order_by("loan_id", "sequence"))
    for row in rows:
        facts[row.loan_id].append(fact_of(row=row))
    classes = told_classes(loan_ids=facts, knowledge=knowledge)
    return tuple(_line(loan, facts[loan.pk], as_of, classes[loan.pk].on(as_of).value) for loan in loans)


def standing_now(*, loan: Loan) -> StandingLine:
    """Return how a loan stands by its caches."""
    return StandingLine(
        loan=loan,
        status=loan.status,
        asset_class=loan.asset_class,
        principal_outstanding_paise=loan.principal_outstanding_paise,
        outstanding_paise=loan.principal_outstanding_paise
        + loan.interest_outstanding_paise
        + loan.fee_outstanding_paise
        + loan.tax_outstanding_paise
        + loan.penal_outstanding_paise,
        overdue_paise=loan.overdue_paise,
        days_past_due=loan.days_past_due,
        next_due_date=loan.next_due_date,
        next_due_paise=loan.next_due_paise,
    )


def _line(loan: Loan, facts: Sequence[Fact], as_of: date, asset_class: str) -> StandingLine:
    try:
        state: LoanState = replay(terms=terms_of(loan=loan), facts=facts, as_of=as_of)
    except EngineRefusal as refusal:
        return StandingLine(loan=loan, status=loan.status, asset_class=asset_class, problem=refusal.message)
    return StandingLine(
        loan=loan,
        status=state.status.value,
        asset_class=asset_class,
        principal_outstanding_paise=state.outstanding.principal,
        outstanding_paise=state.outstanding.total,
        overdue_paise=state.overdue.total,
        days_past_due=state.days_past_due,
        next_due_date=state.next_due_date,
        next_due_paise=state.next_due_paise,
    )
