"""PUB: spreadsheet functions, returns and present values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lms.engine import rates
from lms.engine.rates import DatedFlow, NoSolutionError, PaymentTiming
from tests.figures.result import Unsupported
from tests.figures.values import number, take, whole

Inputs = Mapping[str, Any]


def time_value(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    arguments = {ALIASES.get(key, key): value for key, value in inputs.items()}
    name = str(arguments.pop("function")).upper()
    if name not in TIME_VALUE:
        raise Unsupported(f"function {name}")
    arguments.pop("guess", None)
    try:
        return {"value": TIME_VALUE[name](arguments)}
    except NoSolutionError:
        return {"value": None}


def _timing(arguments: Inputs) -> PaymentTiming:
    when = arguments.get("when", "end")
    names = {"end": PaymentTiming.END, "begin": PaymentTiming.BEGIN, 0: PaymentTiming.END, 1: PaymentTiming.BEGIN}
    if when not in names:
        raise Unsupported(f"when {when}")
    return names[when]


def _call(function: Callable[..., Decimal], *names: str, whole_names: tuple[str, ...] = ()) -> Callable[..., Decimal]:
    """Wrap an engine function: read numbers by name, refuse any that it does not know."""

    def read(arguments: Inputs) -> Decimal:
        take(arguments, *names, *whole_names, "when")
        values: dict[str, Any] = {n: number(arguments[n]) for n in names if arguments.get(n) is not None}
        values |= {n: whole(arguments[n]) for n in whole_names}
        if function in TIMED:
            values["timing"] = _timing(arguments)
        return function(**values)

    return read


# Other names under which spreadsheets know the same argument.
ALIASES = {
    "type": "when",
    "period": "per",
    "payment": "pmt",
    "start_period": "start",
    "end_period": "end",
    "nominal_rate": "nominal",
    "effective_rate": "effective",
    "effect_rate": "effective",
    "npery": "periods",
    "schedule": "rates",
}
TIMED = {rates.pmt, rates.ipmt, rates.ppmt, rates.pv, rates.fv, rates.nper, rates.rate, rates.cumipmt, rates.cumprinc}
TIME_VALUE: dict[str, Callable[[Inputs], Decimal]] = {
    "PMT": _call(rates.pmt, "rate", "nper", "pv", "fv"),
    "IPMT": _call(rates.ipmt, "rate", "nper", "pv", "fv", whole_names=("per",)),
    "PPMT": _call(rates.ppmt, "rate", "nper", "pv", "fv", whole_names=("per",)),
    "PV": _call(rates.pv, "rate", "nper", "pmt", "fv"),
    "FV": _call(rates.fv, "rate", "nper", "pmt", "pv"),
    "NPER": _call(rates.nper, "rate", "pmt", "pv", "fv"),
    "RATE": _call(rates.rate, "nper", "pmt", "pv", "fv"),
    "CUMIPMT": _call(rates.cumipmt, "rate", "pv", whole_names=("nper", "start", "end")),
    "CUMPRINC": _call(rates.cumprinc, "rate", "pv", whole_names=("nper", "start", "end")),
    "ISPMT": _call(rates.ispmt, "rate", "per", "nper", "pv"),
    "EFFECT": lambda a: rates.effective_rate(nominal=number(a["nominal"]), periods=int(number(a["periods"]))),
    "NOMINAL": lambda a: rates.nominal_rate(effective=number(a["effective"]), periods=int(number(a["periods"]))),
    "RRI": _call(rates.growth_rate, "nper", "pv", "fv"),
    "PDURATION": _call(rates.growth_periods, "rate", "pv", "fv"),
    "FVSCHEDULE": lambda a: rates.fv_schedule(
        principal=number(a["principal"]), rates=[number(rate) for rate in a["rates"]]
    ),
}


def irr(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "flows", "guess")
    return _named("irr", _solved(lambda: rates.irr(amounts=_amounts(inputs["flows"]))))


def xirr(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "flows", "dates", "day_count", "guess")
    return _named("xirr", _solved(lambda: rates.xirr(flows=_dated(inputs), year_days=_year_days(inputs))))


def xnpv(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "rate", "flows", "day_count")
    return {"value": rates.xnpv(rate=number(inputs["rate"]), flows=_dated(inputs), year_days=_year_days(inputs))}


def mirr(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "flows", "finance_rate", "reinvest_rate")
    found = rates.mirr(
        amounts=_amounts(inputs["flows"]),
        finance_rate=number(inputs["finance_rate"]),
        reinvest_rate=number(inputs["reinvest_rate"]),
    )
    return {"value": found}


def npv(inputs: Inputs, _: Inputs) -> Mapping[str, Any]:
    take(inputs, "rate", "flows", "first_flow_at")
    amounts = _amounts(inputs["flows"])
    found = rates.npv(rate=number(inputs["rate"]), amounts=amounts, first_at=whole(inputs.get("first_flow_at", 0)))
    return {"value": found}


def _solved(function: Callable[[], Decimal]) -> Decimal | None:
    try:
        return function()
    except NoSolutionError:
        return None


def _named(name: str, rate: Decimal | None) -> dict[str, Decimal | None]:
    """Give a rate under the names that a case may use."""
    percent = None if rate is None else rate * 100
    return {"value": rate, "rate": rate, name: rate, f"{name}_pct": percent, "rate_pct": percent}


def _amounts(flows: Any) -> list[Fraction]:
    """Read amounts row by row; empty cells do not count, as in a spreadsheet."""
    flat = [cell for row in flows for cell in (row if isinstance(row, list) else [row])]
    return [number(cell) for cell in flat if cell is not None]


def _dated(inputs: Inputs) -> list[DatedFlow]:
    pairs = zip(inputs["dates"], inputs["flows"], strict=True) if "dates" in inputs else inputs["flows"]
    return [DatedFlow(date.fromisoformat(day), number(amount)) for day, amount in pairs]


def _year_days(inputs: Inputs) -> int:
    counts = {"actual/365": 365, "actual/365f": 365, "actual/360": 360, "actual/364": 364}
    name = inputs.get("day_count", "actual/365")
    if name not in counts:
        raise Unsupported(f"day count {name}")
    return counts[name]
