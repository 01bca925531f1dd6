"""Events of a FIN case that change the schedule, or take back what was done."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lms.engine.facts import Disburse, Pause, RateChange, Receive, Reschedule
from tests.figures.fin_story import Story, day_of
from tests.figures.result import Unsupported


def rate_change(story: Story, event: dict[str, Any]) -> None:
    """Let another rate hold from a day on."""
    _change_rate(story, day_of(event), event["rate_pct"])


def interest_pause(story: Story, event: dict[str, Any]) -> None:
    """Let no interest run for some days."""
    story.facts.append(
        Pause(sequence=story.next_sequence, value_date=day_of(event, "start"), end_date=day_of(event, "end"))
    )


def reschedule(story: Story, event: dict[str, Any]) -> None:
    """Change the rate, move due dates or add instalments."""
    known = {"type", "date", "business_date", "from", "new_rate_pct", "new_due_date", "extra_terms"}
    if unknown := set(event) - known:
        raise Unsupported(f"reschedule with {sorted(unknown)[0]}")
    if story.is_cumulative and story.terms.annual_rate_pct:
        raise Unsupported("reschedule with interest (cumulative engine)")
    start = day_of(event, "from")
    if "new_rate_pct" in event:
        _change_rate(story, start, event["new_rate_pct"])
        return
    story.facts.append(
        Reschedule(
            sequence=story.next_sequence,
            value_date=min(day_of(event), start),
            from_due_date=start,
            new_due_date=day_of(event, "new_due_date") if "new_due_date" in event else None,
            extra_instalments=event.get("extra_terms", 0),
        )
    )


def _change_rate(story: Story, day: date, rate_pct: str) -> None:
    if story.is_cumulative:
        raise Unsupported("rate change (cumulative engine)")
    story.facts.append(RateChange(sequence=story.next_sequence, value_date=day, annual_rate_pct=Decimal(rate_pct)))


def charge_off(story: Story, event: dict[str, Any]) -> None:
    """Note an event of the books that leaves the debt as it is; behaviours that change the debt are refused."""
    if behaviour := story.source["terms"].get("charge_off_behaviour"):
        raise Unsupported(f"charge_off with {behaviour}")
    story.charged_off = day_of(event)


def undo_charge_off(story: Story, event: dict[str, Any]) -> None:
    """Forget the charge-off."""
    story.charged_off = None


def undo(story: Story, event: dict[str, Any]) -> None:
    """Take back one transaction."""
    target = _find(story, event)
    if isinstance(story.fact(target), Disburse):
        raise Unsupported("undo of a disbursement as a transaction")
    story.take_back(target, date.fromisoformat(event.get("business_date") or event["date"]))


def _find(story: Story, event: dict[str, Any]) -> int:
    """Find the transaction meant: the nth of its type on its day, or the only one of that day."""
    made_on = day_of(event, "made_on" if "made_on" in event else "date")
    if event["of"] == "transaction":
        made = [fact.sequence for fact in story.facts if isinstance(fact, Disburse) or fact.sequence in story.types]
    else:
        made = story.numbered(event["of"])
    same_day = [sequence for sequence in made if story.fact(sequence).value_date == made_on]
    if len(same_day) >= event["nr"]:
        return int(same_day[event["nr"] - 1])
    if len(same_day) != 1:
        raise Unsupported(f"undo of {event['of']} number {event['nr']}")
    return same_day[0]


def undo_disbursement(story: Story, event: dict[str, Any]) -> None:
    """Take back all that was lent: the loan is approved only."""
    if any(isinstance(fact, Receive) for fact in story.facts):
        raise Unsupported("undo_disbursement after a repayment")
    story.facts, story.types, story.is_undisbursed = [], {}, True


def undo_last_disbursement(story: Story, event: dict[str, Any]) -> None:
    """Take back the last tranche with its down payment."""
    last = story.disbursals()[-1]
    later = [fact for fact in story.facts if fact.sequence > last.sequence]
    if any(story.types.get(fact.sequence) != "down_payment" for fact in later):
        raise Unsupported("undo_last_disbursement after other events")
    story.facts = [fact for fact in story.facts if fact.sequence < last.sequence]
    story.types = {sequence: name for sequence, name in story.types.items() if sequence < last.sequence}


def pass_day(story: Story, event: dict[str, Any]) -> None:
    """Let the day end: what is overdue is reckoned up to it."""
    story.day = max(story.day, day_of(event, "business_date"))


def nothing(story: Story, event: dict[str, Any]) -> None:
    """Pass over what changes only figures that are not compared."""
