"""What is drawn of a line and what is left of it, from its state and the loans of its customer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lms.engine.classification import AssetClass
from lms.engine.lines import LineEvent, LineEventKind, LineState
from lms.engine.state import LoanStatus
from lms.models import CreditLine, LineFact, Loan

# Principal that the borrower will not pay: it left the loan and does not come back to the line.
_GIVEN_UP: Final = ("WAIVED:PRINCIPAL", "WRITTEN_OFF:PRINCIPAL")
# A debt that was paid or settled says nothing of today; what was written off is still owed.
_OWED: Final = (LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF)


class Hindrance(StrEnum):
    """Why nothing can be drawn at all."""

    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"
    BLOCKED = "BLOCKED"
    NON_PERFORMING = "NON_PERFORMING"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStanding:
    """A line in paise: the limit, and what of it is drawn, given up, set aside and available."""

    limit_paise: int
    drawn_paise: int
    given_up_paise: int
    held_paise: int
    hindrance: Hindrance | None

    @property
    def available_paise(self) -> int:
        """What can be drawn: never below zero, and nothing where anything hinders."""
        return max(self.undrawn_paise - self.held_paise, 0)

    @property
    def undrawn_paise(self) -> int:
        """What the lender may still have to lend: the commitment off the balance sheet."""
        if self.hindrance is not None:
            return 0
        return max(self.limit_paise - self.drawn_paise - self.given_up_paise, 0)

    @property
    def over_limit_paise(self) -> int:
        """By how much the drawdowns are above the limit."""
        return max(self.drawn_paise + self.given_up_paise - self.limit_paise, 0)


def standing_of(*, state: LineState, loans: Iterable[Loan]) -> LineStanding:
    """Return what is left of a line.

    Args:
        state: the fold of the line's events.
        loans: all loans of the customer; the line's own drawdowns among them count as drawn.
    """
    loans = list(loans)
    drawn_ids = frozenset(state.loan_ids)
    drawdowns = [loan for loan in loans if loan.pk in drawn_ids]
    return LineStanding(
        limit_paise=state.limit_paise,
        drawn_paise=sum(loan.principal_outstanding_paise for loan in drawdowns),
        given_up_paise=sum(given_up_paise(totals=loan.booked) for loan in drawdowns),
        held_paise=state.held_paise,
        hindrance=hindrance_of(state=state, is_non_performing=non_performing_loan(loans=loans) is not None),
    )


def given_up_paise(*, totals: Mapping[str, int]) -> int:
    """Return the principal that was waived or written off, from cumulative movements by "MOVEMENT:HEAD"."""
    return sum(totals.get(key, 0) for key in _GIVEN_UP)


def hindrance_of(*, state: LineState, is_non_performing: bool) -> Hindrance | None:
    """Return why nothing can be drawn on the line, the lasting reason first; None where nothing hinders."""
    if state.closed_on is not None:
        return Hindrance.CLOSED
    if is_non_performing:
        return Hindrance.NON_PERFORMING
    if state.is_blocked:
        return Hindrance.BLOCKED
    return Hindrance.EXPIRED if state.is_expired else None


def non_performing_loan(*, loans: Iterable[Loan]) -> Loan | None:
    """Return a loan that is owed and non-performing: the class is the borrower's, so one is enough."""
    return next((loan for loan in loans if loan.status in _OWED and AssetClass(loan.asset_class).is_npa), None)


def events_of(*, line_ids: Iterable[int]) -> dict[int, tuple[LineEvent, ...]]:
    """Read the events of lines in the order of recording with one query."""
    collected: dict[int, list[LineEvent]] = {line_id: [] for line_id in line_ids}
    for row in LineFact.objects.filter(line_id__in=list(collected)).order_by("line_id", "sequence"):
        collected[row.line_id].append(event_of(row=row))
    return {line_id: tuple(events) for line_id, events in collected.items()}


def event_of(*, row: LineFact) -> LineEvent:
    """Return the engine's event that a row holds."""
    return LineEvent(
        sequence=row.sequence,
        kind=LineEventKind(row.kind),
        value_date=row.value_date,
        amount_paise=row.amount_paise,
        until=row.until,
        hold_sequence=row.hold_sequence,
        loan_id=row.loan_id,
    )


def cache_set(*, line: CreditLine, state: LineState) -> None:
    """Put the fold into the row in memory; the caller holds the lock and saves it."""
    line.limit_paise = state.limit_paise
    line.valid_until = state.valid_until
    line.is_blocked = state.is_blocked
    line.closed_on = state.closed_on
