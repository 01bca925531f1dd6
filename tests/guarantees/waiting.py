"""Wait for what other processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
_PAUSE_SECONDS = 0.05


def until(look: Callable[[], Found], *, what: str, seconds: float = 120) -> Found:
    """Look again and again until something is there, and return it; a test that waits too long fails by name."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(_PAUSE_SECONDS)
    return found
