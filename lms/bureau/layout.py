"""The vocabulary of file layouts: segments and fields as data, and how a field's value is written."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

MOST_DAYS: Final = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One tagged value: where it comes from, how it is written, how wide it may be.

    `source` is a path such as `person.names.0`; `item` stands for what a repeated segment repeats. An empty value
    leaves the field out; where it is required, the record would be rejected, and `name` says why.
    """

    tag: str
    name: str
    source: str
    form: str
    width: int
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A group of fields behind a mark; `each` names the values that it repeats for, `{}` in the mark their number."""

    mark: str
    name: str
    fields: tuple[Field, ...]
    each: str = ""
    at_most: int = 1
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedField:
    """A value of the header, padded to its width."""

    source: str
    form: str
    width: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A file: header, segments of every record, the end of a record, trailer; and the codes of what is reported."""

    code: str
    title: str
    header: tuple[FixedField, ...]
    segments: tuple[Segment, ...]
    record_end: str
    trailer: str
    asset_classes: Mapping[str, str]
    facility: Mapping[str, str]
    frequencies: Mapping[str, str]
    account_types: Mapping[str, str]
    ownership: str
    name_parts: tuple[int, int]
    address_parts: tuple[int, int]


class NotWritable(ValueError):
    """A value has characters that the layout does not know."""


def written_name(value: str) -> str:
    """Write a name in capitals of the Latin alphabet; other marks become spaces."""
    return " ".join(re.sub(r"[^A-Z .'-]", " ", _latin(value)).split())


def written_text(value: str) -> str:
    """Write a text in capitals of the Latin alphabet, digits and the marks of addresses."""
    return " ".join(re.sub(r"[^A-Z0-9 .,'/()&:#-]", " ", _latin(value)).split())


def whole_rupees(paise: int) -> int:
    """Round paise to whole rupees, half up; an amount that is there is never reported as nothing."""
    return 0 if paise <= 0 else max((paise + 50) // 100, 1)


def _latin(value: str) -> str:
    """Return capitals without accents.

    Raises:
        NotWritable: letters of another alphabet are among them.
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", value) if not unicodedata.combining(mark))
    if any(mark.isalpha() and not mark.isascii() for mark in plain):
        raise NotWritable
    return plain.encode("ascii", "replace").decode().upper()


def _code(value: str) -> str:
    if not value.isascii():
        raise NotWritable
    return value


def _day(value: date | None) -> str:
    return "" if value is None else f"{value:%d%m%Y}"


def _days(value: int) -> str:
    return str(min(value, MOST_DAYS))


def _amount(value: int | None) -> str:
    return "" if value is None else str(value)


def _rate(value: Decimal) -> str:
    return f"{value:.3f}"


FORMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "name": written_name,
    "text": written_text,
    "code": _code,
    "day": _day,
    "days": _days,
    "rupees": _amount,
    "count": _amount,
    "rate": _rate,
}


def reader_of(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return what follows a path such as `person.names.0` from the values that it starts at; "" beyond the end."""
    first, *steps = path.split(".")

    def read(values: Mapping[str, Any]) -> Any:
        value = values[first]
        for step in steps:
            value = _place(value, int(step)) if step.isdigit() else getattr(value, step)
        return value

    return read


def _place(values: Sequence[Any], place: int) -> Any:
    return values[place] if place < len(values) else ""
