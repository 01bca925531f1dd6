"""The oracle: schedules, accrual and the standard waterfall, slow and literal.

Nothing of the engine is imported but its value types. Amounts are paise, rates per cent a year; interest is an exact
fraction until the one place where the definition rounds it.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

ONE_DAY = timedelta(days=1)
ORDER = ("interest", "principal", "fee", "tax", "penal")


def half_up(value: Fraction) -> int:
    """Round to the nearest integer, halves up."""
    return floor(value + Fraction(1, 2))


def months_after(anchor: date, months: int) -> date:
    """Step whole months from an anchor; a day that the month lacks is its last."""
    year, month = anchor.year, anchor.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return date(year, month, min(anchor.day, calendar.monthrange(year, month)[1]))


def equal_instalment(*, principal: int, annual_pct: Decimal, count: int, unit: int) -> int:
    """Sum the present values of one rupee a month, divide, and round up to the unit."""
    monthly = Fraction(annual_pct) / 1200
    worth, discount = Fraction(0), Fraction(1)
    for _ in range(count):
        discount /= 1 + monthly
        worth += discount
    return ceil(principal / worth / unit) * unit


@dataclass
class Row:
    """One instalment: its nights, its day, what is due of each part and what has been settled."""

    start: date
    due: date
    regular_days: int
    pays_principal: bool
    opening: int = 0
    closing: int = 0
    due_parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDER, 0))
    paid_parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDER, 0))


@dataclass
class Claim:
    """Something owed on a day: a part of a row, or one charge on it."""

    row: int
    part: str
    due: date
    amount: int
    paid: int = 0

    @property
    def open(self) -> int:
        """What is still owed."""
        return self.amount - self.paid


@dataclass(frozen=True)
class Agreement:
    """The plain loan: monthly, equal instalments rounded up, interest by days / 365 or by whole months."""

    principal: int
    annual_pct: Decimal
    count: int
    start: date
    first_due: date
    unit: int = 100
    is_by_days: bool = True

    def night_fraction(self, row: Row) -> Fraction:
        """Give the part of a year that one night of a row is: of a whole month its share, broken days by 365."""
        if self.is_by_days or not row.regular_days:
            return Fraction(1, 365)
        return Fraction(1, 12 * row.regular_days)


def lay_out(agreement: Agreement) -> list[Row]:
    """List the rows: a broken period if the first one would be longer than a month, then the instalments."""
    regular_start = months_after(agreement.first_due, -1)
    rows, start = [], agreement.start
    if regular_start > agreement.start:
        rows.append(Row(start, regular_start, regular_days=0, pays_principal=False))
        start = regular_start
    for number in range(agreement.count):
        due = months_after(agreement.first_due, number)
        rows.append(Row(start, due, regular_days=(due - regular_start).days, pays_principal=True))
        start = regular_start = due
    return rows


def exact_interest(agreement: Agreement, row: Row, until: date) -> Fraction:
    """Add up the nights of a row before a day."""
    nights = max((min(until, row.due) - row.start).days, 0)
    return row.opening * Fraction(agreement.annual_pct) / 100 * agreement.night_fraction(row) * nights


def schedule(agreement: Agreement) -> list[Row]:
    """Work the rows out one after the other."""
    rows = lay_out(agreement)
    level = equal_instalment(
        principal=agreement.principal, annual_pct=agreement.annual_pct, count=agreement.count, unit=agreement.unit
    )
    balance = agreement.principal
    for row in rows:
        row.opening = balance
        interest = half_up(exact_interest(agreement, row, row.due))
        principal = 0
        if row.pays_principal:
            principal = balance if row is rows[-1] else min(max(level - interest, 0), balance)
        balance -= principal
        row.closing = balance
        row.due_parts.update(interest=interest, principal=principal)
    return rows


def accrued(agreement: Agreement, rows: Iterable[Row], as_of: date) -> int:
    """Give the interest of all nights up to that of `as_of`: finished rows as due, the running one rounded."""
    after, total = as_of + ONE_DAY, 0
    for row in rows:
        if row.due <= after:
            total += row.due_parts["interest"]
        elif row.start < after:
            total += half_up(exact_interest(agreement, row, after))
    return total


@dataclass
class Book:
    """One loan lived day by day: dues fall due, money held meets them, then the day's charges and receipts come."""

    agreement: Agreement
    penal_pct: Decimal = Decimal(0)
    rows: list[Row] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    excess: int = 0
    received: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*ORDER, "excess"), 0))
    applied: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDER, 0))
    penal_exact: Fraction = Fraction(0)
    penal_charged: int = 0

    def live(self, *, charges: dict[date, list[tuple[int, int]]], receipts: dict[date, list[int]], until: date) -> None:
        """Run from the disbursal to the day-end of `until`; charges are (fee, tax), due on their own day."""
        self.rows = schedule(self.agreement)
        for index, row in enumerate(self.rows):
            self.claims += [Claim(index, part, row.due, row.due_parts[part]) for part in ("interest", "principal")]
        day = self.agreement.start
        while day <= until:
            self._apply_excess(day)
            for fee, tax in charges.get(day, []):
                index = self._row_of(day)
                self.claims += [Claim(index, "fee", day, fee), Claim(index, "tax", day, tax)]
                self._apply_excess(day)
            for amount in receipts.get(day, []):
                rest = self._spend(amount, day, self.received)
                self.excess += rest
                self.received["excess"] += rest
            self._penal_of_night(day)
            day += ONE_DAY
        for claim in self.claims:
            self.rows[claim.row].paid_parts[claim.part] += claim.paid
            if claim.part in ("fee", "tax", "penal"):
                self.rows[claim.row].due_parts[claim.part] += claim.amount

    def _row_of(self, day: date) -> int:
        """Find the row whose period holds a day, its due date included; the last one for later days."""
        return next((n for n, row in enumerate(self.rows) if row.due >= day), len(self.rows) - 1)

    def _apply_excess(self, day: date) -> None:
        before = self.excess
        self.excess = self._spend(before, day, self.applied)

    def _spend(self, amount: int, day: date, booked: dict[str, int]) -> int:
        """Settle what is due: earlier dues before today's, row by row, part by part."""
        if amount == 0:
            return 0
        payable = [claim for claim in self.claims if claim.due <= day and claim.open > 0]
        payable.sort(key=lambda claim: (claim.due == day, claim.row, ORDER.index(claim.part)))
        for claim in payable:
            part = min(amount, claim.open)
            claim.paid += part
            amount -= part
            booked[claim.part] += part
        return amount

    def _penal_of_night(self, day: date) -> None:
        """Charge one night on overdue principal and interest: a running total over the loan, rounded half-up."""
        if self.penal_pct == 0:
            return
        for index, row in enumerate(self.rows):
            overdue = sum(
                claim.open
                for claim in self.claims
                if claim.row == index and claim.part in ("interest", "principal") and claim.due <= day
            )
            self.penal_exact += Fraction(self.penal_pct) / 100 / 365 * overdue
            amount = half_up(self.penal_exact) - self.penal_charged
            if amount:
                self.penal_charged += amount
                self.claims.append(Claim(index, "penal", row.due, amount))
