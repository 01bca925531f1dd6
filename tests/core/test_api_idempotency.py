"""A request with a key happens once, however often and however simultaneously it comes."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from core.errors import KistError
from core.idempotency.errors import IdempotencyKeyMissing, RequestInProgress, RequestKeyReused
from core.idempotency.models import IdempotencyKey, IdempotencyState
from core.idempotency.services import (
    Answer,
    request_answer_keep,
    request_hash,
    request_key,
    request_once,
    request_replay,
    requests_expire,
)
from core.models import NumberSequence
from core.sequences import take_numbers

NOW = datetime(2026, 4, 1, 6, 0, tzinfo=UTC)
CALLERS = 100
ROUNDS = 3


class _Refused(KistError):
    code = "tests.refused"
    template = "It cannot be done now. Try another day."


def _take() -> Answer:
    """Do something that shows when it is done twice."""
    return Answer(status_code=201, body={"number": take_numbers(name="effects").start})


def _ask(key: str = "k-1", *, scope: str = "staff:1", amount: int = 100) -> Answer:
    return request_once(scope=scope, key=key, content={"path": "/x", "amount": amount}, act=_take, now=NOW)


def _effects() -> int:
    return sum(row.next_value - 1 for row in NumberSequence.objects.filter(name="effects"))


def test_fingerprint_of_a_request_is_another_one_under_another_key(settings: Any) -> None:
    content = {"path": "/x", "body": {"pan": "AAAPK1234F"}}
    before = request_hash(content=content)

    settings.BLIND_INDEX_KEY = "cd" * 32

    assert request_hash(content=content) != before


@pytest.mark.django_db
def test_repeat_gets_the_first_answer_and_does_nothing() -> None:
    first = _ask()
    again = _ask()

    assert first == Answer(status_code=201, body={"number": 1})
    assert again == Answer(status_code=201, body={"number": 1}, is_replay=True)
    assert _effects() == 1


@pytest.mark.guarantee("G2")
@pytest.mark.django_db
def test_same_key_with_other_content_is_refused() -> None:
    _ask()

    with pytest.raises(RequestKeyReused) as caught:
        _ask(amount=101)

    assert (caught.value.code, caught.value.http_status) == ("core.request_key_reused", 422)
    assert _effects() == 1


@pytest.mark.django_db
def test_keys_of_two_callers_do_not_meet() -> None:
    assert [_ask(scope="staff:1").body, _ask(scope="staff:2").body] == [{"number": 1}, {"number": 2}]


@pytest.mark.django_db
def test_refused_act_leaves_no_key_and_may_be_asked_for_again() -> None:
    def refuse() -> Answer:
        take_numbers(name="effects")
        raise _Refused()

    with pytest.raises(_Refused):
        request_once(scope="staff:1", key="k-1", content={"path": "/x", "amount": 100}, act=refuse)

    assert (IdempotencyKey.objects.count(), _effects()) == (0, 0)
    assert _ask().body == {"number": 1}


@pytest.mark.django_db
def test_request_that_has_not_ended_is_said_to_be_in_progress() -> None:
    _ask()
    IdempotencyKey.objects.update(state=IdempotencyState.IN_PROGRESS)

    with pytest.raises(RequestInProgress) as caught:
        _ask()

    assert (caught.value.code, caught.value.http_status) == ("core.request_in_progress", 409)
    assert _effects() == 1


@pytest.mark.django_db
def test_kept_answer_is_found_by_its_key() -> None:
    content = {"path": "/bulk"}
    assert request_replay(scope="staff:1", key="b-1", content=content) is None

    request_answer_keep(scope="staff:1", key="b-1", content=content, answer=Answer(status_code=200, body=[1, 2]))

    found = request_replay(scope="staff:1", key="b-1", content=content)
    assert found == Answer(status_code=200, body=[1, 2], is_replay=True)
    with pytest.raises(RequestKeyReused):
        request_replay(scope="staff:1", key="b-1", content={"path": "/other"})


@pytest.mark.guarantee("G2")
@pytest.mark.django_db
def test_key_is_forgotten_when_its_time_is_over() -> None:
    _ask("old")
    request_once(scope="staff:1", key="new", content={}, act=_take, now=NOW + timedelta(days=10))

    assert requests_expire(now=NOW + timedelta(days=29, hours=23)) == 0
    assert requests_expire(now=NOW + timedelta(days=30)) == 1

    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]


@pytest.mark.parametrize("value", [None, "", "   ", "x" * 65, "with space", "नया", "a/b"])
def test_key_that_cannot_be_kept_is_refused(value: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissing):
        request_key(value)


def test_key_is_kept_without_outer_spaces() -> None:
    assert request_key(" order:7_a.b-C ") == "order:7_a.b-C"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [1205, 1213])
def test_caller_who_waited_in_vain_is_told_to_come_again(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_in_vain(_row: IdempotencyKey, **_options: object) -> None:
        raise OperationalError(number, "Lock wait")

    monkeypatch.setattr(IdempotencyKey, "save", wait_in_vain)

    with pytest.raises(RequestInProgress):
        _ask()
    assert _effects() == 0


@pytest.mark.guarantee("G2")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_hundred_identical_requests_at_once_have_one_effect(_round: int) -> None:
    NumberSequence.objects.create(name="effects")

    outcomes = _at_once(_ask)

    assert _effects() == 1
    assert IdempotencyKey.objects.count() == 1
    assert {outcome for outcome in outcomes if not isinstance(outcome, str)} == {1}
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} <= {"core.request_in_progress"}


@pytest.mark.guarantee("G2")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_a_hundred_refused_requests_at_once_have_no_effect_and_no_failure() -> None:
    NumberSequence.objects.create(name="effects")

    def refuse() -> Answer:
        take_numbers(name="effects")
        raise _Refused()

    def ask() -> Answer:
        return request_once(scope="staff:1", key="k-1", content={}, act=refuse)

    outcomes = _at_once(ask)

    assert (_effects(), IdempotencyKey.objects.count()) == (0, 0)
    assert set(outcomes) <= {"tests.refused", "core.request_in_progress"}
    assert "tests.refused" in outcomes


def _at_once(ask: object) -> list[object]:
    """Ask from many threads that start together; return each number, or the code of each refusal."""
    start = threading.Barrier(CALLERS)
    outcomes: list[object] = [None] * CALLERS

    def run(place: int) -> None:
        start.wait(timeout=20)
        try:
            outcomes[place] = ask().body["number"]  # type: ignore[operator]
        except KistError as refusal:
            outcomes[place] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes
