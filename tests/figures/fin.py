"""FIN cases: schedules and timelines, replayed and compared snapshot by snapshot."""

from __future__ import annotations

from datetime import date
from typing import Any

from lms.engine.errors import EngineRefusal
from lms.engine.replay import replay
from tests.figures.fin_compare import compare_schedule, compare_totals, known_figures
from tests.figures.fin_facts import Story, tell
from tests.figures.fin_terms import engine_terms, minor
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
    terms = engine_terms(case)
    slack = minor(case.get("tolerance", 0))
    for number, snapshot in enumerate(case["expect"], 1):
        story = tell(terms=terms, events=case["events"][: snapshot["after_event"]])
        if difference := _compare(story, snapshot, slack):
            return f"snapshot {number} (after event {snapshot['after_event']}): {difference}"
    return ""


def _compare(story: Story, snapshot: dict[str, Any], slack: int) -> str:
    as_of = story.day if "as_of" not in snapshot else max(story.day, date.fromisoformat(snapshot["as_of"]))
    state = replay(terms=story.terms, facts=story.facts, as_of=as_of)
    for figure in sorted(known_figures(snapshot)):
        if figure == "schedule":
            difference = compare_schedule(
                rows=snapshot["schedule"],
                state=state,
                facts=story.facts,
                slack=slack,
                nominal_start=story.terms.schedule_start,
            )
        elif figure == "totals":
            difference = compare_totals(totals=snapshot["totals"], state=state, slack=slack)
        else:
            raise Unsupported(f"expected figure {figure}")
        if difference:
            return difference
    return ""
