"""What a person may decide about a payout that is under way: each with a reason, in the audit trail."""

from collections.abc import Callable
from typing import Final

from django.contrib.auth.models import User
from django.db.models import QuerySet

from core import audit
from core.clock import database_now
from core.sagas.models import Saga, SagaState
from core.sagas.services import ENDED, saga_park, saga_retry, saga_wake
from core.transactions import run_in_transaction
from lms.services.checks import reason_check
from payments.errors import PayoutEnded
from payments.locks import attempt_lock
from payments.models import AttemptEvent, Payout, ProviderAttempt
from payments.services.attempts import OPEN, call_name
from payments.services.payouts import payout_cancel, payout_get

_BANK_PROBLEM: Final = "The bank was asked"


def payout_retry(*, payout_id: int, actor: User, reason: str) -> Payout:
    """Let a parked payout go on where it stopped: it asks the vendor before it sends anything.

    Raises:
        PayoutEnded, SagaNotParked: nothing is parked.
        ReasonMissing: the reason is empty.
    """
    payout = _open(payout_id, reason)
    saga_retry(saga_id=_saga_id(payout), actor=actor, reason=reason)
    return payout


def payout_park(*, payout_id: int, actor: User, reason: str) -> Payout:
    """Stop a payout before its next step until somebody decides; what was sent stays sent.

    Raises:
        PayoutEnded: nothing is under way.
        ReasonMissing: the reason is empty.
    """
    payout = _open(payout_id, reason)
    saga_park(saga_id=_saga_id(payout), actor=actor, reason=reason)
    return payout


def payout_bank_query(*, payout_id: int, actor: User, reason: str) -> Payout:
    """Write down that the bank was asked what became of a payout, and park it until it answers.

    Whoever tells the end of the call, the bank or the vendor after all, lets it go on.

    Raises:
        PayoutEnded: nothing is under way.
        ReasonMissing: the reason is empty.
    """
    payout = _open(payout_id, reason)

    def query() -> None:
        awaits = ""
        for latest in ProviderAttempt.objects.filter(saga_id=_saga_id(payout)).order_by("-pk")[:1]:
            # Locked, so that its end is told either before this or to the saga that waits for it.
            attempt = attempt_lock(attempt_id=latest.pk)
            awaits = call_name(attempt=attempt) if attempt.state in OPEN else ""
            AttemptEvent.objects.create(
                attempt=attempt,
                at=database_now(),
                source="STAFF",
                told="BANK_QUERY",
                state_before=attempt.state,
                state_after=attempt.state,
                note=reason[:160],
            )
        audit.record(actor=actor, action="payments.payout_bank_query", obj=payout, reason=reason)
        saga_park(saga_id=_saga_id(payout), actor=actor, reason=f"{_BANK_PROBLEM}: {reason}", awaits=awaits)

    run_in_transaction(query)
    return payout


def payout_look(*, payout_id: int, actor: User, reason: str) -> Payout:
    """Let every saga of a payout look at the vendor's side now, and not when its pause is over.

    Raises:
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    payout = payout_get(payout_id=payout_id)
    audit.record(actor=actor, action="payments.payout_look", obj=payout, reason=reason)
    for saga_id in sagas_of(payout=payout).exclude(state__in=ENDED).values_list("pk", flat=True):
        saga_wake(saga_id=saga_id)
    return payout


def sagas_of(*, payout: Payout) -> QuerySet[Saga]:
    """Return every saga of a payout: its own, and those that watch it and take it back."""
    return Saga.objects.filter(subject_type="payments.payout", subject_id=str(payout.pk)).order_by("pk")


def decisions_of(*, payout: Payout, saga: Saga | None) -> tuple[str, ...]:
    """Return what may be decided about a payout as it stands, by the names in `DECISIONS`."""
    if saga is None:
        return ()
    if saga.state in ENDED:
        return ("look",) if payout.state == "PAID" else ()
    choices = ["look"] if saga.state == SagaState.RUNNING else []
    if saga.state == SagaState.MANUAL:
        choices.append("retry")
    else:
        choices.append("park")
    if payout.state == "REQUESTED" and saga.state != SagaState.COMPENSATING:
        choices.append("cancel")
    if payout.state == "SENT":
        choices.append("bank")
    return tuple(choices)


def _open(payout_id: int, reason: str) -> Payout:
    reason_check(reason=reason, is_required=True)
    payout = payout_get(payout_id=payout_id)
    if payout.open_loan_id is None:
        raise PayoutEnded(payout=payout.number, state=payout.get_state_display())
    return payout


def _saga_id(payout: Payout) -> int:
    if payout.saga_id is None:
        raise ValueError(f"{payout.number} has no saga.")
    return payout.saga_id


DECISIONS: Final[dict[str, Callable[..., Payout]]] = {
    "look": payout_look,
    "retry": payout_retry,
    "park": payout_park,
    "cancel": payout_cancel,
    "bank": payout_bank_query,
}
# Cancelling is asked for like a payout; what touches a step of the saga needs who decides about sagas.
PERMISSION_OF: Final = {
    "cancel": "payments.request_payout",
    "look": "payments.request_payout",
    "retry": "core.decide_saga",
    "park": "core.decide_saga",
    "bank": "core.decide_saga",
}
