"""Read everything as of one instant while others go on writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_instant() -> Iterator[None]:
    """Let all reads inside see the database as of the first of them; inside a transaction it changes nothing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "mysql":
        with connection.cursor() as cursor:
            # For the next transaction alone: each statement would see other postings under read committed.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with transaction.atomic():
            yield
    else:
        with connection.cursor() as cursor:
            # Django's own transaction would take the write lock.
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
