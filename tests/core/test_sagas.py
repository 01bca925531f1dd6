"""Sagas end: done, undone or in front of a person, and whoever lost a step cannot write to it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from core import audit
from core.models import AuditEntry, Saga, SagaStep
from core.sagas import runner
from core.sagas.definitions import ROLLBACK_QUEUE, Done, Park, StepRun
from core.sagas.errors import IntentReused, SagaEnded, SagaNotKnown, SagaNotParked, SagaPastPivot
from core.sagas.models import SagaEvent, SagaState, StepState
from core.sagas.runner import step_run, steps_due
from core.sagas.services import saga_compensate, saga_park, saga_retry, saga_start, saga_told, saga_wake
from core.selectors import saga_picture, stuck_sagas
from core.transactions import run_in_transaction
from core.workers import LANES, lane_drain
from tests.core.machinery import world
from tests.core.machinery.sagas import register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    register()


def start(*, kind: str = "tests.reversible", key: str = "intent-1", **context: Any) -> Saga:
    with transaction.atomic():
        return saga_start(kind=kind, intent_key=key, context=context)


def drained(saga: Saga) -> Saga:
    lane_drain(lane=LANES["sagas"])
    saga.refresh_from_db()
    return saga


def steps_of(saga: Saga) -> list[tuple[str, str]]:
    return [(step.name, step.state) for step in saga.steps.order_by("number")]


def done_count(action: str, saga: Saga) -> int:
    return AuditEntry.objects.filter(action=action, object_id=str(saga.pk)).count()


def test_saga_runs_its_steps_in_order_and_ends() -> None:
    saga = drained(start())

    assert saga.state == SagaState.DONE
    assert steps_of(saga) == [("hold", "DONE"), ("call", "DONE"), ("book", "DONE")]
    assert saga.steps.get(name="call").result == {"reference": f"call:{saga.pk}"}
    assert world.effects() == [f"call:{saga.pk}"]
    assert done_count("tests.ended", saga) == 1


def test_same_intent_is_the_same_saga_and_other_content_is_refused() -> None:
    first = start(answer="yes")

    assert start(answer="yes").pk == first.pk
    with pytest.raises(IntentReused) as refusal:
        start(answer="no")

    assert refusal.value.code == "core.saga_intent_reused"
    assert Saga.objects.count() == 1


@pytest.mark.guarantee("G9")
def test_refusal_before_the_point_of_no_return_undoes_what_was_done_in_reverse() -> None:
    saga = drained(start(books="refuse"))

    assert saga.state == SagaState.COMPENSATED
    assert steps_of(saga) == [("hold", "COMP_DONE"), ("call", "COMP_DONE"), ("book", "SKIPPED")]
    assert world.effects() == [f"call:{saga.pk}", f"undo:{saga.pk}"]
    assert done_count("tests.released", saga) == 1


def test_refused_call_leaves_nothing_to_take_back_but_the_hold() -> None:
    saga = drained(start(answer="no"))

    assert saga.state == SagaState.COMPENSATED
    assert world.effects() == []
    assert (done_count("tests.held", saga), done_count("tests.released", saga)) == (1, 1)


@pytest.mark.guarantee("G9")
def test_failure_after_the_point_of_no_return_waits_for_a_person_and_can_be_tried_again(admin_user: User) -> None:
    saga = drained(start(kind="tests.forward", books="refuse"))
    assert saga.state == SagaState.MANUAL
    with pytest.raises(SagaPastPivot):
        saga_compensate(saga_id=saga.pk, actor=admin_user, reason="Back")

    Saga.objects.filter(pk=saga.pk).update(context={"books": "open"})
    saga_retry(saga_id=saga.pk, actor=admin_user, reason="The books are open again")

    assert drained(saga).state == SagaState.DONE
    assert world.effects() == [f"call:{saga.pk}"]


def test_step_without_an_answer_waits_and_is_woken() -> None:
    saga = drained(start(answer="later"))
    assert saga.state == SagaState.RUNNING
    assert steps_due(queue="tests", limit=10) == []

    Saga.objects.filter(pk=saga.pk).update(context={"answer": "yes"})
    saga_wake(saga_id=saga.pk)

    assert drained(saga).state == SagaState.DONE
    assert world.effects() == [f"call:{saga.pk}"]


def test_parked_saga_stands_still_until_it_is_tried_again(admin_user: User) -> None:
    saga = start()
    saga_park(saga_id=saga.pk, actor=admin_user, reason="The account is under dispute")
    assert drained(saga).state == SagaState.MANUAL
    assert world.effects() == []

    saga_retry(saga_id=saga.pk, actor=admin_user, reason="Settled")

    assert drained(saga).state == SagaState.DONE
    with pytest.raises(SagaNotParked):
        saga_retry(saga_id=saga.pk, actor=admin_user, reason="Again")
    with pytest.raises(SagaEnded):
        saga_compensate(saga_id=saga.pk, actor=admin_user, reason="Back")


def test_saga_is_undone_by_hand_before_its_point_of_no_return(admin_user: User) -> None:
    saga = drained(start(answer="later"))

    saga_compensate(saga_id=saga.pk, actor=admin_user, reason="The customer cancelled")

    assert drained(saga).state == SagaState.COMPENSATED
    assert world.effects() == [f"call:{saga.pk}", f"undo:{saga.pk}"]
    assert done_count("tests.released", saga) == 1


@pytest.mark.guarantee("G9", "G11")
def test_worker_that_lost_its_lease_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    step = saga.steps.get(name="call")
    slow = runner._work

    def overtaken(claim: Any) -> Any:
        monkeypatch.setattr(runner, "_work", slow)
        SagaStep.objects.filter(pk=step.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert step_run(step_id=step.pk)
        return slow(claim)

    monkeypatch.setattr(runner, "_work", overtaken)
    assert step_run(step_id=step.pk)

    step.refresh_from_db()
    assert (step.state, step.fence) == (StepState.DONE, 2)
    assert SagaEvent.objects.filter(saga=saga, step="call", what="done").count() == 1
    assert world.effects() == [f"call:{saga.pk}"]
    assert drained(saga).state == SagaState.DONE


@pytest.mark.guarantee("G9")
def test_step_that_keeps_raising_is_parked_after_its_last_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    step = saga.steps.get(name="call")

    def broken(**_: Any) -> None:
        raise OSError("no route")

    monkeypatch.setattr(world, "act", broken)
    for _ in range(8):
        SagaStep.objects.filter(pk=step.pk).update(run_at=timezone.now() - timedelta(seconds=1))
        step_run(step_id=step.pk)

    saga.refresh_from_db()
    assert (saga.state, saga.problem) == (SagaState.MANUAL, "OSError")
    assert saga.steps.get(name="call").attempts == 8


@pytest.mark.guarantee("G9")
def test_what_has_to_be_undone_comes_in_the_order_of_its_priority() -> None:
    sagas = [drained(start(key=f"intent-{number}", answer="later")) for number in range(3)]
    for saga, priority in zip(sagas, (9, 0, 2), strict=True):
        SagaStep.objects.filter(saga=saga, name="call").update(
            state=StepState.COMP_PENDING,
            queue=ROLLBACK_QUEUE,
            run_at=timezone.now() - timedelta(seconds=1),
            order_at=timezone.now() + priority * timedelta(minutes=15),
        )

    due = [SagaStep.objects.get(pk=pk).saga_id for pk in steps_due(queue=ROLLBACK_QUEUE, limit=10)]

    assert due == [sagas[1].pk, sagas[2].pk, sagas[0].pk]


def test_step_is_told_what_earlier_steps_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[StepRun] = []
    work = runner._work

    def watching(claim: Any) -> Any:
        seen.append(claim.run)
        return work(claim)

    monkeypatch.setattr(runner, "_work", watching)
    drained(start(colour="red"))

    assert seen[0].results["hold"] == {"held": True}
    assert seen[0].context == {"colour": "red"}


def test_second_order_to_undo_does_not_pass_by_the_step_that_is_not_undone_yet(admin_user: User) -> None:
    saga = drained(start(answer="later"))

    for _ in range(2):
        saga_compensate(saga_id=saga.pk, actor=admin_user, reason="The customer cancelled")

    assert steps_of(saga) == [("hold", "DONE"), ("call", "COMP_PENDING")]
    assert drained(saga).state == SagaState.COMPENSATED
    assert steps_of(saga) == [("hold", "COMP_DONE"), ("call", "COMP_DONE")]
    assert world.effects() == [f"call:{saga.pk}", f"undo:{saga.pk}"]


def test_undoing_that_is_tried_again_keeps_its_place_in_the_rollback_queue(admin_user: User) -> None:
    saga = drained(start(answer="later"))
    saga_compensate(saga_id=saga.pk, actor=admin_user, reason="The customer cancelled")
    saga_park(saga_id=saga.pk, actor=admin_user, reason="Somebody has to ask")

    saga_retry(saga_id=saga.pk, actor=admin_user, reason="Asked")

    undone = saga.steps.get(name="call")
    assert (undone.state, undone.order_at) == ("COMP_PENDING", undone.run_at)


def test_step_that_is_undone_before_it_is_tried_again_is_undone_all_the_same(admin_user: User) -> None:
    saga = drained(start(answer="later"))
    saga_park(saga_id=saga.pk, actor=admin_user, reason="Somebody has to ask")
    saga_retry(saga_id=saga.pk, actor=admin_user, reason="Asked")

    saga_compensate(saga_id=saga.pk, actor=admin_user, reason="The customer cancelled")

    assert drained(saga).state == SagaState.COMPENSATED
    assert world.effects() == [f"call:{saga.pk}", f"undo:{saga.pk}"]
    assert done_count("tests.released", saga) == 1


def test_what_is_learnt_while_a_worker_looks_is_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    saga = start(answer="later")
    lane_drain(lane=LANES["sagas"], rounds=1)
    step = saga.steps.get(name="call")
    work = runner._work

    def told_meanwhile(claim: Any) -> Any:
        outcome = work(claim)
        saga_wake(saga_id=saga.pk)
        return outcome

    monkeypatch.setattr(runner, "_work", told_meanwhile)
    step_run(step_id=step.pk)
    assert steps_due(queue="tests", limit=10) == [step.pk]
    monkeypatch.setattr(runner, "_work", work)

    step_run(step_id=step.pk)

    assert steps_due(queue="tests", limit=10) == []


def test_saga_that_is_parked_under_a_workers_hands_goes_on(monkeypatch: pytest.MonkeyPatch, admin_user: User) -> None:
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    work = runner._work

    def parked_meanwhile(claim: Any) -> Any:
        saga_park(saga_id=saga.pk, actor=admin_user, reason="Stop")
        assert saga_retry(saga_id=saga.pk, actor=admin_user, reason="Go on").state == SagaState.RUNNING
        return work(claim)

    monkeypatch.setattr(runner, "_work", parked_meanwhile)
    step_run(step_id=saga.steps.get(name="call").pk)
    monkeypatch.setattr(runner, "_work", work)

    assert drained(saga).state == SagaState.DONE


def parked_until_told(monkeypatch: pytest.MonkeyPatch) -> Saga:
    """Return a saga that a worker has parked until somebody tells of call 7."""
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    work = runner._work
    monkeypatch.setattr(runner, "_work", lambda claim: Park("Nobody says", awaits="call:7"))
    step_run(step_id=saga.steps.get(name="call").pk)
    monkeypatch.setattr(runner, "_work", work)
    saga.refresh_from_db()
    return saga


def test_saga_that_is_parked_until_something_is_known_goes_on_when_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saga = parked_until_told(monkeypatch)
    assert (saga.state, saga.awaits) == (SagaState.MANUAL, "call:7")

    saga_told(saga_id=saga.pk, awaited="call:8", note="Another call has ended")
    assert drained(saga).state == SagaState.MANUAL
    for _ in range(2):
        saga_told(saga_id=saga.pk, awaited="call:7", note="WEBHOOK: PROCESSED")

    assert drained(saga).state == SagaState.DONE
    assert saga.awaits == ""
    entry = AuditEntry.objects.get(action="core.saga_go_on")
    assert (entry.actor_id, entry.reason, entry.detail) == (None, "WEBHOOK: PROCESSED", {"awaited": "call:7"})


def test_saga_is_not_parked_for_what_is_told_while_its_worker_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    work = runner._work

    def told_meanwhile(claim: Any) -> Any:
        saga_told(saga_id=saga.pk, awaited="call:7", note="WEBHOOK: PROCESSED")
        return Park("Nobody says", awaits="call:7")

    monkeypatch.setattr(runner, "_work", told_meanwhile)
    step_run(step_id=saga.steps.get(name="call").pk)
    monkeypatch.setattr(runner, "_work", work)

    assert drained(saga).state == SagaState.DONE
    assert not SagaEvent.objects.filter(saga=saga, what="parked").exists()


@pytest.mark.parametrize("decide", [saga_park, saga_retry])
def test_decision_of_a_person_ends_the_waiting(
    monkeypatch: pytest.MonkeyPatch, admin_user: User, decide: Callable[..., Saga]
) -> None:
    saga = parked_until_told(monkeypatch)

    decided = decide(saga_id=saga.pk, actor=admin_user, reason="Decided").state
    saga_told(saga_id=saga.pk, awaited="call:7", note="WEBHOOK: PROCESSED")

    saga.refresh_from_db()
    assert (saga.state, saga.awaits) == (decided, "")
    assert not AuditEntry.objects.filter(action="core.saga_go_on").exists()


def test_saga_that_a_person_parks_until_something_is_known_goes_on_with_the_worker_that_learns_it(
    monkeypatch: pytest.MonkeyPatch, admin_user: User
) -> None:
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    work = runner._work

    def parked_meanwhile(claim: Any) -> Any:
        saga_park(saga_id=saga.pk, actor=admin_user, reason="The bank was asked", awaits="call:7")
        return work(claim)

    monkeypatch.setattr(runner, "_work", parked_meanwhile)
    step_run(step_id=saga.steps.get(name="call").pk)
    monkeypatch.setattr(runner, "_work", work)

    assert drained(saga).state == SagaState.DONE


def test_saga_goes_on_with_what_a_worker_learnt_whose_step_another_one_has_parked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saga = start()
    lane_drain(lane=LANES["sagas"], rounds=1)
    step = saga.steps.get(name="call")
    work = runner._work

    def overtaken(claim: Any) -> Any:
        monkeypatch.setattr(runner, "_work", lambda claim: Park("Nobody says", awaits="call:7"))
        SagaStep.objects.filter(pk=step.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert step_run(step_id=step.pk)
        monkeypatch.setattr(runner, "_work", work)
        return work(claim)

    monkeypatch.setattr(runner, "_work", overtaken)
    step_run(step_id=step.pk)

    assert drained(saga).state == SagaState.DONE
    assert world.effects() == [f"call:{saga.pk}"]


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_news_and_the_worker_that_parks_for_it_never_miss_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    sagas = [start(key=f"intent-{number}") for number in range(30)]
    held = [step_run(step_id=saga.steps.get().pk) for saga in sagas]

    def look(claim: Any) -> Any:
        told = AuditEntry.objects.filter(action="tests.told", object_id=str(claim.run.saga_id))
        return Done() if told.exists() else Park("Nobody says what became of it", awaits="call:7")

    def tell(saga_id: int) -> None:
        audit.record(actor=None, action="tests.told", object_type="tests.saga", object_id=saga_id)
        saga_told(saga_id=saga_id, awaited="call:7", note="WEBHOOK: PROCESSED")

    def at_once(both: threading.Barrier, act: Callable[[], object]) -> None:
        both.wait()
        act()
        connection.close()

    monkeypatch.setattr(runner, "_work", look)
    for saga in sagas:
        both, step_id = threading.Barrier(2), saga.steps.get(name="call").pk
        acts = (partial(step_run, step_id=step_id), partial(run_in_transaction, partial(tell, saga.pk)))
        threads = [threading.Thread(target=at_once, args=(both, act)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    lane_drain(lane=LANES["sagas"])
    assert (held, Saga.objects.filter(state=SagaState.DONE).count()) == ([True] * 30, 30)


def test_lost_steps_and_waiting_ones_come_together_in_their_order() -> None:
    sagas = [start(key=f"intent-{number}") for number in range(3)]
    now = timezone.now()
    steps = [saga.steps.get() for saga in sagas]
    for step, order in zip(steps, (3, 1, 2), strict=True):
        SagaStep.objects.filter(pk=step.pk).update(order_at=now + timedelta(minutes=order))
    SagaStep.objects.filter(pk=steps[2].pk).update(state=StepState.CLAIMED, lease_until=now - timedelta(seconds=1))

    assert steps_due(queue="tests", limit=10) == [steps[1].pk, steps[2].pk, steps[0].pk]
    assert steps_due(queue="tests", limit=2) == [steps[1].pk, steps[2].pk]


def test_of_very_many_due_steps_the_most_urgent_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_SORTED", 3)
    sagas = [start(key=f"intent-{number}", answer="later") for number in range(5)]
    SagaStep.objects.filter(saga=sagas[4]).update(order_at=timezone.now() - timedelta(days=1))

    assert steps_due(queue="tests", limit=2) == [sagas[4].steps.get().pk, sagas[0].steps.get().pk]


def reads() -> int:
    """Return how many rows this connection has read."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(count) for _, count in cursor.fetchall())


@pytest.mark.mariadb
def test_steps_of_another_day_are_not_read() -> None:
    saga = start()
    later = timezone.now() + timedelta(days=1)
    SagaStep.objects.bulk_create(
        [
            SagaStep(saga=saga, number=number, name="watch", queue="tests", run_at=later, order_at=later)
            for number in range(1, 2_001)
        ]
    )
    before = reads()

    due = steps_due(queue="tests", limit=10)

    assert due == [saga.steps.get(number=0).pk]
    assert reads() - before < 50


@pytest.mark.parametrize(
    ("kind", "step", "gap"),
    [
        ("tests.of_tomorrow", {}, "sagas of the kind tests.of_tomorrow"),
        ("tests.reversible", {"number": 7}, "the step hold of tests.reversible"),
        ("tests.reversible", {"name": "reserve"}, "the step reserve of tests.reversible"),
    ],
    ids=["kind", "number", "name"],
)
def test_saga_of_a_newer_release_is_parked_once_with_its_reason(
    admin_user: User, caplog: Any, kind: str, step: dict[str, Any], gap: str
) -> None:
    saga = start()
    Saga.objects.filter(pk=saga.pk).update(kind=kind)
    saga.steps.update(queue="tests.of_tomorrow", **step)

    for _ in range(3):
        drained(saga)

    problem = (
        f"This release of Kist does not know {gap}: a newer one has written it."
        " Bring this installation to that release, then try it again."
    )
    assert (saga.state, saga.problem, saga.steps.get().problem) == (SagaState.MANUAL, problem, problem)
    assert [event.what for event in saga.events.all()] == ["started", "parked"]
    assert len(caplog.records) == 1
    assert stuck_sagas() == [saga]
    assert [(step.title, step.state_label) for step in saga_picture(saga=saga)] == [
        (saga.steps.get().name, "waiting to run")
    ]
    for decide in (saga_retry, saga_compensate):
        with pytest.raises(SagaNotKnown):
            decide(saga_id=saga.pk, actor=admin_user, reason="Go on")
    assert world.effects() == []


def test_saga_of_a_newer_release_goes_on_after_the_update(admin_user: User) -> None:
    saga = start()
    Saga.objects.filter(pk=saga.pk).update(kind="tests.of_tomorrow")
    drained(saga)

    Saga.objects.filter(pk=saga.pk).update(kind="tests.reversible")
    saga_retry(saga_id=saga.pk, actor=admin_user, reason="Updated")

    assert drained(saga).state == SagaState.DONE


def test_unknown_saga_whose_worker_died_is_parked_and_that_worker_writes_nothing() -> None:
    saga = start()
    Saga.objects.filter(pk=saga.pk).update(kind="tests.of_tomorrow")
    lost = timezone.now() - timedelta(minutes=1)
    saga.steps.update(state=StepState.COMP_CLAIMED, lease_until=lost)

    drained(saga)

    assert (saga.state, steps_of(saga)) == (SagaState.MANUAL, [("hold", "COMP_PENDING")])
