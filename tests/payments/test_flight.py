"""Money on its way: out of the balance at the vendor in one journal before anything is sent, and back in one."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from core.clock import database_now
from customers.models import BankAccount
from ledger.errors import AccountLimitReached
from ledger.models import Account, Hold, Journal
from ledger.services import HoldOrder, hold_place, hold_post
from lms.errors import MoneyOnItsWay
from lms.models import Loan
from lms.services.loans import loan_disburse
from payments.models import Operation, Payout, ProviderAttempt, Vendor
from payments.services.attempts import attempt_open
from payments.services.flight import flight_begin, flight_end, flights_ended
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, balance_of, make_account, make_parameters, make_proof, make_vendor

pytestmark = pytest.mark.django_db
AMOUNT, AT_VENDOR = 1_20_000_00, 10_00_000_00
FLOAT, SENT = "1050.razorpay", "1060.razorpay"


@pytest.fixture
def payout() -> Payout:
    """A payout that was asked for; no vendor was chosen yet."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_sanctioned_loan()
    make_vendor(address="http://127.0.0.1:9")
    account: BankAccount = make_account(customer=loan.customer)
    make_proof(account=account)
    return ask_payout(loan=loan, account=account)


@pytest.fixture
def attempt(payout: Payout) -> ProviderAttempt:
    return attempt_open(
        saga_id=payout.saga_id or 0,
        step="send",
        vendor=Vendor.objects.get(),
        operation=Operation.PAYOUT,
        rail=payout.rail,
        amount_paise=payout.amount_paise,
    )


def journals(payout: Payout) -> list[tuple[str, int]]:
    rows = Journal.objects.filter(reference_type="payments.payout", reference_id=payout.pk).order_by("pk")
    return list(rows.values_list("event", "total_paise"))


def test_money_goes_on_its_way_in_one_journal_whatever_is_repeated(payout: Payout, attempt: ProviderAttempt) -> None:
    for _ in range(2):
        with transaction.atomic():
            flight_begin(payout=payout, attempt=attempt)

    assert journals(payout) == [("PAYOUT_ON_ITS_WAY", AMOUNT)]
    assert (balance_of(FLOAT), balance_of(SENT), Hold.objects.count()) == (AT_VENDOR - AMOUNT, AMOUNT, 0)


def test_money_that_did_not_leave_is_back_in_one_journal_whatever_is_repeated(
    payout: Payout, attempt: ProviderAttempt
) -> None:
    with transaction.atomic():
        flight_begin(payout=payout, attempt=attempt)

    for _ in range(2):
        flight_end(attempt=attempt, payout_id=payout.pk)

    assert journals(payout) == [("PAYOUT_ON_ITS_WAY", AMOUNT), ("PAYOUT_NOT_PAID", AMOUNT)]
    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)
    assert flights_ended(attempts=[attempt]) == {attempt.pk}


def test_money_that_is_back_stays_so_when_it_is_asked_for_again_on_another_day(
    payout: Payout, attempt: ProviderAttempt
) -> None:
    with transaction.atomic():
        flight_begin(payout=payout, attempt=attempt)
    flight_end(attempt=attempt, payout_id=payout.pk)
    set_business_date(date(2026, 1, 2))

    flight_end(attempt=attempt, payout_id=payout.pk)

    assert (len(journals(payout)), balance_of(FLOAT), balance_of(SENT)) == (2, AT_VENDOR, 0)


def test_money_that_never_was_on_its_way_does_not_come_back(payout: Payout, attempt: ProviderAttempt) -> None:
    flight_end(attempt=attempt, payout_id=payout.pk)

    assert (journals(payout), balance_of(FLOAT)) == ([], AT_VENDOR)


def test_more_than_the_vendor_has_does_not_go_on_its_way(payout: Payout, attempt: ProviderAttempt) -> None:
    payout.amount_paise = AT_VENDOR + 1

    with pytest.raises(AccountLimitReached), transaction.atomic():
        flight_begin(payout=payout, attempt=attempt)

    assert (journals(payout), balance_of(FLOAT), balance_of(SENT)) == ([], AT_VENDOR, 0)


def test_money_that_an_earlier_release_put_on_its_way_by_a_hold_comes_back(
    payout: Payout, attempt: ProviderAttempt
) -> None:
    now, today = database_now(), date(2026, 1, 1)
    order: dict[str, Any] = {
        "idempotency_key": f"payments.attempt:{attempt.pk}",
        "debit_account": Account.objects.get(code=SENT),
        "credit_account": Account.objects.get(code=FLOAT),
        "amount_paise": AMOUNT,
        "reference_type": "payments.payout",
        "reference_id": payout.pk,
    }
    hold = hold_place(order=HoldOrder(**order), now=now)
    hold_post(hold_id=hold.pk, value_date=today, booked_on=today, now=now)

    flight_end(attempt=attempt, payout_id=payout.pk)

    assert (balance_of(FLOAT), balance_of(SENT)) == (AT_VENDOR, 0)


def test_amount_is_set_aside_on_the_loan_from_the_request_on(payout: Payout) -> None:
    with pytest.raises(MoneyOnItsWay) as refusal:
        loan_disburse(
            loan_id=payout.loan_id,
            amount_paise=1_00,
            value_date=date(2026, 1, 1),
            reference="UTR1",
            idempotency_key="by-hand",
        )

    assert refusal.value.code == "lms.money_on_its_way"
    assert not Loan.objects.get().facts.exists()
