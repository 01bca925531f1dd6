"""Accounts of loans: opened and closed by staff, who may pay, and credits that wait in suspense."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from core.models import AuditEntry, Saga
from core.sagas.models import SagaState
from core.sagas.services import saga_retry
from customers.errors import IfscInvalid
from lms.models import Loan
from payments.account_errors import PayerGone, PayerKnown, VirtualAccountClosed, VirtualAccountNotOpen
from payments.models import AccountState, AllowedPayer, IncomingPayment, PaymentState, Vendor, VirtualAccount
from payments.services.incoming import payment_told
from payments.services.vendors import collect_client_of
from payments.services.virtual_accounts import (
    payer_allow,
    payer_remove,
    payer_told,
    virtual_account_close,
    virtual_account_request,
)
from payments.vendors.answers import Payer
from payments.vendors.heard import PaymentHeard, PaymentTold
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import make_parameters, make_vendor, run_sagas
from tests.factories.staff import client_of
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
OWN = {"payer_account": "50100011112222", "payer_ifsc": "HDFC0000123"}
OTHER = {"payer_account": "91000000000001", "payer_ifsc": "SBIN0000001"}


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 10))
    return loan


@pytest.fixture
def vendor(loan: Loan, simulators: Simulators) -> Vendor:
    return make_vendor(address=simulators.address, float_paise=0)


@pytest.fixture
def account(loan: Loan, vendor: Vendor) -> VirtualAccount:
    client_of("operations").post(reverse("staff-payments:account-open", args=[loan.pk]))
    run_sagas(rounds=2)
    account = VirtualAccount.objects.get()
    assert account.state == AccountState.OPEN
    return account


def allow(account: VirtualAccount, **overrides: str) -> AllowedPayer:
    values: dict[str, Any] = {"label": "Salary", "account_number": OWN["payer_account"], "ifsc": "HDFC0009999"}
    return payer_allow(account_id=account.pk, **values | overrides)


def page_of(account: VirtualAccount) -> str:
    return client_of("analyst").get(reverse("staff-payments:virtual-account", args=[account.pk])).content.decode()


def test_account_is_opened_from_the_loan_page_and_shows_what_is_paid(
    account: VirtualAccount, loan: Loan, simulators: Simulators
) -> None:
    simulators.set("credit", account_number=account.account_number, paise=1_000_00)
    run_sagas(rounds=3)

    shown = page_of(account)
    assert account.account_number in shown
    assert "₹1,000.00" in shown
    part = client_of("analyst").get(reverse("staff-payments:loan-payments", args=[loan.pk]) + "?part=1")
    assert IncomingPayment.objects.get().number in part.content.decode()
    found = client_of("analyst").get(reverse("admin:payments_virtualaccount_changelist"), {"q": loan.number})
    assert account.account_number in found.content.decode()


def test_credit_of_an_account_that_may_not_pay_waits_in_suspense(
    account: VirtualAccount, simulators: Simulators
) -> None:
    allow(account)
    simulators.set("credit", account_number=account.account_number, paise=2_000_00, **OWN)
    simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)
    run_sagas(rounds=3)

    own, other = IncomingPayment.objects.order_by("amount_paise")
    assert (own.state, other.state) == (PaymentState.APPLIED, PaymentState.SUSPENSE)
    assert (other.loan, other.virtual_account) == (None, account)
    assert "may not pay into it" in other.problem
    assert "1 credit in suspense" in page_of(account)


def test_everybody_may_pay_again_when_the_last_right_is_taken_back(
    account: VirtualAccount, simulators: Simulators
) -> None:
    payer = allow(account)
    page = reverse("staff-payments:payer-remove", args=[payer.pk])
    client_of("operations").post(page, {"reason": "Changed the employer"})
    payer.refresh_from_db()
    assert payer.is_live is None
    simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)

    run_sagas(rounds=3)

    assert IncomingPayment.objects.get().state == PaymentState.APPLIED


def test_gateway_sends_back_what_comes_from_others_once_it_knows_the_payers(
    account: VirtualAccount, simulators: Simulators
) -> None:
    payer = allow(account)
    run_sagas(rounds=2)
    payer.refresh_from_db()
    assert (payer.account_number, payer.vendor_reference[:3]) == ("", "ba_")

    simulators.set("credit", account_number=account.account_number, paise=2_000_00, **OWN)
    with pytest.raises(AssertionError, match="may not pay into it"):
        simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)
    run_sagas(rounds=3)
    assert [row.amount_paise for row in IncomingPayment.objects.all()] == [2_000_00]

    payer_remove(payer_id=payer.pk, reason="Changed the employer")
    run_sagas(rounds=3)
    simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)
    run_sagas(rounds=3)
    assert set(IncomingPayment.objects.values_list("state", flat=True)) == {PaymentState.APPLIED}


def test_payers_listed_before_the_account_is_open_are_told_as_it_is_made(
    loan: Loan, vendor: Vendor, simulators: Simulators
) -> None:
    account = virtual_account_request(loan_id=loan.pk)
    first, gone = allow(account), allow(account, account_number=OTHER["payer_account"], ifsc="SBIN0000001")
    payer_remove(payer_id=gone.pk, reason="A mistake")

    run_sagas(rounds=3)

    account.refresh_from_db()
    first.refresh_from_db()
    assert (account.state, first.account_number, first.vendor_reference[:3]) == (AccountState.OPEN, "", "ba_")
    assert not Saga.objects.filter(kind="payments.virtual_account_payer").exists()
    with pytest.raises(AssertionError, match="may not pay into it"):
        simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "error_after"])
def test_payer_is_told_once_whatever_becomes_of_the_call(
    account: VirtualAccount, simulators: Simulators, fault: str
) -> None:
    simulators.set("fault", vendor="razorpay", fault=fault, times=2)
    payer = allow(account)

    run_sagas(rounds=6)

    payer.refresh_from_db()
    assert (payer.account_number, payer.vendor_reference[:3]) == ("", "ba_")
    assert Saga.objects.get(kind="payments.virtual_account_payer").state == SagaState.DONE
    payer_remove(payer_id=payer.pk, reason="Asked")
    run_sagas(rounds=3)
    simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)


def test_right_that_is_taken_back_while_the_gateway_is_told_is_taken_back_there_too(
    account: VirtualAccount, simulators: Simulators
) -> None:
    payer = allow(account)
    assert account.vendor is not None
    listed = Payer(account_number=OWN["payer_account"], ifsc="HDFC0009999")
    news = collect_client_of(vendor=account.vendor).payer_add(vendor_reference=account.vendor_reference, payer=listed)
    payer_remove(payer_id=payer.pk, reason="Asked")
    run_sagas(rounds=2)

    payer_told(payer_id=payer.pk, news=news)
    run_sagas(rounds=2)

    simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)


def test_payer_that_the_gateway_does_not_take_waits_for_a_person(
    account: VirtualAccount, simulators: Simulators
) -> None:
    for number in range(10):
        allow(account, account_number=f"5010001111{number:04d}")
    run_sagas(rounds=3)
    allow(account, account_number="50100011119999")

    run_sagas(rounds=3)

    saga = Saga.objects.exclude(state=SagaState.DONE).get(kind="payments.virtual_account_payer")
    assert saga.state == SagaState.MANUAL
    assert saga.problem.startswith("The gateway does not take Salary …9999 over, and sends back what it pays: ")


def test_gateway_is_told_all_payers_or_none(account: VirtualAccount, simulators: Simulators) -> None:
    earlier = allow(account, label="Family", account_number=OTHER["payer_account"], ifsc="SBIN0000001")
    # Listed by a release that kept no number.
    AllowedPayer.objects.update(account_number="")
    Saga.objects.filter(kind="payments.virtual_account_payer").update(state=SagaState.DONE)
    allow(account)

    run_sagas(rounds=3)

    saga = Saga.objects.get(kind="payments.virtual_account_payer", state=SagaState.MANUAL)
    assert saga.problem == (
        f"The gateway was told nothing, it would send back what {earlier} pays: list that account anew first"
    )
    simulators.set("credit", account_number=account.account_number, paise=3_000_00, **OTHER)

    payer_remove(payer_id=earlier.pk, reason="To be listed anew")
    allow(account, label="Family", account_number=OTHER["payer_account"], ifsc="SBIN0000001")
    saga_retry(saga_id=saga.pk, actor=None, reason="Listed anew")
    run_sagas(rounds=3)

    simulators.set("credit", account_number=account.account_number, paise=4_000_00, **OTHER)
    simulators.set("credit", account_number=account.account_number, paise=5_000_00, **OWN)


def test_payer_is_listed_once_and_its_number_is_not_kept(account: VirtualAccount) -> None:
    page = reverse("staff-payments:virtual-account-change", args=[account.pk, "payer"])
    values = {"payer-label": "Employer", "payer-account_number": "50100011112222", "payer-ifsc": "hdfc0000123"}
    operations = client_of("operations")

    operations.post(page, values)
    again = operations.post(page, values)

    payer = AllowedPayer.objects.get()
    assert (payer.last_digits, payer.ifsc) == ("2222", "HDFC0000123")
    assert again.context["payer_form"].errors.as_data()["__all__"][0].code == PayerKnown.code
    assert "50100011112222" not in page_of(account)
    run_sagas(rounds=2)
    payer.refresh_from_db()
    assert payer.account_number == ""
    with pytest.raises(IfscInvalid):
        allow(account, ifsc="HDFC")
    assert AllowedPayer.objects.count() == 1


def test_account_is_closed_at_the_vendor_with_a_reason(
    account: VirtualAccount, loan: Loan, simulators: Simulators
) -> None:
    page = reverse("staff-payments:virtual-account-change", args=[account.pk, "close"])
    operations = client_of("operations")
    assert operations.post(page, {"close-reason": ""}).status_code == 422

    operations.post(page, {"close-reason": "Repaid by mandate"})
    run_sagas(rounds=2)

    account.refresh_from_db()
    assert account.state == AccountState.CLOSED
    assert AuditEntry.objects.get(action="payments.virtual_account_close").reason == "Repaid by mandate"
    with pytest.raises(AssertionError, match="There is no such account"):
        simulators.set("credit", account_number=account.account_number, paise=1_00)
    with pytest.raises(VirtualAccountClosed):
        virtual_account_request(loan_id=loan.pk)
    with pytest.raises(VirtualAccountNotOpen):
        allow(account)
    assert (VirtualAccount.objects.count(), AllowedPayer.objects.count()) == (1, 0)


def test_credit_after_the_closing_waits_and_one_from_before_is_the_loans(account: VirtualAccount) -> None:
    virtual_account_close(account_id=account.pk, reason="Asked")
    run_sagas(rounds=2)
    account.refresh_from_db()
    assert account.closed_at is not None
    closed = int(account.closed_at.timestamp())

    states = [
        payment_told(vendor=account.vendor, heard=credit(account, number, paid), source="WEBHOOK").state  # type: ignore[arg-type]
        for number, paid in enumerate((closed - 60, closed + 60, None))
    ]

    assert states == [PaymentState.APPLIED, PaymentState.SUSPENSE, PaymentState.SUSPENSE]
    assert "closed on" in IncomingPayment.objects.order_by("pk")[1].problem


def test_right_is_taken_back_once(account: VirtualAccount) -> None:
    payer = allow(account)
    payer_remove(payer_id=payer.pk, reason="Asked")
    before = AllowedPayer.objects.values().get()

    with pytest.raises(PayerGone):
        payer_remove(payer_id=payer.pk, reason="Asked")

    assert AllowedPayer.objects.values().get() == before


def test_account_that_could_not_be_opened_is_tried_again(loan: Loan, vendor: Vendor) -> None:
    first = virtual_account_request(loan_id=loan.pk)
    VirtualAccount.objects.update(state=AccountState.FAILED, problem="The contract has none")

    again = virtual_account_request(loan_id=loan.pk)
    run_sagas(rounds=2)

    again.refresh_from_db()
    assert (again.pk, again.state, again.problem) == (first.pk, AccountState.OPEN, "")
    assert again.our_reference != first.our_reference


def test_page_of_an_account_stays_within_its_queries(
    account: VirtualAccount, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        allow(account, account_number=f"501000111122{number:02d}")
    client = client_of("operations")

    with django_assert_max_num_queries(15):
        client.get(reverse("staff-payments:virtual-account", args=[account.pk]))


def credit(account: VirtualAccount, number: int, paid_epoch: int | None) -> PaymentHeard:
    return PaymentHeard(
        told=PaymentTold.CAPTURED,
        vendor_reference=f"pay_{number}",
        amount_paise=1_000_00,
        method="bank_transfer",
        account_reference=account.vendor_reference,
        paid_epoch=paid_epoch,
    )
