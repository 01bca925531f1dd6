"""Kill -9 at any moment, and run again: the same book, to the last rupee."""

import random
import signal

import pytest

from tests.lms.day_end.conftest import Lender

pytestmark = pytest.mark.embedded
LAST_DAY = "2026-05-01"


def close_without_a_stop(lender: Lender) -> int:
    """Close all days at once; return how many statements that took."""
    finished = lender.run("close", LAST_DAY)
    assert finished.returncode == 0, finished.stderr
    return int(finished.stdout)


def close_and_die(lender: Lender, kill_at: int) -> int:
    """Close until the statement before which the process dies; return how it ended."""
    return lender.run("close", LAST_DAY, str(kill_at)).returncode


def close_through_kills(lender: Lender, points: list[int]) -> int:
    """Die at each point in turn, then close what is left; return how often the process died."""
    died = sum(close_and_die(lender, point) == -signal.SIGKILL for point in points)
    finished = lender.run("close", LAST_DAY)
    assert finished.returncode == 0, finished.stderr
    return died


@pytest.mark.parametrize("seed", [1])
def test_many_kills_leave_the_same_book_as_no_kill(lenders: tuple[Lender, Lender], seed: int) -> None:
    plain, killed = lenders
    close_without_a_stop(plain)
    points = [random.Random(f"{seed}-{number}").randint(1, 90) for number in range(6)]

    died = close_through_kills(killed, points)

    assert died == len(points)
    assert killed.outcome() == plain.outcome()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 9))
def test_kills_anywhere_leave_the_same_book(lenders: tuple[Lender, Lender], seed: int) -> None:
    plain, killed = lenders
    total = close_without_a_stop(plain)
    points = [random.Random(f"{seed}-{number}").randint(1, total // 4) for number in range(15)]

    assert close_through_kills(killed, points) >= 1

    assert killed.outcome() == plain.outcome()


@pytest.mark.long
def test_each_kind_of_step_can_be_the_last_one(lenders: tuple[Lender, Lender]) -> None:
    plain, killed = lenders
    close_without_a_stop(plain)

    # A few statements further each time: cut-off, claim, reading, locking, writing, journals, proof and seal.
    died = close_through_kills(killed, list(range(2, 60, 5)))

    assert died == 12
    assert killed.outcome() == plain.outcome()
