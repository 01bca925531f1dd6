"""The map of a loan tape: what its columns mean, how to read them, and the product that its loans get."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import yaml

from lms.services.imports.loan_fields import (
    DATE_FORMATS,
    DEFAULT_TRANSFORMS,
    FIELDS,
    MONTH_FORMATS,
    TRANSFORMS,
    LoanField,
    TapeStatus,
    ValueType,
)
from lms.services.imports.map_nodes import (
    choice_of,
    date_of,
    entries,
    integer_of,
    invalid_at,
    items,
    map_root,
    text_of,
)
from lms.services.imports.map_product import ProductRule, product_rule
from lms.services.imports.problems import CellRefused
from lms.services.imports.transforms import Transform, Value, cell_value

VERSION: Final = 1
_UNITS: Final = {"rupee": 100, "paisa": 1}
_TOP: Final = (
    "version",
    "name",
    "file",
    "snapshot_date",
    "later_due_day",
    "columns",
    "ignore",
    "constants",
    "customer",
    "product",
)
_REQUIRED: Final = ("version", "name", "snapshot_date", "columns", "product")
_OPTIONS: Final = {
    "money": ("unit", "decimals"),
    "date": ("format",),
    "month": ("format", "day"),
    "status": ("values",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """What one column of the file gives."""

    column: str
    field: LoanField
    transform: Transform


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMap:
    """A checked map.

    `later_due_day` is the due day of loans whose paid figures say that this month's instalment is still to come;
    None when the file's own dates are to be taken as they are. `text_hash` names this wording of the map.
    """

    name: str
    text_hash: str
    snapshot_date: date
    columns: tuple[ColumnRule, ...]
    product: ProductRule
    ignored: frozenset[str] = frozenset()
    constants: Mapping[str, Value] = field(default_factory=dict)
    later_due_day: int | None = None
    delimiter: str = ","
    sheet: str = ""
    name_prefix: str = "Borrower"
    is_phone_generated: bool = False


def map_read(*, text: str) -> ImportMap:
    """Read and check a map.

    Args:
        text: the YAML document.

    Raises:
        ImportMapInvalid: with the line and column of the first fault, and what may stand there.

    Source: docs/import.md.
    """
    root = map_root(text=text)
    top = entries(root, what="the map", allowed=_TOP, required=_REQUIRED)
    integer_of(top["version"], what="version", low=VERSION, high=VERSION)
    columns = _columns(top["columns"])
    constants = _constants(top.get("constants"), columns)
    _require_fields(top["columns"], columns, constants)
    delimiter, sheet = _file(top.get("file"))
    prefix, is_phone_generated = _customer(top.get("customer"))
    given = {rule.field.name for rule in columns} | set(constants)
    if "customer_phone" not in given and not is_phone_generated:
        raise invalid_at(root, "a customer needs a phone: map customer_phone, or say customer: {phone: generated}.")
    later = top.get("later_due_day")
    return ImportMap(
        name=text_of(top["name"], what="name", max_length=60),
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        snapshot_date=date_of(top["snapshot_date"], what="snapshot_date"),
        columns=columns,
        product=product_rule(node=top["product"]),
        ignored=_ignored(top.get("ignore"), columns),
        constants=constants,
        later_due_day=integer_of(later, what="later_due_day", low=1, high=28) if later else None,
        delimiter=delimiter,
        sheet=sheet,
        name_prefix=prefix,
        is_phone_generated=is_phone_generated,
    )


def _columns(node: yaml.Node) -> tuple[ColumnRule, ...]:
    rules: list[ColumnRule] = []
    for column, rule_node in entries(node, what="columns").items():
        rule = _column(column, rule_node)
        if any(other.field is rule.field for other in rules):
            raise invalid_at(rule_node, f"two columns give '{rule.field.name}'.")
        rules.append(rule)
    return tuple(rules)


def _column(column: str, node: yaml.Node) -> ColumnRule:
    what = f"column '{column}'"
    if isinstance(node, yaml.ScalarNode):
        found = _field(node, what)
        if found.type is ValueType.STATUS:
            raise invalid_at(node, f"{what} gives a status: list its words under values.")
        return ColumnRule(column=column, field=found, transform=_default_transform(found.type))
    allowed = {"field", "transform", *(option for options in _OPTIONS.values() for option in options)}
    rule = entries(node, what=what, allowed=allowed, required=("field",))
    found = _field(rule["field"], what)
    name = DEFAULT_TRANSFORMS[found.type]
    if "transform" in rule:
        name = choice_of(rule["transform"], what=f"the transform of {what}", among=TRANSFORMS)
    if TRANSFORMS[name] is not found.type:
        raise invalid_at(
            rule.get("transform", node), f"'{found.name}' is a {found.type}, but '{name}' gives a {TRANSFORMS[name]}."
        )
    for option in rule.keys() - {"field", "transform"}:
        if option not in _OPTIONS.get(name, ()):
            raise invalid_at(rule[option], f"the transform '{name}' of {what} has no '{option}'.")
    return ColumnRule(column=column, field=found, transform=_transform(name, rule, node, what))


def _field(node: yaml.Node, what: str) -> LoanField:
    return FIELDS[choice_of(node, what=f"the field of {what}", among=FIELDS)]


def _default_transform(value_type: ValueType) -> Transform:
    name = DEFAULT_TRANSFORMS[value_type]
    return Transform(name=name, format=_default_format(name))


def _default_format(transform: str) -> str:
    return {"date": DATE_FORMATS[0], "month": MONTH_FORMATS[0]}.get(transform, "")


def _transform(name: str, rule: Mapping[str, yaml.Node], node: yaml.Node, what: str) -> Transform:
    unit, form, is_rounded, day = _UNITS["rupee"], _default_format(name), False, 1
    if "unit" in rule:
        unit = _UNITS[choice_of(rule["unit"], what=f"the unit of {what}", among=_UNITS)]
    if "decimals" in rule:
        is_rounded = choice_of(rule["decimals"], what=f"decimals of {what}", among=("exact", "round")) == "round"
    if "format" in rule:
        formats = DATE_FORMATS if name == "date" else MONTH_FORMATS
        form = choice_of(rule["format"], what=f"the format of {what}", among=formats)
    if "day" in rule:
        day = integer_of(rule["day"], what=f"the day of {what}", low=1, high=28)
    if name == "status" and "values" not in rule:
        raise invalid_at(node, f"{what} gives a status: list its words under values.")
    statuses = _statuses(rule["values"], what) if "values" in rule else ()
    return Transform(name=name, unit_paise=unit, is_rounded=is_rounded, format=form, day=day, statuses=statuses)


def _statuses(node: yaml.Node, what: str) -> tuple[tuple[str, TapeStatus], ...]:
    words = entries(node, what=f"the values of {what}")
    return tuple(
        (word, TapeStatus(choice_of(value, what=f"the status of '{word}'", among=list(TapeStatus))))
        for word, value in words.items()
    )


def _constants(node: yaml.Node | None, columns: tuple[ColumnRule, ...]) -> dict[str, Value]:
    if node is None:
        return {}
    mapped = {rule.field.name for rule in columns}
    constants: dict[str, Value] = {}
    for name, value in entries(node, what="constants", allowed=FIELDS).items():
        if name in mapped:
            raise invalid_at(value, f"'{name}' comes from a column already.")
        constants[name] = _constant(FIELDS[name], value)
    return constants


def _constant(found: LoanField, node: yaml.Node) -> Value:
    if found.type is ValueType.STATUS:
        return TapeStatus(choice_of(node, what="the status", among=list(TapeStatus)))
    transform = _default_transform(found.type)
    try:
        return cell_value(transform=transform, text=text_of(node, what=found.name), max_length=found.max_length)
    except CellRefused as refused:
        raise invalid_at(node, f"{found.name}: {refused.message}") from refused


def _require_fields(node: yaml.Node, columns: tuple[ColumnRule, ...], constants: Mapping[str, Value]) -> None:
    given = {rule.field.name for rule in columns} | set(constants)
    missing = [name for name, found in FIELDS.items() if found.is_required and name not in given]
    if missing:
        raise invalid_at(node, f"these fields have neither column nor constant: {', '.join(missing)}.")


def _ignored(node: yaml.Node | None, columns: tuple[ColumnRule, ...]) -> frozenset[str]:
    if node is None:
        return frozenset()
    mapped = {rule.column for rule in columns}
    ignored = set()
    for item in items(node, what="ignore"):
        column = text_of(item, what="an ignored column")
        if column in mapped:
            raise invalid_at(item, f"'{column}' is mapped and ignored.")
        ignored.add(column)
    return frozenset(ignored)


def _file(node: yaml.Node | None) -> tuple[str, str]:
    if node is None:
        return ",", ""
    found = entries(node, what="file", allowed=("delimiter", "sheet"))
    delimiter = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
    name = choice_of(found["delimiter"], what="delimiter", among=delimiter) if "delimiter" in found else "comma"
    return delimiter[name], text_of(found["sheet"], what="sheet") if "sheet" in found else ""


def _customer(node: yaml.Node | None) -> tuple[str, bool]:
    if node is None:
        return "Borrower", False
    found = entries(node, what="customer", allowed=("name_prefix", "phone"))
    prefix = text_of(found["name_prefix"], what="name_prefix", max_length=40) if "name_prefix" in found else "Borrower"
    if not prefix[0].isalpha():
        raise invalid_at(found["name_prefix"], "name_prefix begins with a letter.")
    if "phone" in found:
        choice_of(found["phone"], what="phone", among=("generated",))
    return prefix, "phone" in found
