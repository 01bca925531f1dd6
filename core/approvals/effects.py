"""The stored effect of any act as rows and tables for a screen."""

from dataclasses import dataclass
from typing import Any

from core.money import format_rupees


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """One figure of an effect, as text; `before` is None where the effect names one value alone."""

    label: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTable:
    """A list within an effect."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectView:
    """An effect of any act, ready to be shown."""

    rows: tuple[EffectRow, ...]
    tables: tuple[EffectTable, ...]


def effect_view(*, effect: dict[str, Any]) -> EffectView:
    """Read an effect.

    `x_before` and `x_after` become one row, a list or a mapping a table, the rest single rows; names tell the units.
    """
    rows, tables = [], []
    for name, value in effect.items():
        if name.endswith("_before"):
            after = effect.get(f"{name.removesuffix('_before')}_after")
            label = name.removesuffix("_before")
            rows.append(EffectRow(label=_label(label), before=_text(label, value), after=_text(label, after)))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables.append(_table(name, value))
        elif isinstance(value, dict):
            lines = tuple((str(key), _text(name, item)) for key, item in value.items())
            tables.append(EffectTable(label=_label(name), columns=("", _label(name)), rows=lines))
        elif not name.endswith("_after") or f"{name.removesuffix('_after')}_before" not in effect:
            rows.append(EffectRow(label=_label(name), before=None, after=_text(name, value)))
    return EffectView(rows=tuple(rows), tables=tuple(tables))


def _table(name: str, lines: list[dict[str, Any]]) -> EffectTable:
    return EffectTable(
        label=_label(name),
        columns=tuple(_label(column) for column in lines[0]),
        rows=tuple(tuple(_text(column, value) for column, value in line.items()) for line in lines),
    )


def _label(name: str) -> str:
    return name.removesuffix("_paise").removesuffix("_by").replace("_", " ").capitalize()


def _text(name: str, value: object) -> str:
    if value is None or value == "":
        return "–"
    if name.endswith("_paise") and isinstance(value, int):
        return format_rupees(value) if value else "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
