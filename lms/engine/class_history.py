"""The class of a borrower's loans on every day-end of a stretch, by the rules of each day: what it should have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from lms.engine.arrears import ArrearsSpan
from lms.engine.classification import (
    AssetClass,
    ClassificationRule,
    ClassReason,
    LoanClass,
    LoanStanding,
    classify_borrower,
    rule_on,
    tag_dates,
)
from lms.engine.day_count import add_months
from lms.engine.state import LoanStatus

_LIVE = (LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """One loan of a borrower over some days, in spans without a gap.

    `carried` is its class on the day before the first; `restructured_dates` are the value dates of the restructurings
    that stand.
    """

    loan_id: int
    spans: Sequence[ArrearsSpan]
    carried: AssetClass = AssetClass.STANDARD
    restructured_dates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSpan:
    """A loan's class on day-ends on end; days past due are those of the first day and grow by one a day."""

    from_date: date
    to_date: date
    first: LoanClass

    def on(self, day: date) -> LoanClass:
        """Return the class on a day of the span."""
        past_due = self.first.days_past_due
        return replace(self.first, days_past_due=past_due and past_due + (day - self.from_date).days)


@dataclass(slots=True)
class _Carried:
    asset_class: AssetClass
    npa_since: date | None = None


def classes_in_spans(
    *, facilities: Sequence[Facility], rules: Sequence[ClassificationRule]
) -> dict[int, tuple[ClassSpan, ...]]:
    """Classify the loans of a borrower over some days, each day from the class that the one before gave.

    A day is looked at when something can turn on it: arrears begin or end, a threshold or an age as non-performing is
    reached, other rules come into force. On the days up to the next one of these every class is the same.

    Args:
        facilities: every loan of the borrower that ran or was a claim on one of the days, all over the same days;
            none of them is non-performing on the day before the first.
        rules: the thresholds by the day from which they hold.

    Returns:
        By loan, its classes from the first day to the last, with the same spans for all. A loan that is not lent yet or
        has ended keeps the class that it had.

    Raises:
        ValueError: no rule was in force on a day.
    """
    carried = {facility.loan_id: _Carried(facility.carried) for facility in facilities}
    found: dict[int, list[ClassSpan]] = {facility.loan_id: [] for facility in facilities}
    if not facilities:
        return {}
    day, last = facilities[0].spans[0].from_date, facilities[0].spans[-1].to_date
    walks = [_Walk(facility) for facility in facilities]
    while day <= last:
        for walk in walks:
            walk.go_to(day)
        graded = _grade(walks, day, carried, rules)
        # Every loan has to take its class over, so all of them are asked before the answers are looked at.
        is_same = [_carry(carried[loan_id], result) for loan_id, result in graded.items()]
        end = min(_next_turn(walks, day, carried, rules) - _ONE_DAY, last) if all(is_same) else day
        for loan_id, result in graded.items():
            found[loan_id].append(ClassSpan(day, end, result))
        day = end + _ONE_DAY
    return {loan_id: tuple(spans) for loan_id, spans in found.items()}


class _Walk:
    """A facility with the span that holds the day that is looked at."""

    def __init__(self, facility: Facility) -> None:
        self.facility = facility
        self._place = 0

    @property
    def span(self) -> ArrearsSpan:
        return self.facility.spans[self._place]

    def go_to(self, day: date) -> None:
        while self.span.to_date < day:
            self._place += 1


def _carry(held: _Carried, result: LoanClass) -> bool:
    """Take over what a day gave; tell whether it is what the day before gave."""
    is_same = (held.asset_class, held.npa_since) == (result.asset_class, result.npa_since)
    held.asset_class, held.npa_since = result.asset_class, result.npa_since
    return is_same


def _next_turn(
    walks: Sequence[_Walk], day: date, carried: Mapping[int, _Carried], rules: Sequence[ClassificationRule]
) -> date:
    """Return the first day after one on which a class can be another one, if the day gave what it was given."""
    turns = [rule.effective_from for rule in rules]
    for walk in walks:
        turns.append(walk.span.to_date + _ONE_DAY)
        turns += walk.facility.restructured_dates
        oldest, npa_since = walk.span.oldest_unpaid_due_date, carried[walk.facility.loan_id].npa_since
        if oldest is not None:
            turns += tag_dates(due_date=oldest, rule=rule_on(as_of=day, rules=rules)).values()
        if npa_since is not None:
            ages = rule_on(as_of=day, rules=rules).by_npa_age
            turns += [add_months(npa_since, step.from_months_as_npa) for step in ages]
    return min(turn for turn in turns if turn > day)


def _grade(
    walks: Sequence[_Walk],
    day: date,
    carried: Mapping[int, _Carried],
    rules: Sequence[ClassificationRule],
) -> dict[int, LoanClass]:
    graded = {walk.facility.loan_id: _kept(walk.facility.loan_id, carried[walk.facility.loan_id]) for walk in walks}
    live = [walk for walk in walks if walk.span.status in _LIVE]
    if not live or all(_is_plainly_standard(walk, day, carried[walk.facility.loan_id]) for walk in live):
        return graded | {
            walk.facility.loan_id: _kept(walk.facility.loan_id, _Carried(AssetClass.STANDARD)) for walk in live
        }
    standings = [_standing(walk, day, carried[walk.facility.loan_id]) for walk in live]
    borrower = classify_borrower(as_of=day, loans=standings, rule=rule_on(as_of=day, rules=rules))
    return graded | {result.loan_id: result for result in borrower.loans}


def _is_plainly_standard(walk: _Walk, day: date, held: _Carried) -> bool:
    return (
        walk.span.status is LoanStatus.ACTIVE
        and walk.span.oldest_unpaid_due_date is None
        and held.npa_since is None
        and not _is_restructured(walk.facility, day)
    )


def _standing(walk: _Walk, day: date, held: _Carried) -> LoanStanding:
    facility, span = walk.facility, walk.span
    if span.status is LoanStatus.WRITTEN_OFF:
        return LoanStanding(
            loan_id=facility.loan_id,
            oldest_unpaid_due_date=None,
            arrears_paise=span.claim_paise,
            npa_since=held.npa_since or span.closed_on,
            marked_class=AssetClass.LOSS if span.claim_paise else None,
        )
    return LoanStanding(
        loan_id=facility.loan_id,
        oldest_unpaid_due_date=span.oldest_unpaid_due_date,
        # Only whether there are any matters to the class.
        arrears_paise=1 if span.oldest_unpaid_due_date is not None else 0,
        npa_since=held.npa_since,
        marked_class=AssetClass.SUB_STANDARD if _is_restructured(facility, day) else None,
    )


def _is_restructured(facility: Facility, day: date) -> bool:
    return any(on <= day for on in facility.restructured_dates)


def _kept(loan_id: int, held: _Carried) -> LoanClass:
    return LoanClass(
        loan_id=loan_id,
        days_past_due=0,
        own_class=held.asset_class,
        asset_class=held.asset_class,
        npa_since=held.npa_since,
        reason=ClassReason.NOTHING_OVERDUE,
        cause_loan_id=loan_id,
    )
