"""A saga that moves money through a clearing account, and can be made to fail wherever a test wants."""

from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction

from core.clock import database_now
from core.models import Saga, SagaStep
from core.queues import saga_queues_register
from core.sagas.definitions import Done, Failed, Outcome, SagaKind, Step, StepRun, saga_kind_register
from core.sagas.runner import step_run
from core.sagas.services import saga_start
from core.transactions import run_in_transaction
from ledger.models import AccountKind, Journal
from ledger.services import account_create, house_journal_post, journal_reverse

KIND: Final = "tests.money"
QUEUE: Final = "tests.money"
CLEARING, BANK, PAID_OUT = "tests.clearing", "tests.bank", "tests.paid"
SET_ASIDE, CALL, CHARGE, PAY, BOOK = STEPS = ("set_aside", "call", "charge", "pay", "book")
PAISE: Final = {SET_ASIDE: 10_00, CALL: 7_00, CHARGE: 3_00}
DAY: Final = date(2026, 1, 1)


class Killed(BaseException):
    """The process dies here: nothing of it catches this, as nothing catches a kill."""


def money_saga_register() -> None:
    """Make the sagas known."""
    for kind in (_MONEY, *_FAILING.values()):
        saga_kind_register(kind)
    saga_queues_register(_queues)


def accounts_open() -> None:
    """Open the accounts that it moves money on."""
    for code in (CLEARING, BANK, PAID_OUT):
        account_create(code=code, name=code, kind=AccountKind.ASSET)


def start(key: str, **context: Any) -> Saga:
    """Start one; the context says where it fails and how.

    Args:
        key: names the intent.
        context: `fails_at` a step, `raises_at` a step; `undo_fails` so many tries of each undoing; `killed` "before" or
            "after" the effect of undoing the call; `overtaken` while undoing the call.
    """
    with transaction.atomic():
        return saga_start(kind=KIND, intent_key=key, context=context)


def turned_round(key: str, *, priority: int) -> SagaStep:
    """Start a saga that is refused at once, and return its step that waits to be undone with that priority."""
    with transaction.atomic():
        saga = saga_start(kind=_FAILING[priority].code, intent_key=key, context={})
    step_run(step_id=saga.steps.get().pk)
    return saga.steps.get(state="COMP_PENDING")


def lapse() -> None:
    """Let every lease run out and every pause be over."""
    past = database_now() - timedelta(seconds=1)
    SagaStep.objects.filter(lease_until__isnull=False).update(lease_until=past)
    SagaStep.objects.filter(state__in=("PENDING", "COMP_PENDING")).update(run_at=past)


def journals_of(saga: Saga) -> list[Journal]:
    """Return what a saga has posted, reversals among it."""
    return list(Journal.objects.filter(reference_type=KIND, reference_id=saga.pk).order_by("pk"))


def problems_of(saga: Saga) -> list[str]:
    """Return what is wrong with the journals of a saga that has ended: done is not reversed, undone is, once."""
    saga.refresh_from_db()
    journals = journals_of(saga)
    reversed_ids = [journal.reverses_id for journal in journals if journal.reverses_id is not None]
    originals = [journal.pk for journal in journals if journal.reverses_id is None]
    wrong = []
    if saga.state == "COMPENSATED" and sorted(reversed_ids) != originals:
        wrong.append(f"saga {saga.pk} is undone: {originals} were posted, {reversed_ids} reversed")
    if saga.state != "COMPENSATED" and reversed_ids:
        wrong.append(f"saga {saga.pk} is {saga.state} and has reversed {reversed_ids}")
    return wrong


def _do(run: StepRun) -> Outcome:
    name = SagaStep.objects.get(pk=run.step_id).name
    if run.context.get("raises_at") == name:
        raise OSError("no route to host")
    if run.context.get("fails_at") == name:
        return Failed(f"{name} was refused")
    if name in PAISE:
        run_in_transaction(lambda: _post(run, name, CLEARING, BANK, PAISE[name]))
    elif name == PAY:
        run_in_transaction(lambda: _post(run, name, PAID_OUT, CLEARING, sum(PAISE.values())))
    return Done()


def _post(run: StepRun, name: str, debit: str, credit: str, paise: int) -> None:
    house_journal_post(
        idempotency_key=f"{KIND}:{run.saga_id}:{name}",
        event="MOVED",
        reference_type=KIND,
        reference_id=run.saga_id,
        debit_code=debit,
        credit_code=credit,
        amount_paise=paise,
        value_date=DAY,
        booked_on=DAY,
    )


def _undo(run: StepRun) -> Outcome:
    """Ask what was done, and reverse that; on the way whatever the test wants happens."""
    name = SagaStep.objects.get(pk=run.step_id).name
    if run.attempt <= run.context.get("undo_fails", 0):
        raise OSError("no route to host")
    if name == CALL and run.attempt == 1:
        _accident(run, "before")
    run_in_transaction(lambda: _reverse(run, name))
    if name == CALL and run.attempt == 1:
        _accident(run, "after")
    return Done({"by": run.fence})


def _accident(run: StepRun, place: str) -> None:
    if run.context.get("killed") == place:
        raise Killed
    if run.context.get("overtaken") == place:
        # The lease runs out while this worker is held up, and another does the whole step.
        lapse()
        assert step_run(step_id=run.step_id)


def _reverse(run: StepRun, name: str) -> None:
    posted = Journal.objects.filter(idempotency_key=f"{KIND}:{run.saga_id}:{name}").first()
    if posted is not None:
        journal_reverse(journal_id=posted.pk, idempotency_key=f"{posted.idempotency_key}:undone", booked_on=DAY)


def _queues() -> tuple[str, ...]:
    return (QUEUE,)


_MONEY: Final = SagaKind(
    code=KIND,
    title="Money through clearing",
    queue=QUEUE,
    lease_seconds=2,
    steps=(
        Step(name=SET_ASIDE, title="Set aside", execute=_do, compensate=_undo, is_local=True, compensation_priority=2),
        Step(name=CALL, title="Call", execute=_do, compensate=_undo, compensation_priority=0),
        Step(name=CHARGE, title="Charge", execute=_do, compensate=_undo, is_local=True, compensation_priority=9),
        Step(name=PAY, title="Pay", execute=_do, is_pivot=True),
        Step(name=BOOK, title="Book", execute=_do, is_local=True),
    ),
)


def _refuse(_run: StepRun) -> Outcome:
    return Failed("refused")


def _nothing(_run: StepRun) -> Outcome:
    return Done()


_FAILING: Final = {
    priority: SagaKind(
        code=f"tests.failing.{priority}",
        title=f"Refused, undone at {priority}",
        queue=QUEUE,
        steps=(Step(name="try", title="Try", execute=_refuse, compensate=_nothing, compensation_priority=priority),),
    )
    for priority in (0, 9)
}
