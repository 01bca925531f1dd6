"""How long to wait: before a repeat, before the next look, and whether a repeat is affordable at all."""

import random
from typing import Final

_LOOKS: Final = (10, 30, 120, 600, 1_800, 3_600, 21_600)
_REPEAT_SECONDS: Final = 0.5
_LONGEST_REPEAT_SECONDS: Final = 30.0
_SHARE: Final = 0.1
_RESERVE: Final = 10.0


class RepeatBudget:
    """Repeats may be a tenth of the first tries, with a small reserve, so that a vendor in trouble is not buried."""

    def __init__(self) -> None:
        self._saved = _RESERVE

    def first_try(self) -> None:
        """Count a call that is no repeat."""
        self._saved = min(_RESERVE, self._saved + _SHARE)

    def may_repeat(self) -> bool:
        """Tell whether a repeat is affordable, and count it if so."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


def pause_before_repeat(*, tries: int) -> float:
    """Return seconds of full jitter: anything up to a limit that doubles with each try."""
    return random.uniform(0, min(_LONGEST_REPEAT_SECONDS, _REPEAT_SECONDS * 2**tries))


def pause_before_look(*, looks: int) -> float:
    """Return the seconds until an open question is looked for again, a little spread."""
    return _LOOKS[min(looks, len(_LOOKS) - 1)] * random.uniform(0.9, 1.1)
