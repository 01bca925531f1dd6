"""G4: the events of a life, in every order and told twice, come to the same end, and nothing ever goes backwards."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from core.inbox.models import InboxMessage, MessageState
from core.rehearsal import rehearse
from customers.models import BankAccount
from lms.models import Loan, LoanFact
from payments.models import (
    AttemptEvent,
    Dispute,
    IncomingPayment,
    PaymentLink,
    PaymentRefund,
    Payout,
    PayoutState,
    ProviderAttempt,
    Vendor,
)
from payments.services.refunds import refund_request
from payments.services.suspense import suspense_apply
from payments.services.vendors import clients_close
from tests.factories.lms import make_loan, make_product, make_sanctioned_loan, set_business_date
from tests.factories.payments import balance_of, make_account, make_parameters, make_proof, make_vendor, run_sagas
from tests.payments.test_receipts import payment_event
from tests.payments.test_receipts_after import dispute_event
from tests.payments.test_webhooks import NOWHERE, drain, payout_event, sent_payout, tell
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.guarantee("G4")]
AMOUNT = 5_000_00
BRIEF = 3
# What a call that moves money may become; whatever else is seen is a step back.
FORWARD = {
    "SENDING": {"UNKNOWN", "PROCESSING", "PROCESSED", "FAILED", "REVERSED"},
    "UNKNOWN": {"PROCESSING", "PROCESSED", "FAILED", "REVERSED"},
    "PROCESSING": {"PROCESSED", "FAILED", "REVERSED"},
    "PROCESSED": {"REVERSED"},
    "FAILED": {"PROCESSED", "REVERSED"},
    "REVERSED": set(),
}
Order = tuple[str, ...]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A gateway that tells and never answers."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    make_product()
    yield make_vendor(address=NOWHERE)
    clients_close()


@pytest.fixture
def payment(vendor: Vendor) -> IncomingPayment:
    """A payment on a loan."""
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    link = PaymentLink(amount_paise=AMOUNT, order_reference="order_of_somebody")
    tell(payment_event(link, "payment.captured"), event_id="evt_captured")
    drain()
    payment = IncomingPayment.objects.get()
    suspense_apply(payment_id=payment.pk, loan_id=loan.pk, reason="The payer called")
    payment.refresh_from_db()
    return payment


def orders(names: Sequence[str], times: Times) -> list[Order]:
    """Return every order of a life's events in the long form, and some of them in the short one."""
    every = list(itertools.permutations(names))
    count = min(len(every), times(short=BRIEF, long=len(every)))
    return [every[0], *random.Random(4).sample(every[1:], count - 1)]


def steps_back() -> list[str]:
    """Return the moves of calls that no order of events may make."""
    moves = AttemptEvent.objects.values_list("state_before", "state_after")
    return [f"{before} became {after}" for before, after in moves if after != before and after not in FORWARD[before]]


def same_end(
    tally: Tally, played: Sequence[Order], play: Callable[[Order, int], tuple[object, ...]], end: tuple[object, ...]
) -> None:
    """Play each order, with workers that do everything or nothing in between, and compare its end."""
    for number, order in enumerate(played):
        found = rehearse(lambda order=order, rounds=3 * (number % 2): play(order, rounds))  # type: ignore[misc]
        tally.expect(found == end, f"{order} ended as {found}")


def told_twice(order: Order, tell_one: Callable[[str], Any], rounds: int) -> None:
    """Tell events in an order, then again backwards."""
    for name in (*order, *reversed(order)):
        tell_one(name)
        drain()
        run_sagas(rounds=rounds)


@pytest.mark.parametrize(
    ("names", "end"),
    [
        (("pending", "queued", "processing", "updated", "processed"), ("PROCESSED", "PAID", 1, 0)),
        (("pending", "queued", "processing", "updated", "failed"), ("FAILED", "FAILED", 0, 0)),
        (("pending", "queued", "processing", "updated", "processed", "reversed"), ("REVERSED", "REVERSED", 0, 0)),
    ],
    ids=["paid", "failed", "sent back"],
)
def test_payout_ends_alike_in_every_order(
    vendor: Vendor, names: Order, end: tuple[object, ...], tally: Tally, times: Times
) -> None:
    loan = make_sanctioned_loan()
    account: BankAccount = make_account(customer=loan.customer)
    make_proof(account=account)
    float_before = balance_of("1050.razorpay")

    def play(order: Order, rounds: int) -> tuple[object, ...]:
        payout, attempt = sent_payout(loan, account, vendor)
        is_out = False

        def tell_one(name: str) -> None:
            nonlocal is_out
            is_out = (is_out or name == "processed") and name != "reversed"
            tell(payout_told(attempt, name), event_id=f"evt_{name}")

        told_twice(order, tell_one, rounds)
        if is_out and Payout.objects.get(pk=payout.pk).state == PayoutState.FAILED:
            tally.violated(f"{order}: called failed while the bank had paid")
        run_sagas()
        return ended_payout(payout, attempt, loan, float_before)

    same_end(tally, orders(names, times), play, end)


def payout_told(attempt: ProviderAttempt, name: str) -> dict[str, Any]:
    """Return an event of a payout; an update repeats what is known."""
    if name == "updated":
        return {**payout_event(attempt, "processing"), "event": "payout.updated"}
    return payout_event(attempt, name)


def ended_payout(payout: Payout, attempt: ProviderAttempt, loan: Loan, float_before: int) -> tuple[object, ...]:
    """Return how a payout ended, in states, in facts that stand, and in money that nobody can explain."""
    payout.refresh_from_db()
    attempt.refresh_from_db()
    kinds = list(loan.facts.values_list("kind", flat=True))
    standing = kinds.count("DISBURSE") - kinds.count("REVERSE")
    left = float_before - balance_of("1050.razorpay") - standing * payout.amount_paise
    assert steps_back() == []
    assert balance_of("1060.razorpay") == 0
    return attempt.state, payout.state, standing, left


@pytest.mark.parametrize(
    ("names", "end"),
    [
        (("payment.authorized", "payment.captured", "payment.failed", "payment.refunded"), ("SUSPENSE", 1, AMOUNT)),
        (("payment.authorized", "payment.failed"), ("FAILED", 1, 0)),
    ],
    ids=["paid", "failed"],
)
def test_payment_ends_alike_in_every_order(
    vendor: Vendor, names: Order, end: tuple[object, ...], tally: Tally, times: Times
) -> None:
    link = PaymentLink(amount_paise=AMOUNT, order_reference="order_of_somebody")

    def play(order: Order, rounds: int) -> tuple[object, ...]:
        told_twice(order, lambda name: tell(payment_event(link, name), event_id=f"evt_{name}"), rounds)
        payment = IncomingPayment.objects.get()
        return payment.state, IncomingPayment.objects.count(), balance_of("1070.razorpay")

    same_end(tally, orders(names, times), play, end)


@pytest.mark.parametrize(
    ("names", "end"),
    [
        (("created", "pending", "processed"), ("REFUNDED", "PAID", 0, 0, 0)),
        (("created", "pending", "failed"), ("SUSPENSE", "FAILED", AMOUNT, -AMOUNT, 0)),
    ],
    ids=["given back", "refused"],
)
def test_refund_ends_alike_in_every_order(
    payment: IncomingPayment, names: Order, end: tuple[object, ...], tally: Tally, times: Times
) -> None:
    def play(order: Order, rounds: int) -> tuple[object, ...]:
        refund_request(payment_id=payment.pk, reason="Paid twice")
        run_sagas(rounds=1)
        attempt = ProviderAttempt.objects.get()
        told_twice(order, lambda name: tell(refund_event(attempt, payment, name), event_id=f"evt_{name}"), rounds)
        run_sagas()
        found = IncomingPayment.objects.get()
        assert steps_back() == []
        left = LoanFact.objects.filter(kind="RECEIVE").count() - LoanFact.objects.filter(kind="REVERSE").count()
        return found.state, PaymentRefund.objects.get().state, balance_of("1070.razorpay"), balance_of("2120"), left

    same_end(tally, orders(names, times), play, end)


def refund_event(attempt: ProviderAttempt, payment: IncomingPayment, status: str) -> dict[str, Any]:
    """Return an event of a refund."""
    entity = {
        "id": "rfnd_KistTest000001",
        "receipt": attempt.our_reference,
        "payment_id": payment.vendor_reference,
        "amount": attempt.amount_paise,
        "status": status,
    }
    name = {"pending": "speed_changed"}.get(status, status)
    return {"event": f"refund.{name}", "contains": ["refund"], "payload": {"refund": {"entity": entity}}}


@pytest.mark.parametrize(
    ("names", "end"),
    [
        (("created", "under_review", "action_required", "closed", "won"), ("WON", "APPLIED", 1)),
        (("created", "under_review", "action_required", "closed", "lost"), ("LOST", "CHARGEBACK", 0)),
    ],
    ids=["won", "lost"],
)
def test_dispute_ends_alike_in_every_order(
    payment: IncomingPayment, names: Order, end: tuple[object, ...], tally: Tally, times: Times
) -> None:
    def play(order: Order, rounds: int) -> tuple[object, ...]:
        told_twice(order, lambda name: tell(dispute_event(payment, name, AMOUNT), event_id=f"evt_{name}"), rounds)
        assert not InboxMessage.objects.exclude(state=MessageState.APPLIED).exists()
        assert (balance_of("1080"), balance_of("2120")) == (0, 0), order
        standing = LoanFact.objects.filter(kind="RECEIVE").count() - LoanFact.objects.filter(kind="REVERSE").count()
        return Dispute.objects.get().state, IncomingPayment.objects.get().state, standing

    same_end(tally, orders(names, times), play, end)
