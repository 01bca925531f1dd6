"""What has happened to the loan of a FIN case so far, in the engine's facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lms.engine.facts import Disburse, Fact, Reverse
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Terms
from tests.figures.fin_transactions import Line, lines_of


@dataclass(slots=True)
class Story:
    """Facts so far, the day that the figures know, and which fact each visible transaction is.

    `source` is the case: what of its terms has no place in the engine's terms is looked up there.
    """

    terms: Terms
    source: dict[str, Any]
    facts: list[Fact] = field(default_factory=list)
    day: date = date.min
    types: dict[int, str] = field(default_factory=dict)
    reverted: list[Line] = field(default_factory=list)
    charged_off: date | None = None
    is_undisbursed: bool = False

    @property
    def next_sequence(self) -> int:
        """Give the sequence of the next fact."""
        return max((fact.sequence for fact in self.facts), default=0) + 1

    @property
    def is_cumulative(self) -> bool:
        """Tell whether the older calculator made the figures."""
        return bool(self.source["terms"]["engine"] == "cumulative")

    def fact(self, sequence: int) -> Fact:
        """Give the fact of a sequence."""
        return next(fact for fact in self.facts if fact.sequence == sequence)

    def numbered(self, name: str) -> list[int]:
        """List the sequences of the transactions of one type, in the order they were made."""
        return [sequence for sequence, kind in self.types.items() if kind == name]

    def disbursals(self) -> list[Disburse]:
        """List what was lent."""
        return [fact for fact in self.facts if isinstance(fact, Disburse)]

    def state(self, day: date) -> LoanState:
        """Replay the facts so far, future changes of the schedule included."""
        return replay(terms=self.terms, facts=self.facts, as_of=day, has_planned=True)

    def take_back(self, target: int, day: date) -> None:
        """Undo a transaction, noting how it looked before."""
        fact = self.fact(target)
        lines = lines_of(facts=self.facts, state=self.state(self.day), types=self.types)
        for line in lines:
            if line.sequence == target:
                line.is_reverted = True
                self.reverted.append(line)
        day = max(day, fact.value_date)
        self.facts.append(Reverse(sequence=self.next_sequence, value_date=day, reversed_sequence=target))


def day_of(event: dict[str, Any], name: str = "date") -> date:
    """Read a date of an event."""
    return date.fromisoformat(event[name])
