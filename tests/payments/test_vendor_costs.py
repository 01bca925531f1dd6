"""What vendors charge is booked when they have done it: fees, and the rupee that proves an account."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command

from customers.models import BankAccount
from ledger.checks import ledger_check
from ledger.models import Account, Journal
from payments.models import CheckState, Operation, PayeeCheck, PayoutState, Rail, Vendor, VendorRoute
from payments.services.payees import check_answered
from payments.vendors.answers import ProofNews
from tests.factories.lms import make_customer, make_sanctioned_loan, next_key, set_business_date
from tests.factories.payments import (
    ask_payout,
    balance_of,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
    run_sagas,
)
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)
NOWHERE = "http://127.0.0.1:9"
FEES, CREDITS, OWED = "5430", "5440", "2410.razorpay"


@pytest.fixture
def vendor() -> Vendor:
    """A vendor that proves accounts for two rupees, from tomorrow on for three."""
    set_business_date(TODAY)
    make_parameters()
    make_sanctioned_loan()
    vendor = make_vendor(address=NOWHERE, float_paise=0)
    for operation, cost, valid_from, valid_to in (
        (Operation.PENNY_DROP, 2_00, date(2020, 1, 1), TODAY),
        (Operation.PENNY_DROP, 3_00, TODAY + timedelta(days=1), None),
        (Operation.PENNILESS, 1_00, date(2020, 1, 1), None),
        (Operation.NAME_LOOKUP, 0, date(2020, 1, 1), None),
    ):
        VendorRoute.objects.create(
            vendor=vendor,
            operation=operation,
            cost_paise=cost,
            most_paise=10**9,
            valid_from=valid_from,
            valid_to=valid_to,
        )
    return vendor


def answered(vendor: Vendor, operation: Operation, state: CheckState, *, utr: str = "") -> PayeeCheck:
    """Let a vendor say something of an account that it was asked about."""
    account: BankAccount = make_account(customer=make_customer(full_name="Asha Verma"))
    check = PayeeCheck.objects.create(
        account_index=account.account_index,
        ifsc=account.ifsc,
        bank_account=account,
        vendor=vendor,
        operation=operation,
        our_reference=next_key("proof"),
    )
    news = ProofNews(state=state, holder_name="Asha Verma", utr=utr)
    return check_answered(check_id=check.pk, news=news, today=TODAY)


def costs(check: PayeeCheck) -> tuple[int, int, date | None]:
    check.refresh_from_db()
    return check.fee_paise, check.moved_paise, check.booked_on


def balances() -> tuple[int, int, int]:
    return balance_of(FEES), balance_of(CREDITS), balance_of(OWED)


@pytest.mark.parametrize(
    ("operation", "state", "utr", "expected"),
    [
        (Operation.PENNY_DROP, CheckState.VALID, "", (2_00, 1_00)),
        (Operation.PENNY_DROP, CheckState.INVALID, "", (2_00, 0)),
        (Operation.PENNY_DROP, CheckState.UNPROVEN, "404223241811", (2_00, 1_00)),
        (Operation.PENNILESS, CheckState.VALID, "", (1_00, 0)),
    ],
)
def test_check_that_a_vendor_has_made_is_booked_on_the_day_on_which_it_ran(
    vendor: Vendor, operation: Operation, state: CheckState, utr: str, expected: tuple[int, int]
) -> None:
    check = answered(vendor, operation, state, utr=utr)

    assert costs(check) == (*expected, TODAY)
    assert balances() == (*expected, -sum(expected))
    journals = Journal.objects.filter(reference_type="payments.proof", reference_id=check.pk)
    assert {journal.value_date for journal in journals} == {TODAY}
    assert ledger_check().is_held


@pytest.mark.parametrize(
    ("operation", "state"),
    [
        (Operation.NAME_LOOKUP, CheckState.VALID),
        (Operation.PENNY_DROP, CheckState.DROPPED),
        (Operation.PENNY_DROP, CheckState.UNPROVEN),
        (Operation.PENNY_DROP, CheckState.WAITING),
    ],
)
def test_check_that_is_free_or_was_never_made_costs_nothing(
    vendor: Vendor, operation: Operation, state: CheckState
) -> None:
    check = answered(vendor, operation, state)

    assert costs(check) == (0, 0, None)
    assert balances() == (0, 0, 0)


def test_check_that_is_answered_again_is_booked_once(vendor: Vendor) -> None:
    check = answered(vendor, Operation.PENNY_DROP, CheckState.UNPROVEN, utr="404223241811")

    set_business_date(TODAY + timedelta(days=1))
    for _ in range(2):
        news = ProofNews(state=CheckState.VALID, holder_name="Asha Verma")
        check_answered(check_id=check.pk, news=news, today=TODAY + timedelta(days=1))

    assert costs(check) == (2_00, 1_00, TODAY)
    assert balances() == (2_00, 1_00, -3_00)


def test_payout_costs_what_its_route_says(simulators: Simulators) -> None:
    set_business_date(TODAY)
    make_parameters()
    loan = make_sanctioned_loan()
    vendor = make_vendor(address=simulators.address)
    vendor.routes.filter(operation=Operation.PAYOUT, rail=Rail.IMPS).update(cost_paise=5_90)
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    payout = ask_payout(loan=loan, account=account)

    run_sagas()

    payout.refresh_from_db()
    assert payout.state == PayoutState.PAID
    assert balances() == (5_90, 0, -5_90)
    assert (balance_of("1050.razorpay"), balance_of("1060.razorpay")) == (10_00_000_00 - payout.amount_paise, 0)
    assert ledger_check().is_held


def test_vendor_of_an_earlier_version_gets_the_accounts_that_it_lacks() -> None:
    vendor = make_vendor(address=NOWHERE, float_paise=0)
    Vendor.objects.filter(pk=vendor.pk).update(code="elder")

    call_command("payment_parameters_seed")
    call_command("payment_parameters_seed")

    assert Account.objects.filter(code="2410.elder").count() == 1
