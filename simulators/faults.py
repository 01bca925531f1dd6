"""What goes wrong, and when: drawn from a seed by a profile, or injected by a person for the next calls."""

import random
import string
from collections import deque
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Probabilities of faults, and times in seconds of simulated time; without any, the world is a friendly place."""

    latency_median: float = 0.05
    latency_spread: float = 0.4
    lost_request: float = 0.0
    lost_answer: float = 0.0
    stuck: float = 0.0
    stuck_seconds: float = 1200.0
    error_before: float = 0.0
    error_after: float = 0.0
    busy: float = 0.0
    html: float = 0.0
    deemed: float = 0.0
    deemed_seconds: float = 3 * 86_400.0
    fails: float = 0.0
    reversed_late: float = 0.0
    reversed_seconds: float = 86_400.0
    settle_seconds: float = 2.0
    hidden_seconds: float = 0.0
    webhook_lost: float = 0.0
    webhook_twice: float = 0.0
    webhook_late: float = 0.0
    webhook_late_seconds: float = 60.0
    webhook_corrupt: float = 0.0
    webhook_old_secret: float = 0.0


# What a request to a vendor can meet; those after the effect are the dangerous ones.
CALL_FAULTS = (
    "lost_request",
    "lost_answer",
    "stuck",
    "error_before",
    "error_after",
    "busy",
    "html",
    "redirect",
    "hang",
    "drip",
    "flood",
    "down",
)
WEBHOOK_FAULTS = ("webhook_lost", "webhook_twice", "webhook_late", "webhook_corrupt", "webhook_old_secret")
FATE_FAULTS = ("deemed", "fails", "reversed_late")


class Faults:
    """Draws what happens: what was injected first, then the profile."""

    def __init__(self, *, seed: int) -> None:
        self._random = random.Random(seed)
        self._profile = Profile()
        self._of_vendors: dict[str, Profile] = {}
        self._injected: deque[tuple[str, str]] = deque()
        self.down: set[str] = set()

    @property
    def profile(self) -> Profile:
        """The present profile of everybody who has none of their own."""
        return self._profile

    def profile_of(self, vendor: str) -> Profile:
        """Return the present profile of a vendor."""
        return self._of_vendors.get(vendor, self._profile)

    def profile_set(self, changes: dict[str, Any], *, vendor: str = "") -> None:
        """Change parts of the profile of all; or of one vendor, who has its own from then on.

        Raises:
            ValueError: a name is not known, or a value is no number.
        """
        known = {field.name for field in fields(Profile)}
        if unknown := set(changes) - known:
            raise ValueError(f"Not known: {', '.join(sorted(unknown))}. Known are: {', '.join(sorted(known))}.")
        changed = Profile(**(asdict(self.profile_of(vendor)) | {name: float(value) for name, value in changes.items()}))
        if vendor:
            self._of_vendors[vendor] = changed
        else:
            self._profile = changed

    def inject(self, *, vendor: str, fault: str, times: int = 1) -> None:
        """Let the next calls of a vendor, or of any with `*`, meet a fault.

        Raises:
            ValueError: there is no such fault.
        """
        if fault not in (*CALL_FAULTS, *WEBHOOK_FAULTS, *FATE_FAULTS):
            raise ValueError(f"There is no fault {fault}.")
        self._injected.extend([(vendor, fault)] * times)

    def reset(self, *, seed: int) -> None:
        """Begin anew with a seed."""
        self.__init__(seed=seed)  # type: ignore[misc]  # as new, with every default

    def draw(self, *, vendor: str, among: tuple[str, ...]) -> str:
        """Return the fault that this occasion meets; empty for none."""
        for waiting in self._injected:
            if waiting[0] in (vendor, "*") and waiting[1] in among:
                self._injected.remove(waiting)
                return waiting[1]
        chance = self._random.random()
        for name in among:
            probability = getattr(self.profile_of(vendor), name, 0.0)
            if chance < probability:
                return name
            chance -= probability
        return ""

    def latency(self, vendor: str) -> float:
        """Return how long an answer of a vendor takes, in seconds."""
        profile = self.profile_of(vendor)
        median = profile.latency_median
        return median * self._random.lognormvariate(0, profile.latency_spread) if median else 0.0

    def digits(self, count: int) -> str:
        """Return digits, for references."""
        return "".join(self._random.choices("0123456789", k=count))

    def letters(self, count: int) -> str:
        """Return letters and digits, for identifiers."""
        return "".join(self._random.choices(string.ascii_letters + string.digits, k=count))
