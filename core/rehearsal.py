"""See what an act would do without doing it: the act runs in full, and the database forgets it."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

from core.transactions import run_in_transaction

Result = TypeVar("Result")


def rehearse(act: Callable[[], Result]) -> Result:
    """Run an act, keep what it returns and roll back everything that it wrote.

    The effect shown before an approval is thus what the very same code does after it, not an estimate of it. Locks are
    held while the act runs; what the act leaves to `on_commit` never happens.

    Args:
        act: a use case that only writes to the database; it returns plain values, not querysets to be read later.

    Raises:
        Whatever the act raises; nothing is written then either.
    """

    def run() -> Result:
        # A block of its own and no bare savepoint: only with a block does Django forget what waits for the commit.
        with transaction.atomic():
            result = act()
            transaction.set_rollback(True)
        return result

    return run_in_transaction(run)
