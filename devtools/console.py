"""What the commands print: headings, notes and the closing summary."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Failed(Exception):
    """A step cannot go on; the message says why and what to do."""


class Skipped(Exception):
    """A step cannot be done on this machine; the message says what is missing."""


class NotApplicable(Exception):
    """A step has no object on this machine and none is demanded; the message says what is not there."""


class Outcome(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    NOT_APPLICABLE = "none"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the summary."""

    name: str
    outcome: Outcome
    seconds: float
    note: str = ""


@dataclass(slots=True)
class Report:
    """The steps of one command and how they ended."""

    steps: list[Step] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str, *, started: float | None = None) -> Iterator[None]:
        """Print a heading, time what follows, and keep its outcome; what keeps it from passing ends here.

        Args:
            name: the heading.
            started: monotonic time at which the step's work began, if that was before.
        """
        heading(name)
        started = started or time.monotonic()
        outcome, note = Outcome.PASSED, ""
        try:
            yield
        except Failed as error:
            outcome, note = Outcome.FAILED, str(error)
        except (OSError, subprocess.SubprocessError) as error:
            # What the machine refuses in one step does not keep the others from being run.
            outcome, note = Outcome.FAILED, f"{type(error).__name__}: {error}"
        except Skipped as error:
            outcome, note = Outcome.SKIPPED, str(error)
        except NotApplicable as error:
            outcome, note = Outcome.NOT_APPLICABLE, str(error)
        if note:
            say(f"{outcome}: {note}")
        self.steps.append(Step(name=name, outcome=outcome, seconds=time.monotonic() - started, note=note))

    def finish(self, *, skips_fail: bool) -> int:
        """Print the summary and return the exit code; a skipped step counts as failed where `skips_fail`."""
        heading("Summary")
        for step in self.steps:
            say(f"{step.outcome:8} {step.seconds:7.1f} s  {step.name}" + (f": {step.note}" if step.note else ""))
        bad = {Outcome.FAILED, Outcome.SKIPPED} if skips_fail else {Outcome.FAILED}
        failures = [step for step in self.steps if step.outcome in bad]
        skipped = any(step.outcome is Outcome.SKIPPED for step in self.steps)
        total = time.monotonic() - self.started
        if failures:
            why = " (with CI=true a skipped step is a failure)" if skips_fail and skipped else ""
            say(f"{len(failures)} of {len(self.steps)} steps failed in {total:.0f} s{why}")
            return 1
        say(f"all {len(self.steps)} steps done in {total:.0f} s" + (", some SKIPPED (see above)" if skipped else ""))
        return 0


def heading(text: str) -> None:
    """Print a line that divides the output."""
    print(f"\n=== {text} " + "=" * max(4, 90 - len(text)), flush=True)


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(text, file=sys.stderr, flush=True)
