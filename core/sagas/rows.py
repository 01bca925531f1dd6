"""The rows of a saga that every step reads, by their keys."""

from typing import Final

from core.locks import rows_for_update, unlocked_rows
from core.prepared import PreparedQuery
from core.sagas.models import Saga, SagaStep

_STEP: Final = PreparedQuery(lambda pk: rows_for_update(SagaStep.objects.filter(pk=pk)))
_FREE_STEP: Final = PreparedQuery(lambda pk: unlocked_rows(SagaStep.objects.filter(pk=pk)))
_SAGA: Final = PreparedQuery(lambda pk: rows_for_update(Saga.objects.filter(pk=pk)))
_READ_SAGA: Final = PreparedQuery(lambda pk: Saga.objects.filter(pk=pk).order_by())
_STEPS: Final = PreparedQuery(lambda saga_id: SagaStep.objects.filter(saga_id=saga_id).order_by("number"))


def saga_read(*, saga_id: int) -> Saga:
    """Return a saga without locking it."""
    [saga] = _READ_SAGA.rows(saga_id)
    return saga


def saga_lock(*, saga_id: int) -> Saga:
    """Return a saga, locked for the caller's transaction; before its steps."""
    [saga] = _SAGA.rows(saga_id)
    return saga


def step_lock(*, step_id: int) -> SagaStep:
    """Return a step, locked for the caller's transaction; after its saga."""
    [step] = _STEP.rows(step_id)
    return step


def step_lock_free(*, step_id: int) -> SagaStep | None:
    """Return a step, locked for the caller's transaction; None where there is none or somebody else has it locked."""
    return next(iter(_FREE_STEP.rows(step_id)), None)


def steps_of(*, saga_id: int) -> list[SagaStep]:
    """Return the steps that a saga has reached, in their order."""
    return _STEPS.rows(saga_id)
