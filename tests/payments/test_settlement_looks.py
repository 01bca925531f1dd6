"""A settlement that nobody told is found by asking, goes the way of an event, and is booked once."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import database_now
from core.inbox.models import InboxMessage, MessageState
from lms.models import Loan
from payments.models import Settlement, SettlementStanding, Vendor
from payments.services.settlement_looks import settlements_ask, settlements_look
from payments.services.settlements import settlement_told
from payments.tasks import settlements_look as task
from payments.vendors.heard import SettlementHeard
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor, run_sagas
from tests.payments.test_receipts import ask
from tests.payments.test_webhooks import drain, tell, tell_rupees
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)
PAISE = 5_000_00
FEE, TAX = 118_00, 18_00


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(TODAY)
    return loan


@pytest.fixture(params=["razorpay", "cashfree"])
def vendor(request: Any, loan: Loan, simulators: Simulators) -> Vendor:
    return make_vendor(address=simulators.address, code=request.param, float_paise=0)


def settled(loan: Loan, vendor: Vendor, simulators: Simulators) -> dict[str, Any]:
    """Let a borrower pay by card and the gateway settle it; its webhook goes nowhere."""
    link = ask(loan, amount_paise=PAISE)
    simulators.set("pay", ask=link.our_reference, method="card")
    run_sagas()
    return simulators.set("settle", vendor=vendor.code)


def heard(told: dict[str, Any]) -> SettlementHeard:
    return SettlementHeard(
        vendor_reference=told["id"],
        amount_paise=told["paise"],
        fee_paise=told["fee"],
        tax_paise=told["tax"],
        utr=told["utr"],
    )


def test_settlement_whose_webhook_was_lost_is_found_and_booked_once(
    loan: Loan, vendor: Vendor, simulators: Simulators
) -> None:
    told = settled(loan, vendor, simulators)

    for _ in range(3):
        task()
        drain()
    run_sagas(rounds=3)

    settlement = Settlement.objects.get()
    assert (settlement.vendor_reference, settlement.utr) == (told["id"], told["utr"])
    assert (settlement.amount_paise, settlement.fee_paise, settlement.tax_paise) == (PAISE - FEE, FEE, TAX)
    assert settlement.standing == SettlementStanding.EXPLAINED
    assert balance_of(f"1070.{vendor.code}") == 0
    message = InboxMessage.objects.get()
    assert (message.state, message.entity) == (MessageState.APPLIED, told["id"])
    assert settlements_look() == 0


def test_webhook_that_comes_after_the_look_changes_nothing(loan: Loan, vendor: Vendor, simulators: Simulators) -> None:
    settled(loan, vendor, simulators)
    assert settlements_look() == 1
    drain()
    body = json.loads(bytes(InboxMessage.objects.get().raw))
    late = {"razorpay": lambda: tell(body, event_id="evt_late"), "cashfree": lambda: tell_rupees(body)}

    assert late[vendor.code]() == 200
    drain()

    assert Settlement.objects.count() == 1
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {MessageState.APPLIED}
    assert balance_of(f"1070.{vendor.code}") == 0


def test_settlement_that_was_told_is_not_told_again(loan: Loan, vendor: Vendor, simulators: Simulators) -> None:
    settlement_told(vendor=vendor, heard=heard(settled(loan, vendor, simulators)))
    settled(loan, vendor, simulators)

    assert settlements_look() == 1
    drain()

    assert Settlement.objects.count() == 2
    assert balance_of(f"1070.{vendor.code}") == 0


def test_listed_settlement_of_another_amount_waits_for_a_person(
    loan: Loan, vendor: Vendor, simulators: Simulators
) -> None:
    told = settled(loan, vendor, simulators)
    settlement_told(vendor=vendor, heard=heard({**told, "paise": told["paise"] - 1}))

    assert settlements_look() == 1
    drain()

    message = InboxMessage.objects.get()
    assert message.state == MessageState.POISON
    assert message.error.startswith(f"Settlement {told['id']}")
    assert Settlement.objects.get().amount_paise == told["paise"] - 1


def test_gateway_that_holds_nothing_is_not_asked(loan: Loan, vendor: Vendor, simulators: Simulators) -> None:
    assert settlements_look() == 0

    assert simulators.log("request") == []


def test_pages_are_read_to_their_end_and_older_settlements_left_alone(
    loan: Loan, vendor: Vendor, simulators: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("razorpay_collect", "cashfree_collect"):
        monkeypatch.setattr(f"payments.vendors.{module}._LIST_PAGE", 1)
    for _ in range(3):
        settled(loan, vendor, simulators)

    assert settlements_ask(vendor=vendor, now=database_now() - timedelta(days=3)) == 0
    assert settlements_ask(vendor=vendor, now=database_now()) == 3


def test_gateway_that_does_not_answer_is_asked_at_the_next_turn(
    loan: Loan, vendor: Vendor, simulators: Simulators, caplog: pytest.LogCaptureFixture
) -> None:
    settled(loan, vendor, simulators)
    simulators.set("fault", vendor=vendor.code, fault="html")

    assert settlements_look() == 0
    assert f"{vendor.code} does not tell its settlements" in caplog.text

    assert settlements_look() == 1
