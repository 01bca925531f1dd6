"""What follows when the bank changes its mind: a paid payout sent back, or a failed one that was paid after all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from core.business_date import business_date
from core.clock import database_now
from core.errors import KistError
from core.sagas.definitions import Done, Outcome, Park, SagaKind, Step, StepRun, Wait
from core.sagas.models import Saga
from core.sagas.services import ENDED, saga_start
from ledger.services import house_journal_post
from lms.services.loans import loan_disburse
from lms.services.refunds import refund_post
from lms.services.reversals import fact_reverse
from payments.errors import PayoutPaidTwice
from payments.models import AttemptState, Payout, PayoutKind, PayoutState, ProviderAttempt
from payments.services.flight import REFERENCE_TYPE
from payments.services.payouts import PAYOUT_SAGA, payout_end
from payments.services.returns import LATE_SAGA, RETURN_SAGA, payout_told
from payments.services.vendor_costs import payout_fee_book
from payments.services.vendors import POOL_BANK, parameters_on, payout_client_of, vendor_accounts
from payments.vendors.errors import VendorAway

WATCH_SAGA: Final = "payments.watch"
QUEUE: Final = "pay.returns"
_DAY: Final = timedelta(days=1)
_MOMENT: Final = timedelta(seconds=5)


def watch_start(*, attempt: ProviderAttempt, payout: Payout) -> None:
    """Begin to look daily whether a payout that is paid comes back, in the caller's transaction."""
    saga_start(
        kind=WATCH_SAGA,
        intent_key=attempt.our_reference,
        context={"payout_id": payout.pk, "attempt_id": attempt.pk},
        subject_type=REFERENCE_TYPE,
        subject_id=payout.pk,
        priority=90,
    )


def payout_paid(*, payout: Payout, attempt: ProviderAttempt) -> int:
    """Write the fact of a payout on its loan, bring its money to the pool account, and begin to watch it.

    Returns:
        The sequence of the fact.

    Raises:
        The refusals of the book; nothing is written then.
    """
    return _paid(payout, attempt, _Way("paid", "PAYOUT_PAID", vendor_accounts(vendor=attempt.vendor).sent_code))


def watch(run: StepRun) -> Outcome:
    """Ask once a day, for as long as the parameters say, whether a paid payout came back."""
    attempt = ProviderAttempt.objects.select_related("vendor").get(pk=run.context["attempt_id"])
    if attempt.state == AttemptState.REVERSED:
        return Done({"returned": True})
    age = database_now() - attempt.changed_at
    days = parameters_on(day=business_date()).reversal_watch_days
    if age >= timedelta(days=days):
        return Done({"returned": False})
    # The first run comes with the payment itself; a later one is a day after it, or somebody wants to know now.
    if run.attempt > 1 or age >= _DAY:
        try:
            news = payout_client_of(vendor=attempt.vendor).payout_find(
                our_reference=attempt.our_reference, vendor_reference=attempt.vendor_reference
            )
        except VendorAway as error:
            return Wait(timedelta(minutes=10), error.reason)
        payout_told(attempt_id=attempt.pk, news=news, source="LOOK")
    return Wait(_DAY, "Paid; watched until it cannot come back any more")


def return_book(run: StepRun) -> Outcome:
    """Take the fact back and book the money into the balance at the vendor, where the bank has put it."""

    def book(payout: Payout, attempt: ProviderAttempt) -> None:
        if payout.state == PayoutState.REVERSED:
            # Its own saga has seen that it came back, before anybody booked it.
            return
        # Without a fact the payout was never booked: its own saga has put the money back.
        if payout.fact_sequence is not None:
            fact_reverse(
                loan_id=payout.loan_id,
                sequence=payout.fact_sequence,
                idempotency_key=f"payout:{payout.number}:returned",
                reason=f"Payout sent back by the bank: {attempt.reason or 'no reason given'}"[:200],
            )
            _move(payout, "returned", "PAYOUT_RETURNED", vendor_accounts(vendor=attempt.vendor).float_code, POOL_BANK)
        payout_end(payout_id=payout.pk, state=PayoutState.REVERSED, problem=attempt.reason or "Sent back by the bank")

    return _booked(run, book)


def late_book(run: StepRun) -> Outcome:
    """Book a payout that was given up and turned out to be paid.

    Raises:
        PayoutPaidTwice: another call of it has paid as well.
    """

    def book(payout: Payout, attempt: ProviderAttempt) -> None:
        others = ProviderAttempt.objects.filter(saga_id=attempt.saga_id, state=AttemptState.PROCESSED)
        if attempt.state == AttemptState.PROCESSED and (other := others.exclude(pk=attempt.pk).first()):
            raise PayoutPaidTwice(payout=payout.number, first=other.our_reference, second=attempt.our_reference)
        if payout.fact_sequence is not None or attempt.state == AttemptState.REVERSED:
            # Its own saga has booked it after all, or it has come back before anybody booked it.
            return
        _paid(payout, attempt, _Way("late", "PAYOUT_PAID_LATE", vendor_accounts(vendor=attempt.vendor).float_code))

    return _booked(run, book)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a payment is booked: the key and the event of its journal, and the account that it left."""

    suffix: str
    event: str
    from_code: str


def _paid(payout: Payout, attempt: ProviderAttempt, way: _Way) -> int:
    act = loan_disburse if payout.kind == PayoutKind.DISBURSAL else refund_post
    today = business_date()
    fact = act(
        loan_id=payout.loan_id,
        amount_paise=payout.amount_paise,
        value_date=today,
        reference=attempt.utr or attempt.vendor_reference,
        idempotency_key=f"payout:{payout.number}",
        reason=payout.reason or "Payout",
        is_on_its_way=True,
    )
    _move(payout, way.suffix, way.event, POOL_BANK, way.from_code)
    payout_fee_book(
        vendor=attempt.vendor, rail=payout.rail, payout_id=payout.pk, reference_type=REFERENCE_TYPE, today=today
    )
    Payout.objects.filter(pk=payout.pk).update(utr=attempt.utr, fact_sequence=fact.sequence)
    payout_end(payout_id=payout.pk, state=PayoutState.PAID, paid_on=today)
    watch_start(attempt=attempt, payout=payout)
    return fact.sequence


def _booked(run: StepRun, book: Callable[[Payout, ProviderAttempt], None]) -> Outcome:
    payout = Payout.objects.get(pk=run.context["payout_id"])
    attempt = ProviderAttempt.objects.select_related("vendor").get(pk=run.context["attempt_id"])
    if Saga.objects.filter(subject_type=REFERENCE_TYPE, subject_id=str(payout.pk), kind=PAYOUT_SAGA).exclude(
        state__in=ENDED
    ):
        # What the bank said last may arrive before the payout's own saga has finished with what it said first.
        return Wait(_MOMENT, "The payout itself is not finished yet")
    try:
        with transaction.atomic():
            book(payout, attempt)
    except KistError as error:
        return Park(error.message)
    return Done()


def _move(payout: Payout, suffix: str, event: str, debit_code: str, credit_code: str) -> None:
    today = business_date()
    house_journal_post(
        idempotency_key=f"payments.payout:{payout.pk}:{suffix}",
        event=event,
        reference_type=REFERENCE_TYPE,
        reference_id=payout.pk,
        debit_code=debit_code,
        credit_code=credit_code,
        amount_paise=payout.amount_paise,
        value_date=today,
        booked_on=today,
        narration=payout.number,
    )


WATCH: Final = SagaKind(
    code=WATCH_SAGA,
    title="Watch over a paid payout",
    queue=QUEUE,
    steps=(Step(name="watch", title="Look whether it comes back", execute=watch, max_attempts=30),),
)
RETURN: Final = SagaKind(
    code=RETURN_SAGA,
    title="Payout sent back",
    queue=QUEUE,
    steps=(Step(name="book", title="Take it back in the books", execute=return_book, is_local=True, is_pivot=True),),
)
LATE_SUCCESS: Final = SagaKind(
    code=LATE_SAGA,
    title="Payout paid after it was given up",
    queue=QUEUE,
    steps=(Step(name="book", title="Book it", execute=late_book, is_local=True, is_pivot=True),),
)
