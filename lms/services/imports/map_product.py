"""The product in the map of a loan tape: code, terms and limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import yaml

from lms.engine.codec import terms_from_dict
from lms.engine.terms import Terms
from lms.services.imports.map_nodes import date_of, entries, integer_of, invalid_at, plain_of, text_of
from lms.services.imports.problems import CellRefused
from lms.services.imports.transforms import Transform, cell_value

_LIMITS: Final = (
    "principal_min",
    "principal_max",
    "rate_min",
    "rate_max",
    "instalments_min",
    "instalments_max",
)
# Set for each loan from its own row.
_ROW_TERMS: Final = ("principal_paise", "annual_rate_pct", "instalment_count", "first_due_date", "instalment_paise")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRule:
    """The product of the imported loans; limits in paise, per cent and instalments."""

    code: str
    name: str
    effective_from: date
    terms: Mapping[str, Any]
    principal_min_paise: int
    principal_max_paise: int
    rate_min_pct: Decimal
    rate_max_pct: Decimal
    instalment_count_min: int
    instalment_count_max: int


def product_rule(*, node: yaml.Node) -> ProductRule:
    """Read the product of a map.

    Raises:
        ImportMapInvalid: a setting is missing or not possible; the refusal names its place.
    """
    allowed = ("code", "name", "effective_from", "terms", "limits")
    found = entries(node, what="product", allowed=allowed, required=allowed)
    limits = entries(found["limits"], what="limits", allowed=_LIMITS, required=_LIMITS)
    principals = [
        integer_of(limits[name], what=name, low=1, high=10**10) * 100 for name in ("principal_min", "principal_max")
    ]
    counts = [integer_of(limits[name], what=name, low=1, high=1200) for name in ("instalments_min", "instalments_max")]
    rates = [_rate(limits[name], name) for name in ("rate_min", "rate_max")]
    return ProductRule(
        code=text_of(found["code"], what="the product code", max_length=20),
        name=text_of(found["name"], what="the product name", max_length=100),
        effective_from=date_of(found["effective_from"], what="effective_from"),
        terms=_terms(found["terms"]),
        principal_min_paise=principals[0],
        principal_max_paise=principals[1],
        rate_min_pct=rates[0],
        rate_max_pct=rates[1],
        instalment_count_min=counts[0],
        instalment_count_max=counts[1],
    )


def _rate(node: yaml.Node, what: str) -> Decimal:
    try:
        value = cell_value(transform=Transform(name="percent"), text=text_of(node, what=what))
    except CellRefused as refused:
        raise invalid_at(node, refused.message) from refused
    assert isinstance(value, Decimal)  # noqa: S101  # `percent` gives nothing else
    return value


def _terms(node: yaml.Node) -> Mapping[str, Any]:
    """Check each setting of the terms at its own place, then all of them together."""
    names = set(Terms.__dataclass_fields__) - set(_ROW_TERMS)
    placeholders = row_terms_of(principal_paise=1, annual_rate_pct=Decimal(1), instalment_count=1)
    terms: dict[str, Any] = {}
    for name, value in entries(node, what="terms", allowed=names).items():
        terms[name] = plain_of(value)
        try:
            terms_from_dict({**placeholders, **terms})
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise invalid_at(value, f"terms: '{name}' is not possible: {error}.") from error
    return terms


def row_terms_of(*, principal_paise: int, annual_rate_pct: Decimal, instalment_count: int) -> dict[str, Any]:
    """Return what a loan's own row gives to its terms, in the codec's form."""
    return {
        "principal_paise": principal_paise,
        "annual_rate_pct": str(annual_rate_pct),
        "instalment_count": instalment_count,
    }
