"""PUB: annual percentage rates, instalments and repayment tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lms.engine import day_count as dc
from lms.engine import rates
from lms.engine.rates import DatedFlow, PeriodFlow
from lms.engine.schedule import build_schedule
from lms.engine.terms import InterestPeriod, RoundingMode, Terms
from tests.figures.result import Unsupported
from tests.figures.values import is_date, number, take, whole

Inputs = Mapping[str, Any]
PERIODS_PER_YEAR = {
    "monthly": 12,
    "weekly": 52,
    "fortnightly": 26,
    "biweekly": 26,
    "semimonthly": 24,
    "quarterly": 4,
    "half-yearly": 2,
    "semiannual": 2,
    "yearly": 1,
    "annual": 1,
    "annually": 1,
    "daily": 365,
}


def apr(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(
        inputs,
        *("sanctioned_amount", "principal", "instalments", "frequency", "rate_pct", "rate_type"),
        *("first_repayment_after_days", "fees", "periods_per_year"),
    )
    fees = inputs.get("fees", "0")
    total_fees = number(fees["total"] if isinstance(fees, Mapping) else fees)
    sheet = rates.annex_b(
        sanctioned_paise=whole(number(inputs.get("sanctioned_amount") or inputs["principal"]) * 100),
        annual_rate_pct=number(inputs["rate_pct"]),
        instalment_count=whole(inputs["instalments"]),
        fees_paise=whole(total_fees * 100),
        periods_per_year=_periods(inputs),
    )
    shown = Fraction(round(Fraction(sheet.instalment_paise) / 100))
    return {
        "instalment": Fraction(sheet.instalment_paise) / 100,
        "instalment_unrounded": Fraction(sheet.instalment_paise) / 100,
        "total_interest": Fraction(sheet.total_interest_paise) / 100,
        "net_disbursed": Fraction(sheet.net_disbursed_paise, 100),
        "total_paid_by_borrower": Fraction(sheet.total_paid_paise) / 100,
        "sum_of_rounded_instalments": shown * sheet.instalment_count,
        "apr_pct": sheet.apr_pct,
        "effective_pct": sheet.effective_pct,
    }


def apr_effective(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "flows", "year_days", "unit", "periods_per_year")
    flows = inputs["flows"]
    if is_date(flows[0][0]):
        dated = [DatedFlow(date.fromisoformat(day), number(amount)) for day, amount in flows]
        days = (dated[-1].on_date - dated[0].on_date).days
        found = rates.effective_apr_pct(flows=dated, year_days=whole(inputs.get("year_days", 365)))
        return {"apr_pct": found, "days": days}
    times = [number(time) for time, _ in flows]
    amounts = [number(amount) for _, amount in flows]
    steps = {"years": 1, "months": 12, "days": whole(inputs.get("year_days", 365))}
    unit = inputs.get("unit", "years")
    if unit not in steps:
        raise Unsupported(f"unit {unit}")
    years = [time / steps[unit] for time in times]
    denominator = max(time.denominator for time in years)
    spread: list[Fraction] = [Fraction(0)] * (int(max(years) * denominator) + 1)
    for time, amount in zip(years, amounts, strict=True):
        if (time * denominator).denominator != 1:
            raise Unsupported("flows at times without a common step")
        spread[int(time * denominator)] += amount
    per_step = rates.irr(amounts=spread)
    return {"apr_pct": rates.effective_rate(nominal=per_step * denominator, periods=denominator) * 100}


def apr_odd_period(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(
        inputs,
        *("advance", "payment", "payments", "advance_date", "first_payment", "periods_per_year"),
        *("odd_period_fraction", "whole_periods", "last_payment", "final_payment", "other_payments"),
    )
    if "other_payments" in inputs:
        raise Unsupported("input other_payments")
    per_year = whole(inputs["periods_per_year"])
    fraction = number(inputs.get("odd_period_fraction", "0"))
    first = whole(inputs["whole_periods"]) if "whole_periods" in inputs else _whole_periods(inputs, per_year)
    payments = inputs["payments"]
    amounts = [number(inputs["payment"])] * payments if isinstance(payments, int) else [number(p) for p in payments]
    last = inputs.get("last_payment", inputs.get("final_payment"))
    if last is not None:
        amounts[-1] = number(last)
    flows = [PeriodFlow(first + n, fraction, amount) for n, amount in enumerate(amounts)]
    apr = rates.odd_period_apr_pct(advance=number(inputs["advance"]), payments=flows, periods_per_year=per_year)
    return {"apr_pct": apr}


def _whole_periods(inputs: Inputs, per_year: int) -> int:
    """Count whole unit periods back from the first payment to the advance."""
    start, first = date.fromisoformat(inputs["advance_date"]), date.fromisoformat(inputs["first_payment"])
    count = 0
    while _back(first, count + 1, per_year) >= start:
        count += 1
    return count


def _back(day: date, count: int, per_year: int) -> date:
    if 12 % per_year == 0:
        return dc.add_months(day, -count * (12 // per_year))
    if per_year == 24 and count % 2 == 0:
        return dc.add_months(day, -count // 2)
    days = {24: 15, 26: 14, 52: 7, 365: 1}
    if per_year not in days:
        raise Unsupported(f"periods_per_year {per_year}")
    return day - timedelta(days=count * days[per_year])


def emi(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "principal", "rate_pct", "instalments", "frequency", "periods_per_year")
    found = rates.exact_instalment(
        principal=number(inputs["principal"]),
        annual_rate_pct=number(inputs["rate_pct"]),
        instalment_count=whole(inputs["instalments"]),
        periods_per_year=_periods(inputs),
    )
    total = Fraction(found) * whole(inputs["instalments"])
    return {"instalment": found, "total_paid": total, "total_interest": total - number(inputs["principal"])}


def amortisation_table(inputs: Inputs, expect: Inputs) -> Mapping[str, Any]:
    """Print a table from unrounded arithmetic, or, where the instalment is agreed, from a schedule in paise."""
    take(inputs, "principal", "rate_pct", "instalments", "frequency", "interest", "periods_per_year", "instalment")
    if "twelfth" not in inputs.get("interest", "one twelfth"):
        raise Unsupported(f"interest {inputs['interest']}")
    rows = _rounded_rows(inputs) if "instalment" in inputs else _exact_rows(inputs)
    total_interest = sum((row["interest"] for row in rows.values()), Fraction(0))
    return {
        "rows": [rows[whole(row["n"])] for row in expect.get("rows", [])],
        "instalment": rows[1]["instalment"],
        "total_interest": total_interest,
        "total_paid": number(inputs["principal"]) + total_interest,
        "decimals": expect.get("decimals"),
    }


def _exact_rows(inputs: Inputs) -> dict[int, dict[str, Any]]:
    rows = rates.annex_c(
        principal_paise=whole(number(inputs["principal"]) * 100),
        annual_rate_pct=number(inputs["rate_pct"]),
        instalment_count=whole(inputs["instalments"]),
        periods_per_year=_periods(inputs),
    )
    return {row.number: _row(row.number, row.opening_paise, row.principal_paise, row.interest_paise) for row in rows}


def _rounded_rows(inputs: Inputs) -> dict[int, dict[str, Any]]:
    if _periods(inputs) != 12:
        raise Unsupported("a table in paise that is not monthly")
    terms = Terms(
        principal_paise=whole(number(inputs["principal"]) * 100),
        annual_rate_pct=Decimal(inputs["rate_pct"]),
        instalment_count=whole(inputs["instalments"]),
        interest_period=InterestPeriod.WHOLE_PERIODS,
        instalment_unit_paise=1,
        instalment_rounding=RoundingMode.HALF_UP,
        instalment_paise=whole(number(inputs["instalment"]) * 100) if "instalment" in inputs else None,
    )
    rows = build_schedule(terms=terms, start_date=date(2026, 1, 1))
    return {r.number: _row(r.number, r.balance_before_paise, r.due.principal, r.due.interest) for r in rows}


def _row(n: int, opening: Any, principal: Any, interest: Any) -> dict[str, Any]:
    opening, principal, interest = (Fraction(paise) / 100 for paise in (opening, principal, interest))
    return {
        "n": n,
        "opening": opening,
        "principal": principal,
        "interest": interest,
        "instalment": principal + interest,
        "closing": opening - principal,
        "balance": opening - principal,
    }


def _periods(inputs: Inputs) -> int:
    if "periods_per_year" in inputs:
        return whole(inputs["periods_per_year"])
    name = str(inputs.get("frequency", "monthly")).lower()
    if name not in PERIODS_PER_YEAR:
        raise Unsupported(f"frequency {name}")
    return PERIODS_PER_YEAR[name]
