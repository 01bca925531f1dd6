"""Run the steps of sagas: claim under a lease, work without a lock, write the outcome only while the fence holds."""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.clock import database_now, in_a_hurry
from core.errors import KistError
from core.failpoints import failpoint
from core.sagas.definitions import (
    LOWEST_PRIORITY,
    Done,
    Failed,
    Outcome,
    Park,
    Step,
    StepRun,
    Wait,
    saga_gap,
    saga_kind,
)
from core.sagas.errors import SagaNotKnown
from core.sagas.models import Saga, SagaState, SagaStep, StepState
from core.sagas.rows import saga_lock, saga_read, step_lock, step_lock_free, steps_of
from core.sagas.services import (
    AGEING,
    CLAIMED,
    UNDOING,
    WAITING,
    compensation_begin,
    compensation_next,
    saga_end,
    saga_go_on,
    saga_known,
    saga_note,
    step_due,
    step_reach,
)
from core.transactions import run_in_transaction

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS: Final = 2
_LONGEST_PAUSE_SECONDS: Final = 900
# So many due steps are sorted here; only where more are due the index in their order is walked along.
_SORTED: Final = 500
_ALIVE: Final = (SagaState.RUNNING, SagaState.COMPENSATING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A step that this worker may work on while its fence holds."""

    run: StepRun
    step: Step
    kind: str
    is_undoing: bool
    at: datetime


class LeaseLost(Exception):
    """Another worker has taken the step over; what this one learnt is dropped, the other asks again."""


def steps_due(*, queue: str, limit: int) -> list[int]:
    """Return the keys of steps that may run now, or whose worker let the lease run out, the most urgent first.

    Millions may wait for another day: a step that is not due is not read, however urgent it will be.
    """
    now = database_now()
    due = SagaStep.objects.filter(queue=queue, state__in=WAITING, run_at__lte=now, saga__state__in=_ALIVE).order_by()
    found = list(due.values_list("order_at", "pk")[:_SORTED])
    if len(found) == _SORTED:
        in_order = due.filter(order_at__lte=now + LOWEST_PRIORITY * AGEING).order_by("order_at", "pk")
        found = list(in_order.values_list("order_at", "pk")[:limit])
    lost = SagaStep.objects.filter(queue=queue, state__in=CLAIMED, lease_until__lt=now).order_by()
    found += lost.values_list("order_at", "pk")[:_SORTED]
    return [pk for _, pk in sorted(found)[:limit]]


def step_queues() -> list[str]:
    """Return every queue that a step was ever put on, also by a release that knows more of them than this one.

    A step on a queue that nobody reads would neither run nor be seen. Each queue is one look-up in the index.
    """
    found: list[str] = []
    rows = SagaStep.objects.order_by("queue").values_list("queue", flat=True)
    while (name := rows.filter(queue__gt=found[-1] if found else "").first()) is not None:
        found.append(name)
    return found


def step_hold(*, run: StepRun) -> None:
    """Lock a step in the caller's transaction and make sure that it is still this worker's; business rows come first.

    What a step commits before it calls anybody begins or ends with this: whoever lost the step then commits nothing.

    Raises:
        LeaseLost: another worker has taken it over, or it is being undone.
    """
    row = step_lock(step_id=run.step_id)
    if row.fence != run.fence or row.state not in CLAIMED:
        raise LeaseLost


def step_run(*, step_id: int) -> bool:
    """Claim a step, do or undo it, and write down what came of it.

    Returns:
        Whether it was claimed: False when it is not due, or somebody else has it.
    """
    try:
        claim = run_in_transaction(lambda: _claim(step_id))
    except SagaNotKnown:
        run_in_transaction(lambda: _park_unknown(step_id))
        return True
    if claim is None:
        return False
    failpoint("saga.after_claim")
    try:
        if claim.step.is_local and not claim.is_undoing:
            _do_locally(claim)
        else:
            outcome = _work(claim)
            run_in_transaction(lambda: _settle(claim, outcome))
    except LeaseLost:
        logger.warning("Step %s was taken over by another worker", step_id)
    except Exception as error:
        logger.exception("Step %s raised", step_id)
        _try_later(claim, type(error).__name__)
    failpoint("saga.after_step_commit")
    return True


def _do_locally(claim: _Claim) -> None:
    """Do a step and settle it in one transaction: the business rows are locked first, those of the saga last."""
    try:
        run_in_transaction(lambda: _settle(claim, claim.step.execute(claim.run)))
    except KistError as error:
        # The transaction is rolled back, so nothing of the step is left.
        refusal = Failed(error.message)
        run_in_transaction(lambda: _settle(claim, refusal))


def _claim(step_id: int) -> _Claim | None:
    now = database_now()
    row = step_lock_free(step_id=step_id)
    if row is None or not _is_due(row, now):
        return None
    saga = saga_read(saga_id=row.saga_id)
    if saga.state not in _ALIVE:
        return None
    steps = steps_of(saga_id=saga.pk)
    if gap := saga_gap(kind=saga.kind, steps=[(step.number, step.name) for step in steps]):
        raise SagaNotKnown(gap=gap)
    definition = saga_kind(saga.kind)
    is_undoing = row.state in UNDOING
    row.state = StepState.COMP_CLAIMED if is_undoing else StepState.CLAIMED
    row.attempts += 1
    row.fence += 1
    row.lease_until = now + in_a_hurry(timedelta(seconds=definition.lease_seconds))
    row.save(update_fields=["state", "attempts", "fence", "lease_until"])
    results = {step.name: step.result for step in steps}
    run = StepRun(
        saga_id=saga.pk,
        step_id=row.pk,
        intent_key=saga.intent_key,
        attempt=row.attempts,
        fence=row.fence,
        context=saga.context,
        results=results,
    )
    return _Claim(run=run, step=definition.steps[row.number], kind=saga.kind, is_undoing=is_undoing, at=now)


def _is_due(row: SagaStep, now: datetime) -> bool:
    if row.state in WAITING:
        return row.run_at <= now
    return row.state in CLAIMED and row.lease_until is not None and row.lease_until < now


def _park_unknown(step_id: int) -> None:
    """Put a saga that this release does not know before a person, once: whoever tries it again has updated first."""
    saga = saga_lock(saga_id=SagaStep.objects.values_list("saga_id", flat=True).get(pk=step_id))
    row = step_lock(step_id=step_id)
    if saga.state not in _ALIVE or not _is_due(row, database_now()):
        return
    try:
        saga_known(saga=saga)
    except SagaNotKnown as error:
        saga.changed_at = database_now()
        _park(saga, row, error.message, is_undoing=row.state in UNDOING)
        saga.save()


def _work(claim: _Claim) -> Outcome:
    if not claim.is_undoing:
        outcome = claim.step.execute(claim.run)
    else:
        assert claim.step.compensate is not None  # noqa: S101  # only such steps are put into the rollback queue
        failpoint("saga.in_compensation")
        outcome = claim.step.compensate(claim.run)
    return outcome


def _lock(claim: _Claim) -> tuple[Saga, SagaStep]:
    """Lock saga and step, the saga first, and make sure that the step is still this worker's."""
    saga, row = saga_lock(saga_id=claim.run.saga_id), step_lock(step_id=claim.run.step_id)
    if not _is_ours(claim, row):
        raise LeaseLost
    return saga, row


def _is_ours(claim: _Claim, row: SagaStep) -> bool:
    return row.fence == claim.run.fence and row.state in CLAIMED


def _settle(claim: _Claim, outcome: Outcome) -> None:
    saga, row = saga_lock(saga_id=claim.run.saga_id), step_lock(step_id=claim.run.step_id)
    is_awaited = bool(saga.awaits) and isinstance(outcome, Done | Failed)
    if is_awaited:
        # Parked until this is known: by a person meanwhile, or by a worker who took the step over and did not learn it.
        saga_go_on(saga=saga, note="A worker has learnt it")
    if not _is_ours(claim, row):
        if is_awaited:
            return
        raise LeaseLost
    if isinstance(outcome, Park) and outcome.awaits and row.run_at > claim.at:
        # What it would be parked for may be what was told while this worker was looking: it looks once more.
        outcome = Wait(timedelta(0), outcome.problem)
    now = database_now()
    row.lease_until = None
    _write_down(claim, saga, row, outcome, now)
    saga.changed_at = now
    saga.save(update_fields=["state", "problem", "awaits", "changed_at"])


def _write_down(claim: _Claim, saga: Saga, row: SagaStep, outcome: Outcome, now: datetime) -> None:
    definition = saga_kind(claim.kind)
    match outcome:
        case Done(result):
            row.state = StepState.COMP_DONE if claim.is_undoing else StepState.DONE
            row.result, row.problem = {**row.result, **result}, ""
            row.save()
            saga_note(saga=saga, step=row.name, what=row.get_state_display())
            if claim.is_undoing:
                compensation_next(saga=saga, definition=definition)
            elif row.number + 1 < len(definition.steps):
                step_reach(saga=saga, definition=definition, number=row.number + 1, now=now)
            else:
                saga_end(saga=saga, definition=definition, state=SagaState.DONE)
        case Wait(pause, problem):
            row.state = StepState.COMP_PENDING if claim.is_undoing else StepState.PENDING
            # What waits for an answer has not failed: its attempts are those of the present stretch only.
            row.attempts = max(1, row.attempts - 1)
            row.problem = problem[:255]
            # Somebody learnt something while this worker was looking: it looks once more instead of waiting.
            run_at = now if row.run_at > claim.at else now + in_a_hurry(pause)
            step_due(step=row, priority=_priority(claim, saga), run_at=run_at)
            row.save(update_fields=["state", "attempts", "problem", "lease_until", "run_at", "order_at"])
        case Failed(problem):
            row.state, row.problem = StepState.FAILED, problem[:255]
            row.save()
            saga_note(saga=saga, step=row.name, what="failed", note=problem)
            if claim.is_undoing or saga.state == SagaState.MANUAL or _is_past_pivot(saga):
                _park(saga, row, problem, is_undoing=claim.is_undoing)
            else:
                compensation_begin(saga=saga, definition=definition, problem=problem)
        case Park(problem, awaits):
            _park(saga, row, problem, is_undoing=claim.is_undoing, awaits=awaits)


def _try_later(claim: _Claim, problem: str) -> None:
    try:
        run_in_transaction(lambda: _put_off(claim, problem))
    except LeaseLost:
        logger.warning("Step %s was taken over by another worker", claim.run.step_id)


def _put_off(claim: _Claim, problem: str) -> None:
    """Give a step that raised another chance, later each time; after its last one the saga waits for a person."""
    saga, row = _lock(claim)
    saga.changed_at = database_now()
    if row.attempts >= claim.step.max_attempts:
        _park(saga, row, problem, is_undoing=claim.is_undoing)
    else:
        row.state = StepState.COMP_PENDING if claim.is_undoing else StepState.PENDING
        row.problem, row.lease_until = problem[:255], None
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** (row.attempts - 1), _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)
        step_due(
            step=row, priority=_priority(claim, saga), run_at=saga.changed_at + in_a_hurry(timedelta(seconds=pause))
        )
        row.save()
    saga.save()


def _park(saga: Saga, row: SagaStep, problem: str, *, is_undoing: bool, awaits: str = "") -> None:
    row.state = StepState.COMP_PENDING if is_undoing else StepState.PENDING
    row.problem, row.lease_until = problem[:255], None
    row.save()
    if saga.state != SagaState.MANUAL:
        # What a person has parked meanwhile stays with the person.
        saga.awaits = awaits
    saga.state, saga.problem = SagaState.MANUAL, problem[:255]
    saga_note(saga=saga, step=row.name, what="parked", note=problem)
    logger.error("Saga %s is parked at %s and needs a person", saga.pk, row.name)


def _is_past_pivot(saga: Saga) -> bool:
    return saga.steps.filter(is_pivot=True, state=StepState.DONE).exists()


def _priority(claim: _Claim, saga: Saga) -> int:
    return claim.step.compensation_priority if claim.is_undoing else saga.priority
