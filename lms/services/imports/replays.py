"""Replays of one loan of the tape: its plan, and its balance after a number of instalments paid on their days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lms.engine.facts import Disburse, Fact, Receive
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.state import Instalment, LoanState, RowKind
from lms.engine.terms import Terms
from lms.services.imports.rows import LoanRow


@dataclass(frozen=True, slots=True)
class TapePlan:
    """The plan that the product's terms give a loan, nothing agreed with the borrower but amount, rate and tenor."""

    row: LoanRow
    terms: Terms
    rows: tuple[Instalment, ...]

    @property
    def instalment_paise(self) -> int:
        """The engine's own instalment: what the first regular row asks for."""
        return next(row.due.total for row in self.rows if row.kind is RowKind.REGULAR)

    @property
    def count(self) -> int:
        """Number of regular rows."""
        return sum(1 for row in self.rows if row.kind is RowKind.REGULAR)

    def until(self, paid: int) -> tuple[Instalment, ...]:
        """The rows up to and including the regular one of this number; none for zero."""
        if paid == 0:
            return ()
        numbers = [row.number for row in self.rows if row.kind is RowKind.REGULAR]
        return self.rows[: numbers[min(paid, len(numbers)) - 1]]

    def balance(self, paid: int) -> int:
        """Principal outstanding in paise after so many instalments."""
        rows = self.until(paid)
        return rows[-1].balance_after_paise if rows else self.row.principal

    def interest(self, paid: int) -> int:
        """Interest in paise of so many instalments."""
        return sum(row.due.interest for row in self.until(paid))

    def due_by(self, day: date) -> int:
        """Number of regular instalments due on or before a day."""
        return sum(1 for row in self.rows if row.kind is RowKind.REGULAR and row.due_date <= day)


def tape_plan(*, row: LoanRow, template: Terms, **changes: Any) -> TapePlan:
    """Build the plan of a loan.

    Args:
        template: the product's terms; amount, rate, tenor and first due date are the row's.
        changes: other fields of Terms to try.

    Raises:
        EngineRefusal: no plan follows from the terms.
    """
    terms = replace(
        template,
        principal_paise=row.principal,
        annual_rate_pct=row.annual_rate,
        instalment_count=row.instalment_count,
        first_due_date=row.first_due_date,
        **changes,
    )
    return TapePlan(row, terms, build_schedule(terms=terms, start_date=row.disbursal_date))


def replay_paid(*, plan: TapePlan, paid: int, extra: Sequence[Fact] = (), amount_paise: int | None = None) -> LoanState:
    """Replay a loan on which so many instalments were paid on their due dates.

    Args:
        extra: further facts, with sequences from 1,000 on.
        amount_paise: of each receipt; the planned amount when not given.

    Returns:
        The state at the last of these due dates, or at the disbursal, or at the last further fact.
    """
    rows = plan.until(paid)
    start = plan.row.disbursal_date
    facts: list[Fact] = [Disburse(sequence=1, value_date=start, amount_paise=plan.row.principal)]
    facts += [
        Receive(sequence=number, value_date=row.due_date, amount_paise=amount_paise or row.due.total)
        for number, row in enumerate(rows, 2)
        if row.due.total
    ]
    as_of = max([rows[-1].due_date if rows else start, *(fact.value_date for fact in extra)])
    return replay(terms=plan.terms, facts=[*facts, *extra], as_of=as_of)


def paid_implied(*, row: LoanRow, due: int) -> int:
    """Return how many instalments the paid figures imply: the money received over the instalment, to the nearest.

    Args:
        due: instalments due by the snapshot, which is what is left where the tape says nothing about payments.
    """
    if row.instalments_paid is not None:
        return row.instalments_paid
    if row.paid_total is None:
        return min(due, row.instalment_count)
    return min((2 * row.paid_total + row.instalment) // (2 * row.instalment), row.instalment_count)
