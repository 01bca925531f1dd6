"""The list of guarantees, what tests tell of each, and the table that follows."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

# Source: money 6. Those that are not here are proven with reconciliation, mandates and services of later parts.
GUARANTEES: Final = {
    "G1": "One intent, at most one payment",
    "G2": "A request with a key happens once",
    "G3": "A webhook has its effect once",
    "G4": "Events in any order come to the same end",
    "G5": "Webhooks may be lost",
    "G6": "No answer is no failure",
    "G7": "Deadlocks lose nothing",
    "G8": "No overdraft and no lost update",
    "G9": "A saga is done, undone or before a person",
    "G10": "The broker may forget everything",
    "G11": "Work that is handed out again is done once",
    "G12": "A poisonous message harms no other",
    "G13": "A lock may expire under its holder",
    "G14": "A machine's clock may be wrong",
    "G15": "The database may die while it commits",
    "G16": "A vendor may be slow, busy or away",
    "G24": "The protocol itself holds",
}
HELD, FAILED, SKIPPED = "held", "FAILED", "not run"
_COLUMNS: Final = ("", "what was done", "on", "runs", "violations", "I1-I10", "clearing", "verdict")
_WIDEST: Final = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one test tells of one guarantee.

    Attributes:
        what: the test's name in words.
        database: on what it ran.
        verdict: HELD, FAILED or SKIPPED.
        runs: how often the fault was made.
        violations: how often the guarantee was broken.
        invariants: what the ledger's check said afterwards; empty where no books take part.
        clearing: what was left on the clearing accounts afterwards; empty where no books take part.
    """

    guarantee: str
    what: str
    database: str
    verdict: str
    runs: int = 0
    violations: int = 0
    invariants: str = ""
    clearing: str = ""


def result_keep(*, path: Path, result: Result) -> None:
    """Add a result to a file; processes may write side by side."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(result)) + "\n")


def results_kept(*, path: Path) -> list[Result]:
    """Return what was kept in a file, none if there is no file."""
    if not path.exists():
        return []
    return [Result(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def summed(results: Iterable[Result]) -> list[Result]:
    """Put the cases of one test on one database together, as the list goes; what ran elsewhere is not missed."""
    found: dict[tuple[str, str, str], Result] = {}
    for one in results:
        key = (one.guarantee, one.what, one.database)
        found[key] = _both(found[key], one) if key in found else one
    places = list(GUARANTEES)
    tried = {(one.guarantee, one.what) for one in found.values() if one.verdict != SKIPPED}
    shown = [one for one in found.values() if one.verdict != SKIPPED or (one.guarantee, one.what) not in tried]
    return sorted(shown, key=lambda one: places.index(one.guarantee))


def holes(results: Sequence[Result], *, wanted: Iterable[str]) -> list[str]:
    """Return the guarantees of which nothing was run."""
    proven = {one.guarantee for one in results if one.runs}
    return [name for name in wanted if name not in proven]


def is_held(results: Sequence[Result], *, wanted: Iterable[str]) -> bool:
    """Tell whether every guarantee was tried and none was broken; a test that did not run here breaks nothing."""
    return not holes(results, wanted=wanted) and all(one.verdict != FAILED and not one.violations for one in results)


def table(results: Sequence[Result], *, wanted: Sequence[str]) -> Iterator[str]:
    """Give the lines of the table: each guarantee with what was done, and what nothing was done for."""
    rows = [_COLUMNS, *(_cells(one) for one in results)]
    widths = [min(_WIDEST, max(len(row[column]) for row in rows)) for column in range(len(_COLUMNS))]
    yield _line(_COLUMNS, widths)
    for name in wanted:
        own = [one for one in results if one.guarantee == name]
        yield f"{name:<4} {GUARANTEES[name]}"
        yield from (_line(_cells(one), widths) for one in own)
        if not any(one.runs for one in own):
            yield f"     NOTHING WAS RUN FOR {name}"


def _both(one: Result, other: Result) -> Result:
    verdicts = (one.verdict, other.verdict)
    return Result(
        guarantee=one.guarantee,
        what=one.what,
        database=one.database,
        verdict=next(verdict for verdict in (FAILED, HELD, SKIPPED) if verdict in verdicts),
        runs=one.runs + other.runs,
        violations=one.violations + other.violations,
        invariants=_worse(one.invariants, other.invariants, good="held"),
        clearing=_worse(one.clearing, other.clearing, good="zero"),
    )


def _worse(one: str, other: str, *, good: str) -> str:
    """Return what is not good of two words, and the good one only if nothing else was said."""
    return next((word for word in (one, other) if word and word != good), one or other)


def _cells(one: Result) -> tuple[str, ...]:
    numbers = (f"{one.runs:,}", str(one.violations))
    return ("", one.what, one.database, *numbers, one.invariants or "-", one.clearing or "-", one.verdict)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (3, 4)
    padded = [
        cell.rjust(width) if column in numbers else cell[:_WIDEST].ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "    " + "  ".join(padded).rstrip()
