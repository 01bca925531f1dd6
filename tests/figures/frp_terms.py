"""FRP: terms and events of a case as the engine's terms and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from lms.engine.due_rules import DueDateRule, first_due_date
from lms.engine.facts import (
    Charge,
    Disburse,
    Fact,
    Foreclose,
    Pause,
    Prepay,
    PrepaymentEffect,
    Receive,
    Recover,
    Reverse,
    Settle,
    Waive,
    WriteOff,
)
from lms.engine.rates import nper
from lms.engine.schedule import build_schedule
from lms.engine.state import RowKind
from lms.engine.terms import (
    Amortisation,
    Component,
    CustomRow,
    DayCount,
    DueGroup,
    EarlyPayment,
    InterestMethod,
    InterestPeriod,
    MoratoriumInterest,
    PenalMethod,
    PenalPlan,
    PeriodUnit,
    RoundingMode,
    Terms,
    Waterfall,
    WaterfallStep,
)
from tests.figures.result import Unsupported
from tests.figures.values import number, take, whole

Raw = Mapping[str, Any]

UNITS = {"months": PeriodUnit.MONTH, "weeks": PeriodUnit.WEEK, "days": PeriodUnit.DAY, "years": PeriodUnit.YEAR}
ONCE = ("once", "one_time", "one time")
PERIODS_A_YEAR = {
    (PeriodUnit.MONTH, 1): 12,
    (PeriodUnit.MONTH, 3): 4,
    (PeriodUnit.MONTH, 6): 2,
    (PeriodUnit.MONTH, 12): 1,
    (PeriodUnit.YEAR, 1): 1,
    (PeriodUnit.WEEK, 1): 52,
    (PeriodUnit.WEEK, 2): 26,
    (PeriodUnit.DAY, 1): 365,
}
ROUNDINGS = {
    "up to whole unit": (100, RoundingMode.UP),
    "whole unit": (100, RoundingMode.HALF_UP),
    "nearest whole unit": (100, RoundingMode.HALF_UP),
    "half up to whole unit": (100, RoundingMode.HALF_UP),
    "down to whole unit": (100, RoundingMode.DOWN),
    "minor unit": (1, RoundingMode.HALF_UP),
    "up to minor unit": (1, RoundingMode.UP),
}
DAY_COUNTS = {
    "365": DayCount.ACTUAL_365,
    "360": DayCount.ACTUAL_360,
    "364": DayCount.ACTUAL_364,
    "actual": DayCount.ACTUAL_ACTUAL,
}
FIXED_INSTALMENT = ("fixed_instalment", "fixed_emi", "instalment_amount", "instalment", "emi", "amount_per_period")
KNOWN = (
    *("engine", "principal", "annual_rate_pct", "instalments", "every", "unit", "periods_per_year", "submitted_on"),
    *("disbursed_on", "first_due_date", "due_date_rule", "interest_method", "interest_period", "amortisation"),
    *("days_in_year", "days_in_month", "grace", "currency_decimals", "emi_rounding", "interest_rounding"),
    *(
        "penal_rate_pct",
        "grace_days",
        "npa_threshold_dpd",
        "buckets",
        "loan_type",
        "limit",
        "moratorium_interest",
        *FIXED_INSTALMENT,
    ),
)
_ONE_DAY = timedelta(days=1)
UNDATED = date(2026, 1, 1)
# What follows from the terms is numbered from here on, apart from what was done.
BROKEN_PERIOD_SEQUENCE = 1_000_000
EVENT_NAMES = (
    *("type", "date", "amount", "business_date", "kind", "component", "reason"),
    *("loan", "drawdown", "disbursement", "loan_disbursement", "first_due_date", "instalments", "unit", "every"),
)
_FAR = date(9000, 1, 1)
_IN_ORDER = (Component.INTEREST, Component.PRINCIPAL, Component.FEE, Component.TAX, Component.PENAL)


@dataclass(slots=True)
class Loan:
    """One loan of a case with what has happened to it so far."""

    terms: Terms
    facts: list[Fact]


def paise(amount: Any) -> int:
    """Read an amount of money."""
    return whole(number(amount) * 100)


def terms_of(raw: Raw, events: Sequence[Raw]) -> Terms:
    """Map the terms of a term loan, or of a demand loan whose interest falls due whenever it is accrued."""
    take(raw, *KNOWN)
    if raw.get("currency_decimals", 2) != 2:
        raise Unsupported(f"currency_decimals {raw['currency_decimals']}")
    terms = _common(raw, events)
    if "demand loan" in str(raw.get("loan_type", "")):
        return _demand_loan(terms, events)
    if raw.get("loan_type") not in (None, "term loan", "line of credit"):
        raise Unsupported(f"loan_type {raw['loan_type']}")
    return _with_rhythm(terms, raw, start_of(raw, events))


def start_of(raw: Raw, events: Sequence[Raw]) -> date:
    """Find the day of disbursal; a case without dates asks for amounts only, and any day will do."""
    days = [event["date"] for event in events if event["type"] == "disburse"]
    days += [raw[name] for name in ("disbursed_on", "submitted_on") if raw.get(name)]
    return date.fromisoformat(days[0]) if days else UNDATED


def _common(raw: Raw, events: Sequence[Raw]) -> Terms:
    lent = sum(paise(event["amount"]) for event in events if event["type"] == "disburse")
    instalment_unit, instalment_rounding = _rounding(raw.get("emi_rounding", "up to whole unit"))
    interest_unit, interest_rounding = _rounding(raw.get("interest_rounding", "minor unit"))
    return Terms(
        principal_paise=paise(raw["principal"]) if "principal" in raw else lent,
        annual_rate_pct=Decimal(raw.get("annual_rate_pct", "0")),
        instalment_count=1,
        day_count=_pick(DAY_COUNTS, raw, "days_in_year", "365"),
        interest_period=_interest_period(raw),
        instalment_unit_paise=instalment_unit,
        instalment_rounding=instalment_rounding,
        interest_unit_paise=interest_unit,
        interest_rounding=interest_rounding,
        early_payment=EarlyPayment.PAY_AT_ONCE,
        waterfalls=_waterfalls(),
        penal_plan=_penal_plan(raw),
    )


def _with_rhythm(terms: Terms, raw: Raw, start: date) -> Terms:
    if raw.get("unit") in ONCE:
        return _one_payment(terms, raw, start)
    unit, every = _pick(UNITS, raw, "unit", "months"), whole(raw.get("every", 1))
    if whole(raw.get("periods_per_year", PERIODS_A_YEAR.get((unit, every), 0))) != PERIODS_A_YEAR.get((unit, every), 0):
        raise Unsupported(f"periods_per_year {raw['periods_per_year']}")
    grace = raw.get("grace") or {}
    interest_only, unpaid = whole(grace.get("principal", 0)), whole(grace.get("interest_payment", 0))
    if grace.get("interest_free") or unpaid not in (0, interest_only):
        raise Unsupported("grace of interest")
    moratorium = MORATORIA.get(str(raw.get("moratorium_interest", "add to first repayment")).lower())
    if moratorium is None:
        raise Unsupported(f"moratorium_interest {raw['moratorium_interest']}")
    fixed = next((paise(raw[name]) for name in FIXED_INSTALMENT if raw.get(name) is not None), None)
    terms = replace(
        terms,
        unit=unit,
        every=every,
        first_due_date=_first_due(raw, start),
        amortisation=_pick(AMORTISATIONS, raw, "amortisation", "equal_instalments"),
        interest_method=_pick(METHODS, raw, "interest_method", "declining_balance"),
        grace_principal_count=0 if unpaid else interest_only,
        moratorium_count=unpaid,
        moratorium_interest=moratorium,
        instalment_paise=fixed,
    )
    if fixed is not None:
        return replace(terms, instalment_count=_rows_of_fixed(terms, unit, every, fixed))
    return replace(terms, instalment_count=whole(raw["instalments"]) + interest_only - unpaid)


def _one_payment(terms: Terms, raw: Raw, start: date) -> Terms:
    """Let principal and interest of all days fall due together."""
    due = date.fromisoformat(raw["first_due_date"])
    return replace(terms, unit=PeriodUnit.DAY, every=(due - start).days, first_due_date=due)


def _rows_of_fixed(terms: Terms, unit: PeriodUnit, every: int, fixed: int) -> int:
    """Count the instalments that an agreed amount takes."""
    rate = number(terms.annual_rate_pct) / 100 / PERIODS_A_YEAR[unit, every]
    return ceil(nper(rate=rate, pmt=-fixed, pv=terms.principal_paise))


def _demand_loan(terms: Terms, events: Sequence[Raw]) -> Terms:
    """Interest alone falls due on the morning after each day through which it was accrued; principal on demand."""
    dues = [date.fromisoformat(event["through"]) + _ONE_DAY for event in events if event["type"] == "accrue"]
    rows = [CustomRow(due, 0) for due in dict.fromkeys(dues)] + [CustomRow(_FAR, terms.principal_paise)]
    return replace(
        terms,
        amortisation=Amortisation.CUSTOM,
        custom_rows=tuple(rows),
        instalment_count=len(rows),
        first_due_date=None,
    )


def _first_due(raw: Raw, start: date) -> date | None:
    if start == UNDATED:
        return None
    if raw.get("first_due_date"):
        return date.fromisoformat(raw["first_due_date"])
    rule = str(raw.get("due_date_rule", ""))
    if not rule or "given first date" in rule:
        return start
    for words, found in DUE_RULES.items():
        if all(word in rule.lower() for word in words):
            return first_due_date(start_date=start, rule=found, cycle_day=whole(raw.get("cycle_day", 5)))
    raise Unsupported(f"due_date_rule {rule}")


DUE_RULES = {
    ("next month",): DueDateRule.FIRST_OF_NEXT_MONTH,
    ("first", "month"): DueDateRule.FIRST_OF_NEXT_MONTH,
    ("start", "month"): DueDateRule.FIRST_OF_NEXT_MONTH,
    ("end", "month"): DueDateRule.LAST_OF_MONTH,
    ("last", "month"): DueDateRule.LAST_OF_MONTH,
    ("cycle",): DueDateRule.CYCLE_DAY,
}
AMORTISATIONS = {
    "equal_instalments": Amortisation.EQUAL_INSTALMENTS,
    "equal_principal": Amortisation.EQUAL_PRINCIPAL,
    "interest_only": Amortisation.INTEREST_ONLY,
    "bullet": Amortisation.BULLET,
}
MORATORIA = {
    "add to first repayment": MoratoriumInterest.DEFERRED,
    "deferred": MoratoriumInterest.DEFERRED,
    "capitalize": MoratoriumInterest.CAPITALISED,
    "capitalise": MoratoriumInterest.CAPITALISED,
    "capitalised": MoratoriumInterest.CAPITALISED,
}
METHODS = {"declining_balance": InterestMethod.DECLINING_BALANCE, "flat": InterestMethod.FLAT}
PERIODS = {"daily": InterestPeriod.BY_DAYS, "same_as_repayment": InterestPeriod.WHOLE_PERIODS}


def _interest_period(raw: Raw) -> InterestPeriod:
    period: InterestPeriod = _pick(PERIODS, raw, "interest_period", "daily")
    if str(raw.get("days_in_month", "actual")) == "30":
        return InterestPeriod.WHOLE_PERIODS
    return period


def _penal_plan(raw: Raw) -> PenalPlan | None:
    if raw.get("penal_rate_pct") is None:
        return None
    rate = Decimal(raw["penal_rate_pct"])
    return PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=rate, grace_days=whole(raw.get("grace_days", 0)))


def _waterfalls() -> tuple[Waterfall, ...]:
    """Dues oldest first, interest before principal; what is paid ahead is principal; fees alone when so tagged."""
    due = [WaterfallStep(group, part) for group in (DueGroup.PAST_DUE, DueGroup.DUE) for part in _IN_ORDER]
    ahead = WaterfallStep(DueGroup.IN_ADVANCE, Component.PRINCIPAL)
    fees = [WaterfallStep(group, part) for group in DueGroup for part in (Component.FEE, Component.TAX)]
    return (Waterfall(steps=(*due, ahead)), Waterfall(steps=tuple(fees), transaction_kind="FEES"))


def _rounding(name: str) -> tuple[int, RoundingMode]:
    if name not in ROUNDINGS:
        raise Unsupported(f"rounding {name}")
    return ROUNDINGS[name]


def _pick(table: Mapping[str, Any], raw: Raw, name: str, default: str) -> Any:
    value = str(raw.get(name, default))
    if value not in table:
        raise Unsupported(f"{name} {value}")
    return table[value]


def facts_of(terms: Terms, events: Sequence[Raw]) -> list[Fact]:
    """Map events in the order they were done; a broken period's interest is billed and paid apart on its due date."""
    facts: list[Fact] = []
    for event in events:
        kind = event["type"]
        if kind == "accrue":
            continue
        if kind not in FACTS:
            raise Unsupported(f"event {kind}")
        take(event, *EVENT_NAMES)
        facts.append(FACTS[kind](event, len(facts) + 1, facts))
    return [*facts, *_broken_period_paid(terms, facts)]


def _broken_period_paid(terms: Terms, facts: list[Fact]) -> list[Fact]:
    if len(facts) < 2 and terms.penal_plan is None:
        return []
    first = next((fact for fact in facts if isinstance(fact, Disburse)), None)
    if first is None:
        return []
    rows = build_schedule(terms=terms, start_date=first.value_date)
    return [
        Receive(sequence=BROKEN_PERIOD_SEQUENCE + row.number, value_date=row.due_date, amount_paise=row.due.interest)
        for row in rows
        if row.kind is RowKind.BROKEN_PERIOD and row.due.interest
    ]


def _day(event: Raw) -> date:
    return date.fromisoformat(event["date"])


def _simple(fact: type[Fact], **more: Any) -> Any:
    def make(event: Raw, sequence: int, _: list[Fact]) -> Fact:
        amount = paise(event["amount"]) if event.get("amount") is not None else 0
        return fact(sequence=sequence, value_date=_day(event), amount_paise=amount, **more)

    return make


def _cancel(event: Raw, sequence: int, facts: list[Fact]) -> Fact:
    """Undo the latest act that has not been undone."""
    undone = {fact.reversed_sequence for fact in facts if isinstance(fact, Reverse)}
    last = [fact for fact in facts if not isinstance(fact, Reverse) and fact.sequence not in undone][-1]
    day = date.fromisoformat(event["date"]) if event.get("date") else last.value_date
    return Reverse(sequence=sequence, value_date=day, reversed_sequence=last.sequence)


def _freeze(event: Raw, sequence: int, _: list[Fact]) -> Fact:
    """Stop interest after the night of the freeze date."""
    return Pause(sequence=sequence, value_date=_day(event) + _ONE_DAY, end_date=_FAR)


FACTS: Mapping[str, Any] = {
    "disburse": _simple(Disburse),
    "repay": _simple(Receive),
    "partial_settlement": _simple(Receive),
    "principal_adjustment": _simple(Receive),
    "charge_payment": _simple(Receive, transaction_kind="FEES"),
    "charge": _simple(Charge, code="FEE"),
    "foreclose": _simple(Foreclose),
    "pre_payment": _simple(Prepay, effect=PrepaymentEffect.CUT_INSTALMENT),
    "write_off": _simple(WriteOff),
    "recovery": _simple(Recover),
    "full_settlement": _simple(Settle),
    "interest_waiver": _simple(Waive, component=Component.INTEREST),
    "penalty_waiver": _simple(Waive, component=Component.PENAL),
    "penal_waiver": _simple(Waive, component=Component.PENAL),
    "charges_waiver": _simple(Waive, component=Component.FEE),
    "cancel_last": _cancel,
    "freeze": _freeze,
}
