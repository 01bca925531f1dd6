"""Tables and the chart of a dry run, from the sums that it keeps: no page adds up the whole book."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.money import format_rupees
from lms.dry_runs.comparing import FIGURES
from lms.engine.classification import AssetClass
from lms.models import DryRun, DryRunLoan

_CLASS: Final = "asset_class"
_ORDER: Final = [asset_class.value for asset_class in AssetClass]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixLine:
    """One class as it is now: loans by the class that they would have, in the order of the columns."""

    before: str
    cells: tuple[tuple[str, int], ...]
    loans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanLine:
    """One loan with the figures that differ: label, now, with the change."""

    row: DryRunLoan
    figures: tuple[tuple[str, str, str], ...]


def class_matrix(*, run: DryRun) -> dict[str, Any]:
    """Return how many loans go from which class to which, all products together, and the lines of each product."""
    moves: Counter[tuple[str, str]] = Counter()
    for line in run.result.get("classes", []):
        moves[line["before"], line["after"]] += line["loans"]
    columns = [name for name in _ORDER if any(after == name for _, after in moves)]
    lines = [
        MatrixLine(
            before=name,
            cells=tuple((after, moves[name, after]) for after in columns),
            loans=sum(moves[name, after] for after in columns),
        )
        for name in _ORDER
        if any(before == name for before, _ in moves)
    ]
    by_product = [line for line in run.result.get("classes", []) if line["before"] != line["after"]]
    return {"columns": columns, "lines": lines, "by_product": by_product}


def class_chart(*, run: DryRun) -> dict[str, list[Any]]:
    """Return principal by class now and with the change; rupees, because a chart's axis needs no paise."""
    sums = {side: Counter[str]() for side in ("before", "after")}
    counts = {side: Counter[str]() for side in ("before", "after")}
    for line in run.result.get("classes", []):
        for side in ("before", "after"):
            sums[side][line[side]] += line[f"principal_{side}_paise"]
            counts[side][line[side]] += line["loans"]
    shown = [name for name in _ORDER if counts["before"][name] or counts["after"][name]]
    return {
        "labels": [name.replace("_", " ").capitalize() for name in shown],
        **{side: [sums[side][name] // 100 for name in shown] for side in sums},
        **{f"{side}_counts": [counts[side][name] for name in shown] for side in counts},
    }


def loan_lines(rows: Sequence[DryRunLoan]) -> list[LoanLine]:
    """Return loans with the figures in which they differ; the class has columns of its own."""
    return [
        LoanLine(
            row=row,
            figures=tuple(
                (name.removesuffix("_paise").replace("_", " "), _text(name, old), _text(name, new))
                for name, old, new in zip(FIGURES, row.before, row.after, strict=True)
                if old != new and name != _CLASS
            ),
        )
        for row in rows
    ]


def _text(name: str, value: Any) -> str:
    if value is None:
        return "–"
    return format_rupees(value) if name.endswith("_paise") else str(value)
