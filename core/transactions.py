"""Run a whole use case again when the database asks for it."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# MySQL: deadlock, lock wait timeout, record changed since the snapshot.
_MYSQL_RETRY_CODES = frozenset({1213, 1205, 1020})
_FIRST_PAUSE_SECONDS = 0.05


def run_in_transaction(fn: Callable[[], Result], *, attempts: int = 5) -> Result:
    """Run a closure in a transaction, and again from its start when the database could not serialise it.

    The closure reads everything it decides on, so a repeat sees the world anew. Inside a transaction that is already
    open it runs once: only the outermost can be repeated.

    Args:
        fn: the use case; it may run more than once and has no effect outside the database.
        attempts: how often it runs at most.

    Raises:
        OperationalError: the last attempt failed too, or the error is of another kind.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return fn()
    for attempt in range(1, attempts):
        try:
            with transaction.atomic():
                return fn()
        except OperationalError as error:
            if not is_conflict(error):
                raise
            # Callers who lock in the one order never meet: whoever sees many of these looks for one who does not.
            logger.warning("The database took a use case back, it runs again: %s", error.args[0])
            time.sleep(random.uniform(0.5, 1.5) * _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    with transaction.atomic():
        return fn()


def is_conflict(error: OperationalError) -> bool:
    """Tell whether the database refused because of somebody else's work at the same moment, not of the work itself."""
    first = error.args[0] if error.args else None
    return first in _MYSQL_RETRY_CODES or "database is locked" in str(error) or "table is locked" in str(error)
