"""The rows behind calls that move money: opened before anything is sent, moved by whatever is learnt."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ulid import ULID

from core.clock import database_now
from core.prepared import PreparedQuery
from core.sagas.definitions import StepRun
from core.sagas.runner import step_hold
from core.sagas.services import saga_told, saga_wake
from core.transactions import run_in_transaction
from payments.locks import attempt_lock
from payments.models import AttemptEvent, AttemptState, Operation, ProviderAttempt, Vendor
from payments.protocol import Call, State, heard_as, state_after
from payments.vendors.answers import PayoutNews

# So much before the vendor forgets a key, a repeat with it is not safe any more.
_MARGIN: Final = timedelta(hours=2)
_LATEST: Final = PreparedQuery(
    lambda saga_id, step: ProviderAttempt.objects.filter(saga_id=saga_id, step=step).order_by("-generation")[:1]
)
# What the vendor says of a call changes nothing else.
_LEARNT: Final = ("state", "is_live", "changed_at", "vendor_reference", "utr", "reason")
_FINAL: Final = (AttemptState.FAILED, AttemptState.REVERSED)
_UNPROVEN: Final = (AttemptState.SENDING, AttemptState.UNKNOWN)
# Nothing that the vendor or the bank has finally said is known of it.
OPEN: Final = (*_UNPROVEN, AttemptState.PROCESSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMove:
    """What became of an attempt: before and after what was learnt."""

    attempt: ProviderAttempt
    before: AttemptState
    after: AttemptState

    @property
    def is_new(self) -> bool:
        """Tell whether something changed."""
        return self.before != self.after


def attempt_of(*, saga_id: int, step: str) -> ProviderAttempt | None:
    """Return the latest attempt of a saga's step."""
    return next(iter(_LATEST.rows(saga_id, step)), None)


def attempt_open(
    *, saga_id: int, step: str, vendor: Vendor, operation: Operation, rail: str, amount_paise: int
) -> ProviderAttempt:
    """Write down an intent, in the caller's transaction; the key that it gets is the intent's for good.

    A new one is opened only after the one before it has finally failed: the unique index on what is alive sees to it.
    """
    earlier = attempt_of(saga_id=saga_id, step=step)
    now = database_now()
    return ProviderAttempt.objects.create(
        saga_id=saga_id,
        step=step,
        vendor=vendor,
        operation=operation,
        rail=rail,
        amount_paise=amount_paise,
        our_reference=str(ULID()),
        idempotency_key=str(uuid.uuid4()),
        generation=earlier.generation + 1 if earlier else 1,
        safe_retry_until=_safe_until(vendor, now),
        created_at=now,
        changed_at=now,
    )


def attempt_mark_sent(*, attempt_id: int, run: StepRun) -> int | None:
    """Write down that the request is about to leave: from now on nobody may think that it did not.

    Args:
        run: the step that sends it, which has to be this worker's still.

    Returns:
        The number of the request, 1 for the first; None when it must not be sent any more: something final, or that
        the vendor works on it, was learnt in between, or the vendor may have forgotten the key of an earlier request.

    Raises:
        LeaseLost: another worker has taken the step over.
    """

    def mark() -> int | None:
        attempt = attempt_lock(attempt_id=attempt_id)
        step_hold(run=run)
        now = database_now()
        if attempt.state not in _UNPROVEN or (attempt.sends and now >= attempt.safe_retry_until):
            return None
        if not attempt.sends:
            attempt.first_sent_at, attempt.safe_retry_until = now, _safe_until(attempt.vendor, now)
        attempt.sends += 1
        attempt.save(update_fields=["first_sent_at", "safe_retry_until", "sends"])
        return attempt.sends

    return run_in_transaction(mark)


def attempt_unsend(*, attempt_id: int, sends: int) -> bool:
    """Write down that a request did not leave, in the caller's transaction, so that the call was never sent.

    Args:
        sends: the number of that request.

    Returns:
        Whether it is so: False when it was not the first, another one was sent after it, or something was learnt.
    """
    return _unsent(attempt_id, sends) is not None


def attempt_drop(*, attempt_id: int, sends: int, reason: str) -> bool:
    """Give an attempt up of which nothing was ever sent, in the caller's transaction.

    Args:
        sends: the number of the request that did not leave, 0 when there was none.

    Returns:
        Whether it is given up: False as with `attempt_unsend`, and the vendor has to be asked.
    """
    attempt = _unsent(attempt_id, sends)
    if attempt is None:
        return False
    _move(attempt, AttemptState.FAILED, told="NOT_SENT", source="US", note=reason)
    return True


def attempt_learn(*, attempt_id: int, news: PayoutNews, source: str) -> AttemptMove:
    """Move an attempt by what was told of it, in the caller's transaction; what does not fit is only noted.

    Args:
        source: who told, such as ANSWER, LOOK, WEBHOOK.
    """
    attempt = attempt_lock(attempt_id=attempt_id)
    before = AttemptState(attempt.state)
    told = heard_as(told=news.told, state=State(before), sends=attempt.sends)
    after = AttemptState(state_after(state=State(before), told=told))
    attempt.vendor_reference = attempt.vendor_reference or news.vendor_reference
    attempt.utr = attempt.utr or news.utr
    attempt.reason = news.reason or attempt.reason
    _move(attempt, after, told=news.told, source=source, note=news.reason)
    return AttemptMove(attempt=attempt, before=before, after=after)


def call_name(*, attempt: ProviderAttempt) -> str:
    """Return what a saga that is parked until the end of a call is told waits for."""
    return f"payments.attempt:{attempt.pk}"


def saga_hears(*, move: AttemptMove, source: str) -> None:
    """Tell the saga of a call what was learnt of it, in the transaction that learnt it, which has the call locked.

    Its waiting step runs now; where it is parked because nobody told the end of this call, the end lets it go on.
    """
    if not move.is_new:
        return
    saga_id = move.attempt.saga_id
    if move.after in OPEN:
        saga_wake(saga_id=saga_id)
        return
    note = f"{source}: {move.after}, call {move.attempt.our_reference}"
    saga_told(saga_id=saga_id, awaited=call_name(attempt=move.attempt), note=note)


def attempt_looked(*, attempt_id: int) -> int:
    """Count a look at the vendor's side and return how many there were with it."""

    def count() -> int:
        attempt = attempt_lock(attempt_id=attempt_id)
        attempt.polls += 1
        attempt.save(update_fields=["polls"])
        return attempt.polls

    return run_in_transaction(count)


def call_of(*, attempt: ProviderAttempt) -> Call:
    """Return what decides about an attempt."""
    return Call(
        state=State(attempt.state),
        was_sent=attempt.first_sent_at is not None,
        safe_retry_until=attempt.safe_retry_until,
    )


def _safe_until(vendor: Vendor, now: datetime) -> datetime:
    """Return until when a request that leaves now may be repeated with its key."""
    hours = timedelta(hours=vendor.idempotency_hours)
    return now + max(hours - _MARGIN, hours / 2)


def _unsent(attempt_id: int, sends: int) -> ProviderAttempt | None:
    """Lock an attempt and take its one request back; None when more than that one may have left."""
    attempt = attempt_lock(attempt_id=attempt_id)
    if attempt.state != AttemptState.SENDING or sends > 1 or attempt.sends != sends:
        return None
    attempt.sends, attempt.first_sent_at = 0, None
    attempt.save(update_fields=["sends", "first_sent_at"])
    return attempt


def _move(attempt: ProviderAttempt, after: AttemptState, *, told: str, source: str, note: str) -> None:
    before, now = attempt.state, database_now()
    attempt.state = after
    # One that was given up and has paid after all does not come to life again: another may have taken its place.
    attempt.is_live = None if after in _FINAL or before in _FINAL else True
    if before != after:
        attempt.changed_at = now
    attempt.save(update_fields=_LEARNT)
    AttemptEvent.objects.create(
        attempt=attempt,
        at=now,
        source=source,
        told=told,
        state_before=before,
        state_after=after,
        note=note[:160],
    )
