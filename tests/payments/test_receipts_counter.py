"""Cash and cheques: taken by staff, brought to the bank together, cleared or bounced."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.sagas.models import Saga, SagaState
from core.workers import LANES, lane_drain
from lms.models import Loan
from lms.models.document import Document
from payments.models import CounterReceipt, Deposit, IncomingPayment, PaymentState, SlipState
from payments.receipt_errors import (
    CashAboveLimit,
    ChequeIncomplete,
    ChequeNotDeposited,
    CounterKeyReused,
    DepositEmpty,
    DepositNotPossible,
)
from payments.services.deposits import Cheque, CounterOrder, cheque_bounce, cheque_clear, counter_take, deposit_make
from payments.services.suspense import payment_take_back, suspense_keep
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.lms.documents.book import publish_lender

pytestmark = pytest.mark.django_db
CASH, POOL, SUSPENSE = "1020", "1010", "2120"
TODAY = date(2026, 3, 1)
CHEQUE = Cheque(number="123456", bank="A bank", dated=date(2026, 2, 27))


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters(cash_receipt_limit_paise=10_000_00)
    loan = make_loan()
    set_business_date(TODAY)
    make_vendor(address="http://127.0.0.1:9", float_paise=0)
    return loan


def take(loan: Loan, paise: int = 5_000_00, **overrides: Any) -> CounterReceipt:
    values: dict[str, Any] = {"loan_id": loan.pk, "amount_paise": paise, "idempotency_key": next_key("counter")}
    return counter_take(order=CounterOrder(**{**values, **overrides}))


def test_cash_is_a_receipt_at_once_and_lies_in_hand_until_it_is_deposited(loan: Loan) -> None:
    before = balance_of(POOL)

    first, second = take(loan), take(loan, 3_000_00)
    assert (balance_of(CASH), balance_of(POOL)) == (8_000_00, before)
    deposit = deposit_make(
        payment_ids=[first.payment_id, second.payment_id], bank_reference="SLIP 7", deposited_on=TODAY
    )
    again = deposit_make(payment_ids=[first.payment_id, second.payment_id], bank_reference="SLIP 7", deposited_on=TODAY)

    assert (deposit.amount_paise, again.pk) == (8_000_00, deposit.pk)
    assert (balance_of(CASH), balance_of(POOL)) == (0, before + 8_000_00)
    receipts = loan.facts.filter(kind="RECEIVE").order_by("sequence")
    assert [fact.reference for fact in receipts] == [first.payment.number, second.payment.number]


def test_cash_above_the_limit_of_a_day_is_refused(loan: Loan) -> None:
    take(loan, 6_000_00)

    with pytest.raises(CashAboveLimit) as refusal:
        take(loan, 4_000_01)

    assert refusal.value.context == {"paid_paise": 600000, "amount_paise": 400001, "limit_paise": 1000000}
    take(loan, 4_000_00)
    assert balance_of(CASH) == 10_000_00
    set_business_date(date(2026, 3, 2))
    take(loan, 10_000_00)


def test_repeat_is_the_first_and_other_content_is_refused(loan: Loan) -> None:
    first = take(loan, idempotency_key="one")

    assert take(loan, idempotency_key="one").pk == first.pk
    with pytest.raises(CounterKeyReused):
        take(loan, 1_00, idempotency_key="one")
    assert IncomingPayment.objects.count() == 1


def test_cheque_is_a_receipt_when_it_has_cleared(loan: Loan) -> None:
    before = balance_of(POOL)
    receipt = take(loan, 50_000_00, cheque=CHEQUE)
    assert (receipt.payment.state, loan.facts.filter(kind="RECEIVE").exists()) == (PaymentState.HELD, False)
    with pytest.raises(ChequeNotDeposited):
        cheque_clear(payment_id=receipt.payment_id)

    deposit_make(payment_ids=[receipt.payment_id], bank_reference="SLIP 8", deposited_on=TODAY)
    set_business_date(date(2026, 3, 3))
    for _ in range(2):
        payment = cheque_clear(payment_id=receipt.payment_id)

    assert (payment.state, payment.taken_on) == (PaymentState.APPLIED, date(2026, 3, 3))
    assert loan.facts.get(kind="RECEIVE").value_date == date(2026, 3, 3)
    assert (balance_of(CASH), balance_of(POOL)) == (0, before + 50_000_00)


@pytest.mark.parametrize("is_cleared", [False, True])
def test_cheque_that_bounces_leaves_no_receipt(loan: Loan, is_cleared: bool) -> None:
    before = balance_of(POOL)
    receipt = take(loan, cheque=CHEQUE)
    deposit_make(payment_ids=[receipt.payment_id], bank_reference="SLIP 9", deposited_on=TODAY)
    for _ in range(is_cleared):
        cheque_clear(payment_id=receipt.payment_id)

    payment = cheque_bounce(payment_id=receipt.payment_id, reason="Funds insufficient", reason_code="01")

    receipt.refresh_from_db()
    assert (payment.state, receipt.state) == (PaymentState.BOUNCED, SlipState.BOUNCED)
    assert (loan.facts.filter(kind="BOUNCE").count(), balance_of(POOL)) == (1, before)
    with pytest.raises(ChequeNotDeposited) as refusal:
        cheque_bounce(payment_id=receipt.payment_id, reason="Again")
    assert refusal.value.code == "payments.cheque_not_deposited"


@pytest.mark.parametrize("is_kept", [False, True])
def test_cheque_that_bounces_out_of_suspense_takes_its_money_with_it(loan: Loan, is_kept: bool) -> None:
    before = balance_of(POOL)
    receipt = take(loan, cheque=CHEQUE)
    deposit_make(payment_ids=[receipt.payment_id], bank_reference="SLIP 9", deposited_on=TODAY)
    cheque_clear(payment_id=receipt.payment_id)
    payment_take_back(payment_id=receipt.payment_id, reason="Meant for another loan")
    for _ in range(is_kept):
        suspense_keep(payment_id=receipt.payment_id, reason="The payer is asked")
    assert (balance_of(POOL), balance_of(SUSPENSE)) == (before + 5_000_00, -5_000_00)

    payment = cheque_bounce(payment_id=receipt.payment_id, reason="Funds insufficient", reason_code="01")

    assert payment.state == PaymentState.BOUNCED
    assert (balance_of(POOL), balance_of(SUSPENSE)) == (before, 0)


@pytest.mark.parametrize(
    "cheque",
    [
        Cheque(number="12345", bank="A bank", dated=TODAY),
        Cheque(number="123456", bank=" ", dated=TODAY),
        Cheque(number="123456", bank="A bank", dated=date(2026, 3, 2)),
        Cheque(number="123456", bank="A bank", dated=date(2025, 11, 30)),
    ],
    ids=["number", "bank", "ahead", "stale"],
)
def test_cheque_that_no_bank_would_take_is_refused(loan: Loan, cheque: Cheque) -> None:
    with pytest.raises(ChequeIncomplete):
        take(loan, cheque=cheque)

    assert not IncomingPayment.objects.exists()


@pytest.mark.parametrize(
    ("dated", "last_day"),
    [
        (date(2026, 7, 1), date(2026, 10, 1)),
        (date(2026, 2, 1), date(2026, 5, 1)),
        (date(2026, 11, 30), date(2027, 2, 28)),
    ],
    ids=["of 92 days", "of 89 days", "that end in February"],
)
def test_cheque_is_good_for_three_months(loan: Loan, dated: date, last_day: date) -> None:
    cheque = replace(CHEQUE, dated=dated)
    set_business_date(last_day)
    assert take(loan, cheque=cheque).cheque_date == dated

    set_business_date(last_day + timedelta(days=1))
    with pytest.raises(ChequeIncomplete):
        take(loan, cheque=cheque)

    assert IncomingPayment.objects.count() == 1


def test_slip_lists_one_kind_that_is_with_us(loan: Loan) -> None:
    cash, cheque = take(loan), take(loan, cheque=CHEQUE)
    both = [cash.payment_id, cheque.payment_id]

    with pytest.raises(DepositNotPossible):
        deposit_make(payment_ids=both, bank_reference="SLIP 1", deposited_on=TODAY)
    with pytest.raises(DepositEmpty):
        deposit_make(payment_ids=[], bank_reference="SLIP 1", deposited_on=TODAY)
    deposit_make(payment_ids=[cash.payment_id], bank_reference="SLIP 1", deposited_on=TODAY)
    with pytest.raises(DepositNotPossible):
        deposit_make(payment_ids=[cash.payment_id], bank_reference="SLIP 2", deposited_on=TODAY)

    assert (Deposit.objects.count(), balance_of(CASH)) == (1, 0)


def test_payment_on_a_loan_gets_one_numbered_receipt(loan: Loan) -> None:
    publish_lender(TODAY)
    payment = take(loan).payment

    for _ in range(2):
        for name in ("relay", "inbox", "sagas"):
            lane_drain(lane=LANES[name])

    document = Document.objects.get()
    assert (document.kind, document.loan_id, document.number[:3]) == ("RECEIPT", loan.pk, "RCT")
    saga = Saga.objects.get(kind="payments.receipt_document")
    assert (saga.state, saga.intent_key) == (SagaState.DONE, f"{payment.number}:1")
