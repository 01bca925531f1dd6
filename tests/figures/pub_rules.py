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
    take(inputs, "from", "to")
    start, end = date.fromisoformat(inputs["from"]), date.fromisoformat(inputs["to"])
    conventions: dict[str, Callable[[], Fraction]] = {
        "actual/actual isda": lambda: _fraction(DayCount.ACTUAL_ACTUAL, start, end),
        "actual/actual": lambda: _fraction(DayCount.ACTUAL_ACTUAL, start, end),
        "actual/365f": lambda: _fraction(DayCount.ACTUAL_365, start, end),
        "actual/365": lambda: _fraction(DayCount.ACTUAL_365, start, end),
        "actual/364": lambda: _fraction(DayCount.ACTUAL_364, start, end),
        "actual/360": lambda: _fraction(DayCount.ACTUAL_360, start, end),
        "30/360 us": lambda: _fraction(DayCount.THIRTY_360, start, end),
        "30u/360": lambda: _fraction(DayCount.THIRTY_360, start, end),
        "30e/360": lambda: _fraction(DayCount.THIRTY_E_360, start, end),
        "30/360": lambda: Fraction(dc.days_30_360_bond(start, end), 360),
        "30/360 isda": lambda: Fraction(dc.days_30_360_bond(start, end), 360),
        "30e/360 isda": lambda: Fraction(dc.days_30e_360_isda(start, end), 360),
        "30e/360 german": lambda: Fraction(dc.days_30e_360_isda(start, end), 360),
        "30e+/360": lambda: Fraction(dc.days_30e_plus_360(start, end), 360),
        "nl/365": lambda: Fraction(dc.days_without_leap_day(start, end), 365),
        "nl/360": lambda: Fraction(dc.days_without_leap_day(start, end), 360),
        "days": lambda: Fraction((end - start).days),
    }
    unknown = [name for name in expect if name not in conventions]
    if unknown:
        raise Unsupported(f"day count {unknown[0]}")
    return {name: conventions[name]() for name in expect}


def _fraction(day_count: DayCount, start: date, end: date) -> Fraction:
    return dc.year_fraction(day_count=day_count, start_date=start, end_date=end)


def date_arithmetic(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    if "whole months" not in inputs.get("function", ""):
        raise Unsupported(f"function {inputs.get('function')}")
    rows = [
        {**row, "result": dc.add_months(date.fromisoformat(row["date"]), row["months"]).isoformat()}
        for row in expect["rows"]
    ]
    return {"rows": rows}


def asset_classification(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    if "credits" in inputs:
        return _out_of_order(inputs)
    take(inputs, "due", "paid", "norm_days", "evaluated_at", "dpd", "as_of", "facility")
    if inputs.get("paid", "nothing") != "nothing" or inputs.get("evaluated_at", "day-end") != "day-end":
        raise Unsupported("an instalment paid in part, or another moment than day-end")
    rule = _rule(whole(inputs.get("norm_days", 90)))
    is_revolving = inputs.get("facility") in ("cash credit", "overdraft", "revolving")
    if "due" not in inputs:
        return {"class": _label(class_of_days(days=whole(inputs["dpd"]), rule=rule, is_revolving=is_revolving), expect)}
    due = date.fromisoformat(inputs["due"])
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
    take(inputs, "facility", "window_from", "window_to", "interest", "interest_debited", "credits", "norm_days")
    debited = inputs.get("interest_debited", inputs.get("interest"))
    found = is_out_of_order(
        days_over_limit=0,
        days_without_credit=0,
        credits_paise=whole(number(inputs["credits"]) * 100),
        interest_debited_paise=whole(number(debited) * 100),
        rule=RULE,
    )
    return {"out_of_order": found, "class": "npa" if found else "standard"}


def _label(asset_class: AssetClass, expect: Inputs) -> str:
    """Name a class the way the case spells it: "npa", "sma_1", "SMA-1"."""
    name = "npa" if asset_class.is_npa else asset_class.value.lower()
    wanted = str(expect.get("class", ""))
    return wanted if wanted.lower().replace("-", "_").replace(" ", "_") == name else name


def upgrade(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    take(inputs, "class", "facilities", "overdue", "paid", "dpd", "days_past_due")
    facilities = inputs["facilities"]
    listed = facilities if isinstance(facilities, list) else [inputs]
    if isinstance(facilities, int) and facilities != len(_overdues(inputs)):
        listed = []
    loans = []
    for loan_id, (overdue, paid) in enumerate(_arrears(listed, inputs), start=1):
        left = overdue - paid
        loans.append(
            LoanStanding(
                loan_id=loan_id,
                oldest_unpaid_due_date=date(2026, 1, 1) if left else None,
                arrears_paise=left,
                npa_since=date(2025, 12, 31) if inputs.get("class", "npa") == "npa" else None,
            )
        )
    found = classify_borrower(as_of=date(2026, 1, 1), loans=loans, rule=RULE)
    return {"class": _label(found.asset_class, expect), "upgrade": found.asset_class is AssetClass.STANDARD}


def _overdues(inputs: Inputs) -> list[Any]:
    overdue = inputs.get("overdue", {})
    return overdue if isinstance(overdue, list) else [overdue]


def _arrears(listed: list[Any], inputs: Inputs) -> list[tuple[int, int]]:
    """Give overdue and paid paise of each facility."""
    if not listed:
        raise Unsupported("arrears of several facilities without a list of them")
    return [(_sum_of(one.get("overdue")), _paid(one.get("paid", inputs.get("paid")), one)) for one in listed]


def _sum_of(amounts: Any) -> int:
    if isinstance(amounts, Mapping):
        return sum(_sum_of(amount) for amount in amounts.values())
    if isinstance(amounts, list):
        return sum(_sum_of(amount) for amount in amounts)
    return whole(number(str(amounts or "0").split()[0]) * 100)


def _paid(paid: Any, facility: Inputs) -> int:
    if isinstance(paid, str) and paid.split()[0].lower() in ("all", "everything", "full", "entire"):
        return _sum_of(facility.get("overdue"))
    if paid in (None, "nothing", "none", False):
        return 0
    return _sum_of(paid)
