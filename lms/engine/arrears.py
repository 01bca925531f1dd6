"""Since when dues were unpaid on each day-end of a stretch of days: what follows from one pass over the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from lms.engine.account import Account, is_settled
from lms.engine.dating import advance, next_due
from lms.engine.day_reading import figures_by_day, fork_account
from lms.engine.effective import effective_facts, undoing_dates
from lms.engine.facts import Fact, Receive
from lms.engine.plan import Period
from lms.engine.replay import fold_facts, follow_facts
from lms.engine.standing import oldest_unpaid
from lms.engine.state import Head, LoanState, LoanStatus, Movement
from lms.engine.terms import Component, Terms

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrearsSpan:
    """One loan on day-ends on end that are alike: what its class follows from.

    `claim_paise` is what was written off and not recovered since.
    """

    from_date: date
    to_date: date
    status: LoanStatus
    oldest_unpaid_due_date: date | None
    closed_on: date | None = None
    claim_paise: int = 0


class ArrearsWatch:
    """Looks on while facts are folded, and notes the spans of the day-ends that pass.

    Between two facts dues move on due dates alone: a day that is none is not looked at. With `fork_on` it keeps the
    account as it comes to that day, so that a life with other receipts can be followed from there.
    """

    __slots__ = ("_fork", "_fork_on", "_from_date", "_spans", "_to_date")

    def __init__(self, *, from_date: date, to_date: date, fork_on: date | None = None) -> None:
        self._from_date, self._to_date, self._fork_on = from_date, to_date, fork_on
        self._spans: list[ArrearsSpan] = []
        self._fork: Account | None = None

    @property
    def spans(self) -> tuple[ArrearsSpan, ...]:
        """Return what was noted, from the first day to the last; before the disbursal the loan is only sanctioned."""
        lent_on = self._spans[0].from_date if self._spans else self._to_date + _ONE_DAY
        if lent_on <= self._from_date:
            return tuple(self._spans)
        before = ArrearsSpan(
            from_date=self._from_date,
            to_date=lent_on - _ONE_DAY,
            status=LoanStatus.SANCTIONED,
            oldest_unpaid_due_date=None,
        )
        return (before, *self._spans)

    def pass_days(self, *, account: Account, until: date) -> None:
        """Note the day-ends from the account's day to the eve of `until`; money held meets its dues on the way."""
        day = account.day
        if self._fork_on is not None and self._fork is None and day < self._fork_on <= until:
            self._fork = fork_account(account=account, day=self._to_date)
        while account.excess and (due := next_due(account=account)) is not None and due < until:
            self._note(account, day, due - _ONE_DAY)
            advance(account=account, day=due)
            day = due
        self._note(account, day, until - _ONE_DAY)

    def spans_otherwise(self, *, facts: Sequence[Fact]) -> tuple[ArrearsSpan, ...]:
        """Return the spans of a life that is the same up to the eve of the fork, once; nothing where it cannot tell.

        Args:
            facts: all that would have counted; from the fork on only receipts are followed.
        """
        fork, fork_on = self._fork, self._fork_on
        if fork is None or fork_on is None:
            return ()
        self._fork = None
        onward = [fact for fact in effective_facts(facts=facts, as_of=self._to_date) if fact.value_date >= fork_on]
        if not all(isinstance(fact, Receive) for fact in onward):
            return ()
        other = ArrearsWatch(from_date=fork_on, to_date=self._to_date)
        follow_facts(account=fork, facts=onward, watch=other)
        other.pass_days(account=fork, until=self._to_date + _ONE_DAY)
        shared = [span for span in self.spans if span.from_date < fork_on]
        spans = [*shared[:-1], *(replace(span, to_date=min(span.to_date, fork_on - _ONE_DAY)) for span in shared[-1:])]
        for span in other.spans:
            _append(spans, span)
        return tuple(spans)

    def _note(self, account: Account, first: date, last: date) -> None:
        day, last = max(first, self._from_date), min(last, self._to_date)
        while day <= last:
            span = _span_on(account, day)
            turn = _next_turn(account, span)
            end = last if turn is None or turn > last else turn - _ONE_DAY
            _append(self._spans, replace(span, to_date=end))
            day = end + _ONE_DAY


def arrears_in_spans(*, terms: Terms, facts: Sequence[Fact], from_date: date, to_date: date) -> tuple[ArrearsSpan, ...]:
    """Say for each day-end what `replay(..., as_of=day)` says of status and oldest unpaid due date.

    Args:
        terms: the loan as sanctioned.
        facts: all of it.
        from_date: first day-end.
        to_date: last day-end.

    Returns:
        Spans without a gap from the first day-end to the last.

    Raises:
        EngineRefusal: the facts contradict each other.
    """
    spans: list[ArrearsSpan] = []
    if _moves_by_night(terms):
        days = [from_date + timedelta(days=number) for number in range((to_date - from_date).days + 1)]
        for state in figures_by_day(terms=terms, facts=facts, days=days).values():
            _append(spans, _of_state(state))
        return tuple(spans)
    starts = [from_date, *(day for day in undoing_dates(facts=facts) if from_date < day <= to_date)]
    ends = [*(day - _ONE_DAY for day in starts[1:]), to_date]
    for first, last in zip(starts, ends, strict=True):
        watch = ArrearsWatch(from_date=first, to_date=last)
        account = fold_facts(terms=terms, facts=effective_facts(facts=facts, as_of=last), watch=watch)
        if account is not None:
            watch.pass_days(account=account, until=last + _ONE_DAY)
        for span in watch.spans:
            _append(spans, span)
    return tuple(spans)


def is_told_by_one_fold(*, terms: Terms, facts: Sequence[Fact], from_date: date) -> bool:
    """Tell whether a watch on the fold of the last day sees of each day since `from_date` what its replay would."""
    return not _moves_by_night(terms) and all(day <= from_date for day in undoing_dates(facts=facts))


def _moves_by_night(terms: Terms) -> bool:
    """Tell whether the night of a day can move what counts as overdue on it."""
    if terms.is_interest_recalculated or Component.PENAL in terms.overdue_components:
        return True
    # Interest on overdue principal falls due at once, on a row that is overdue by its principal.
    return terms.has_interest_on_overdue_principal and Component.PRINCIPAL not in terms.overdue_components


def _span_on(account: Account, day: date) -> ArrearsSpan:
    status, closed_on = account.closed_as or LoanStatus.ACTIVE, account.closed_on
    if account.closed_as is None and _is_ending(account, day):
        # With nothing left to pay the loan ends by itself on whichever day-end is looked at first.
        status, closed_on = LoanStatus.CLOSED, day
    return ArrearsSpan(
        from_date=day,
        to_date=day,
        status=status,
        oldest_unpaid_due_date=oldest_unpaid(account=account, as_of=day),
        closed_on=closed_on,
        claim_paise=_claim(account.totals) if status is LoanStatus.WRITTEN_OFF else 0,
    )


def _is_ending(account: Account, day: date) -> bool:
    return all(is_settled(row) and row.due <= day for row in _rows_left(account))


def _next_turn(account: Account, span: ArrearsSpan) -> date | None:
    """Return the next day on which a look shows something else, or might; None where nothing turns any more."""
    oldest, day = span.oldest_unpaid_due_date, span.from_date
    if oldest is not None:
        first = account.plan.periods[account.cursor]
        if first.due == oldest or any(item.due == oldest for item in first.items or ()):
            # No row before it is open, and what is unpaid on it stays the oldest.
            return None
    if account.closed_as is None and span.status is LoanStatus.CLOSED:
        return day + _ONE_DAY
    dates: list[date] = []
    for row in _rows_left(account):
        dates += [due for due in (row.due, *(item.due for item in row.items or ())) if due > day]
        if row.due > day:
            break
    return min(dates, default=None)


def _rows_left(account: Account) -> Iterator[Period]:
    return islice(account.plan.periods, account.cursor, None)


def _append(spans: list[ArrearsSpan], span: ArrearsSpan) -> None:
    """Add a span behind the others, as a part of the last one where it is alike."""
    if spans and replace(span, from_date=spans[-1].from_date, to_date=spans[-1].to_date) == spans[-1]:
        spans[-1] = replace(spans[-1], to_date=span.to_date)
    else:
        spans.append(span)


def _of_state(state: LoanState) -> ArrearsSpan:
    totals = {(total.movement, total.head): total.amount_paise for total in state.totals}
    return ArrearsSpan(
        from_date=state.as_of,
        to_date=state.as_of,
        status=state.status,
        oldest_unpaid_due_date=state.oldest_unpaid_due_date,
        closed_on=state.closed_on,
        claim_paise=_claim(totals) if state.status is LoanStatus.WRITTEN_OFF else 0,
    )


def _claim(totals: dict[tuple[Movement, Head], int]) -> int:
    signs = {Movement.WRITTEN_OFF: 1, Movement.RECOVERED: -1}
    return max(sum(signs.get(movement, 0) * amount for (movement, _), amount in totals.items()), 0)
