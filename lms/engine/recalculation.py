"""Interest on what is really owed: early money lowers it from its day, overdue principal bears it until it is paid."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date
from itertools import accumulate

from lms.engine.plan import INTEREST, PRINCIPAL, InterestDue, Period, Plan, SettledRows
from lms.engine.rounding import round_ratio
from lms.engine.state import RowKind


def evaluate_recalculated(*, plan: Plan, interest_until: date | None = None, last: int | None = None) -> None:
    """Work out all periods from the payments so far and from the instalments for what is to come.

    Before `plan.known_until` interest runs on the principal really outstanding (or, by the terms, on that not overdue);
    from then on overdue principal counts as paid and every instalment as paid when due. Interest due of a period is at
    most its instalment; what is above falls due with the next. Once more principal was paid than the instalment leaves
    beside interest, interest due is what was paid. The last period that is not fully paid takes the difference.

    `interest_until` leaves out the nights from that day on: what is payable that day. `last` stops behind that period,
    leaving the later ones as they were.

    Source: figures, conventions 3.1 (10) and 3.3.
    """
    walk = _Walk(plan, interest_until)
    stop = len(plan.periods) if last is None else last + 1
    for index in range(plan.settled.count, stop):
        walk.step(index, plan.periods[index])
    if last is None:
        walk.finish()


def interest_owed(*, plan: Plan, index: int, day: date) -> tuple[int, int]:
    """Give the exact interest of a period's nights before `day` on the balance really owed in each of them.

    Numerator and denominator in paise. By the terms that is all principal lent and not settled yet, or the balance of
    the schedule less what was paid ahead; unlike the rows it never counts overdue principal as paid.
    """
    period = plan.periods[index]
    if period.interest_due is InterestDue.FREE or day <= period.start:
        return 0, 1
    opening, moves = really_owed(plan=plan, index=index)
    return plan.rule.exact(opening=opening, moves=moves, stretch=period, until=day)


def really_owed(*, plan: Plan, index: int) -> tuple[int, list[tuple[date, int]]]:
    """Give the balance at the start of a period and its changes within, from the history alone."""
    period, before = plan.periods[index], plan.periods[:index]
    history = [paid for paid in plan.history if paid.row.kind is not RowKind.DOWN_PAYMENT and paid.day < period.end]
    if plan.terms.has_interest_on_overdue_principal:
        opening = sum(amount for row in before for _, amount in row.moves)
        opening -= sum(row.due_principal for row in before if row.kind is RowKind.DOWN_PAYMENT)
    else:
        opening = period.opening
        gone = {id(row) for row in before}
        history = [paid for paid in history if paid.day < paid.row.due and id(paid.row) not in gone]
    opening -= sum(paid.amount for paid in history if paid.day <= period.start)
    moves = [(paid.day, -paid.amount) for paid in history if paid.day > period.start]
    return opening, sorted([*period.moves, *moves], key=lambda move: move[0])


def keep_instalments(plan: Plan) -> None:
    """Make what the periods came to their instalments, so that a period once emptied stays empty."""
    for period in plan.periods[plan.settled.count :]:
        period.instalment = period.due_principal + period.due_interest
    _set_aside(plan)


def _set_aside(plan: Plan) -> None:
    """Leave out of later evaluations the first periods that are past and fully paid: nothing can change them."""
    done = plan.settled
    for period in plan.periods[done.count :]:
        paid = _settled(period, PRINCIPAL) + _settled(period, INTEREST)
        if period.due >= plan.known_until or paid != period.instalment:
            break
        lent = done.lent + sum(amount for _, amount in period.moves)
        down = period.due_principal if period.kind is RowKind.DOWN_PAYMENT else 0
        done = SettledRows(done.count + 1, lent, done.paid_down + down, period.carried_after)
    plan.settled = done


class _Walk:
    """Running sums from the first period to the last."""

    def __init__(self, plan: Plan, interest_until: date | None) -> None:
        self.plan = plan
        self.until = interest_until or date.max
        done = plan.settled
        self.closing = plan.periods[done.count - 1].closing if done.count else 0
        self.lent = done.lent
        self.carried = done.carried
        self.overdue = 0
        self.paid_later = sum(_settled(period, PRINCIPAL) for period in plan.periods[done.count :])
        self.absorber = last_unpaid(plan)
        self.paid_down = done.paid_down
        history = [paid for paid in plan.history if paid.row.kind is not RowKind.DOWN_PAYMENT]
        history.sort(key=lambda paid: paid.day)
        self.ahead = [paid for paid in history if paid.day < paid.row.due]
        self.position = {id(period): index for index, period in enumerate(plan.periods)} if self.ahead else {}
        self.days = [paid.day for paid in history]
        self.amounts = [paid.amount for paid in history]
        self.sums = [0, *accumulate(self.amounts)]

    def step(self, index: int, period: Period) -> None:
        """Evaluate one period and move the sums behind it."""
        period.opening = self.closing
        paid_principal, paid_interest = _settled(period, PRINCIPAL), _settled(period, INTEREST)
        period.interest = self._interest(index, period)
        owed = period.interest + self.carried + period.extra_interest
        self.lent += sum(amount for _, amount in period.moves)
        self.paid_later -= paid_principal
        room = max(self.lent - self._due_so_far(period) - self.paid_later, paid_principal)
        instalment = self._instalment(index, period, owed, room)
        is_paid_beyond = paid_principal > max(instalment - owed, 0)
        interest = paid_interest if is_paid_beyond else min(owed, instalment)
        period.due_interest = max(interest, paid_interest)
        principal = room if index == self.absorber else min(max(instalment - period.due_interest, 0), room)
        period.due_principal = max(principal, paid_principal)
        self.carried = period.carried_after = owed - period.due_interest
        self.closing = period.closing = period.lent() - period.due_principal
        if period.kind is RowKind.DOWN_PAYMENT:
            # A down payment is no part of what is amortised: it bears no interest, paid in time or not.
            self.paid_down += period.due_principal
        elif period.due < self.plan.known_until:
            self.overdue += max(period.due_principal - paid_principal, 0)

    def finish(self) -> None:
        """Let interest that ran after the last unpaid period fall due with it."""
        if self.carried > 0 and self.absorber >= 0:
            self.plan.periods[self.absorber].due_interest += self.carried

    def _due_so_far(self, period: Period) -> int:
        """Principal that fell due in earlier periods: what was lent before this one less the balance it starts with."""
        lent_before = self.lent - sum(amount for _, amount in period.moves)
        return lent_before - period.opening

    def _instalment(self, index: int, period: Period, owed: int, room: int) -> int:
        if period.kind is RowKind.DOWN_PAYMENT:
            return period.fixed_principal or 0
        if period.interest_due is InterestDue.DEFERRED:
            return 0
        if index == self.absorber:
            return room + owed
        if period.fixed_principal is not None and period.is_paying_principal:
            return period.fixed_principal + owed
        return period.instalment if period.is_paying_principal else owed

    def _interest(self, index: int, period: Period) -> int:
        if period.interest_due is InterestDue.FREE or period.start >= self.until:
            return 0
        opening, moves = self._balances(index, period)
        terms = self.plan.terms
        numerator, denominator = self.plan.rule.exact(
            opening=opening, moves=moves, stretch=period, until=min(period.end, self.until)
        )
        return round_ratio(numerator, denominator, terms.interest_rounding, terms.interest_unit_paise)

    def _balances(self, index: int, period: Period) -> tuple[int, list[tuple[date, int]]]:
        """Give the balance that bears interest at the start of a period, and its changes within."""
        plan, known = self.plan, self.plan.known_until
        is_overdue_bearing = plan.terms.has_interest_on_overdue_principal
        if is_overdue_bearing and period.start < known:
            first, last = bisect_right(self.days, period.start), bisect_left(self.days, period.end)
            opening = self.lent - self.paid_down - self.sums[first]
            inside = slice(first, last)
            moves = [(day, -amount) for day, amount in zip(self.days[inside], self.amounts[inside], strict=True)]
            if known < period.end:
                moves.append((known, -self.overdue))
        else:
            self.ahead = [paid for paid in self.ahead if self.position[id(paid.row)] >= index]
            opening = period.opening - sum(paid.amount for paid in self.ahead if paid.day <= period.start)
            moves = [(paid.day, -paid.amount) for paid in self.ahead if period.start < paid.day < period.end]
        return opening, sorted([*period.moves, *moves], key=lambda move: move[0])


def last_unpaid(plan: Plan) -> int:
    """Find the last period not fully paid, else the last one; it takes the difference of the loan."""
    for index in range(len(plan.periods) - 1, -1, -1):
        period = plan.periods[index]
        instalment = max(period.instalment, period.fixed_principal or 0)
        if period.kind is RowKind.REGULAR and _settled(period, PRINCIPAL) + _settled(period, INTEREST) < instalment:
            return index
    regular = [index for index, row in enumerate(plan.periods) if row.kind is RowKind.REGULAR]
    return regular[-1] if regular else len(plan.periods) - 1


def _settled(period: Period, component: int) -> int:
    """Give what was paid, waived or written off: none of it is owed any more."""
    return sum(parts[component] for parts in (period.paid, period.waived, period.written_off) if parts is not None)
