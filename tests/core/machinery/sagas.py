"""Sagas, an event and a source of messages whose effects can be counted."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from core import audit
from core.events import Event, subscribe
from core.failpoints import failpoint
from core.inbox.errors import EntityUnknown
from core.inbox.models import InboxMessage
from core.inbox.services import Applied, inbox_source
from core.models import AuditEntry
from core.queues import inbox_queues_register, saga_queues_register
from core.sagas.definitions import Done, Failed, Outcome, SagaKind, Step, StepRun, Wait, saga_kind_register
from tests.core.machinery import world


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingHappened(Event):
    """Something of the tests."""

    topic: ClassVar[str] = "tests.thing_happened"
    thing_id: int

    @property
    def partition_key(self) -> str:
        """Name the thing."""
        return f"thing:{self.thing_id}"


def thing_noted(event: ThingHappened) -> None:
    """Count the event."""
    audit.record(actor=None, action="tests.noted", object_type="tests.thing", object_id=event.thing_id)


def message_applied(message: InboxMessage) -> Applied:
    """Count the message, unless it is poison or speaks of what is not here."""
    content = json.loads(bytes(message.raw))
    if content.get("waits_for") and not AuditEntry.objects.filter(object_id=content["waits_for"]).exists():
        raise EntityUnknown(entity=content["waits_for"])
    if content.get("is_foreign"):
        return Applied(is_ignored=True, note="not ours")
    audit.record(actor=None, action="tests.applied", object_type="tests.message", object_id=content["id"])
    return Applied()


def hold(run: StepRun) -> Outcome:
    """Hold something in the database."""
    audit.record(actor=None, action="tests.held", object_type="tests.saga", object_id=run.saga_id)
    return Done({"held": True})


def release(run: StepRun) -> Outcome:
    """Undo the hold, once."""
    if AuditEntry.objects.filter(action="tests.released", object_id=str(run.saga_id)).exists():
        return Done()
    audit.record(actor=None, action="tests.released", object_type="tests.saga", object_id=run.saga_id)
    return Done()


def call(run: StepRun) -> Outcome:
    """Call the world: ask first, because an earlier try may have reached it."""
    if run.context.get("answer") == "no":
        return Failed("the world said no")
    key = f"call:{run.saga_id}"
    if not world.has(key=key):
        failpoint("saga.during_call")
        world.act(key=key)
    failpoint("saga.after_call")
    if run.context.get("answer") == "later":
        return Wait(timedelta(hours=1), "no answer yet")
    return Done({"reference": key})


def undo_call(run: StepRun) -> Outcome:
    """Take the call back if it happened, once."""
    if world.has(key=f"call:{run.saga_id}") and not world.has(key=f"undo:{run.saga_id}"):
        world.act(key=f"undo:{run.saga_id}")
    return Done()


def book(run: StepRun) -> Outcome:
    """Book what came of it."""
    if run.context.get("books") == "refuse":
        return Failed("the books are closed")
    audit.record(actor=None, action="tests.booked", object_type="tests.saga", object_id=run.saga_id)
    return Done()


def ended(saga_id: int, state: str) -> None:
    """Count the end."""
    audit.record(actor=None, action="tests.ended", object_type="tests.saga", object_id=saga_id, reason=state)


REVERSIBLE = SagaKind(
    code="tests.reversible",
    title="Hold, call, book",
    queue="tests",
    lease_seconds=2,
    on_end=ended,
    steps=(
        Step(name="hold", title="Hold", execute=hold, compensate=release, is_local=True, compensation_priority=2),
        Step(name="call", title="Call", execute=call, compensate=undo_call, compensation_priority=0),
        Step(name="book", title="Book", execute=book, is_local=True),
    ),
)
FORWARD = SagaKind(
    code="tests.forward",
    title="Hold, pay, book",
    queue="tests",
    steps=(
        Step(name="hold", title="Hold", execute=hold, compensate=release, is_local=True),
        Step(name="call", title="Pay", execute=call, is_pivot=True),
        Step(name="book", title="Book", execute=book, is_local=True),
    ),
)


def queues_of_tests() -> tuple[str, ...]:
    """Name the one queue."""
    return ("tests",)


def register() -> None:
    """Register everything, as an app of the project does when it is ready."""
    subscribe(ThingHappened, subscriber="tests.notes", handler=thing_noted)
    inbox_source(source="tests", apply=message_applied)
    inbox_queues_register(queues_of_tests)
    saga_queues_register(queues_of_tests)
    saga_kind_register(REVERSIBLE)
    saga_kind_register(FORWARD)
