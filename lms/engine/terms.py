"""What was agreed: the terms of one loan, copied from a product version at sanction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class PeriodUnit(StrEnum):
    """Length of one step of the due-date rhythm; `Terms.every` counts the steps (quarterly is 3 x MONTH)."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class Component(StrEnum):
    """The parts of a debt. TAX is the GST on a fee; PENAL never earns interest and never becomes principal."""

    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    FEE = "FEE"
    TAX = "TAX"
    PENAL = "PENAL"


class Amortisation(StrEnum):
    """How principal comes back."""

    EQUAL_INSTALMENTS = "EQUAL_INSTALMENTS"
    EQUAL_PRINCIPAL = "EQUAL_PRINCIPAL"
    BULLET = "BULLET"
    INTEREST_ONLY = "INTEREST_ONLY"
    STEPPED = "STEPPED"
    BALLOON = "BALLOON"
    CUSTOM = "CUSTOM"


class InterestMethod(StrEnum):
    """Whether interest follows the balance or the amount first lent."""

    DECLINING_BALANCE = "DECLINING_BALANCE"
    FLAT = "FLAT"


class InterestPeriod(StrEnum):
    """Interest of a period by its days, or by whole periods (one twelfth of the year a month)."""

    BY_DAYS = "BY_DAYS"
    WHOLE_PERIODS = "WHOLE_PERIODS"


class DayCount(StrEnum):
    """Fraction of a year that a number of days is."""

    ACTUAL_365 = "ACTUAL_365"
    ACTUAL_360 = "ACTUAL_360"
    ACTUAL_364 = "ACTUAL_364"
    ACTUAL_ACTUAL = "ACTUAL_ACTUAL"
    THIRTY_360 = "THIRTY_360"
    THIRTY_E_360 = "THIRTY_E_360"


class InstalmentMethod(StrEnum):
    """Textbook annuity on rate / 12, or the annuity on the periods' own interest factors."""

    TEXTBOOK = "TEXTBOOK"
    PERIOD_FACTORS = "PERIOD_FACTORS"


class RoundingMode(StrEnum):
    """Rounding of a computed amount to a multiple of its unit."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    UP = "UP"
    DOWN = "DOWN"


class LastInstalment(StrEnum):
    """The last instalment takes what is left, or the difference is spread over all until it is next to nothing."""

    RESIDUE = "RESIDUE"
    LEVELLED = "LEVELLED"


class LeapYear(StrEnum):
    """Where actual/actual gives a day 1/366 of a year."""

    CUT_ON_1_JANUARY = "CUT_ON_1_JANUARY"
    CUT_ON_31_DECEMBER = "CUT_ON_31_DECEMBER"
    PERIOD_WITH_29_FEBRUARY = "PERIOD_WITH_29_FEBRUARY"


class BrokenPeriod(StrEnum):
    """What happens to the days between disbursal and the first regular period."""

    SEPARATE = "SEPARATE"
    IN_FIRST_INSTALMENT = "IN_FIRST_INSTALMENT"
    PRORATED = "PRORATED"


class MonthEnd(StrEnum):
    """A due day that a month does not have: its last day, or the first of the next month."""

    CLAMP = "CLAMP"
    FIRST_OF_NEXT_MONTH = "FIRST_OF_NEXT_MONTH"


class HolidayMove(StrEnum):
    """What a due date on a holiday does."""

    NONE = "NONE"
    NEXT_WORKING_DAY = "NEXT_WORKING_DAY"
    PREVIOUS_WORKING_DAY = "PREVIOUS_WORKING_DAY"


class MoratoriumInterest(StrEnum):
    """Interest of a moratorium: added to principal, or collected with the first instalment after it."""

    CAPITALISED = "CAPITALISED"
    DEFERRED = "DEFERRED"


class EarlyPayment(StrEnum):
    """What money ahead of its due date does: waits as excess, or pays principal the day it comes."""

    HOLD_AS_EXCESS = "HOLD_AS_EXCESS"
    PAY_AT_ONCE = "PAY_AT_ONCE"


class DueGroup(StrEnum):
    """Where an instalment stands on the day of a receipt."""

    PAST_DUE = "PAST_DUE"
    DUE = "DUE"
    IN_ADVANCE = "IN_ADVANCE"


class Direction(StrEnum):
    """Horizontal: instalment by instalment; vertical: component by component across all instalments."""

    HORIZONTAL = "HORIZONTAL"
    VERTICAL = "VERTICAL"


class FutureRule(StrEnum):
    """Which instalment money in advance meets first."""

    NEXT_INSTALMENT = "NEXT_INSTALMENT"
    LAST_INSTALMENT = "LAST_INSTALMENT"
    NEXT_THEN_LAST = "NEXT_THEN_LAST"
    REAMORTISE = "REAMORTISE"


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One stop of a receipt: a component within a group."""

    group: DueGroup
    component: Component


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Order in which one receipt meets the dues; data of a product, by asset class and transaction kind.

    `asset_class` and `transaction_kind` are "" for "any"; the most specific row of `Terms.waterfalls` wins.
    """

    steps: tuple[WaterfallStep, ...]
    direction: Direction = Direction.HORIZONTAL
    future: FutureRule = FutureRule.NEXT_INSTALMENT
    asset_class: str = ""
    transaction_kind: str = ""


class ChargeBasis(StrEnum):
    """What a charge in per cent is reckoned on: of the loan, or of the instalment that it belongs to."""

    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    PRINCIPAL_AND_INTEREST = "PRINCIPAL_AND_INTEREST"


class PenalMethod(StrEnum):
    """How a penal charge is reckoned; always on the overdue amount in default, never on penal."""

    FLAT = "FLAT"
    SLAB = "SLAB"
    PER_DAY = "PER_DAY"


@dataclass(frozen=True, slots=True)
class PenalSlab:
    """From this many days past due, this flat charge."""

    from_days_past_due: int
    amount_paise: int


@dataclass(frozen=True, slots=True)
class PenalPlan:
    """Charge for a missed instalment. PER_DAY uses `annual_rate_pct` / 365 on overdue principal and interest."""

    method: PenalMethod
    annual_rate_pct: Decimal = Decimal(0)
    amount_paise: int = 0
    slabs: tuple[PenalSlab, ...] = ()
    grace_days: int = 0
    cap_paise: int | None = None


@dataclass(frozen=True, slots=True)
class ChargeTerm:
    """A charge that the product names; only charges of the KFS may ever be levied.

    One of `amount_paise` and `percent` is set; `percent` is of the `basis`. `is_upfront` charges are kept back from the
    disbursal; `is_each_instalment` ones fall due with every instalment, reckoned on that instalment.
    """

    code: str
    amount_paise: int = 0
    percent: Decimal = Decimal(0)
    tax_pct: Decimal = Decimal(0)
    is_upfront: bool = False
    is_each_instalment: bool = False
    basis: ChargeBasis = ChargeBasis.PRINCIPAL
    component: Component = Component.FEE


@dataclass(frozen=True, slots=True)
class Step:
    """From this instalment on, the instalment is `percent` of the first (110 = a tenth more)."""

    from_instalment: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class CustomRow:
    """One row of an agreed table; interest follows from the balance."""

    due_date: date
    principal_paise: int


def _standard_waterfall() -> tuple[Waterfall, ...]:
    """Oldest instalment first; interest, principal, fee and its tax, penal last."""
    order = (Component.INTEREST, Component.PRINCIPAL, Component.FEE, Component.TAX, Component.PENAL)
    steps = tuple(WaterfallStep(group, component) for group in DueGroup for component in order)
    return (Waterfall(steps=steps),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything that the arithmetic of one loan needs besides its facts.

    Defaults are the Indian lender's: monthly textbook EMI rounded up to the rupee, interest by actual days / 365
    rounded half-up to the paisa, a broken first period charged apart. Amounts in paise, rates in per cent a year.

    `due_dates` replaces the rhythm by dates agreed one by one; `fixed_length` in its unit ends the last period so long
    after the start (0: the rhythm does); `schedule_start` is the nominal start of the first period where it is not the
    disbursal (PRORATED: interest and instalment both on the days that remain).
    `is_textbook_rate_by_days` takes a month of the textbook annuity as 30 days of the day count, not as one twelfth.
    `is_flat_interest_shared_equally` rounds flat interest once over the loan and gives every instalment the same part.
    `is_tranche_from_period_start`: a later tranche bears interest from the first day of the period that it comes in.
    `is_full_term_per_tranche`: every tranche is paid back over the full number of instalments, on top of the others.
    `calculation_digits` rounds every step of whole-period interest to that many significant digits (0: exact).
    `is_unpaid_interest_carried`: interest above the instalment falls due with the next one; else it is paid on top.
    `is_dated_from_evening_before`: a rate change or pause dated d already governs the night before d (the day's
    interest is that of the evening before); otherwise it starts with the night of d.
    `is_charge_due_with_row`: money meets a charge together with the instalment that it stands on; else on its own date.
    `is_late_charge_own_row`: a charge after the last instalment stands on a row of its own, not on the last one.
    `is_instalment_charge_due_on_closing`: who closes early pays the charges of the instalments to come too.
    `is_called_in_on_write_off` ends the schedule that day; otherwise all its rows are written off as they stand.
    `overdue_components`: what counts for days past due and for the oldest unpaid due date.
    """

    principal_paise: int
    annual_rate_pct: Decimal
    instalment_count: int
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH
    first_due_date: date | None = None
    due_dates: tuple[date, ...] = ()
    fixed_length: int = 0
    fixed_length_unit: PeriodUnit = PeriodUnit.MONTH
    schedule_start: date | None = None
    month_end: MonthEnd = MonthEnd.CLAMP
    holidays: tuple[date, ...] = ()
    holiday_move: HolidayMove = HolidayMove.NONE
    is_interest_moved_with_due_date: bool = True

    amortisation: Amortisation = Amortisation.EQUAL_INSTALMENTS
    interest_method: InterestMethod = InterestMethod.DECLINING_BALANCE
    interest_period: InterestPeriod = InterestPeriod.BY_DAYS
    day_count: DayCount = DayCount.ACTUAL_365
    leap_year: LeapYear = LeapYear.CUT_ON_1_JANUARY
    broken_period: BrokenPeriod = BrokenPeriod.SEPARATE

    instalment_method: InstalmentMethod = InstalmentMethod.TEXTBOOK
    is_textbook_rate_by_days: bool = False
    is_flat_interest_shared_equally: bool = False
    instalment_paise: int | None = None
    instalment_unit_paise: int = 100
    instalment_rounding: RoundingMode = RoundingMode.UP
    interest_unit_paise: int = 1
    interest_rounding: RoundingMode = RoundingMode.HALF_UP
    calculation_digits: int = 0
    last_instalment: LastInstalment = LastInstalment.RESIDUE
    is_unpaid_interest_carried: bool = False

    grace_principal_count: int = 0
    grace_interest_count: int = 0
    interest_free_count: int = 0
    moratorium_count: int = 0
    moratorium_interest: MoratoriumInterest = MoratoriumInterest.DEFERRED
    steps: tuple[Step, ...] = ()
    balloon_paise: int = 0
    custom_rows: tuple[CustomRow, ...] = ()
    down_payment_pct: Decimal = Decimal(0)
    is_tranche_from_period_start: bool = False
    is_full_term_per_tranche: bool = False

    is_dated_from_evening_before: bool = False

    early_payment: EarlyPayment = EarlyPayment.HOLD_AS_EXCESS
    is_interest_recalculated: bool = False
    has_interest_on_overdue_principal: bool = False
    waterfalls: tuple[Waterfall, ...] = field(default_factory=_standard_waterfall)
    is_late_charge_own_row: bool = False
    is_charge_due_with_row: bool = False
    is_instalment_charge_due_on_closing: bool = False
    is_called_in_on_write_off: bool = True
    overdue_components: tuple[Component, ...] = (Component.PRINCIPAL, Component.INTEREST)
    penal_plan: PenalPlan | None = None
    charges: tuple[ChargeTerm, ...] = ()
