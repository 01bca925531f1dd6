"""The payout saga: money set aside, payee proven, sent once, booked; and undone where nothing has left."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from core.business_date import business_date
from core.clock import database_now
from core.errors import KistError
from core.failpoints import failpoint
from core.sagas.definitions import Done, Failed, Outcome, Park, SagaKind, Step, StepRun, Wait
from core.sagas.models import Saga, SagaEvent, SagaState
from core.sagas.runner import step_hold
from core.transactions import run_in_transaction
from lms.selectors import loan_standing
from payments.errors import NoVendorAvailable, PayeeChanged, PayeeNotProven
from payments.locks import payout_lock
from payments.models import AttemptState, Operation, Payout, PayoutState, ProviderAttempt, Rail
from payments.sagas.calls import Wire, call_make, call_unmake
from payments.sagas.returns import payout_paid
from payments.services.attempts import attempt_of, attempt_open
from payments.services.flight import flight_begin, flight_end
from payments.services.payees import proof_of, proof_request
from payments.services.payouts import PAYOUT_SAGA, payout_end, payout_rehearse
from payments.services.returns import payout_learn
from payments.services.vendors import payout_client_of, vendor_choose
from payments.vendors.answers import PayoutOrder

PROVE: Final = "prove"
SEND: Final = "send"


def payee_prove(run: StepRun) -> Outcome:
    """Make sure that the account is the borrower's, by a proof that is still good or by asking for one; ask the book.

    What the book would refuse is refused before anything leaves, not when it has left.
    """
    payout = _payout(run)
    if payout.is_payee_changed:
        return Failed(PayeeChanged(payout=payout.number).message)
    proof = proof_of(bank_account=payout.bank_account, today=business_date())
    if proof.is_refused:
        return Failed(PayeeNotProven(problem=proof.problem).message)
    if proof.is_proven:
        standing = loan_standing(loan_id=payout.loan_id)
        if problem := _refused_by_book(payout):
            return Failed(problem)
        return Done({"check": proof.check_id, "standing": standing})
    if proof.is_in_review:
        return Wait(timedelta(hours=6), "The name on the account is in doubt: somebody has to look")
    proof_request(bank_account=payout.bank_account, saga_id=run.saga_id)
    return Wait(timedelta(minutes=2), "The account is being proven")


def payout_send(run: StepRun) -> Outcome:
    """Send the payout, once: ask before every repeat, and keep the key until the vendor has finally refused it."""
    payout = _payout(run)
    attempt = attempt_of(saga_id=run.saga_id, step=SEND)
    if attempt is None or _may_be_replaced(attempt):
        # A loan that stands as it stood when the book agreed has nothing new to be asked.
        has_changed = loan_standing(loan_id=payout.loan_id) != run.results[PROVE].get("standing")
        if has_changed and (problem := _refused_by_book(payout)):
            return Failed(problem)
        try:
            attempt = _intent(run, payout)
        except NoVendorAvailable as error:
            return Wait(timedelta(seconds=random.uniform(20, 60)), error.message)
    return call_make(run=run, wire=_wire(payout, attempt))


def payout_send_undo(run: StepRun) -> Outcome:
    """Make sure that nothing left, and take the money in flight back into the balance at the vendor.

    What has left cannot be undone: it is booked as paid.
    """
    payout = _payout(run)
    attempt = attempt_of(saga_id=run.saga_id, step=SEND)
    if attempt is not None:
        if attempt.state == AttemptState.PROCESSED:
            return _book_after_all(run, payout, attempt)
        outcome = call_unmake(run=run, wire=_wire(payout, attempt))
        if not isinstance(outcome, Done):
            return outcome
    for earlier in ProviderAttempt.objects.filter(saga_id=run.saga_id, step=SEND).select_related("vendor"):
        flight_end(attempt=earlier, payout_id=payout.pk)
    return Done()


def payout_book(run: StepRun) -> Outcome:
    """Write the fact on the loan and move the money from its way to the pool account, from which the fact pays."""
    attempt = ProviderAttempt.objects.select_related("vendor").get(pk=run.results[SEND]["attempt"])
    try:
        with transaction.atomic():
            sequence = payout_paid(payout=_payout(run), attempt=attempt)
    except KistError as error:
        # The money has left: this is for a person, not to be undone.
        return Park(error.message)
    return Done({"fact": sequence})


def payout_ended(saga_id: int, state: str) -> None:
    """Tell the payout that its saga was undone."""
    payout = Payout.objects.get(saga_id=saga_id)
    if state != SagaState.COMPENSATED or payout.state == PayoutState.PAID:
        return
    attempt = attempt_of(saga_id=saga_id, step=SEND)
    was_sent = attempt is not None and attempt.first_sent_at is not None
    is_refused = SagaEvent.objects.filter(saga_id=saga_id, what="failed").exists()
    end = PayoutState.FAILED if was_sent or is_refused else PayoutState.CANCELLED
    if attempt is not None and attempt.state == AttemptState.REVERSED:
        end = PayoutState.REVERSED
    payout_end(payout_id=payout.pk, state=end, problem=_problem(saga_id))


def _payout(run: StepRun) -> Payout:
    payouts = Payout.objects.select_related("bank_account", "customer", "loan")
    return payouts.get(pk=run.context["payout_id"])


def _hindrance(payout: Payout) -> str:
    """Say why it must not be sent, or not again: another account, or one whose proof has ended since; empty if not."""
    if payout.is_payee_changed:
        return PayeeChanged(payout=payout.number).message
    proof = proof_of(bank_account=payout.bank_account, today=business_date())
    return PayeeNotProven(problem=proof.problem).message if proof.is_ended else ""


def _refused_by_book(payout: Payout) -> str:
    """Say why the book would refuse it; empty when it agrees."""
    try:
        payout_rehearse(payout=payout)
    except KistError as error:
        return error.message
    return ""


def _may_be_replaced(attempt: ProviderAttempt) -> bool:
    """Tell whether another vendor may be asked: only if nothing was ever sent."""
    return attempt.state == AttemptState.FAILED and attempt.first_sent_at is None


def _intent(run: StepRun, payout: Payout) -> ProviderAttempt:
    """Choose a vendor, set the money aside and move it into flight, and write the intent, all or nothing."""
    now = database_now()
    vendor = vendor_choose(operation=Operation.PAYOUT, rail=payout.rail, amount_paise=payout.amount_paise, now=now)

    def write() -> ProviderAttempt:
        locked = payout_lock(payout_id=payout.pk)
        step_hold(run=run)
        attempt = attempt_open(
            saga_id=run.saga_id,
            step=SEND,
            vendor=vendor,
            operation=Operation.PAYOUT,
            rail=payout.rail,
            amount_paise=payout.amount_paise,
        )
        flight_begin(payout=locked, attempt=attempt)
        locked.state, locked.changed_at = PayoutState.SENT, now
        locked.save(update_fields=["state", "changed_at"])
        failpoint("saga.before_intent_commit")
        return attempt

    attempt = run_in_transaction(write)
    failpoint("saga.after_intent_commit")
    return attempt


def _wire(payout: Payout, attempt: ProviderAttempt) -> Wire:
    client = payout_client_of(vendor=attempt.vendor)
    account = payout.bank_account
    order = PayoutOrder(
        our_reference=attempt.our_reference,
        idempotency_key=attempt.idempotency_key,
        amount_paise=attempt.amount_paise,
        rail=Rail(payout.rail),
        holder_name=account.holder_name,
        account_number=account.account_number,
        ifsc=account.ifsc,
        payee_reference=payout.customer.number,
        narration=f"Loan {payout.loan.number}",
    )
    reference = attempt.vendor_reference
    return Wire(
        attempt=attempt,
        party="vendor",
        send=lambda: client.payout_send(order),
        find=lambda: client.payout_find(our_reference=attempt.our_reference, vendor_reference=reference),
        learn=lambda news, source: payout_learn(attempt_id=attempt.pk, news=news, source=source),
        hindrance=lambda: _hindrance(payout),
        given_up=lambda: flight_end(attempt=attempt, payout_id=payout.pk),
        is_replaceable=True,
    )


def _book_after_all(run: StepRun, payout: Payout, attempt: ProviderAttempt) -> Outcome:
    """Book a payout that has left although it was to be undone; a repeat finds it booked."""

    def book() -> None:
        if payout.fact_sequence is None:
            payout_paid(payout=payout, attempt=attempt)
        step_hold(run=run)

    try:
        run_in_transaction(book)
    except KistError as error:
        return Park(f"The money has left. {error.message}")
    return Done()


def _problem(saga_id: int) -> str:
    return Saga.objects.get(pk=saga_id).problem


def queue_of_payouts(context: Mapping[str, Any]) -> str:
    """Return the queue of a payout: one for each rail, so that a slow one holds nobody up."""
    return f"pay.payout.{context['rail'].lower()}"


def queues_of_payouts() -> tuple[str, ...]:
    """Return every queue of payouts."""
    return tuple(queue_of_payouts({"rail": rail}) for rail in Rail.values)


PAYOUT: Final = SagaKind(
    code=PAYOUT_SAGA,
    title="Payout",
    queue="pay.payout.imps",
    lease_seconds=90,
    on_end=payout_ended,
    steps=(
        Step(name=PROVE, title="Prove the payee, and ask the book", execute=payee_prove, queue=queue_of_payouts),
        Step(
            name=SEND,
            title="Send the money",
            execute=payout_send,
            compensate=payout_send_undo,
            compensation_priority=0,
            is_pivot=True,
            max_attempts=20,
            queue=queue_of_payouts,
        ),
        Step(name="book", title="Book it on the loan", execute=payout_book, is_local=True, queue=queue_of_payouts),
    ),
)
