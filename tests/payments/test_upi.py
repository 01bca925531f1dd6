"""UPI addresses as payees: proven like accounts, by the checks that are made for them, and paid by UPI alone."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.errors import UpiAddressInvalid
from customers.models import BankAccount, Customer
from customers.services import upi_address_add
from payments.errors import RailNotForPayee
from payments.models import (
    CheckState,
    NameBand,
    Operation,
    PaidCheck,
    PayeeCheck,
    PaymentParameters,
    Payout,
    PayoutState,
    Rail,
    Vendor,
    VendorRoute,
)
from payments.services.payees import proof_of, proof_request
from payments.services.payout_asking import account_words
from tests.factories.lms import make_customer, make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor, run_sagas
from tests.payments.test_proofs import asked, prove
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)
ADDRESS = "asha.verma@okaxis"


@pytest.fixture(autouse=True)
def thresholds() -> PaymentParameters:
    set_business_date(TODAY)
    return make_parameters()


def vendor_for(simulators: Simulators, code: str, *, cost_paise: int = 50) -> Vendor:
    """A vendor that proves UPI addresses, and accounts for less."""
    vendor = make_vendor(address=simulators.address, code=code, float_paise=0)
    for operation, cost in ((Operation.VPA_CHECK, cost_paise), (Operation.PENNY_DROP, 10)):
        VendorRoute.objects.create(
            vendor=vendor, operation=operation, cost_paise=cost, most_paise=10**9, valid_from=date(2020, 1, 1)
        )
    return vendor


def payee(address: str = ADDRESS, *, name: str = "Asha Verma") -> BankAccount:
    return upi_address_add(customer=make_customer(full_name=name), address=address)


@pytest.mark.parametrize("code", ["razorpay", "cashfree"])
def test_address_is_proven_by_the_check_made_for_it_and_kept(simulators: Simulators, code: str) -> None:
    vendor_for(simulators, code)
    account = payee()
    proof_request(bank_account=account)
    prove()
    proof_request(bank_account=account)

    prove()

    check = PayeeCheck.objects.get()
    assert (check.operation, check.state, check.band) == (Operation.VPA_CHECK, CheckState.VALID, NameBand.PASS)
    assert (check.holder_name, check.score) == ("ASHA VERMA", 100)
    assert asked(simulators) == 1
    assert PaidCheck.objects.get().taken_until == date(2026, 4, 1)
    assert proof_of(bank_account=account, today=date(2026, 4, 1)).is_proven
    assert simulators.log("entry") == []


@pytest.mark.parametrize(("code", "reason"), [("razorpay", "invalid_vpa"), ("cashfree", "INVALID_VPA")])
def test_address_that_nobody_has_is_refused(simulators: Simulators, code: str, reason: str) -> None:
    vendor_for(simulators, code)
    account = payee("failure@upi")
    proof_request(bank_account=account)

    prove()

    proof = proof_of(bank_account=account, today=TODAY)
    assert (proof.is_refused, proof.problem) == (True, reason)


@pytest.mark.parametrize(
    ("told", "band"),
    [("SMT ASHA VERMA", NameBand.PASS), ("ASHA VARMAN", NameBand.REVIEW), ("SUNIL PATIL", NameBand.REJECT)],
)
def test_name_behind_an_address_falls_in_its_band(simulators: Simulators, told: str, band: NameBand) -> None:
    vendor_for(simulators, "cashfree")
    simulators.set("account", account="success@upi", ifsc="UPI", name=told)
    proof_request(bank_account=payee("success@upi"))

    prove()

    assert PayeeCheck.objects.get().band == band


@pytest.mark.parametrize("code", ["razorpay", "cashfree"])
def test_lost_answer_about_an_address_is_looked_for_and_not_paid_again(simulators: Simulators, code: str) -> None:
    vendor_for(simulators, code)
    account = payee()
    simulators.set("fault", vendor=code, fault="lost_answer")
    job = proof_request(bank_account=account)
    prove()
    assert PayeeCheck.objects.get().state == CheckState.WAITING
    type(job).objects.update(run_at=job.requested_at)

    prove()

    assert proof_of(bank_account=account, today=TODAY).is_proven
    assert (asked(simulators), asked(simulators, "validation look-up")) == (1, 1)


def test_account_is_not_proven_by_a_check_of_addresses(simulators: Simulators) -> None:
    vendor_for(simulators, "razorpay", cost_paise=1)
    account = make_account(customer=make_customer(full_name="Asha Verma"))
    proof_request(bank_account=account)

    prove()

    assert PayeeCheck.objects.get().operation == Operation.PENNY_DROP


@pytest.mark.parametrize("code", ["razorpay", "cashfree"])
def test_money_goes_to_a_proven_address_by_upi(simulators: Simulators, code: str) -> None:
    loan = make_sanctioned_loan(principal_paise=50_000_00)
    make_vendor(address=simulators.address, code=code)
    account = upi_address_add(customer=loan.customer, address=ADDRESS)
    make_proof(account=account, operation=Operation.VPA_CHECK)
    payout = ask_payout(loan=loan, account=account, amount_paise=50_000_00)

    run_sagas()

    payout.refresh_from_db()
    assert (payout.rail, payout.state) == (Rail.UPI, PayoutState.PAID)
    paid = [row for row in simulators.log("entry") if row["what"] == "PAYOUT"]
    assert [(row["debit"], row["paise"]) for row in paid] == [(f"account:{ADDRESS}", 50_000_00)]


@pytest.mark.parametrize(("is_upi", "rail"), [(True, Rail.IMPS), (True, Rail.NEFT), (False, Rail.UPI)])
def test_rail_that_does_not_pay_to_the_payee_is_refused(simulators: Simulators, is_upi: bool, rail: Rail) -> None:
    loan = make_sanctioned_loan(principal_paise=50_000_00)
    make_vendor(address=simulators.address)
    address = upi_address_add(customer=loan.customer, address=ADDRESS)
    account = address if is_upi else make_account(customer=loan.customer)

    with pytest.raises(RailNotForPayee) as refusal:
        ask_payout(loan=loan, account=account, amount_paise=50_000_00, rail=rail)

    assert refusal.value.code == "payments.rail_not_for_payee"
    assert not Payout.objects.exists()


@pytest.mark.parametrize(
    "address", ["", "asha", "@okaxis", "a@", "asha verma@okaxis", "asha@ok-axis", "a@b@c", "आशा@upi"]
)
def test_malformed_address_is_refused(address: str) -> None:
    customer = make_customer()

    with pytest.raises(UpiAddressInvalid) as refusal:
        upi_address_add(customer=customer, address=address)

    assert refusal.value.code == "customers.upi_address_invalid"
    assert not BankAccount.objects.exists()


def test_same_address_again_is_the_first_one_and_never_the_primary_account() -> None:
    customer = make_customer()

    first = upi_address_add(customer=customer, address=ADDRESS)
    again = upi_address_add(customer=Customer.objects.get(pk=customer.pk), address=" Asha.Verma@OkAxis ")

    assert (again.pk, again.account_number, again.is_primary, again.is_upi) == (first.pk, ADDRESS, False, True)


def test_address_is_shown_by_its_first_letter_and_handle() -> None:
    assert account_words(payee()) == "a…@okaxis"


def test_staff_add_an_address_and_ask_for_its_proof(admin_client: Client, simulators: Simulators) -> None:
    vendor_for(simulators, "cashfree")
    customer = make_customer(full_name="Asha Verma")

    added = admin_client.post(reverse("staff-customers:addition", args=[customer.pk, "upi"]), {"address": ADDRESS})
    account: Any = BankAccount.objects.get()
    admin_client.post(reverse("staff-payments:account-prove", args=[account.pk]))
    prove()

    assert added.status_code == 302
    page = admin_client.get(
        reverse("admin:payments_payeecheck_change", args=[PayeeCheck.objects.get().pk])
    ).content.decode()
    assert "a…@okaxis" in page
    assert "Prove a UPI address" in page
    assert "proven" in page
