"""FIN cases: schedules and timelines, replayed and compared snapshot by snapshot."""

from __future__ import annotations

from datetime import date
from typing import Any

from lms.engine.errors import EngineRefusal
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Terms
from tests.figures.fin_compare import (
    AMOUNTS,
    compare_amount,
    compare_charges,
    compare_schedule,
    compare_status,
    compare_totals,
    kept_back,
    known_figures,
)
from tests.figures.fin_facts import promise, tell
from tests.figures.fin_story import Story
from tests.figures.fin_terms import engine_terms, minor
from tests.figures.fin_transactions import charge_off_line, compare_transactions, count_shown, lines_of, standing
from tests.figures.result import CaseResult, Outcome, Unsupported


def run(case: dict[str, Any]) -> CaseResult:
    """Run one FIN case through the engine and compare every snapshot of it."""
    try:
        difference = _first_difference(case)
    except Unsupported as reason:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, str(reason))
    except EngineRefusal as refusal:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, f"refused: {refusal.code}")
    if difference:
        return CaseResult(case["id"], Outcome.DIFFERENT, difference)
    return CaseResult(case["id"], Outcome.EXACT)


def _first_difference(case: dict[str, Any]) -> str:
    if case.get("whole_units"):
        raise Unsupported("figures in whole units")
    terms = engine_terms(case)
    slack = minor(case.get("tolerance", 0))
    for number, snapshot in enumerate(case["expect"], 1):
        story = _story(case, terms, snapshot)
        if case["id"].startswith("FIN-P") and "as_of" in snapshot:
            story.day = max(story.day, date.fromisoformat(snapshot["as_of"]))
        if difference := _compare(case, story, snapshot, slack):
            return f"snapshot {number} (after event {snapshot['after_event']}): {difference}"
    return ""


def _story(case: dict[str, Any], terms: Terms, snapshot: dict[str, Any]) -> Story:
    events = case["events"][: snapshot["after_event"]]
    if events or not known_figures(snapshot) & {"schedule", "totals", "charges"}:
        story = tell(terms=terms, case=case, events=events)
        if not story.is_undisbursed:
            return story
    start = case["terms"]["submitted_on"]
    if case["events"][0].get("date") != start:
        raise Unsupported("schedule of an approved loan that is disbursed on another day")
    amount = minor(case["terms"]["principal"])
    return promise(terms=terms, case=case, start=date.fromisoformat(start), amount_paise=amount)


def _may_hold_replaced(case: dict[str, Any], snapshot: dict[str, Any]) -> bool:
    """Tell whether something was undone or dated back, so that later transactions were made anew."""
    events = case["events"][: snapshot["after_event"]]
    is_dated_back = any(event.get("business_date", "") > event.get("date", "9999") for event in events)
    return is_dated_back or any(event["type"].startswith("undo") for event in events)


def _compare_transactions(case: dict[str, Any], story: Story, snapshot: dict[str, Any], state: LoanState) -> str:
    is_marked = not snapshot.get("reversals_not_marked", False)
    found = lines_of(facts=story.facts, state=state, types=story.types)
    if story.charged_off is not None:
        before = replay(terms=story.terms, facts=standing(story.facts), as_of=story.charged_off, has_planned=True)
        found.append(charge_off_line(before))
    if (
        not is_marked
        and _may_hold_replaced(case, snapshot)
        and count_shown(snapshot["transactions"]) > len(found) + len(story.reverted)
    ):
        raise Unsupported("transactions replaced by a replay, in a list that does not mark them")
    return compare_transactions(expected=snapshot["transactions"], found=[*found, *story.reverted], is_marked=is_marked)


def _compare(case: dict[str, Any], story: Story, snapshot: dict[str, Any], slack: int) -> str:
    state = story.state(story.day)
    for figure in sorted(known_figures(snapshot), reverse=True):
        if figure == "schedule":
            difference = compare_schedule(
                rows=snapshot["schedule"],
                state=state,
                facts=story.facts,
                slack=slack,
                nominal_start=story.terms.schedule_start,
                is_lent_from_start=story.terms.is_tranche_from_period_start,
                is_partial=bool(case.get("partial_rows") or snapshot.get("partial_rows")),
            )
        elif figure == "totals":
            kept = kept_back(story.facts)
            difference = compare_totals(totals=snapshot["totals"], state=state, slack=slack, kept_back=kept)
        elif figure == "transactions":
            difference = _compare_transactions(case, story, snapshot, state)
        elif figure == "status":
            difference = compare_status(snapshot["status"], state)
        elif figure == "charges":
            kept = kept_back(story.facts)
            is_paid = snapshot["after_event"] > 0
            difference = compare_charges(snapshot["charges"], state, kept_back=kept, is_kept_back_paid=is_paid)
        elif figure in AMOUNTS:
            difference = compare_amount(figure, snapshot[figure], state)
        else:
            raise Unsupported(f"expected figure {figure}")
        if difference:
            return difference
    return ""
