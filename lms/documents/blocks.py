"""The parts that a page is put together from, as the page form reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

Block = dict[str, Any]

_NARROWEST: Final = 5
# What fits beside each other on the page, gaps between the columns and bold letters reckoned in.
_LETTERS_IN_A_LINE: Final = 104


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; amounts stand to the right, texts longer than `widest` letters are broken."""

    title: str
    is_amount: bool = False
    widest: int = 24


def heading(text: str) -> Block:
    """Head a part of the page."""
    return {"kind": "heading", "text": text}


def paragraph(text: str, *, is_strong: bool = False) -> Block:
    """Say something."""
    return {"kind": "text", "text": text, "strong": is_strong}


def pairs(rows: Sequence[tuple[str, str]]) -> Block:
    """Show labels with their values, two pairs in a line."""
    return _pairs([*rows, *[("", "")] * (len(rows) % 2)], is_wide=False, strong=frozenset())


def sums(rows: Sequence[tuple[str, str]], *, strong: Sequence[str] = ()) -> Block:
    """Show labels with amounts to the right, one in a line; `strong` names the labels that matter most."""
    return _pairs(rows, is_wide=True, strong=frozenset(strong))


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], total: Sequence[str] = ()) -> Block:
    """Show rows under a head that is repeated on every page; the total stands below them once.

    Widths follow from the longest text of each column. A table whose every text fits its column is set in rows of one
    height, which takes half the time.
    """
    lines = [[column.title for column in columns], *rows, *([total] if total else [])]
    longest = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    widths = [min(max(length, _NARROWEST), column.widest) for length, column in zip(longest, columns, strict=True)]
    whole = sum(widths)
    return {
        "kind": "table",
        "columns": [
            {"title": column.title, "side": "right" if column.is_amount else "left", "share": width}
            for column, width in zip(columns, widths, strict=True)
        ],
        "is_tight": whole <= _LETTERS_IN_A_LINE
        and all(length <= width for length, width in zip(longest, widths, strict=True)),
        "rows": [list(row) for row in rows],
        "total": list(total),
    }


def _pairs(rows: Sequence[tuple[str, str]], *, is_wide: bool, strong: frozenset[str]) -> Block:
    return {
        "kind": "pairs",
        "is_wide": is_wide,
        "rows": [{"label": label, "value": value, "strong": label in strong} for label, value in rows],
    }
