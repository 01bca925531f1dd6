"""Tables and the chart of a run, from the sums that it keeps: no page adds up the whole book."""

from dataclasses import dataclass
from typing import Any, Final

from lms.engine.classification import AssetClass
from lms.models import ProvisionRun

_PLACES: Final = {"product_code": 0, "asset_class": 1, "stage": 2}
_TONES: Final = {
    AssetClass.STANDARD: "--k-series-1",
    AssetClass.SMA_0: "--k-series-2",
    AssetClass.SMA_1: "--k-series-2",
    AssetClass.SMA_2: "--k-series-2",
}
_BAD_TONE: Final = "--k-series-4"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalLine:
    """One class, stage or product of a run; `query` is the part of an address that shows its loans."""

    key: str
    query: str
    loans: int
    funded_paise: int
    iracp_paise: int
    ecl_paise: int


def totals_by(*, run: ProvisionRun, key: str) -> list[TotalLine]:
    """Return the sums of a run by "product_code", "asset_class" or "stage", in their order."""
    place = _PLACES[key]
    sums: dict[Any, list[int]] = {}
    for row in run.totals:
        held = sums.setdefault(row[place], [0, 0, 0, 0])
        sums[row[place]] = [one + other for one, other in zip(held, row[3:7], strict=True)]
    order = [asset_class.value for asset_class in AssetClass] if key == "asset_class" else sorted(sums)
    return [
        TotalLine(
            key=str(name),
            query=f"{key}={name}",
            loans=sums[name][0],
            funded_paise=sums[name][1],
            iracp_paise=sums[name][2],
            ecl_paise=sums[name][3],
        )
        for name in order
        if name in sums
    ]


def class_chart(*, run: ProvisionRun) -> dict[str, list[Any]]:
    """Return the bars of what is owed by class; rupees, because a chart's axis needs no paise."""
    lines = totals_by(run=run, key="asset_class")
    return {
        "labels": [line.key.replace("_", " ").capitalize() for line in lines],
        "amounts": [line.funded_paise // 100 for line in lines],
        "counts": [line.loans for line in lines],
        "tones": [_TONES.get(AssetClass(line.key), _BAD_TONE) for line in lines],
    }
