"""What a payout has on its way is not paid out by hand as well."""

from datetime import date
from typing import Any

import pytest

from core.models import ApprovalRequest
from core.reasons.services import reason_codes_seed
from customers.models import BankAccount
from lms.acts import ACTS
from lms.acts.submitting import act_preview, act_submit
from lms.errors import MoneyOnItsWay
from lms.models import Loan, LoanFact
from payments.models import Payout, PayoutKind, PayoutState
from payments.services.payouts import payout_cancel
from tests.factories.api import body_of, send, tool_of
from tests.factories.book import receive
from tests.factories.lms import make_loan, make_sanctioned_loan, next_key, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor, run_sagas
from tests.factories.staff import make_staff
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:9"
EXCESS = 3_000_00


def account_of(loan: Loan, *, address: str = NOWHERE) -> BankAccount:
    make_vendor(address=address)
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


@pytest.fixture
def sanctioned() -> Loan:
    """A loan of 1,20,000 of which nothing is drawn, and the books on 1 January 2026."""
    set_business_date(date(2026, 1, 1))
    reason_codes_seed()
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def closed() -> Loan:
    """A loan that was paid off with some money left over."""
    set_business_date(date(2026, 1, 1))
    reason_codes_seed()
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 10))
    loan.refresh_from_db()
    receive(loan, 5_00_000_00, date(2026, 3, 10))
    assert loan.excess_paise > EXCESS
    return loan


def disburse(loan: Loan, amount_paise: int) -> Any:
    body = body_of("disburse", amount_paise=amount_paise, value_date="2026-01-01")
    return send(tool_of("operations"), f"/loans/{loan.number}/acts/disburse/", body)


def test_disbursal_by_hand_leaves_what_a_payout_has_on_its_way(sanctioned: Loan) -> None:
    payout = ask_payout(loan=sanctioned, account=account_of(sanctioned), amount_paise=1_00_000_00)

    refused = disburse(sanctioned, 20_000_01)

    assert (refused.status_code, refused.json()["code"]) == (409, "lms.money_on_its_way")
    assert refused.json()["context"]["payout"] == payout.number
    assert refused.json()["context"]["left_paise"] == 20_000_00
    assert not LoanFact.objects.exists()
    assert disburse(sanctioned, 20_000_00).status_code == 201


def test_disbursal_by_hand_is_allowed_again_when_the_payout_is_cancelled(sanctioned: Loan) -> None:
    payout = ask_payout(loan=sanctioned, account=account_of(sanctioned))
    assert disburse(sanctioned, 1_00).status_code == 409

    payout_cancel(payout_id=payout.pk, actor=None, reason="The borrower takes it at the branch")
    run_sagas(rounds=1)

    assert disburse(sanctioned, 1_20_000_00).status_code == 201


def test_payout_itself_is_booked_with_what_was_kept_free_for_it(sanctioned: Loan, simulators: Simulators) -> None:
    account = account_of(sanctioned, address=simulators.address)
    payout = ask_payout(loan=sanctioned, account=account, amount_paise=1_00_000_00)
    assert disburse(sanctioned, 20_000_00).status_code == 201

    run_sagas()

    payout.refresh_from_db()
    assert payout.state == PayoutState.PAID
    assert sorted(fact.amount_paise for fact in sanctioned.facts.all()) == [20_000_00, 1_00_000_00]


@pytest.mark.parametrize("slug", ["refund", "transfer"])
def test_excess_that_a_payout_takes_is_not_given_away_by_hand(closed: Loan, slug: str) -> None:
    other = make_loan(customer=closed.customer)
    amount = closed.excess_paise - EXCESS
    ask_payout(
        loan=closed,
        account=account_of(closed),
        kind=PayoutKind.REFUND,
        amount_paise=amount,
        reason="Paid too much",
    )
    act = next(act for act in ACTS if act.slug == slug)
    values: dict[str, Any] = {"amount_paise": EXCESS + 1, "value_date": date(2026, 3, 10)}
    values |= {"reference": "OUT-2"} if slug == "refund" else {"to_loan_id": other.pk}
    call: dict[str, Any] = {
        "act": act,
        "loan_id": closed.pk,
        "reason": "Paid too much",
        "reason_code": "BORROWER_ASKED",
        "actor": make_staff("operations"),
    }
    before = LoanFact.objects.count()

    for attempt in (act_preview, act_submit):
        with pytest.raises(MoneyOnItsWay) as refusal:
            attempt(**call, values=values, idempotency_key=next_key("act"))
        assert refusal.value.code == "lms.money_on_its_way"

    assert (LoanFact.objects.count(), ApprovalRequest.objects.count()) == (before, 0)
    assert Payout.objects.get().state == PayoutState.REQUESTED
    act_preview(**call, values=values | {"amount_paise": EXCESS})
