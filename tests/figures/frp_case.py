"""FRP: the loans of one case, replayed on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lms.engine.classification import BorrowerClass, ClassificationRule, LoanStanding, classify_borrower
from lms.engine.facts import Disburse, Fact
from lms.engine.nightly import NightInterest, nightly_interest
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.state import Instalment, LoanState
from lms.engine.terms import Terms
from tests.figures.frp_terms import BROKEN_PERIOD_SEQUENCE, facts_of, start_of, terms_of
from tests.figures.result import Unsupported

Raw = Mapping[str, Any]
# Names under which an event says which of several loans it is about.
LABELS = ("loan", "drawdown", "disbursement", "loan_disbursement")
# First due date of a drawdown whose schedule is not given and not asked for.
NOT_BEFORE = "2999-12-31"
_ONE_DAY = timedelta(days=1)
_ABOUT_ALL = ("limit", "loans", "npa_threshold_dpd", "buckets", "tolerance")


@dataclass(slots=True)
class CaseLoan:
    """One loan of a case: a drawdown of a line is a loan of its own."""

    terms: Terms
    facts: list[Fact]
    start: date

    def state(self, as_of: date) -> LoanState:
        """Replay to a day-end."""
        return replay(terms=self.terms, facts=self.facts, as_of=as_of)

    def rows(self, as_of: date) -> tuple[Instalment, ...]:
        """Give the schedule in force, or the one promised where nothing was disbursed."""
        if any(isinstance(fact, Disburse) for fact in self.facts):
            return self.state(as_of).instalments
        return build_schedule(terms=self.terms, start_date=self.start)

    def nights(self, until: date) -> tuple[NightInterest, ...]:
        """List the nights that bore interest."""
        return nightly_interest(terms=self.terms, facts=self.facts, from_date=self.start, to_date=until)

    def last_fact(self) -> Fact:
        """Give the last act of the case on this loan."""
        own = [fact for fact in self.facts if fact.sequence < BROKEN_PERIOD_SEQUENCE]
        return max(own, key=lambda fact: fact.sequence)


class Figures:
    """What a snapshot is about: its loans, its day, and the last night accrued."""

    def __init__(self, raw: Raw, events: Sequence[Raw], snapshot: Raw) -> None:
        self.raw, self.events, self.snapshot = raw, events, snapshot
        self.loans = _loans(raw, events)
        days = [date.fromisoformat(day) for event in events if (day := event.get("date") or event.get("through"))]
        given = snapshot.get("as_of")
        first = next(iter(self.loans.values()))
        self.as_of = date.fromisoformat(given) if given else max(days, default=first.start)
        accrued = [date.fromisoformat(event["through"]) for event in events if event["type"] == "accrue"]
        self.accrued_until = max(accrued) if accrued else self.as_of - _ONE_DAY

    @property
    def loan(self) -> CaseLoan:
        """The only loan of the case.

        Raises:
            Unsupported: there are several, and the figure does not say which is meant.
        """
        if len(self.loans) > 1:
            raise Unsupported("a figure of one loan in a case of several")
        return next(iter(self.loans.values()))

    def state(self, as_of: date | None = None) -> LoanState:
        """Replay the only loan to a day-end."""
        return self.loan.state(as_of or self.as_of)

    def rows(self) -> tuple[Instalment, ...]:
        """Give the schedule of the only loan."""
        return self.loan.rows(self.as_of)

    def nights(self) -> tuple[NightInterest, ...]:
        """List the nights of the only loan up to the last one accrued."""
        return self.loan.nights(self.accrued_until)

    def borrower(self, *, as_of: date, rule: ClassificationRule) -> BorrowerClass:
        """Classify the borrower day by day up to a day-end, so that the past is carried along."""
        since: date | None = None
        day = min(as_of, *(loan.start for loan in self.loans.values()))
        while True:
            states = [loan.state(day) for loan in self.loans.values()]
            standings = [
                LoanStanding(
                    loan_id=number,
                    oldest_unpaid_due_date=state.oldest_unpaid_due_date,
                    arrears_paise=state.overdue.total,
                    npa_since=since,
                )
                for number, state in enumerate(states, start=1)
            ]
            found = classify_borrower(as_of=day, loans=standings, rule=rule)
            if day == as_of:
                return found
            since, day = found.npa_since, day + _ONE_DAY


def label_of(event: Raw) -> str:
    """Give the loan that an event names, nothing if it names none."""
    return next((str(event[name]) for name in LABELS if event.get(name) is not None), "")


def _loans(raw: Raw, events: Sequence[Raw]) -> dict[str, CaseLoan]:
    shared = {name: value for name, value in raw.items() if name not in _ABOUT_ALL}
    labels = list(dict.fromkeys(label for event in events if (label := label_of(event))))
    listed = raw.get("loans")
    if isinstance(listed, list):
        labels = labels or [str(number) for number in range(1, len(listed) + 1)]
        listed = dict(zip(labels, listed, strict=True))
    if not labels:
        return {"": _loan(raw, shared, events)}
    own = {label: [event for event in events if label_of(event) in (label, "")] for label in labels}
    return {label: _loan(raw, shared | dict((listed or {}).get(label, {})), own[label]) for label in labels}


def _loan(raw: Raw, terms: dict[str, Any], events: Sequence[Raw]) -> CaseLoan:
    drawn = next((event for event in events if event["type"] == "disburse"), {})
    terms |= {
        name: value for name, value in drawn.items() if name in ("first_due_date", "instalments", "unit", "every")
    }
    if "limit" in raw:
        is_paid = any(event["type"] not in ("disburse", "accrue") for event in events)
        if is_paid and "instalments" not in terms:
            raise Unsupported("a line of credit with payments and no schedule")
        terms = {"instalments": 1, "first_due_date": NOT_BEFORE, **terms}
    if not {"instalments", "principal", "disbursed_on", "submitted_on"} & set(terms):
        raise Unsupported(f"terms of {sorted(terms or raw)[0]} alone")
    mapped = terms_of(terms, events)
    return CaseLoan(terms=mapped, facts=facts_of(mapped, events), start=start_of(terms, events))
