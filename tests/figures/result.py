"""What became of one reference case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Exact: every expected figure came out; different: one did not; unsupported: a setting or event is unknown."""

    EXACT = "exact"
    DIFFERENT = "different"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Outcome of one case; `detail` is the first difference, or the setting or event that is not supported."""

    id: str
    outcome: Outcome
    detail: str = ""


class Unsupported(Exception):
    """Raised while a case is mapped: the named setting or event cannot be expressed."""
