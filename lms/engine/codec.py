"""Terms, facts and states as plain dicts for JSON, and back without loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from lms.engine import facts as fact_module
from lms.engine.facts import Fact
from lms.engine.state import LoanState
from lms.engine.terms import Terms

_FACT_KINDS = {
    kind.__name__: kind
    for kind in vars(fact_module).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
}


def terms_to_dict(terms: Terms) -> dict[str, Any]:
    """Turn terms into JSON-able values: dates in ISO form, decimals as strings, enums by value."""
    return _encode_fields(terms)


def terms_from_dict(data: dict[str, Any]) -> Terms:
    """Rebuild terms; fields that the dict lacks take their defaults.

    Raises:
        ValueError: a field is unknown or a value does not fit.
    """
    terms: Terms = _decoder(Terms)(data)
    return terms


def fact_to_dict(fact: Fact) -> dict[str, Any]:
    """Turn a fact into JSON-able values; `kind` names its class."""
    return {"kind": type(fact).__name__, **_encode_fields(fact)}


def fact_from_dict(data: dict[str, Any]) -> Fact:
    """Rebuild a fact from what `fact_to_dict` gave.

    Raises:
        ValueError: the kind or a field is unknown, or a value does not fit.
    """
    kind: Any = _FACT_KINDS.get(data.get("kind", ""))
    if kind is None:
        raise ValueError(f"Unknown kind of fact: {data.get('kind')!r}.")
    fact: Fact = _decoder(kind)({name: value for name, value in data.items() if name != "kind"})
    return fact


def state_to_dict(state: LoanState) -> dict[str, Any]:
    """Turn a state into JSON-able values, for hashing and for comparing caches."""
    return _encode_fields(state)


def _encode_fields(value: Any) -> dict[str, Any]:
    return {item.name: _encode(getattr(value, item.name)) for item in fields(value)}


def _encode(value: Any) -> Any:
    if is_dataclass(value):
        return _encode_fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return value


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    """Return what rebuilds a value of a type; made once, because looking at type hints costs more than decoding."""
    if get_origin(kind) in (Union, UnionType):
        present = _decoder(next(option for option in get_args(kind) if option is not type(None)))
        return lambda value: None if value is None else present(value)
    if get_origin(kind) is tuple:
        item = _decoder(get_args(kind)[0])
        return lambda value: tuple([item(part) for part in value])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return partial(_decode_fields, kind, {name: _decoder(hint) for name, hint in hints.items()})
    if issubclass(kind, date):
        return date.fromisoformat
    if issubclass(kind, Decimal | Enum):
        return cast(Callable[[Any], Any], kind)
    return partial(_decode_plain, kind)


def _decode_plain(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"Expected {kind.__name__}, got {value!r}.")
    return value


def _decode_fields(kind: Any, decoders: dict[str, Callable[[Any], Any]], data: dict[str, Any]) -> Any:
    if unknown := data.keys() - decoders.keys():
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}.")
    return kind(**{name: decoders[name](value) for name, value in data.items()})
