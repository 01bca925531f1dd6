"""Print every case that is not exact, and the count: `python -m tests.figures FILE.jsonl`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.figures import fin, frp, pub
from tests.figures.result import CaseResult, Outcome, Unsupported

# A case of another shape must not keep the others from being reported.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_RUNNERS: dict[str, Callable[[dict[str, Any]], CaseResult]] = {"FIN": fin.run, "FRP": frp.run, "PUB": pub.run}


def run_case(case: dict[str, Any]) -> CaseResult:
    """Run one case with the runner of its prefix; a runner that cannot read a case makes it unsupported."""
    runner = _RUNNERS.get(str(case.get("id", ""))[:3])
    if runner is None:
        return CaseResult(str(case.get("id")), Outcome.UNSUPPORTED, "prefix of the id")
    try:
        return runner(case)
    except Unsupported as reason:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, str(reason))
    except _UNREADABLE as error:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, f"case cannot be read: {type(error).__name__} {error}")
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, f"shape of the case: {error!r}")


def report(results: Iterable[CaseResult]) -> str:
    """Write one line for each case that is not exact, then the counts."""
    counts: Counter[Outcome] = Counter()
    lines = []
    for result in results:
        counts[result.outcome] += 1
        if result.outcome is not Outcome.EXACT:
            lines.append(f"{result.id}\t{result.outcome.value}\t{result.detail}")
    last = ", ".join(f"{outcome.value} {counts[outcome]}" for outcome in Outcome)
    return "\n".join([*lines, last])


def main(arguments: list[str]) -> int:
    """Run a file of cases, one JSON object a line; 2 when the command line is wrong."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m tests.figures FILE.jsonl\n")
        return 2
    lines = Path(arguments[0]).read_text(encoding="utf-8").splitlines()
    sys.stdout.write(report(run_case(json.loads(line)) for line in lines if line.strip()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
