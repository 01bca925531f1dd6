"""What waits, what is stuck, why and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Min

from core.clock import database_now
from core.idempotency.models import IdempotencyKey, IdempotencyState
from core.inbox.models import InboxMessage, MessageState
from core.outbox.models import OutboxEvent
from core.queues import inbox_queues, saga_queues
from core.sagas.definitions import ROLLBACK_QUEUE, saga_gap, saga_kind
from core.sagas.models import Saga, SagaState, StepState
from core.streams import lag

# A list of stuck things is worked through from its top; a longer one is counted up to here.
SHOWN: Final = 50
# Work that is this late has no worker, or one that is stuck.
LATE: Final = timedelta(minutes=5)
_COUNTED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """One sort of waiting work: how much at least, since when, and whether a person has to look."""

    name: str
    title: str
    count: int
    oldest_at: datetime | None
    is_alarming: bool

    @property
    def is_counted_out(self) -> bool:
        """Tell whether there is more than was counted."""
        return self.count >= _COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStepView:
    """One step of a saga as its picture shows it; `state` is empty for a step that was not reached."""

    title: str
    state: str
    state_label: str
    is_pivot: bool
    attempts: int
    problem: str
    run_at: datetime | None


def backlogs() -> tuple[Backlog, ...]:
    """Return every sort of waiting work, each in a look-up by index; counts end at a thousand."""
    late = database_now() - LATE
    outbox = OutboxEvent.objects.all()
    messages = InboxMessage.objects.all()
    sagas = Saga.objects.all()
    found = (
        ("outbox", "Events to be handed over", outbox, "created_at", None),
        ("new", "Messages waiting", messages.filter(state=MessageState.NEW), "received_at", None),
        ("parked", "Messages parked", messages.filter(state=MessageState.PARKED), "received_at", None),
        ("poison", "Messages that failed", messages.filter(state=MessageState.POISON), "received_at", True),
        ("running", "Sagas under way", sagas.filter(state=SagaState.RUNNING), "changed_at", False),
        ("compensating", "Sagas being undone", sagas.filter(state=SagaState.COMPENSATING), "changed_at", None),
        ("manual", "Sagas in front of a person", sagas.filter(state=SagaState.MANUAL), "changed_at", True),
        (
            "keys",
            "Requests without an answer",
            IdempotencyKey.objects.filter(state=IdempotencyState.IN_PROGRESS),
            "created_at",
            None,
        ),
    )
    result = []
    for name, title, rows, column, always in found:
        counted = rows.order_by(column).values(age=F(column))[:_COUNTED].aggregate(Count("age"), oldest=Min("age"))
        count, oldest = counted["age__count"], counted["oldest"]
        is_late = oldest is not None and oldest < late
        result.append(
            Backlog(
                name=name,
                title=title,
                count=count,
                oldest_at=oldest,
                is_alarming=bool(count) and (is_late if always is None else always),
            )
        )
    return tuple(result)


def stuck_sagas(*, limit: int = SHOWN) -> list[Saga]:
    """Return sagas that wait for a person, and those being undone, the oldest first."""
    rows = Saga.objects.filter(state__in=(SagaState.MANUAL, SagaState.COMPENSATING))
    return list(rows.order_by("changed_at")[:limit])


def stuck_messages(*, limit: int = SHOWN) -> list[InboxMessage]:
    """Return messages that failed, and those that are parked, the oldest first; without their content."""
    rows = InboxMessage.objects.filter(state__in=(MessageState.POISON, MessageState.PARKED))
    return list(rows.defer("raw", "headers").order_by("received_at")[:limit])


def queue_lags() -> list[tuple[str, int | None]]:
    """Return how many hints each queue holds; None where no broker answers."""
    names: Sequence[str] = (ROLLBACK_QUEUE, *saga_queues(), *inbox_queues())
    return [(name, lag(queue=name)) for name in names]


def saga_picture(*, saga: Saga) -> tuple[SagaStepView, ...]:
    """Return all steps of a saga in order, those that it has not reached as well."""
    rows = {row.number: row for row in saga.steps.order_by("number")}
    if saga_gap(kind=saga.kind, steps=[(row.number, row.name) for row in rows.values()]):
        # A newer release has written it: only what it wrote is known here.
        steps = [(number, row.name, row.is_pivot) for number, row in rows.items()]
    else:
        steps = [(number, step.title, step.is_pivot) for number, step in enumerate(saga_kind(saga.kind).steps)]
    views = []
    for number, title, is_pivot in steps:
        row = rows.get(number)
        views.append(
            SagaStepView(
                title=title,
                state=row.state if row else "",
                state_label=StepState(row.state).label if row else "not reached",
                is_pivot=is_pivot,
                attempts=row.attempts if row else 0,
                problem=row.problem if row else "",
                run_at=row.run_at if row and row.state in (StepState.PENDING, StepState.COMP_PENDING) else None,
            )
        )
    return tuple(views)
