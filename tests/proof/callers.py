"""Many callers at the same moment, and how often the database had to take one of them back."""

import logging
from collections.abc import Iterator

import pytest
from django.db import connection

LEVELS = ("read committed", "repeatable read", "serializable")


class Conflicts(logging.Handler):
    """Counts the use cases that ran again because the database could not serialise them."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self.is_ordered = level != "serializable"
        self.codes: list[int] = []

    @property
    def of_ordered_code(self) -> list[int]:
        """The codes of conflicts that the order of locks should have prevented.

        At the highest level reading that a borrower has no rows yet locks the gap that the next borrower's go into:
        two who insert first rows side by side refuse each other, and one of them runs again. No order helps there.
        """
        return self.codes if self.is_ordered else []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the code of the database."""
        assert isinstance(record.args, tuple)
        self.codes.append(int(str(record.args[0])))


@pytest.fixture(params=LEVELS)
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the connections of threads run at each level; ours in production is the first."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)
    return str(request.param)


@pytest.fixture
def conflicts(isolation: str) -> Iterator[Conflicts]:
    """Return what counts the use cases that the database took back."""
    handler = Conflicts(isolation)
    logger = logging.getLogger("core.transactions")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
