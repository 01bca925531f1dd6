"""Rows that come in at the same moment, each in a thread of its own: one statement and one commit for all of them."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import Error

Row = TypeVar("Row")


class _Waiting(Generic[Row]):
    """A row, the gate at which its thread waits, and what it finds behind the gate."""

    __slots__ = ("gate", "is_written", "leads", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.gate = threading.Lock()
        self.gate.acquire()
        self.is_written = False
        self.leads = False


class WriteTogether(Generic[Row]):
    """Whoever comes first writes; who comes meanwhile waits, and is written with all others who do by the next one.

    A row that comes alone is written at once: nobody waits for company.

    Args:
        write: writes some rows, all or none, durably once it returns.
        most: how many rows at once.
    """

    def __init__(self, write: Callable[[Sequence[Row]], None], *, most: int = 64) -> None:
        self._write = write
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[_Waiting[Row]] = []
        self._is_led = False

    def write(self, row: Row) -> list[Row] | None:
        """Write a row durably, perhaps with those of other threads.

        Returns:
            The rows that this call wrote, its own and others', for the caller to announce; none if another call wrote
            the row. None, if the rows could not be written together: then each caller has to write its own.

        Raises:
            Error: the row was alone, and the database refused it.
        """
        own = _Waiting(row)
        with self._lock:
            self._waiting.append(own)
            own.leads, self._is_led = not self._is_led, True
        if not own.leads:
            own.gate.acquire()
            if not own.leads:
                return [] if own.is_written else None
        return self._lead()

    def _lead(self) -> list[Row] | None:
        # Threads that are about to come get their turn first; where there are none, this takes no time.
        time.sleep(0)
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        is_written = False
        try:
            self._write([one.row for one in batch])
            is_written = True
        except Error:
            # One of them is to blame, or the connection of this thread: each thread finds out for itself.
            if len(batch) == 1:
                raise
        finally:
            self._hand_over()
            for one in batch[1:]:
                one.is_written = is_written
                one.gate.release()
        return [one.row for one in batch] if is_written else None

    def _hand_over(self) -> None:
        with self._lock:
            self._is_led = bool(self._waiting)
            if self._is_led:
                self._waiting[0].leads = True
                self._waiting[0].gate.release()
