"""Callers at the same moment: each in a thread with a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from core.errors import KistError


def at_once(*calls: Callable[[], object]) -> list[Any]:
    """Run calls in threads that start together; return each result, or the code of its refusal.

    Raises:
        ExceptionGroup: what came through of errors that are no refusals, such as a deadlock.
    """
    start = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)
    errors: list[Exception] = []

    def run(place: int, call: Callable[[], object]) -> None:
        start.wait(timeout=30)
        try:
            results[place] = call()
        except KistError as refusal:
            results[place] = refusal.code
        except Exception as error:  # a thread would swallow it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "A caller hangs."
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {len(calls)} callers failed", errors)
    return results
