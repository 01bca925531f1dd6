"""Rows that come at the same moment are written by one call, and each thread learns what became of its own."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from django.db import DatabaseError, OperationalError

from core.together import WriteTogether
from tests.guarantees.waiting import until


class Table:
    """Takes rows when it is let, and refuses some."""

    def __init__(self, *, refused: str = "") -> None:
        self.calls: list[list[str]] = []
        self.gate = threading.Event()
        self._refused = refused

    def write(self, rows: Sequence[str]) -> None:
        self.calls.append(list(rows))
        assert self.gate.wait(10)
        if self._refused in rows:
            raise OperationalError("refused")


def crowd(together: WriteTogether[str], table: Table, rows: str) -> list[Future[list[str] | None]]:
    """Let one row be on its way, and all others come meanwhile; then let the table go on."""
    pool = ThreadPoolExecutor(len(rows))
    first = pool.submit(together.write, rows[0])
    until(lambda: table.calls == [[rows[0]]], what="the first to be on its way")
    others = []
    for place, row in enumerate(rows[1:], 1):
        others.append(pool.submit(together.write, row))
        until(partial(_is_waited_by, together, place), what="the next one to wait")
    table.gate.set()
    pool.shutdown(wait=True)
    return [first, *others]


def _is_waited_by(together: WriteTogether[str], count: int) -> bool:
    return len(together._waiting) == count


def test_rows_that_come_during_a_write_share_the_next_one() -> None:
    table = Table()

    answers = crowd(WriteTogether(table.write), table, "abcd")

    assert table.calls == [["a"], ["b", "c", "d"]]
    assert [answer.result() for answer in answers] == [["a"], ["b", "c", "d"], [], []]


def test_rows_after_a_crowd_find_nobody_waiting() -> None:
    table = Table()
    together = WriteTogether(table.write)
    crowd(together, table, "abc")

    assert together.write("d") == ["d"]

    assert table.calls[-1] == ["d"]


def test_each_thread_writes_its_own_row_when_one_of_them_is_refused() -> None:
    table = Table(refused="c")

    answers = crowd(WriteTogether(table.write), table, "abcd")

    assert [answer.result() for answer in answers] == [["a"], None, None, None]


def test_row_that_is_alone_is_refused_with_its_reason() -> None:
    table = Table(refused="a")
    together = WriteTogether(table.write)
    table.gate.set()

    with pytest.raises(DatabaseError, match="refused"):
        together.write("a")

    assert together.write("b") == ["b"]


def test_no_write_is_larger_than_a_statement_may_be() -> None:
    table = Table()

    crowd(WriteTogether(table.write, most=2), table, "abcdef")

    assert table.calls == [["a"], ["b", "c"], ["d", "e"], ["f"]]
