"""A clock that can be set forward and made to run faster."""

import time
from datetime import UTC, datetime


class VirtualClock:
    """Seconds since the epoch as the simulated world sees them."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._speed = 1.0
        self._started = time.time()

    def now(self) -> float:
        """Return the present instant."""
        return self._started + (time.time() - self._started) * self._speed + self._offset

    def stamp(self) -> str:
        """Return the present instant as text."""
        return datetime.fromtimestamp(self.now(), tz=UTC).isoformat(timespec="seconds")

    def step(self, seconds: float) -> None:
        """Set the clock forward.

        Raises:
            ValueError: time does not run backwards.
        """
        if seconds < 0:
            raise ValueError("The clock cannot be set back.")
        self._offset += seconds

    def run(self, speed: float) -> None:
        """Let the clock run faster from now on.

        Raises:
            ValueError: time does not stand still.
        """
        if speed <= 0:
            raise ValueError("The clock cannot stand still.")
        present = self.now()
        self._started, self._offset, self._speed = time.time(), present - time.time(), speed

    def real_seconds(self, seconds: float) -> float:
        """Return how long a stretch of simulated time takes."""
        return seconds / self._speed
