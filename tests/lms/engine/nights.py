"""What the quick walks over many days have to equal: a replay of every night, and the borrower classified on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lms.engine.arrears import ArrearsSpan
from lms.engine.class_history import ClassSpan
from lms.engine.classification import (
    AssetClass,
    ClassificationRule,
    ClassReason,
    LoanClass,
    LoanStanding,
    classify_borrower,
    rule_on,
)
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import LoanStatus, Movement
from lms.engine.terms import Terms


@dataclass(slots=True)
class Nights:
    """One loan by a replay of every night, and what of its past the classes need."""

    days: list[ArrearsSpan]
    restructured_dates: tuple[date, ...] = ()
    asset_class: AssetClass = AssetClass.STANDARD
    npa_since: date | None = None
    classes: list[LoanClass] = field(default_factory=list)


def days_between(first: date, last: date) -> list[date]:
    """Return the days from one to another."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def arrears_nightly(*, terms: Terms, facts: Sequence[Fact], first: date, last: date) -> list[ArrearsSpan]:
    """Return each day alone, by a replay of it."""
    found = []
    for day in days_between(first, last):
        state = replay(terms=terms, facts=facts, as_of=day)
        claim = 0
        for total in state.totals if state.status is LoanStatus.WRITTEN_OFF else ():
            claim += {Movement.WRITTEN_OFF: 1, Movement.RECOVERED: -1}.get(total.movement, 0) * total.amount_paise
        found.append(
            ArrearsSpan(
                from_date=day,
                to_date=day,
                status=state.status,
                oldest_unpaid_due_date=state.oldest_unpaid_due_date,
                closed_on=state.closed_on,
                claim_paise=max(claim, 0),
            )
        )
    return found


def arrears_days(spans: Sequence[ArrearsSpan]) -> list[ArrearsSpan]:
    """Return spans day by day."""
    return [
        replace(span, from_date=day, to_date=day)
        for span in spans
        for day in days_between(span.from_date, span.to_date)
    ]


def class_days(spans: Sequence[ClassSpan]) -> list[LoanClass]:
    """Return spans of classes day by day."""
    return [span.on(day) for span in spans for day in days_between(span.from_date, span.to_date)]


def classes_nightly(*, loans: Mapping[int, Nights], rules: Sequence[ClassificationRule]) -> dict[int, list[LoanClass]]:
    """Classify the loans of a borrower on every day, each from what the day before gave."""
    for place, any_day in enumerate(next(iter(loans.values())).days):
        day = any_day.from_date
        standings = [
            _standing(key, loan, loan.days[place])
            for key, loan in loans.items()
            if loan.days[place].status in (LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF)
        ]
        graded = classify_borrower(as_of=day, loans=standings, rule=rule_on(as_of=day, rules=rules))
        given = {result.loan_id: result for result in graded.loans}
        for key, loan in loans.items():
            result = given.get(key) or _kept(key, loan)
            loan.asset_class, loan.npa_since = result.asset_class, result.npa_since
            loan.classes.append(result)
    return {key: loan.classes for key, loan in loans.items()}


def _standing(key: int, loan: Nights, day: ArrearsSpan) -> LoanStanding:
    if day.status is LoanStatus.WRITTEN_OFF:
        return LoanStanding(
            loan_id=key,
            oldest_unpaid_due_date=None,
            arrears_paise=day.claim_paise,
            npa_since=loan.npa_since or day.closed_on,
            marked_class=AssetClass.LOSS if day.claim_paise else None,
        )
    is_marked = any(on <= day.from_date for on in loan.restructured_dates)
    return LoanStanding(
        loan_id=key,
        oldest_unpaid_due_date=day.oldest_unpaid_due_date,
        arrears_paise=int(day.oldest_unpaid_due_date is not None),
        npa_since=loan.npa_since,
        marked_class=AssetClass.SUB_STANDARD if is_marked else None,
    )


def _kept(key: int, loan: Nights) -> LoanClass:
    return LoanClass(
        loan_id=key,
        days_past_due=0,
        own_class=loan.asset_class,
        asset_class=loan.asset_class,
        npa_since=loan.npa_since,
        reason=ClassReason.NOTHING_OVERDUE,
        cause_loan_id=key,
    )
