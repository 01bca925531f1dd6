"""Callers in processes of their own that start together, and a raw client that repeats what the service's SQL was."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import MySQLdb
from django.db import connection, transaction

Work = Callable[[int], None]
_PATIENCE_SECONDS = 300


def rate(work: Work, *, callers: int, each: int, warm: Work | None = None, processes: int = 0) -> float:
    """Run `work` once for each of some callers, and return operations a second; each call does `each` of them.

    Args:
        work: gets the caller's number from 0.
        processes: how many the callers share, as threads; each has one of its own unless told.
        warm: runs before the clock starts, so that a fresh process has compiled its queries.

    Raises:
        RuntimeError: a caller failed; the benchmark proves that none does.
    """
    connection.close()
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(callers + 1), context.Queue()
    shares = [range(callers)[place :: processes or callers] for place in range(processes or callers)]
    started = [context.Process(target=_call_each, args=(work, warm, places, start, results)) for places in shares]
    for process in started:
        process.start()
    start.wait(_PATIENCE_SECONDS)
    begun = time.perf_counter()
    failures = [failure for _ in range(callers) if (failure := results.get(timeout=_PATIENCE_SECONDS))]
    seconds = time.perf_counter() - begun
    for process in started:
        process.join(_PATIENCE_SECONDS)
    if failures:
        raise RuntimeError(f"{len(failures)} callers failed: {failures[0]}")
    return callers * each / seconds


def captured(use_cases: Sequence[Callable[[], object]]) -> list[list[bytes]]:
    """Run use cases in transactions that are rolled back, and return the statements of each, as they were sent."""
    found = []
    for use_case in use_cases:
        statements: list[bytes] = []
        with connection.execute_wrapper(_recorder(statements)), transaction.atomic():
            use_case()
            transaction.set_rollback(True)
        found.append([statement for statement in statements if b"SAVEPOINT" not in statement.upper()[:20]])
    return found


def captured_chain(use_cases: Sequence[Callable[[], object]]) -> list[list[bytes]]:
    """Do the same with use cases of which each builds on the one before."""
    found: list[list[bytes]] = []
    statements: list[bytes] = []
    with connection.execute_wrapper(_recorder(statements)), transaction.atomic():
        for use_case in use_cases:
            statements.clear()
            use_case()
            found.append([statement for statement in statements if b"SAVEPOINT" not in statement.upper()[:20]])
        transaction.set_rollback(True)
    return found


def replay_raw(transactions: Sequence[Sequence[bytes]]) -> None:
    """Send transactions to the server without anything of ours in between, and commit each.

    Keys that a rolled-back run was given are not there any more, hence no foreign keys: that favours the raw client.
    """
    raw = _raw_client()
    for statements in transactions:
        _send(raw, statements)
        raw.commit()
    raw.close()


def replay_raw_in_turn(chain: Sequence[Sequence[bytes]], *, count: int, turn: Any) -> None:
    """Do the same with transactions of a chain: each takes the lock first, and then the link whose turn it is.

    Args:
        count: how many transactions this caller sends.
        turn: a number that all callers share.
    """
    raw = _raw_client()
    locked = 1 + next(place for place, statement in enumerate(chain[0]) if b"FOR UPDATE" in statement)
    for _ in range(count):
        _send(raw, chain[0][:locked])
        with turn.get_lock():
            link = turn.value
            turn.value += 1
        _send(raw, chain[link][locked:])
        raw.commit()
    raw.close()


def _raw_client() -> Any:
    raw = MySQLdb.connect(**connection.get_connection_params())
    cursor = raw.cursor()
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    cursor.execute("SET SESSION foreign_key_checks = 0")
    raw.commit()
    return raw


def _send(raw: Any, statements: Sequence[bytes]) -> None:
    cursor = raw.cursor()
    for statement in statements:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()


def _call_each(work: Work, warm: Work | None, places: Sequence[int], start: Any, results: Any) -> None:
    others = [threading.Thread(target=_call, args=(work, warm, place, start, results)) for place in places[1:]]
    for other in others:
        other.start()
    _call(work, warm, places[0], start, results)
    for other in others:
        other.join(_PATIENCE_SECONDS)


def _call(work: Work, warm: Work | None, place: int, start: Any, results: Any) -> None:
    connection.connect()
    if warm is not None:
        warm(place)
    start.wait(_PATIENCE_SECONDS)
    try:
        work(place)
    except Exception as error:
        results.put(repr(error))
    else:
        results.put("")
    finally:
        connection.close()


def _recorder(statements: list[bytes]) -> Callable[..., Any]:
    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        sent = context["cursor"].cursor.cursor._executed
        statements.append(sent.encode() if isinstance(sent, str) else bytes(sent))
        return result

    return record
