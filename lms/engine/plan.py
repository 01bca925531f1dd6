"""Working copy of one loan's schedule: periods that are solved, evaluated and settled in place."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import Enum
from operator import attrgetter

from lms.engine.interest import InterestRule
from lms.engine.state import Amounts, Instalment, RowKind
from lms.engine.terms import Component, InterestMethod, Terms

COMPONENTS = tuple(Component)
INDEX = {component: index for index, component in enumerate(COMPONENTS)}
PRINCIPAL, INTEREST, FEE, TAX, PENAL = range(5)
NOTHING = Amounts()


class InterestDue(Enum):
    """What a period's own interest does on its due date."""

    PAID = "paid"
    DEFERRED = "deferred"
    FREE = "free"
    CAPITALISED = "capitalised"


@dataclass(slots=True)
class Item:
    """One charge on a row: due and settled on its own; `code` marks one that comes with each instalment."""

    component: int
    due: date
    amount: int
    sequence: int | None = None
    settled: int = 0
    code: str = ""


@dataclass(slots=True)
class Period:
    """One row in the making.

    `start` and `end` bound its interest, `due` is the day of payment. `agreed` is the instalment solved,
    `instalment` what it has become by later payments; `fixed_principal` overrides it. `moves` are disbursals (+) and
    part-prepayments (-) inside the period. `whole_days` is the length of the regular period it belongs to (0:
    irregular, interest by its days); `marks` cut a period that was moved into whole steps of the rhythm.
    `shared_interest` is its part of a flat interest rounded once over the loan.
    `overdue_settled` is what was settled of interest on overdue principal, which stands among the `items`.
    `principal_room` is the instalment less interest; `deferred_after`, `carried_after`: interest yet to fall due.
    """

    kind: RowKind
    start: date
    end: date
    due: date
    whole_days: int
    marks: tuple[date, ...] = ()
    is_paying_principal: bool = True
    interest_due: InterestDue = InterestDue.PAID
    step_percent: tuple[int, int] | None = None
    fixed_principal: int | None = None
    instalment: int = 0
    agreed: int = 0
    extra_interest: int = 0
    shared_interest: int | None = None
    moves: list[tuple[date, int]] = field(default_factory=list)
    opening: int = 0
    closing: int = 0
    interest: int = 0
    due_principal: int = 0
    due_interest: int = 0
    capitalised: int = 0
    principal_room: int = 0
    deferred_after: int = 0
    carried_after: int = 0
    paid: list[int] | None = None
    waived: list[int] | None = None
    written_off: list[int] | None = None
    items: list[Item] | None = None
    overdue_settled: int = 0
    in_advance: int = 0
    late: int = 0
    paid_on: date | None = None

    def copied(self) -> Period:
        """Give a twin that can be settled and evaluated apart from this one."""
        twin = Period(*_values_of(self))
        twin.moves = list(self.moves)
        twin.paid, twin.waived, twin.written_off = _twin(self.paid), _twin(self.waived), _twin(self.written_off)
        if self.items is not None:
            twin.items = [replace(item) for item in self.items]
        return twin

    def agree(self, instalment: int) -> None:
        """Take a newly solved instalment, unless more has been paid already."""
        if self.paid is None or self.paid[PRINCIPAL] + self.paid[INTEREST] <= instalment:
            self.instalment = self.agreed = instalment

    def lent(self) -> int:
        """Give the balance at the end of the period, before its own principal."""
        return self.opening + sum(amount for _, amount in self.moves) if self.moves else self.opening


_values_of = attrgetter(*(one.name for one in fields(Period)))


def _twin(parts: list[int] | None) -> list[int] | None:
    return None if parts is None else list(parts)


@dataclass(frozen=True, slots=True)
class PaidPrincipal:
    """Principal paid or given up: from which day it bears no interest, how much, and on which row it was booked."""

    day: date
    amount: int
    row: Period


@dataclass(frozen=True, slots=True)
class SettledRows:
    """How many first rows are past and fully paid, what was lent by their end, paid down of it, and carried on."""

    count: int = 0
    lent: int = 0
    paid_down: int = 0
    carried: int = 0


@dataclass(slots=True)
class Plan:
    """All periods of one loan with the rule of its interest.

    `history`, `known_until` and `settled` serve loans whose interest follows what is really owed; see `recalculation`.
    """

    terms: Terms
    rule: InterestRule
    periods: list[Period]
    flat_base: int = 0
    history: list[PaidPrincipal] = field(default_factory=list)
    known_until: date = date.min
    settled: SettledRows = SettledRows()

    def interest_until(self, period: Period, day: date) -> tuple[int, int]:
        """Give the exact interest of the nights of a period before `day`, as numerator and denominator in paise."""
        if period.interest_due is InterestDue.FREE or day <= period.start:
            return 0, 1
        opening, moves = period.opening, period.moves
        if self.terms.interest_method is InterestMethod.FLAT and period.kind is RowKind.REGULAR:
            opening, moves = self.flat_base, []
        return self.rule.exact(opening=opening, moves=moves, stretch=period, until=day)

    def principal_left(self) -> int:
        """Give what was lent less prepayments and, on a recalculated loan, less all principal settled."""
        lent = sum(amount for period in self.periods for _, amount in period.moves)
        return lent - sum(paid.amount for paid in self.history)

    def index_at(self, day: date) -> int:
        """Find the period whose interest days hold `day`; the first or last one outside of them."""
        low, high = 0, len(self.periods) - 1
        while low < high:
            middle = (low + high) // 2
            if self.periods[middle].end > day:
                high = middle
            else:
                low = middle + 1
        return low


def to_instalment(period: Period, number: int) -> Instalment:
    """Freeze one period as a row of the schedule."""
    charges = [0] * len(COMPONENTS)
    for item in period.items or ():
        charges[item.component] += item.amount
    _, overdue_interest, fee, tax, penal = charges
    return Instalment(
        number=number,
        kind=period.kind,
        from_date=period.start,
        due_date=period.due,
        balance_before_paise=period.opening + sum(amount for day, amount in period.moves if day <= period.start),
        balance_after_paise=period.closing,
        due=Amounts(period.due_principal, period.due_interest + overdue_interest, fee, tax, penal),
        paid=NOTHING if period.paid is None else Amounts(*period.paid),
        waived=NOTHING if period.waived is None else Amounts(*period.waived),
        written_off=NOTHING if period.written_off is None else Amounts(*period.written_off),
        paid_in_advance_paise=period.in_advance,
        paid_late_paise=period.late,
        paid_on=period.paid_on,
    )
