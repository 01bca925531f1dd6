"""What is told of a payout, by whomever: it moves the attempt, wakes the saga, or begins what has to follow."""

from typing import Final

from core.sagas.services import saga_start
from core.transactions import run_in_transaction
from payments.models import AttemptState, Payout, ProviderAttempt
from payments.services.attempts import AttemptMove, attempt_learn, saga_hears
from payments.services.proof_ends import proof_end
from payments.vendors.answers import PayoutNews

RETURN_SAGA: Final = "payments.return"
LATE_SAGA: Final = "payments.late_success"


def payout_told(*, attempt_id: int, news: PayoutNews, source: str) -> AttemptMove:
    """Learn something of a payout, begin what follows from it, and let its saga go on.

    Args:
        source: who told: LOOK, WEBHOOK, STATEMENT.
    """

    def told() -> AttemptMove:
        move = payout_learn(attempt_id=attempt_id, news=news, source=source)
        saga_hears(move=move, source=source)
        return move

    return run_in_transaction(told)


def payout_learn(*, attempt_id: int, news: PayoutNews, source: str) -> AttemptMove:
    """Learn something of a payout and begin what follows from it, in the caller's transaction.

    A payout that is sent back after it was booked is taken back in the books; one that was given up and then turns out
    to be paid is booked. Both are sagas of their own, so that what cannot be booked waits for a person. A bank that
    says that the account takes no money ends its proof.
    """
    move = attempt_learn(attempt_id=attempt_id, news=news, source=source)
    proof_end(move=move)
    if move.before == AttemptState.PROCESSED and move.after == AttemptState.REVERSED:
        _follow(RETURN_SAGA, move.attempt)
    elif move.before == AttemptState.FAILED and move.after == AttemptState.PROCESSED:
        _follow(LATE_SAGA, move.attempt)
    return move


def _follow(kind: str, attempt: ProviderAttempt) -> None:
    payout = Payout.objects.get(saga_id=attempt.saga_id)
    saga_start(
        kind=kind,
        intent_key=f"{payout.number}:{attempt.our_reference}",
        context={"payout_id": payout.pk, "attempt_id": attempt.pk},
        subject_type="payments.payout",
        subject_id=payout.pk,
        priority=0,
    )
