"""What is undrawn of credit lines: money that is lent before a borrower fails to pay it back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Final

from django.db.models import Q

from lms.engine.classification import AssetClass
from lms.engine.lines import LineState, fold_line
from lms.engine.provisions_ecl import months_between
from lms.engine.replay import replay
from lms.engine.state import LoanStatus
from lms.models import CreditLine, FactKind, Loan, LoanFact, ProvisionMark
from lms.services.fact_rows import facts_of_many
from lms.services.lines.standing import events_of, given_up_paise, hindrance_of
from lms.services.positions import terms_of, totals_of
from lms.services.provisions.marks import marks_on
from lms.services.provisions.standings import Standing, Standings

# What can take principal off a drawdown that the borrower will never pay: it does not come back to the line.
_GIVING_UP: Final = (FactKind.WAIVE, FactKind.SETTLE, FactKind.WRITE_OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndrawnLine:
    """A line without a running drawdown, what can be drawn of it, and how its borrower's other loans stood."""

    line: CreditLine
    undrawn_paise: int
    months_left: int
    asset_class: AssetClass = AssetClass.STANDARD
    days_past_due: int = 0
    is_restructured: bool = False
    is_watched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undrawn:
    """What could still be drawn: in paise by the loan that it stands behind, and lines that stand alone."""

    behind_loans: Mapping[int, int] = field(default_factory=dict)
    lines: tuple[UndrawnLine, ...] = ()


def lines_at(*, month_end: date) -> Q:
    """Return the condition of lines that may have been open at the day-end of a month-end."""
    return Q(opened_on__lte=month_end) & (Q(closed_on=None) | Q(closed_on__gt=month_end))


def undrawn_at(*, standings: Standings, month_end: date, first_customer_id: int, last_customer_id: int) -> Undrawn:
    """Return what could still be drawn at a month-end of the lines of a range of borrowers.

    It stands behind the first of a line's running drawdowns alone, or it would be counted twice; where none runs, the
    line stands for itself. Of a line that is closed, expired or blocked, or whose borrower is non-performing, nothing
    can be drawn. A line with a drawdown that could not be worked out is left out with it.
    """
    lines = list(
        CreditLine.objects.filter(
            lines_at(month_end=month_end), customer_id__gte=first_customer_id, customer_id__lte=last_customer_id
        ).order_by("customer_id", "pk")
    )
    if not lines:
        return Undrawn()
    states = _states(lines, month_end)
    drawn_ids = {loan_id for state in states.values() for loan_id in state.loan_ids}
    unknown = _unknown(drawn_ids, standings)
    given_up = _given_up(drawn_ids - unknown, month_end)
    of_customers = {
        customer_id: tuple(found)
        for customer_id, found in groupby(standings.found, key=lambda standing: standing.loan.customer_id)
    }
    claims = _borrowers_of_claims(lines, month_end)
    behind: dict[int, int] = {}
    alone: list[tuple[CreditLine, int, tuple[Standing, ...]]] = []
    for line in lines:
        state, of_borrower = states.get(line.pk), of_customers.get(line.customer_id, ())
        is_npa = line.customer_id in claims or any(standing.asset_class.is_npa for standing in of_borrower)
        if (
            state is None
            or not unknown.isdisjoint(state.loan_ids)
            or hindrance_of(state=state, is_non_performing=is_npa)
        ):
            continue
        running = [standing for standing in of_borrower if standing.loan.pk in state.loan_ids]
        drawn = sum(standing.exposure.principal_paise for standing in running)
        left = max(state.limit_paise - drawn - sum(given_up.get(loan_id, 0) for loan_id in state.loan_ids), 0)
        if running:
            behind[min(standing.loan.pk for standing in running)] = left
        elif left:
            alone.append((line, left, of_borrower))
    return Undrawn(behind_loans=behind, lines=_alone(alone, states, month_end))


def _states(lines: Sequence[CreditLine], month_end: date) -> dict[int, LineState]:
    events = events_of(line_ids=[line.pk for line in lines])
    folded = {line_id: fold_line(events=found, as_of=month_end) for line_id, found in events.items()}
    return {line_id: state for line_id, state in folded.items() if state is not None}


def _unknown(drawn_ids: Iterable[int], standings: Standings) -> frozenset[int]:
    """Return the drawdowns among the loans that could not be worked out."""
    if not standings.problems:
        return frozenset()
    numbers = [number for number, _ in standings.problems]
    return frozenset(Loan.objects.filter(number__in=numbers, pk__in=drawn_ids).values_list("pk", flat=True))


def _given_up(drawn_ids: Iterable[int], month_end: date) -> dict[int, int]:
    """Return the principal that was waived or written off by the month-end, in paise by drawdown."""
    facts = LoanFact.objects.filter(loan_id__in=drawn_ids, kind__in=_GIVING_UP, value_date__lte=month_end)
    loans = list(Loan.objects.filter(pk__in=facts.order_by().values("loan_id")))
    known = facts_of_many(loan_ids=[loan.pk for loan in loans])
    return {
        loan.pk: given_up_paise(
            totals=totals_of(state=replay(terms=terms_of(loan=loan), facts=known[loan.pk], as_of=month_end))
        )
        for loan in loans
    }


def _borrowers_of_claims(lines: Sequence[CreditLine], month_end: date) -> frozenset[int]:
    """Return the borrowers who owe what was written off by the month-end: they are non-performing."""
    claims = Loan.objects.filter(
        customer_id__in={line.customer_id for line in lines}, status=LoanStatus.WRITTEN_OFF, closed_on__lte=month_end
    )
    classes = claims.order_by().values_list("customer_id", "asset_class")
    return frozenset(customer_id for customer_id, asset_class in classes if AssetClass(asset_class).is_npa)


def _alone(
    found: Sequence[tuple[CreditLine, int, tuple[Standing, ...]]], states: Mapping[int, LineState], month_end: date
) -> tuple[UndrawnLine, ...]:
    """Give lines the risk of their borrowers: the worst of the other loans tells how likely a default is."""
    loan_ids = [standing.loan.pk for _, _, of_borrower in found for standing in of_borrower]
    marks = marks_on(loan_ids=loan_ids, on_date=month_end) if loan_ids else frozenset()
    return tuple(
        UndrawnLine(
            line=line,
            undrawn_paise=left,
            months_left=months_between(start=month_end, end=states[line.pk].valid_until),
            asset_class=max(
                (item.asset_class for item in others), key=lambda found: found.severity, default=AssetClass.STANDARD
            ),
            days_past_due=max((item.days_past_due for item in others), default=0),
            is_restructured=any(item.is_restructured for item in others),
            is_watched=any((item.loan.pk, ProvisionMark.Kind.WATCH_LIST.value) in marks for item in others),
        )
        for line, left, others in found
    )
