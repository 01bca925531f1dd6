"""What follows from terms and facts: the state of one loan on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lms.engine.terms import Component


class LoanStatus(StrEnum):
    """Life of a loan account."""

    SANCTIONED = "SANCTIONED"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    SETTLED = "SETTLED"
    WRITTEN_OFF = "WRITTEN_OFF"


class RowKind(StrEnum):
    """What a row of the schedule is for."""

    REGULAR = "REGULAR"
    BROKEN_PERIOD = "BROKEN_PERIOD"
    DOWN_PAYMENT = "DOWN_PAYMENT"
    TAKEN_OVER = "TAKEN_OVER"
    CHARGE = "CHARGE"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Paise by component."""

    principal: int = 0
    interest: int = 0
    fee: int = 0
    tax: int = 0
    penal: int = 0

    @property
    def total(self) -> int:
        """Sum of the five components in paise."""
        return self.principal + self.interest + self.fee + self.tax + self.penal

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.principal + other.principal,
            self.interest + other.interest,
            self.fee + other.fee,
            self.tax + other.tax,
            self.penal + other.penal,
        )

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.principal - other.principal,
            self.interest - other.interest,
            self.fee - other.fee,
            self.tax - other.tax,
            self.penal - other.penal,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One row of the schedule with what happened to it; `number` counts from 1 in due-date order."""

    number: int
    kind: RowKind
    from_date: date
    due_date: date
    balance_before_paise: int
    balance_after_paise: int
    due: Amounts
    paid: Amounts = Amounts()
    waived: Amounts = Amounts()
    written_off: Amounts = Amounts()
    paid_in_advance_paise: int = 0
    paid_late_paise: int = 0
    paid_on: date | None = None

    @property
    def open(self) -> Amounts:
        """What is still owed on this row, due or not."""
        return self.due - self.paid - self.waived - self.written_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Part of one fact applied to one component of one instalment (None: to excess, or to a charge without a row)."""

    fact_sequence: int
    applied_on: date
    component: Component | None
    amount_paise: int
    instalment_number: int | None = None
    is_from_excess: bool = False
    movement: Movement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeState:
    """One fee, its tax or one penal charge: when it is due, how much it is, and what of it is open, in paise.

    `fact_sequence` is the fact that levied it; None for one that follows from the terms.
    """

    component: Component
    due_date: date
    instalment_number: int
    amount_paise: int
    open_paise: int
    fact_sequence: int | None = None


class Movement(StrEnum):
    """What can happen to a head; with the head it names a posting rule."""

    DISBURSED = "DISBURSED"
    TAKEN_OVER = "TAKEN_OVER"
    ACCRUED = "ACCRUED"
    CAPITALISED = "CAPITALISED"
    CHARGED = "CHARGED"
    RECEIVED = "RECEIVED"
    APPLIED = "APPLIED"
    WAIVED = "WAIVED"
    WRITTEN_OFF = "WRITTEN_OFF"
    RECOVERED = "RECOVERED"
    REFUNDED = "REFUNDED"


class Head(StrEnum):
    """The components of a debt, and money held for the borrower."""

    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    FEE = "FEE"
    TAX = "TAX"
    PENAL = "PENAL"
    EXCESS = "EXCESS"


@dataclass(frozen=True, slots=True)
class MovementTotal:
    """Cumulative paise of one movement on one head since the loan began; the ledger books differences of these."""

    movement: Movement
    head: Head
    amount_paise: int


@dataclass(frozen=True, slots=True)
class AccrualLine:
    """Cumulative ACCRUED of one head as a straight line until `LoanState.next_change_date`.

    At the day-end of d, `as_of <= d < next_change_date`, it is
    round_half_up((base_numerator + per_day_numerator * (d - as_of).days) / denominator) paise: exactly what
    `replay(..., as_of=d)` gives.
    """

    head: Head
    base_numerator: int
    per_day_numerator: int
    denominator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanState:
    """The fold of a loan's facts at the day-end of `as_of`."""

    as_of: date
    status: LoanStatus
    instalments: tuple[Instalment, ...]
    allocations: tuple[Allocation, ...]
    totals: tuple[MovementTotal, ...]
    outstanding: Amounts
    overdue: Amounts
    accrued_not_due_paise: int
    excess_paise: int
    undrawn_paise: int
    instalment_paise: int
    annual_rate_pct: Decimal
    oldest_unpaid_due_date: date | None
    days_past_due: int
    next_due_date: date | None
    next_due_paise: int
    closed_on: date | None
    accrual_lines: tuple[AccrualLine, ...]
    next_change_date: date | None
    charges: tuple[ChargeState, ...] = ()

    def total(self, movement: Movement, head: Head) -> int:
        """Cumulative paise of one movement on one head; zero when it never happened."""
        return next((t.amount_paise for t in self.totals if t.movement is movement and t.head is head), 0)
