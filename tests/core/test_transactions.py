"""A use case runs again from its start when the database asks for it, and only then."""

import threading
from itertools import count

import pytest
from django.db import OperationalError, connection, transaction

from core.models import NumberSequence
from core.sequences import take_numbers
from core.transactions import run_in_transaction


class _Failing:
    """A use case that writes a row and then fails as often as it is told to."""

    def __init__(self, error: OperationalError, *, times: int) -> None:
        self.error, self.times, self.calls = error, times, count(1)
        self.last_call = 0

    def __call__(self) -> str:
        self.last_call = next(self.calls)
        NumberSequence.objects.create(name=f"call {self.last_call}")
        if self.last_call <= self.times:
            raise self.error
        return "done"


def _names() -> list[str]:
    return sorted(NumberSequence.objects.values_list("name", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error",
    [
        OperationalError(1213, "Deadlock found when trying to get lock"),
        OperationalError(1205, "Lock wait timeout exceeded"),
        OperationalError(1020, "Record has changed since last read"),
        OperationalError("database is locked"),
    ],
)
def test_use_case_runs_again_after_a_conflict_and_leaves_one_result(error: OperationalError) -> None:
    use_case = _Failing(error, times=2)

    assert run_in_transaction(use_case) == "done"
    assert _names() == ["call 3"]


@pytest.mark.django_db(transaction=True)
def test_last_attempt_gives_the_error_to_the_caller() -> None:
    use_case = _Failing(OperationalError(1213, "Deadlock found"), times=9)

    with pytest.raises(OperationalError, match="Deadlock"):
        run_in_transaction(use_case, attempts=2)

    assert (use_case.last_call, _names()) == (2, [])


@pytest.mark.django_db(transaction=True)
def test_other_errors_are_not_repeated() -> None:
    use_case = _Failing(OperationalError(1146, "Table does not exist"), times=9)

    with pytest.raises(OperationalError, match="Table"):
        run_in_transaction(use_case)

    assert (use_case.last_call, _names()) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_inner_use_case_is_not_repeated_alone() -> None:
    use_case = _Failing(OperationalError(1213, "Deadlock found"), times=1)

    with pytest.raises(OperationalError, match="Deadlock"), transaction.atomic():
        run_in_transaction(use_case)

    assert (use_case.last_call, _names()) == (1, [])


@pytest.mark.guarantee("G7")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_real_deadlock_ends_with_both_use_cases_done() -> None:
    NumberSequence.objects.bulk_create([NumberSequence(name="a"), NumberSequence(name="b")])
    both_hold_one = threading.Barrier(2)
    first_tries = {"a": True, "b": True}

    def cross(first: str, second: str) -> None:
        NumberSequence.objects.select_for_update().get(name=first)
        meeting = first_tries[first]
        first_tries[first] = False
        for barrier in [both_hold_one] * meeting:
            barrier.wait(timeout=10)
        take_numbers(name=second, count=1)

    def run(first: str, second: str) -> None:
        run_in_transaction(lambda: cross(first, second))
        connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert dict(NumberSequence.objects.values_list("name", "next_value")) == {"a": 2, "b": 2}


@pytest.mark.django_db
def test_numbers_follow_each_other_per_series() -> None:
    assert list(take_numbers(name="x", count=3)) == [1, 2, 3]
    assert list(take_numbers(name="x")) == [4]
    assert list(take_numbers(name="y")) == [1]
    with pytest.raises(ValueError, match="At least one"):
        take_numbers(name="x", count=0)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_numbers_taken_at_once_have_neither_gap_nor_double() -> None:
    taken: list[int] = []

    def take() -> None:
        for _ in range(10):
            taken.extend(run_in_transaction(lambda: take_numbers(name="race", count=2)))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(taken) == list(range(1, 121))
