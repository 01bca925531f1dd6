"""What the bank has written about a payout that no vendor could prove: it goes the way of every other news."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User

from core import audit
from core.clock import database_now
from core.sagas.models import Saga, SagaState
from core.sagas.services import ENDED, saga_retry
from core.transactions import run_in_transaction
from lms.services.checks import reason_check, reference_check
from payments.desk_errors import (
    BankAnswerDoesNotFit,
    BankAnswerInFuture,
    BankAnswerNotPossible,
    BankAnswerWithoutUtr,
)
from payments.models import AttemptState, Payout, ProviderAttempt
from payments.protocol import State, Told, state_after
from payments.services.attempts import OPEN, attempt_of
from payments.services.payouts import payout_get
from payments.services.returns import payout_told
from payments.vendors.answers import PayoutNews

SOURCE: Final = "BANK"
# What a bank can finally say; anything less is no answer.
FINAL_WORDS: Final = {
    Told.PROCESSED: "Paid: the account was credited",
    Told.FAILED: "Failed: no money left",
    Told.REVERSED: "Paid, and sent back",
}
_SEND: Final = "send"
_UTR: Final = re.compile(r"[A-Z0-9]{12,22}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAnswer:
    """What a letter or a statement of the bank says: the outcome, its reference and its day, the UTR of a payment."""

    told: Told
    reference: str
    answered_on: date
    utr: str = ""


def payout_answer(*, payout_id: int, answer: BankAnswer, reason: str, actor: User) -> Payout:
    """Let a final answer of the bank move a payout, as a vendor's answer would; a repeat changes nothing.

    A call that nobody could prove has to be parked first, so that no worker asks or sends meanwhile; its saga goes on
    afterwards: what was paid is booked, what was not is undone. Of a payout that has ended only the opposite can be
    told: that it came back, or that it was paid after all.

    Raises:
        PayoutUnknown, ReasonMissing, ReferenceMissing: the input is wrong.
        BankAnswerWithoutUtr, BankAnswerInFuture: the answer is incomplete, or its day cannot be.
        BankAnswerNotPossible: nothing was sent, or workers are still at it.
        BankAnswerDoesNotFit: it cannot follow from what is known.
    """
    reason_check(reason=reason, is_required=True)
    reference = reference_check(reference=answer.reference)
    utr = answer.utr.strip().upper()
    if answer.told not in FINAL_WORDS:
        raise ValueError(f"{answer.told} is no final answer.")
    if answer.told == Told.PROCESSED and not _UTR.fullmatch(utr):
        raise BankAnswerWithoutUtr()
    news = PayoutNews(told=answer.told, utr=utr, reason=f"Bank, {answer.answered_on.isoformat()}: {reference}"[:120])

    def learn() -> Payout:
        payout = payout_get(payout_id=payout_id)
        attempt, saga = answerable(payout=payout)
        if attempt.state == answer.told:
            return payout
        _day_check(attempt, answer)
        attempt_state = AttemptState(attempt.state)
        before = State(attempt_state)
        if state_after(state=before, told=answer.told) == before:
            raise BankAnswerDoesNotFit(
                payout=payout.number, state=attempt.get_state_display(), answer=FINAL_WORDS[answer.told].lower()
            )
        payout_told(attempt_id=attempt.pk, news=news, source=SOURCE)
        # What was parked until its end is told has gone on by that; what was parked for another reason goes on too.
        saga.refresh_from_db(fields=["state"])
        if saga.state == SagaState.MANUAL and attempt_state in OPEN:
            saga_retry(saga_id=saga.pk, actor=actor, reason=reason)
        detail = {"answer": answer.told, "reference": reference, "answered_on": answer.answered_on.isoformat()}
        audit.record(
            actor=actor,
            action="payments.payout_answer",
            obj=payout,
            reason=reason,
            detail={**detail, "utr": utr, "state_before": before},
        )
        return payout_get(payout_id=payout_id)

    return run_in_transaction(learn)


def answerable(*, payout: Payout) -> tuple[ProviderAttempt, Saga]:
    """Return the call that a bank's answer would be about, and the payout's saga.

    Raises:
        BankAnswerNotPossible: nothing was sent, or workers are still at it.
    """
    attempt = attempt_of(saga_id=payout.saga_id or 0, step=_SEND)
    if attempt is None or attempt.first_sent_at is None:
        raise BankAnswerNotPossible(payout=payout.number, problem="nothing was sent to the bank")
    saga = Saga.objects.get(pk=attempt.saga_id)
    if saga.state not in (SagaState.MANUAL, *ENDED):
        raise BankAnswerNotPossible(
            payout=payout.number, problem="the vendor is still being asked; press Ask the bank, which parks it"
        )
    return attempt, saga


def is_answerable(*, payout: Payout, saga: Saga | None) -> bool:
    """Tell whether a page offers to enter the bank's answer: to what is parked, and to what has ended after a call."""
    if saga is None or payout.state == "REQUESTED":
        return False
    return saga.state == SagaState.MANUAL or (saga.state in ENDED and payout.state in ("PAID", "FAILED"))


def local_day(moment: datetime) -> date:
    """Return the calendar day of an instant by the lender's own time."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _day_check(attempt: ProviderAttempt, answer: BankAnswer) -> None:
    assert attempt.first_sent_at is not None  # noqa: S101  # `answerable` refused the others
    sent_on = local_day(attempt.first_sent_at)
    if not sent_on <= answer.answered_on <= local_day(database_now()):
        raise BankAnswerInFuture(answered_on=answer.answered_on, sent_on=sent_on)
