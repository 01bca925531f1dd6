"""How a saga is written down: its steps, what undoes each, and where the point of no return lies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

ROLLBACK_QUEUE: Final = "rollback"
# The last degree of priority; what has it is not looked at before it may run.
LOWEST_PRIORITY: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """What a step is told: which saga it works for, its context, and what earlier steps returned by their names."""

    saga_id: int
    step_id: int
    intent_key: str
    attempt: int
    fence: int
    context: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Done:
    """The step has had its effect."""

    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The step is finally without effect: a proven answer, never a timeout."""

    problem: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is proven yet: the step runs again after a pause, or earlier when it is woken."""

    pause: timedelta
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Park:
    """A person has to look: the saga stops here until one decides, or until what it `awaits` is told to it."""

    problem: str
    awaits: str = ""


Outcome = Done | Failed | Wait | Park


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    A local step works on the database alone and runs in the transaction that stores its outcome: it happens once. Any
    other step may run again after a crash, so it commits its intent before it calls anybody and asks before it repeats.

    Args:
        execute: does the step. A `KistError` of a local step means that it failed.
        compensate: undoes it; it begins by asking what happened, because the step may have been interrupted anywhere.
            It returns `Done` when nothing of the step is left, `Wait` when that is not proven yet.
        is_pivot: after this step the saga goes forward only.
        compensation_priority: 0 customer money out wrongly, 1 customer debited and not credited, 2 holds that block
            limits, 5 fees and tax, 9 cosmetic.
    """

    name: str
    title: str
    execute: Callable[[StepRun], Outcome]
    compensate: Callable[[StepRun], Outcome] | None = None
    is_local: bool = False
    is_pivot: bool = False
    compensation_priority: int = 5
    max_attempts: int = 8
    queue: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaKind:
    """A saga: steps in order, on a queue of workers unless a step chooses its own.

    `on_end` runs in the transaction that ends the saga, in whichever state.
    """

    code: str
    title: str
    steps: tuple[Step, ...]
    queue: str
    lease_seconds: int = 60
    on_end: Callable[[int, str], None] | None = None

    def __post_init__(self) -> None:
        if sum(step.is_pivot for step in self.steps) > 1:
            raise ValueError(f"{self.code} has more than one point of no return.")
        if any(step.compensation_priority > LOWEST_PRIORITY for step in self.steps):
            raise ValueError(f"{self.code} is undone with a priority beyond {LOWEST_PRIORITY}.")


_KINDS: dict[str, SagaKind] = {}


def saga_kind_register(kind: SagaKind) -> None:
    """Make a saga known; called from an app's `ready`.

    Raises:
        ValueError: another saga has the code.
    """
    if _KINDS.get(kind.code, kind) != kind:
        raise ValueError(f"Two sagas are called {kind.code}.")
    _KINDS[kind.code] = kind


def saga_kind(code: str) -> SagaKind:
    """Return a saga's definition.

    Raises:
        ValueError: no app registered it.
    """
    if code not in _KINDS:
        raise ValueError(f"No saga is called {code}.")
    return _KINDS[code]


def saga_kinds() -> tuple[SagaKind, ...]:
    """Return every saga, sorted by its title."""
    return tuple(sorted(_KINDS.values(), key=lambda kind: kind.title))


def saga_gap(*, kind: str, steps: Iterable[tuple[int, str]]) -> str:
    """Say what of a saga this release does not know; empty when it knows it all.

    A newer release may have written kinds and steps that an older one, still running beside it, has never heard of.

    Args:
        steps: number and name of each step that the saga has reached.
    """
    definition = _KINDS.get(kind)
    if definition is None:
        return f"sagas of the kind {kind}"
    names = [step.name for step in definition.steps]
    lacking = next((name for number, name in steps if names[number : number + 1] != [name]), "")
    return f"the step {lacking} of {kind}" if lacking else ""
