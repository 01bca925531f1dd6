"""Published worked examples (PUB): each kind is one call of an engine function and a comparison of printed digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.figures import pub_apr, pub_rules, pub_values
from tests.figures.result import CaseResult, Outcome, Unsupported
from tests.figures.values import differs_from

Inputs = Mapping[str, Any]


KINDS: dict[str, Callable[[Inputs, Inputs], Mapping[str, Any]]] = {
    "apr": pub_apr.apr,
    "apr_effective": pub_apr.apr_effective,
    "apr_nominal_odd_period": pub_apr.apr_odd_period,
    "emi": pub_apr.emi,
    "amortisation_table": pub_apr.amortisation_table,
    "day_count": pub_rules.day_count,
    "date_arithmetic": pub_rules.date_arithmetic,
    "asset_classification": pub_rules.asset_classification,
    "upgrade": pub_rules.upgrade,
    "time_value": pub_values.time_value,
    "irr": pub_values.irr,
    "xirr": pub_values.xirr,
    "mirr": pub_values.mirr,
    "npv": pub_values.npv,
    "xnpv": pub_values.xnpv,
}


def run(case: Mapping[str, Any]) -> CaseResult:
    """Compare one case with the engine."""
    try:
        reader = KINDS.get(case["category"])
        if reader is None:
            raise Unsupported(f"category {case['category']}")
        difference = compare(case, reader(case["inputs"], case["expect"]))
    except Unsupported as reason:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, str(reason))
    if difference:
        return CaseResult(case["id"], Outcome.DIFFERENT, difference)
    return CaseResult(case["id"], Outcome.EXACT)


def compare(case: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return the first difference between expected and found figures; every expected one must be found."""
    for name, expected in case["expect"].items():
        if name not in found:
            raise Unsupported(f"expected figure {name}")
        difference = differs_from(expected, found[name], tolerance=case.get("tolerance"))
        if difference:
            return f"{name}: {difference}"
    return ""
