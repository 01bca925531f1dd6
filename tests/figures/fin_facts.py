"""Events of a FIN case as engine facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lms.engine.facts import Disburse, Fact, Pause, RateChange, Receive, Reverse
from lms.engine.terms import Terms
from tests.figures.fin_terms import minor
from tests.figures.result import Unsupported


@dataclass(slots=True)
class Story:
    """Facts so far, the day that the figures know, and which fact each visible transaction is."""

    terms: Terms
    facts: list[Fact] = field(default_factory=list)
    day: date = date.min
    receipts: list[int] = field(default_factory=list)

    @property
    def next_sequence(self) -> int:
        return len(self.facts) + 1


def tell(*, terms: Terms, events: Sequence[dict[str, Any]]) -> Story:
    """Turn events, in the order they were done, into facts.

    Raises:
        Unsupported: naming the event.
    """
    story = Story(terms)
    for event in events:
        maker = _MAKERS.get(event["type"])
        if maker is None:
            raise Unsupported(f"event {event['type']}")
        maker(story, event)
        done = event.get("business_date") or event.get("made_on") or event.get("date")
        if done is not None:
            story.day = max(story.day, date.fromisoformat(done))
    return story


def _day(event: dict[str, Any], name: str = "date") -> date:
    return date.fromisoformat(event[name])


def _disburse(story: Story, event: dict[str, Any]) -> None:
    amount = minor(event["amount"])
    story.facts.append(Disburse(sequence=story.next_sequence, value_date=_day(event), amount_paise=amount))


def _repay(story: Story, event: dict[str, Any]) -> None:
    amount = minor(event["amount"])
    story.receipts.append(story.next_sequence)
    story.facts.append(Receive(sequence=story.next_sequence, value_date=_day(event), amount_paise=amount))


def _rate_change(story: Story, event: dict[str, Any]) -> None:
    rate = Decimal(event["rate_pct"])
    story.facts.append(RateChange(sequence=story.next_sequence, value_date=_day(event), annual_rate_pct=rate))


def _pause(story: Story, event: dict[str, Any]) -> None:
    story.facts.append(
        Pause(sequence=story.next_sequence, value_date=_day(event, "start"), end_date=_day(event, "end"))
    )


def _undo(story: Story, event: dict[str, Any]) -> None:
    if event["of"] != "repayment":
        raise Unsupported(f"undo of {event['of']}")
    target = story.receipts[event["nr"] - 1]
    day = date.fromisoformat(event.get("business_date") or event["date"])
    story.facts.append(Reverse(sequence=story.next_sequence, value_date=day, reversed_sequence=target))


def _end_of_day(story: Story, event: dict[str, Any]) -> None:
    story.day = max(story.day, _day(event, "business_date"))


_MAKERS = {
    "disburse": _disburse,
    "repay": _repay,
    "rate_change": _rate_change,
    "interest_pause": _pause,
    "undo": _undo,
    "end_of_day": _end_of_day,
}
