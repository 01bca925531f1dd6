"""Events of a FIN case, told to the engine as facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from lms.engine.facts import Disburse
from lms.engine.terms import Terms
from tests.figures import fin_changes, fin_money
from tests.figures.fin_story import Story
from tests.figures.result import Unsupported

_MAKERS: dict[str, Callable[[Story, dict[str, Any]], None]] = {
    "disburse": fin_money.disburse,
    "repay": fin_money.repay,
    "pay_off": fin_money.pay_off,
    "credit": fin_money.credit,
    "credit_balance_refund": fin_money.refund,
    "charge": fin_money.charge,
    "instalment_charge": fin_money.instalment_charge,
    "waive_charge": fin_money.waive_charge,
    "undo_waive_charge": fin_money.undo_waive_charge,
    "write_off": fin_money.write_off,
    "rate_change": fin_changes.rate_change,
    "interest_pause": fin_changes.interest_pause,
    "reschedule": fin_changes.reschedule,
    "charge_off": fin_changes.charge_off,
    "undo_charge_off": fin_changes.undo_charge_off,
    "undo": fin_changes.undo,
    "undo_disbursement": fin_changes.undo_disbursement,
    "undo_last_disbursement": fin_changes.undo_last_disbursement,
    "delinquency_pause": fin_changes.nothing,
    "delinquency_resume": fin_changes.nothing,
    "end_of_day": fin_changes.pass_day,
}


def tell(*, terms: Terms, case: dict[str, Any], events: Sequence[dict[str, Any]]) -> Story:
    """Turn events, in the order they were done, into facts.

    Raises:
        Unsupported: naming the event.
    """
    story = Story(terms, case)
    for event in events:
        maker = _MAKERS.get(event["type"])
        if maker is None:
            raise Unsupported(f"event {event['type']}")
        maker(story, event)
        done = event.get("business_date") or event.get("made_on") or event.get("date")
        if done is not None:
            story.day = max(story.day, date.fromisoformat(done))
    return story


def promise(*, terms: Terms, case: dict[str, Any], start: date, amount_paise: int) -> Story:
    """Tell of a loan that is approved only: the schedule it will have when all of it is disbursed."""
    story = Story(terms, case, [Disburse(sequence=1, value_date=start, amount_paise=amount_paise)], start)
    fin_money.keep_back(story, start)
    return story
