"""PUB: day counts, dates, asset classes and the upgrade rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from lms.engine import day_count as dc
from lms.engine.classification import (
    AssetClass,
    ClassificationRule,
    DayThreshold,
    LoanStanding,
    class_of_days,
    classify_borrower,
    days_past_due,
    is_out_of_order,
    tag_dates,
)
from lms.engine.terms import DayCount
from tests.figures.result import Unsupported
from tests.figures.values import number, take, whole

Inputs = Mapping[str, Any]
RULE = ClassificationRule(effective_from=date(2001, 1, 1))


def day_count(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    """Give fractions of one period, or days of many where the case is a table."""
    if "rows" in expect:
        return {"rows": [{**row, **_days_of(row)} for row in expect["rows"]]}
    take(inputs, "from", "to")
    start, end = date.fromisoformat(inputs["from"]), date.fromisoformat(inputs["to"])
    unknown = [name for name in expect if name not in YEAR_FRACTIONS]
    if unknown:
        raise Unsupported(f"day count {unknown[0]}")
    return {name: YEAR_FRACTIONS[name](start, end) for name in expect}


def _days_of(row: Inputs) -> dict[str, int]:
    start, end = date.fromisoformat(row["from"]), date.fromisoformat(row["to"])
    names = [name for name in row if name not in ("from", "to")]
    unknown = [name for name in names if name not in DAYS]
    if unknown:
        raise Unsupported(f"day count {unknown[0]}")
    return {name: DAYS[name](start, end) for name in names}


def _of_year(day_count: DayCount) -> Callable[[date, date], Fraction]:
    return lambda start, end: dc.year_fraction(day_count=day_count, start_date=start, end_date=end)


def _of_days(days: Callable[[date, date], int], year: int) -> Callable[[date, date], Fraction]:
    return lambda start, end: Fraction(days(start, end), year)


def _actual(start: date, end: date) -> int:
    return (end - start).days


DAYS: dict[str, Callable[[date, date], int]] = {
    "actual": _actual,
    "days": _actual,
    "actual days": _actual,
    "30/360 us": dc.days_30_360_us,
    "30u/360": dc.days_30_360_us,
    "30e/360": dc.days_30e_360,
    "30/360": dc.days_30_360_bond,
    "30/360 isda": dc.days_30_360_bond,
    "30e/360 isda": dc.days_30e_360_isda,
    "30e/360 german": dc.days_30e_360_isda,
    "30e+/360": dc.days_30e_plus_360,
}
YEAR_FRACTIONS: dict[str, Callable[[date, date], Fraction]] = {
    "actual/actual isda": _of_year(DayCount.ACTUAL_ACTUAL),
    "actual/actual": _of_year(DayCount.ACTUAL_ACTUAL),
    "actual/365f": _of_year(DayCount.ACTUAL_365),
    "actual/365": _of_year(DayCount.ACTUAL_365),
    "actual/364": _of_year(DayCount.ACTUAL_364),
    "actual/360": _of_year(DayCount.ACTUAL_360),
    "30/360 us": _of_year(DayCount.THIRTY_360),
    "30u/360": _of_year(DayCount.THIRTY_360),
    "30e/360": _of_year(DayCount.THIRTY_E_360),
    "30/360": _of_days(dc.days_30_360_bond, 360),
    "30/360 isda": _of_days(dc.days_30_360_bond, 360),
    "30e/360 isda": _of_days(dc.days_30e_360_isda, 360),
    "30e/360 german": _of_days(dc.days_30e_360_isda, 360),
    "30e+/360": _of_days(dc.days_30e_plus_360, 360),
    "nl/365": _of_days(dc.days_without_leap_day, 365),
    "nl/360": _of_days(dc.days_without_leap_day, 360),
    "days": _of_days(_actual, 1),
}


def date_arithmetic(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    if "whole months" not in inputs.get("function", ""):
        raise Unsupported(f"function {inputs.get('function')}")
    rows = [
        {**row, "result": dc.add_months(date.fromisoformat(row["date"]), row["months"]).isoformat()}
        for row in expect["rows"]
    ]
    return {"rows": rows}


def asset_classification(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    if any("credit" in name for name in inputs):
        return _out_of_order(inputs)
    take(inputs, "due", "over_limit_since", "paid", "norm_days", "evaluated_at", "dpd", "as_of", "facility")
    if inputs.get("paid", "nothing") != "nothing" or inputs.get("evaluated_at", "day-end") != "day-end":
        raise Unsupported("an instalment paid in part, or another moment than day-end")
    rule = _rule(whole(inputs.get("norm_days", 90)))
    is_revolving = inputs.get("facility") in ("cash credit", "overdraft", "revolving")
    if "due" not in inputs and "over_limit_since" not in inputs:
        return {"class": _label(class_of_days(days=whole(inputs["dpd"]), rule=rule, is_revolving=is_revolving), expect)}
    due = date.fromisoformat(inputs.get("due") or inputs["over_limit_since"])
    tags = tag_dates(due_date=due, rule=rule)
    found: dict[str, Any] = {
        "overdue": tags[AssetClass.SMA_0].isoformat(),
        "sma_0": tags[AssetClass.SMA_0].isoformat(),
        "sma_1": tags[AssetClass.SMA_1].isoformat(),
        "sma_2": tags[AssetClass.SMA_2].isoformat(),
        "npa": tags[AssetClass.SUB_STANDARD].isoformat(),
    }
    if "as_of" in inputs:
        days = days_past_due(oldest_unpaid_due_date=due, as_of=date.fromisoformat(inputs["as_of"]))
        found |= {"dpd": days, "class": _label(class_of_days(days=days, rule=rule, is_revolving=is_revolving), expect)}
    return found


def _rule(norm_days: int) -> ClassificationRule:
    """Build the rule whose accounts are non-performing beyond `norm_days`."""
    thresholds = tuple(
        DayThreshold(AssetClass.SUB_STANDARD, norm_days + 1) if step.asset_class is AssetClass.SUB_STANDARD else step
        for step in RULE.by_days
    )
    return replace(RULE, by_days=thresholds)


def _out_of_order(inputs: Inputs) -> Mapping[str, Any]:
    debited = [value for name, value in inputs.items() if "interest" in name]
    credited = [value for name, value in inputs.items() if "credit" in name and "facility" not in name]
    if len(debited) != 1 or len(credited) != 1:
        raise Unsupported("an account without one amount of interest and one of credits")
    found = is_out_of_order(
        days_over_limit=0,
        days_without_credit=0,
        credits_paise=whole(number(credited[0]) * 100),
        interest_debited_paise=whole(number(debited[0]) * 100),
        rule=RULE,
    )
    return {"out_of_order": found, "npa": found, "class": "npa" if found else "standard"}


def _label(asset_class: AssetClass, expect: Inputs) -> str:
    """Name a class the way the case spells it: "npa", "sma_1", "SMA-1"."""
    name = "npa" if asset_class.is_npa else asset_class.value.lower()
    wanted = str(expect.get("class", ""))
    return wanted if wanted.lower().replace("-", "_").replace(" ", "_") == name else name


def upgrade(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    """Pay some of a borrower's arrears and classify again."""
    take(inputs, "class", "facilities", "overdue", "paid", "dpd", "days_past_due")
    facilities = inputs.get("facilities", 1)
    arrears = [_left(one) for one in facilities] if isinstance(facilities, list) else _spread(inputs, whole(facilities))
    since = date(2025, 12, 31) if inputs.get("class", "npa") == "npa" else None
    loans = [
        LoanStanding(
            loan_id=loan_id,
            oldest_unpaid_due_date=date(2026, 1, 1) if left else None,
            arrears_paise=left,
            npa_since=since,
        )
        for loan_id, left in enumerate(arrears, start=1)
    ]
    found = classify_borrower(as_of=date(2026, 1, 1), loans=loans, rule=RULE)
    return {"class": _label(found.asset_class, expect), "upgrade": found.asset_class is AssetClass.STANDARD}


def _spread(inputs: Inputs, count: int) -> list[int]:
    """Put what is left on the last facility: which one it is makes no difference to the borrower's class."""
    return [*[0] * (count - 1), _left(inputs)]


def _left(facility: Inputs) -> int:
    overdue = _sum_of(facility.get("overdue"))
    paid = facility.get("paid")
    if isinstance(paid, str) and paid.lower() in EVERYTHING:
        return 0
    return max(overdue - _sum_of(paid), 0)


NOTHING = (None, "", "nothing", "none", False)
EVERYTHING = ("all", "all arrears", "everything", "in full", "full", "entire arrears")


def _sum_of(amounts: Any) -> int:
    """Add up amounts in any shape; a text is a number with a remark in brackets behind it."""
    if isinstance(amounts, Mapping):
        return sum(_sum_of(amount) for amount in amounts.values())
    if isinstance(amounts, list):
        return sum(_sum_of(amount) for amount in amounts)
    if amounts in NOTHING:
        return 0
    amount, _, remark = str(amounts).partition(" ")
    if remark and not (remark.startswith("(") and remark.endswith(")")):
        raise Unsupported(f"amount {amounts}")
    return whole(number(amount) * 100)
