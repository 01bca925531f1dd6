"""Working state of one loan during a replay: rows, excess, totals and allocations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from lms.engine.plan import COMPONENTS, INTEREST, PENAL, PRINCIPAL, InterestDue, Item, PaidPrincipal, Period, Plan
from lms.engine.state import Head, LoanStatus, Movement, RowKind
from lms.engine.terms import Component, EarlyPayment, Terms

HEADS = (Head.PRINCIPAL, Head.INTEREST, Head.FEE, Head.TAX, Head.PENAL)
_PAYMENTS = (Movement.RECEIVED, Movement.APPLIED)


@dataclass(slots=True)
class Note:
    """An allocation in the making; the row gets its number when the schedule is final."""

    fact: int
    day: date
    movement: Movement
    component: Component | None
    amount: int
    row: Period | None


@dataclass(frozen=True, slots=True)
class Night:
    """Nights that bore penal on one row, kept only for an explanation: base and rate numerator, exact numerator."""

    head: Head
    row: Period
    start: date
    nights: int
    base: int
    rate: int
    exact: int


@dataclass(slots=True)
class Account:
    """One loan between two facts.

    `day` is the day being processed; nights before it are accounted for. `cursor` is the first row not fully settled.
    `penal_exact` is the planned penal so far as an exact numerator over `penal.DENOMINATOR`; `overdue_interest` is
    contract interest on overdue principal, `overdue_exact` the numerator that it is rounded from.
    """

    terms: Terms
    plan: Plan
    day: date
    cursor: int = 0
    excess: int = 0
    totals: dict[tuple[Movement, Head], int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    penal_exact: int = 0
    penal_by_row: dict[int, int] = field(default_factory=dict)
    # Half-open ranges of days without planned penal.
    penal_rests: list[tuple[date, date]] = field(default_factory=list)
    overdue_exact: int = 0
    overdue_interest: int = 0
    accrued_elsewhere: int = 0
    lent: int = 0
    last_receipt: int = 0
    recovered: list[int] = field(default_factory=lambda: [0] * 5)
    closed_as: LoanStatus | None = None
    closed_on: date | None = None
    # What an explanation wants to know of each night; None where nobody asks.
    nights: list[Night] | None = None

    def book(self, movement: Movement, head: Head, amount: int) -> None:
        """Add to a cumulative total."""
        if amount:
            key = (movement, head)
            self.totals[key] = self.totals.get(key, 0) + amount

    def total(self, movement: Movement, head: Head) -> int:
        """Give a cumulative total."""
        return self.totals.get((movement, head), 0)

    def row_for_charge(self, due: date) -> int:
        """Find the row whose period holds a charge's due date; its last day belongs to it."""
        periods = self.plan.periods
        low, high = 0, len(periods) - 1
        while low < high:
            middle = (low + high) // 2
            if periods[middle].due >= due:
                high = middle
            else:
                low = middle + 1
        while low + 1 < len(periods) and periods[low].kind is RowKind.DOWN_PAYMENT:
            low += 1
        return low

    def add_item(self, item: Item) -> None:
        """Put a charge on the row of its due date and reopen that row."""
        last = self.plan.periods[-1]
        if item.due > last.due and self.terms.is_late_charge_own_row:
            self._add_charge_row(item.due)
        index = self.row_for_charge(item.due)
        row = self.plan.periods[index]
        if row.items is None:
            row.items = []
        row.items.append(item)
        row.paid_on = None
        self.cursor = min(self.cursor, index)
        if self.closed_as is LoanStatus.CLOSED:
            self.closed_as = self.closed_on = None

    def _add_charge_row(self, due: date) -> None:
        """Open a row behind the last instalment for charges that come after it; a later charge moves its date."""
        last = self.plan.periods[-1]
        if last.kind is RowKind.CHARGE:
            last.end = last.due = due
            return
        row = Period(RowKind.CHARGE, last.due, due, due, 0, is_paying_principal=False, interest_due=InterestDue.FREE)
        self.plan.periods.append(row)

    def settle(
        self, *, index: int, component: int, item: Item | None, amount: int, movement: Movement, fact: int
    ) -> None:
        """Settle `amount` of one component of one row, by payment, waiver or write-off."""
        row = self.plan.periods[index]
        parts = _parts(row, movement)
        parts[component] += amount
        if item is not None:
            item.settled += amount
            row.overdue_settled += amount if component == INTEREST else 0
        if movement in _PAYMENTS:
            if self.day < row.due:
                row.in_advance += amount
            elif self.day > row.due:
                row.late += amount
        if component == PRINCIPAL and self.terms.is_interest_recalculated:
            self._remember(row, amount)
        if is_settled(row):
            row.paid_on = self.day
        self.book(movement, HEADS[component], amount)
        if movement is Movement.APPLIED:
            self.excess -= amount
        self.notes.append(Note(fact, self.day, movement, COMPONENTS[component], amount, row))

    def _remember(self, row: Period, amount: int) -> None:
        is_late_free = not self.terms.has_interest_on_overdue_principal
        day = min(self.day, row.due) if is_late_free else self.day
        self.plan.history.append(PaidPrincipal(day, amount, row))

    def hold(self, *, amount: int, fact: int) -> None:
        """Keep money that met no due as excess."""
        if amount:
            self.excess += amount
            self.book(Movement.RECEIVED, Head.EXCESS, amount)
            self.note(fact=fact, movement=Movement.RECEIVED, component=None, amount=amount)

    def note(self, *, fact: int, movement: Movement, component: Component | None, amount: int) -> None:
        """Record an allocation that belongs to no row."""
        self.notes.append(Note(fact, self.day, movement, component, amount, None))

    def note_paid_rows(self) -> None:
        """Note the day on rows that a change of the schedule settled, and forget it on those it opened again."""
        for row in self.plan.periods:
            if not is_settled(row):
                row.paid_on = None
            elif row.paid_on is None:
                row.paid_on = self.day

    def move_cursor(self) -> None:
        """Step over rows that are due and fully settled, noting the day; close the loan behind the last one."""
        periods = self.plan.periods
        while self.cursor < len(periods) and periods[self.cursor].due <= self.day and is_settled(periods[self.cursor]):
            self.cursor += 1
        is_done = self.cursor == len(periods)
        if not is_done and self.terms.early_payment is EarlyPayment.PAY_AT_ONCE:
            is_done = all(is_settled(row) for row in periods[self.cursor :])
        if is_done and self.closed_as is None and self.lent:
            self.closed_as, self.closed_on = LoanStatus.CLOSED, self.day


def open_amount(row: Period, component: int) -> int:
    """Give what is open of principal (0) or interest (1) of a row, due or not."""
    amount = row.due_principal if component == PRINCIPAL else row.due_interest + row.overdue_settled
    if row.paid is not None:
        amount -= row.paid[component]
    if row.waived is not None:
        amount -= row.waived[component]
    if row.written_off is not None:
        amount -= row.written_off[component]
    return amount


def is_settled(row: Period) -> bool:
    """Tell whether nothing is open on a row, charges included."""
    if open_amount(row, 0) or open_amount(row, 1):
        return False
    return not row.items or all(item.settled == item.amount for item in row.items)


def open_items(row: Period, component: int, until: date | None = None) -> list[Item]:
    """List the open charges of one component on a row, those due by `until` only when it is given."""
    return [
        item
        for item in row.items or ()
        if item.component == component and item.settled < item.amount and (until is None or item.due <= until)
    ]


def penal_item(row: Period) -> Item | None:
    """Find the charge that collects the planned penal of a row."""
    for item in row.items or ():
        if item.component == PENAL and item.sequence is None and not item.code:
            return item
    return None


def _parts(row: Period, movement: Movement) -> list[int]:
    if movement in _PAYMENTS:
        row.paid = row.paid or [0] * len(COMPONENTS)
        return row.paid
    if movement is Movement.WAIVED:
        row.waived = row.waived or [0] * len(COMPONENTS)
        return row.waived
    row.written_off = row.written_off or [0] * len(COMPONENTS)
    return row.written_off
