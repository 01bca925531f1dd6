"""What a check of the ledger says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

# A damaged table has thousands of offending rows; the first ones lead to all.
OFFENCES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One invariant: which rows break it, the first `OFFENCES_SHOWN` of them, and how long the check took."""

    code: str
    title: str
    offences: tuple[str, ...]
    seconds: float

    @property
    def is_held(self) -> bool:
        """Whether nothing breaks it."""
        return not self.offences


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All invariants of one run; an incremental one covers what was posted since the last seal."""

    findings: tuple[Finding, ...]
    is_incremental: bool

    @property
    def is_held(self) -> bool:
        """Whether every invariant holds."""
        return all(finding.is_held for finding in self.findings)

    @property
    def broken(self) -> tuple[str, ...]:
        """Codes of the invariants that do not hold."""
        return tuple(finding.code for finding in self.findings if not finding.is_held)

    @property
    def seconds(self) -> float:
        """How long all of them took."""
        return sum(finding.seconds for finding in self.findings)


def finding(code: str, title: str, look: Callable[[], Iterable[str]]) -> Finding:
    """Run one check and time it."""
    begun = perf_counter()
    offences = []
    for offence in look():
        offences.append(offence)
        if len(offences) == OFFENCES_SHOWN:
            break
    return Finding(code=code, title=title, offences=tuple(offences), seconds=perf_counter() - begun)
