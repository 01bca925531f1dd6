"""Money of borrowers at the same moment: payments that cross between customers, and one event told many times."""

import random
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from core.inbox.models import InboxMessage, MessageState
from core.inbox.services import message_apply
from lms.models import Loan
from payments.models import Deposit, IncomingPayment, PaymentLink, PaymentState, Vendor
from payments.services.deposits import CounterOrder, counter_take, deposit_make
from payments.services.transfers import payment_move
from payments.services.vendors import clients_close
from tests.callers import at_once
from tests.factories.book import assert_verified
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.payments.test_receipts import AMOUNT, SUSPENSE, TAKEN, payment_event
from tests.payments.test_webhooks import tell

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def vendor(transactional_db: None) -> Any:
    set_business_date(date(2026, 1, 1))
    make_parameters(cash_receipt_limit_paise=10**12)
    yield make_vendor(address="http://127.0.0.1:9", float_paise=0)
    clients_close()


def cash(loan: Loan) -> int:
    order = CounterOrder(loan_id=loan.pk, amount_paise=100_00, idempotency_key=next_key("counter"))
    return counter_take(order=order).payment_id


def received(loan: Loan) -> int:
    undone = {fact.details["reversed_sequence"] for fact in loan.facts.filter(kind="REVERSE")}
    return sum(fact.amount_paise for fact in loan.facts.filter(kind="RECEIVE") if fact.sequence not in undone)


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize("crossing", [16, pytest.param(64, marks=pytest.mark.long)])
def test_payments_that_cross_between_two_customers_all_arrive(vendor: Vendor, crossing: int) -> None:
    one, other = make_loan(), make_loan()
    set_business_date(date(2026, 1, 5))
    here = [cash(one) for _ in range(crossing // 2)]
    there = [cash(other) for _ in range(crossing // 2)]
    before = balance_of("1010")
    moves = [partial(payment_move, payment_id=payment, to_loan_id=other.pk, reason="Crossing") for payment in here]
    moves += [partial(payment_move, payment_id=payment, to_loan_id=one.pk, reason="Crossing") for payment in there]
    random.Random(1).shuffle(moves)

    results = at_once(*moves)

    assert [result for result in results if not isinstance(result, IncomingPayment)] == []
    assert set(IncomingPayment.objects.filter(pk__in=here).values_list("loan_id", flat=True)) == {other.pk}
    assert set(IncomingPayment.objects.filter(pk__in=there).values_list("loan_id", flat=True)) == {one.pk}
    assert (received(one), received(other)) == (crossing // 2 * 100_00, crossing // 2 * 100_00)
    assert (balance_of("1010"), balance_of(SUSPENSE)) == (before, 0)
    assert_verified(one)
    assert_verified(other)


def test_slip_that_is_entered_by_several_at_once_is_one_deposit(vendor: Vendor) -> None:
    loan = make_loan()
    set_business_date(date(2026, 1, 5))
    taken = [cash(loan), cash(loan)]
    enter = partial(deposit_make, payment_ids=taken, bank_reference="SLIP 1", deposited_on=date(2026, 1, 5))

    results = at_once(*[enter] * 6)

    assert results == [Deposit.objects.get()] * 6
    assert balance_of("1020") == 0


def test_number_of_a_slip_is_one_deposits_alone(vendor: Vendor) -> None:
    loan = make_loan()
    set_business_date(date(2026, 1, 5))
    enter = partial(deposit_make, bank_reference="SLIP 1", deposited_on=date(2026, 1, 5))

    results = at_once(*(partial(enter, payment_ids=[cash(loan)]) for _ in range(4)))

    assert sorted(map(str, results)) == sorted([str(Deposit.objects.get()), *["payments.deposit_slip_taken"] * 3])
    assert balance_of("1020") == 300_00


@pytest.mark.guarantee("G3")
def test_event_told_by_many_at_once_has_one_effect(vendor: Vendor) -> None:
    loan = make_loan()
    link = PaymentLink.objects.create(
        number="PL1",
        form="LINK",
        loan=loan,
        customer_id=loan.customer_id,
        vendor=vendor,
        amount_paise=AMOUNT,
        description="Loan",
        our_reference="ours",
        vendor_reference="plink_1",
        order_reference="order_1",
        state="OPEN",
        expires_at=timezone.now(),
        idempotency_key="one",
        content_hash="",
    )
    names = ("payment.authorized", "payment.captured", "payment_link.paid")
    told = [partial(tell, payment_event(link, name), event_id=f"evt_{name}") for name in names for _ in range(8)]

    assert at_once(*told) == [200] * 24

    keys = list(InboxMessage.objects.values_list("pk", flat=True))
    assert len(keys) == 3
    at_once(*(partial(message_apply, message_id=key) for key in keys for _ in range(4)))
    for _ in range(3):
        for key in keys:
            InboxMessage.objects.filter(pk=key).update(next_at=timezone.now())
            message_apply(message_id=key)
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {MessageState.APPLIED}
    payment = IncomingPayment.objects.get()
    assert (payment.state, loan.facts.filter(kind="RECEIVE").count()) == (PaymentState.APPLIED, 1)
    assert balance_of(TAKEN) == AMOUNT
    assert_verified(loan)
