"""G9: whatever fails, a saga is done, undone or before a person; what was moved goes back once, urgent things first."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from core.models import Saga
from core.sagas.definitions import ROLLBACK_QUEUE
from core.sagas.models import SagaEvent
from core.sagas.runner import step_run, steps_due
from core.sagas.services import saga_compensate, saga_retry
from core.workers import LANES, lane_drain
from lms.services.freezes import freeze_lift, loan_freeze
from payments.models import Payout
from tests.factories.lms import set_business_date
from tests.factories.payments import balance_of, run_sagas
from tests.guarantees import sagas
from tests.guarantees.crew import ask, hands, lender, paid_as_booked
from tests.guarantees.sagas import BOOK, CALL, CHARGE, CLEARING, PAY, SET_ASIDE, Killed, lapse, problems_of, start
from tests.guarantees.waiting import until
from tests.simulators.process import Simulators
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.django_db, pytest.mark.guarantee("G9")]
Run = Callable[..., Saga]


@pytest.fixture
def run() -> Run:
    """Run a saga through clearing to where it stands still."""
    sagas.money_saga_register()
    set_business_date(date(2026, 1, 1))
    sagas.accounts_open()
    numbers = iter(range(1_000_000))

    def to_the_end(**context: Any) -> Saga:
        return settled(start(f"intent-{next(numbers)}", **context))

    return to_the_end


def settled(saga: Saga) -> Saga:
    """Work until nothing moves, with every pause cut short and every lease of the dead run out."""
    worked = 1
    while worked:
        lapse()
        worked = lane_drain(lane=LANES["sagas"], rounds=1)
    saga.refresh_from_db()
    return saga


@pytest.mark.parametrize(
    ("fails_at", "end"),
    [(None, "DONE"), (SET_ASIDE, "UNDONE"), (CALL, "UNDONE"), (CHARGE, "UNDONE"), (PAY, "UNDONE"), (BOOK, "MANUAL")],
)
def test_step_that_fails_ends_well_however_often_undoing_it_does(
    run: Run, fails_at: str | None, end: str, admin_user: User, tally: Tally
) -> None:
    for undo_fails in (0, 3, 8):
        saga = run(fails_at=fails_at, undo_fails=undo_fails)

        # Eight tries are as many as there are: then a person has to look, who lets it go on.
        gave_up = {"UNDONE": "MANUAL" if undo_fails == 8 else "COMPENSATED"}.get(end, end)
        tally.expect(saga.state == gave_up, f"{fails_at} failed, undoing it {undo_fails} times: {saga.state}")
        while saga.state == "MANUAL":
            Saga.objects.filter(pk=saga.pk).update(context={})
            saga = settled(saga_retry(saga_id=saga.pk, actor=admin_user, reason="Mended"))
        assert saga.state == {"UNDONE": "COMPENSATED", "MANUAL": "DONE"}.get(end, end)
        assert (balance_of(CLEARING), problems_of(saga)) == (0, [])


def test_step_that_keeps_raising_comes_before_a_person_who_undoes_it_or_lets_it_go_on(
    run: Run, admin_user: User, tally: Tally
) -> None:
    for name in sagas.STEPS:
        saga = run(raises_at=name)
        tally.expect((saga.state, saga.problem) == ("MANUAL", "OSError"), f"{name} raised: {saga.state}")

        Saga.objects.filter(pk=saga.pk).update(context={})
        decide = saga_retry if name == BOOK else saga_compensate
        decide(saga_id=saga.pk, actor=admin_user, reason="Decided")

        assert settled(saga).state == ("DONE" if name == BOOK else "COMPENSATED")
        assert (balance_of(CLEARING), problems_of(saga)) == (0, [])


@pytest.mark.parametrize("killed", ["before", "after"])
def test_worker_that_dies_while_it_undoes_is_followed_by_another(run: Run, killed: str) -> None:
    with pytest.raises(Killed):
        run(fails_at=CHARGE, killed=killed)
    saga = settled(Saga.objects.get())

    assert saga.state == "COMPENSATED"
    assert (balance_of(CLEARING), problems_of(saga)) == (0, [])


@pytest.mark.parametrize("overtaken", ["before", "after"])
def test_worker_whose_lease_ran_out_while_it_undoes_writes_nothing(run: Run, overtaken: str) -> None:
    saga = run(fails_at=CHARGE, overtaken=overtaken)

    step = saga.steps.get(name=CALL)
    # The second worker has the larger fence, and what the first one learnt was dropped.
    assert (saga.state, step.result["by"]) == ("COMPENSATED", step.fence)
    assert SagaEvent.objects.filter(saga=saga, step=CALL, what="undone").count() == 1
    assert (balance_of(CLEARING), problems_of(saga)) == (0, [])


def test_urgent_undoing_waits_a_tenth_of_what_the_cosmetic_waits(run: Run, tally: Tally, times: Times) -> None:
    """One worker with more to undo than it can do: each turn brings an urgent saga and two others, it undoes one."""
    turns = times(short=15, long=300)
    waited: dict[int, list[int]] = {0: [], 9: []}
    came: dict[int, tuple[int, int]] = {}
    for turn in range(turns):
        for number, priority in enumerate((9, 0, 9)):
            step = sagas.turned_round(f"{turn}-{number}", priority=priority)
            came[step.pk] = (turn, priority)
        for step_id in steps_due(queue=ROLLBACK_QUEUE, limit=1):
            assert step_run(step_id=step_id)
            since, priority = came.pop(step_id)
            waited[priority].append(turn - since)
    for since, priority in came.values():
        waited[priority].append(turns - since)

    urgent, cosmetic = (sorted(waited[priority])[-1 - len(waited[priority]) // 100] for priority in (0, 9))
    tally.ran(turns)
    tally.expect(urgent * 10 <= cosmetic, f"urgent waited {urgent} turns, cosmetic {cosmetic}")


@pytest.mark.broker
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_worker_undoes_the_urgent_first_whatever_the_order_of_hints(run: Run) -> None:
    cosmetic = [sagas.turned_round(f"cosmetic-{number}", priority=9).saga_id for number in range(30)]
    urgent = sagas.turned_round("urgent", priority=0).saga_id

    with hands(threads=0):
        until(lambda: Saga.objects.filter(state="COMPENSATED").count() == 31, what="everything to be undone")

    undone = list(SagaEvent.objects.filter(what="undone", step="try").values_list("saga_id", flat=True))
    assert undone[0] == urgent
    assert sorted(undone[1:]) == cosmetic


@pytest.mark.broker
@pytest.mark.mariadb
@pytest.mark.parametrize("undo_fails", [0, 3])
def test_payout_that_the_bank_refuses_is_undone_however_often_that_fails(
    world: Simulators, settings: Any, undo_fails: int
) -> None:
    lender(world)
    [payout] = ask(1, accounts=("026291800001190",))
    settings.FAILPOINT = "saga.in_compensation:raise"
    run_sagas(rounds=3 + undo_fails)
    settings.FAILPOINT = ""

    run_sagas()

    payout.refresh_from_db()
    assert payout.state == "FAILED"
    assert (balance_of("1060.razorpay"), paid_as_booked(world)) == (0, [])


@pytest.mark.broker
@pytest.mark.mariadb
def test_payout_that_cannot_be_booked_waits_for_a_person_and_is_booked_then(
    world: Simulators, admin_user: User
) -> None:
    lender(world)
    [payout] = ask(1)
    # The money has left when the loan is frozen: before, nothing would have.
    run_sagas(rounds=2)
    assert world.log("request") != []
    freeze = loan_freeze(
        loan_id=payout.loan_id, effects=["DISBURSAL"], reason="Suspicion of fraud", idempotency_key="freeze"
    )
    run_sagas()
    saga = Saga.objects.get(pk=payout.saga_id or 0)
    assert saga.state == "MANUAL"

    freeze_lift(freeze_id=freeze.pk, reason="Cleared")
    saga_retry(saga_id=saga.pk, actor=admin_user, reason="The loan takes it now")
    run_sagas()

    payout = Payout.objects.get(pk=payout.pk)
    assert (payout.state, balance_of("1060.razorpay"), paid_as_booked(world)) == ("PAID", 0, [])
