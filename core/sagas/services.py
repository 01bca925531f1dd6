"""Start a saga, wake it, and what a person may decide about one that is stuck."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q

from core import audit
from core.clock import database_now
from core.locks import rows_for_update
from core.prepared import row_insert
from core.sagas.definitions import LOWEST_PRIORITY, ROLLBACK_QUEUE, SagaKind, saga_gap, saga_kind
from core.sagas.errors import IntentReused, SagaEnded, SagaNotKnown, SagaNotParked, SagaPastPivot
from core.sagas.models import Saga, SagaEvent, SagaState, SagaStep, StepState
from core.sagas.rows import saga_lock
from core.streams import hint_on_commit
from core.transactions import run_in_transaction

AGEING: Final = timedelta(minutes=15)
WAITING: Final = (StepState.PENDING, StepState.COMP_PENDING)
CLAIMED: Final = (StepState.CLAIMED, StepState.COMP_CLAIMED)
UNDOING: Final = (StepState.COMP_PENDING, StepState.COMP_CLAIMED)
ENDED: Final = (SagaState.DONE, SagaState.COMPENSATED)
# A step that was ever begun may have had its effect.
_BEGUN: Final = (StepState.CLAIMED, StepState.DONE, StepState.FAILED)


def saga_start(
    *,
    kind: str,
    intent_key: str,
    context: Mapping[str, Any],
    subject_type: str = "",
    subject_id: int | str = "",
    priority: int = 50,
) -> Saga:
    """Start a saga in the caller's transaction; its first step runs when that is committed.

    Returns:
        The saga; the first one when the intent was started before with the same content.

    Raises:
        IntentReused: it was started with other content.
        ValueError: no transaction is open, or there is no such priority.
    """
    if priority > LOWEST_PRIORITY:
        raise ValueError(f"No saga comes later than with priority {LOWEST_PRIORITY}.")
    if not transaction.get_connection().in_atomic_block:
        raise ValueError("A saga is started in the transaction of what it is for.")
    definition = saga_kind(kind)
    now = database_now()
    saga = Saga(
        kind=kind,
        intent_key=intent_key,
        context=dict(context),
        subject_type=subject_type,
        subject_id=str(subject_id),
        priority=priority,
        started_at=now,
        changed_at=now,
    )
    try:
        with transaction.atomic():
            saga.save(force_insert=True)
    except IntegrityError:
        earlier = Saga.objects.get(kind=kind, intent_key=intent_key)
        if earlier.context != saga.context:
            raise IntentReused(intent=intent_key) from None
        return earlier
    saga_note(saga=saga, what="started")
    step_reach(saga=saga, definition=definition, number=0, now=now)
    return saga


def saga_wake(*, saga_id: int) -> None:
    """Let a saga's waiting step run now, because something was learnt.

    A step that is running is not disturbed: it may have looked before, so instead of waiting it runs once more.
    """

    def wake() -> None:
        now = database_now()
        steps = SagaStep.objects.filter(Q(state__in=WAITING, run_at__gt=now) | Q(state__in=CLAIMED), saga_id=saga_id)
        for step in rows_for_update(steps):
            step.run_at = now
            step.order_at = min(step.order_at, now)
            step.save(update_fields=["run_at", "order_at"])
            if step.state in WAITING:
                hint_on_commit(queue=step.queue, row_ids=[step.pk])

    run_in_transaction(wake)


def saga_told(*, saga_id: int, awaited: str, note: str) -> None:
    """Let a saga go on because something that it may wait for has come; business rows are locked before.

    One that was parked until then goes on where it stopped; one that was parked for another reason stays with whoever
    decides about it. A step that waits runs now, as with `saga_wake`.

    Args:
        awaited: what has come, as `Park` names it.
        note: who told what, for the timeline and the audit trail.

    Raises:
        SagaNotKnown: a newer release has parked it, and has to be told.
    """

    def tell() -> None:
        saga = saga_lock(saga_id=saga_id)
        if saga.state == SagaState.MANUAL and saga.awaits == awaited:
            saga_go_on(saga=saga, note=note)
        else:
            saga_wake(saga_id=saga_id)

    run_in_transaction(tell)


def saga_go_on(*, saga: Saga, note: str) -> None:
    """Let a saga whose lock the caller holds go on, because what it was parked for has come."""
    awaited = saga.awaits
    _resume(saga)
    saga.awaits, saga.changed_at = "", database_now()
    saga.save(update_fields=["state", "awaits", "changed_at"])
    saga_note(saga=saga, what="went on by itself", note=note)
    audit.record(actor=None, action="core.saga_go_on", obj=saga, reason=note, detail={"awaited": awaited})


def saga_retry(*, saga_id: int, actor: User | None, reason: str) -> Saga:
    """Let a parked saga go on with the step at which it stopped, from its first attempt.

    Raises:
        SagaNotParked: it is not parked.
        SagaNotKnown: a newer release has written it.
    """

    def retry(saga: Saga) -> None:
        if saga.state != SagaState.MANUAL:
            raise SagaNotParked(saga=saga.pk, state=saga.state)
        _resume(saga)

    return _decide(saga_id, actor, reason, "retried", retry)


def saga_compensate(*, saga_id: int, actor: User | None, reason: str) -> Saga:
    """Undo a saga that has not passed its point of no return; one that is being undone goes on where it is.

    Raises:
        SagaEnded, SagaPastPivot: there is nothing that we could undo.
        SagaNotKnown: a newer release has written it.
    """

    def compensate(saga: Saga) -> None:
        if saga.state in ENDED:
            raise SagaEnded(saga=saga.pk, state=saga.state)
        pivot = saga.steps.filter(is_pivot=True, state__in=(StepState.DONE, StepState.CLAIMED)).first()
        if pivot is not None:
            raise SagaPastPivot(saga=saga.pk, step=pivot.name)
        saga_known(saga=saga)
        compensation_begin(saga=saga, definition=saga_kind(saga.kind), problem=reason)

    return _decide(saga_id, actor, reason, "undone by hand", compensate)


def saga_park(*, saga_id: int, actor: User | None, reason: str, awaits: str = "") -> Saga:
    """Stop a saga before its next step until somebody decides.

    Args:
        awaits: what lets it go on by itself when that is told, as with `Park`.

    Raises:
        SagaEnded: it has ended.
    """

    def park(saga: Saga) -> None:
        if saga.state in ENDED:
            raise SagaEnded(saga=saga.pk, state=saga.state)
        saga.state, saga.problem, saga.awaits = SagaState.MANUAL, reason[:255], awaits

    return _decide(saga_id, actor, reason, "parked by hand", park)


def saga_known(*, saga: Saga) -> None:
    """Make sure that this release knows a saga and every step that it has reached.

    Raises:
        SagaNotKnown: a newer release has written it.
    """
    if gap := saga_gap(kind=saga.kind, steps=saga.steps.values_list("number", "name")):
        raise SagaNotKnown(gap=gap)


def saga_note(*, saga: Saga, what: str, step: str = "", note: str = "") -> None:
    """Write one line of a saga's timeline."""
    row_insert(SagaEvent(saga=saga, step=step, what=what, note=note[:255]))


def step_reach(*, saga: Saga, definition: SagaKind, number: int, now: datetime) -> None:
    """Create the row of a saga's next step and announce it."""
    step = definition.steps[number]
    row = SagaStep(
        saga=saga,
        number=number,
        name=step.name,
        is_pivot=step.is_pivot,
        queue=step.queue(saga.context) if step.queue else definition.queue,
    )
    step_due(step=row, priority=saga.priority, run_at=now)
    row.save(force_insert=True)
    hint_on_commit(queue=row.queue, row_ids=[row.pk])


def step_due(*, step: SagaStep, priority: int, run_at: datetime) -> None:
    """Set when a step may run and its place in the queue; the caller saves it."""
    step.run_at = run_at
    step.order_at = run_at + priority * AGEING
    if step.pk:
        hint_on_commit(queue=step.queue, row_ids=[step.pk])


def compensation_begin(*, saga: Saga, definition: SagaKind, problem: str) -> None:
    """Turn a saga round; the caller holds its lock and saves it."""
    saga.state, saga.problem = SagaState.COMPENSATING, problem[:255]
    # What was never claimed has nothing to undo. Its attempts do not tell: whoever tries again counts them anew.
    saga.steps.filter(state=StepState.PENDING, fence=0).update(state=StepState.SKIPPED)
    saga.steps.filter(state=StepState.PENDING).update(state=StepState.FAILED)
    saga_note(saga=saga, what="turned round", note=problem)
    compensation_next(saga=saga, definition=definition)


def compensation_next(*, saga: Saga, definition: SagaKind) -> None:
    """Put the last step that is not undone yet into the rollback queue; without one the saga is undone."""
    if undoing := saga.steps.filter(state__in=UNDOING).first():
        # One after the other: a second order to undo does not pass by the step that is not undone yet.
        if undoing.state == StepState.COMP_PENDING:
            undoing.attempts = 0
            priority = definition.steps[undoing.number].compensation_priority
            step_due(step=undoing, priority=priority, run_at=database_now())
            undoing.save(update_fields=["attempts", "run_at", "order_at"])
        return
    for row in saga.steps.filter(state__in=_BEGUN).order_by("-number"):
        step = definition.steps[row.number]
        if step.compensate is None:
            row.state = StepState.SKIPPED
            row.save(update_fields=["state"])
            continue
        row.state, row.queue, row.attempts, row.lease_until = StepState.COMP_PENDING, ROLLBACK_QUEUE, 0, None
        # Whoever still works on the step has lost it.
        row.fence += 1
        step_due(step=row, priority=step.compensation_priority, run_at=database_now())
        row.save()
        return
    saga_end(saga=saga, definition=definition, state=SagaState.COMPENSATED)


def saga_end(*, saga: Saga, definition: SagaKind, state: SagaState) -> None:
    """End a saga, whose lock the caller holds, and tell who wants to know."""
    saga.state, saga.finished_at = state, database_now()
    saga.save()
    saga_note(saga=saga, what=SagaState(state).label)
    if definition.on_end is not None:
        definition.on_end(saga.pk, state)


def _resume(saga: Saga) -> None:
    """Let a parked saga, which the caller has locked and saves, go on with the step at which it stopped."""
    saga_known(saga=saga)
    step = saga.steps.filter(state__in=(*WAITING, *CLAIMED, StepState.FAILED)).order_by("-number").first()
    assert step is not None  # noqa: S101  # a parked saga stopped at a step
    is_undoing = step.state in UNDOING
    saga.state = SagaState.COMPENSATING if is_undoing else SagaState.RUNNING
    if step.state in CLAIMED:
        # It was parked while a worker was at the step, who goes on with it.
        return
    step.state = StepState.COMP_PENDING if is_undoing else StepState.PENDING
    step.attempts = 0
    undone_as = saga_kind(saga.kind).steps[step.number].compensation_priority
    step_due(step=step, priority=undone_as if is_undoing else saga.priority, run_at=database_now())
    step.save()


def _decide(saga_id: int, actor: User | None, reason: str, what: str, change: Callable[[Saga], None]) -> Saga:
    def decide() -> Saga:
        saga = rows_for_update(Saga.objects.filter(pk=saga_id)).get()
        # Whatever a person decides counts until the next one does.
        saga.awaits = ""
        change(saga)
        saga.changed_at = database_now()
        saga.save()
        saga_note(saga=saga, what=what, note=reason)
        audit.record(actor=actor, action="core.saga_decide", obj=saga, reason=reason, detail={"what": what})
        return saga

    return run_in_transaction(decide)
