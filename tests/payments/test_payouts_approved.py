"""A payout that waits for a second person goes to nobody but the borrower whom the first person meant."""

from datetime import date

import pytest

from core.approvals.models import ApprovalRequest, ApprovalState
from customers.models import BankAccount
from customers.services.changes import bank_account_change
from lms.models import Loan
from payments.errors import PayeeChangedSinceAsked
from payments.models import Payout, PayoutKind
from payments.services.payout_asking import payout_submit
from payments.services.payouts import PayoutOrder
from tests.factories.approvals import approve
from tests.factories.lms import make_sanctioned_loan, next_key, set_business_date
from tests.factories.payments import make_account, make_parameters, make_proof, make_vendor
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
AMOUNT = 1_20_000_00


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters(payout_approval_above_paise=1)
    loan = make_sanctioned_loan()
    make_vendor(address="http://127.0.0.1:9")
    return loan


@pytest.fixture
def account(loan: Loan) -> BankAccount:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


def asked(*, loan: Loan, account: BankAccount) -> ApprovalRequest:
    """Ask for a payout that a second person has to agree to."""
    order = PayoutOrder(
        kind=PayoutKind.DISBURSAL,
        loan_id=loan.pk,
        bank_account_id=account.pk,
        amount_paise=AMOUNT,
        idempotency_key=next_key("payout"),
        reason="First tranche",
        actor=make_staff("operations"),
    )
    request = payout_submit(order=order)
    assert isinstance(request, ApprovalRequest)
    return request


def change_account(loan: Loan) -> None:
    bank_account_change(
        customer_id=loan.customer_id, account_number="50100000777", ifsc="HDFC0000123", reason="The old one was closed"
    )


def test_account_that_was_left_before_the_approval_is_refused_by_name(loan: Loan, account: BankAccount) -> None:
    request = asked(loan=loan, account=account)
    change_account(loan)

    with pytest.raises(PayeeChangedSinceAsked) as refused:
        approve(request)

    assert refused.value.code == "payments.payee_changed_since_asked"
    assert refused.value.message == (
        "The payout was asked for to the account …1191 at YESB0000262; the borrower is paid at …0777 at HDFC0000123 "
        "now. Reject the request and ask anew."
    )
    request.refresh_from_db()
    assert request.state == ApprovalState.PENDING
    assert not Payout.objects.exists()
    assert not loan.facts.exists()


def test_account_whose_number_was_changed_before_the_approval_is_refused_by_name(
    loan: Loan, account: BankAccount
) -> None:
    request = asked(loan=loan, account=account)
    BankAccount.objects.filter(pk=account.pk).update(ifsc="HDFC0000123")

    with pytest.raises(PayeeChangedSinceAsked) as refused:
        approve(request)

    assert refused.value.code == "payments.payee_changed_since_asked"
    request.refresh_from_db()
    assert request.state == ApprovalState.PENDING
    assert not Payout.objects.exists()


def test_account_that_was_chosen_beside_the_usual_one_is_approved(loan: Loan, account: BankAccount) -> None:
    change_account(loan)
    account.refresh_from_db()
    request = asked(loan=loan, account=account)

    approve(request)

    payout = Payout.objects.get()
    assert (payout.bank_account_id, payout.is_to_primary) == (account.pk, False)


def test_account_that_is_the_usual_one_still_is_approved(loan: Loan, account: BankAccount) -> None:
    request = asked(loan=loan, account=account)

    approve(request)

    payout = Payout.objects.get()
    assert (payout.bank_account_id, payout.is_to_primary) == (account.pk, True)
