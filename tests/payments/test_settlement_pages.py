"""Settlements: explained by the gateway's own report, red where they are not, seen at the bank once."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from core.models import InboxMessage, Saga
from core.sagas.models import SagaState
from lms.models import Loan
from payments.errors import AmountDiffers
from payments.models import (
    IncomingPayment,
    PartKind,
    PaymentState,
    Settlement,
    SettlementPart,
    SettlementStanding,
    Vendor,
)
from payments.services.links import LinkRequest, link_request
from payments.services.refunds import refund_request
from payments.services.settlement_parts import settlement_credit_seen, settlement_parts_told
from payments.services.settlements import settlement_told
from payments.settlement_errors import SettlementCreditDayWrong, SettlementCreditDiffers, SettlementCreditSeen
from payments.vendors.heard import PartHeard, SettlementHeard
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import make_parameters, make_vendor, run_sagas
from tests.factories.staff import client_of, make_staff
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)
PAISE = 5_000_00
Pay = Callable[..., IncomingPayment]


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


@pytest.fixture
def pay(loan: Loan, vendor: Vendor, simulators: Simulators) -> Pay:
    """Let the borrower pay by a link, and let us learn of it."""

    def pay(method: str = "card", *, is_told: bool = True) -> IncomingPayment:
        link = link_request(request=LinkRequest(loan_id=loan.pk, amount_paise=PAISE, idempotency_key=next_key("link")))
        run_sagas(rounds=2)
        simulators.set("pay", ask=link.our_reference, method=method)
        if is_told:
            run_sagas()
        return IncomingPayment.objects.order_by("pk").last() or IncomingPayment()

    return pay


def settle(vendor: Vendor, simulators: Simulators, **more: int) -> Settlement:
    told = simulators.set("settle", vendor=vendor.code, **more)
    heard = SettlementHeard(
        vendor_reference=told["id"],
        amount_paise=told["paise"],
        fee_paise=told["fee"],
        tax_paise=told["tax"],
        utr=told["utr"],
    )
    settlement_told(vendor=vendor, heard=heard)
    run_sagas(rounds=3)
    return Settlement.objects.get(vendor_reference=told["id"])


def page_of(settlement: Settlement) -> str:
    return client_of("analyst").get(reverse("staff-payments:settlement", args=[settlement.pk])).content.decode()


def test_settlement_is_explained_by_the_gateways_report(pay: Pay, vendor: Vendor, simulators: Simulators) -> None:
    first, second = pay("card"), pay("netbanking")

    settlement = settle(vendor, simulators)

    parts = list(settlement.parts.order_by("payment_id"))
    assert [(part.payment, part.amount_paise) for part in parts] == [(first, PAISE), (second, PAISE)]
    assert [part.net_paise for part in parts] == [PAISE - 118_00, PAISE - 88_50]
    assert (settlement.standing, settlement.difference_paise) == (SettlementStanding.EXPLAINED, 0)
    assert Saga.objects.get(kind="payments.settlement").state == SagaState.DONE
    shown = page_of(settlement)
    assert first.number in shown
    assert "adds up" in shown


def test_refund_is_a_part_of_the_next_settlement(pay: Pay, vendor: Vendor, simulators: Simulators) -> None:
    payment = pay("upi")
    settle(vendor, simulators)
    refund_request(payment_id=payment.pk, reason="Paid twice")
    run_sagas()
    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUNDED
    pay("upi")
    pay("upi")

    settlement = settle(vendor, simulators)

    assert (settlement.standing, settlement.amount_paise) == (SettlementStanding.EXPLAINED, PAISE)
    assert settlement.parts.get(kind=PartKind.REFUND).net_paise == -PAISE
    assert "Refunds" in page_of(settlement)


def test_settlement_that_does_not_add_up_is_red_with_the_difference(
    pay: Pay, vendor: Vendor, simulators: Simulators
) -> None:
    pay("upi")

    settlement = settle(vendor, simulators, short_paise=1_25)

    assert (settlement.standing, settlement.difference_paise) == (SettlementStanding.DIFFERS, -1_25)
    shown = page_of(settlement)
    assert "The bank gets ₹1.25 less than the parts come to" in shown
    assert "Ask the gateway which line is missing" in shown
    listed = client_of("analyst").get(reverse("admin:payments_settlement_changelist")).content.decode()
    assert "does not add up" in listed
    strip = client_of("analyst").get(reverse("staff-payments:alarms", args=["home"])).content.decode()
    assert "1 settlement: does not add up to its parts" in strip
    set_business_date(date(2026, 3, 14))
    run_sagas(rounds=2)
    assert Saga.objects.get(kind="payments.settlement").state == SagaState.MANUAL


def test_payment_that_we_do_not_know_is_told_until_its_webhook_comes(
    pay: Pay, vendor: Vendor, simulators: Simulators
) -> None:
    pay("upi")
    unknown = Settlement.objects.create(
        vendor=vendor, vendor_reference="setl_9", amount_paise=1_00, fee_paise=0, tax_paise=0, booked_on=TODAY
    )
    line = PartHeard(kind=PartKind.PAYMENT, vendor_reference="pay_unknown", amount_paise=1_00, net_paise=1_00)

    told = settlement_parts_told(settlement_id=unknown.pk, heard=[line])

    assert told.standing == SettlementStanding.DIFFERS
    assert "Payment pay_unknown of ₹1.00 is not known to us" in page_of(unknown)
    payment = IncomingPayment.objects.create(
        number="RC9", source="GATEWAY", vendor=vendor, vendor_reference="pay_unknown", amount_paise=1_00
    )
    assert settlement_parts_told(settlement_id=unknown.pk, heard=[line]).standing == SettlementStanding.EXPLAINED
    assert SettlementPart.objects.get(settlement=unknown).payment == payment


def test_line_that_changes_is_refused(vendor: Vendor) -> None:
    row = bare(vendor)
    line = PartHeard(kind=PartKind.ADJUSTMENT, vendor_reference="adj_1", amount_paise=1_00, net_paise=1_00)
    settlement_parts_told(settlement_id=row.pk, heard=[line])

    with pytest.raises(AmountDiffers):
        settlement_parts_told(
            settlement_id=row.pk,
            heard=[PartHeard(kind=PartKind.ADJUSTMENT, vendor_reference="adj_1", amount_paise=2_00, net_paise=2_00)],
        )

    row.refresh_from_db()
    assert (row.parts_paise, row.parts.get().net_paise) == (1_00, 1_00)


def test_credit_is_noted_as_the_statement_has_it(vendor: Vendor) -> None:
    row = bare(vendor)
    page = reverse("staff-payments:settlement", args=[row.pk])
    finance = client_of("finance")
    values = {"utr": "KISTCN1", "amount_paise": "1.00", "credited_on": "2026-03-10"}

    wrong = finance.post(page, values | {"amount_paise": "1.01"})
    assert wrong.context["form"].errors.as_data()["__all__"][0].code == "payments.settlement_credit_differs"
    finance.post(page, values)

    row.refresh_from_db()
    assert (row.credited_on, row.credited_by) == (TODAY, make_staff("finance"))
    assert "10 Mar 2026" in finance.get(page).content.decode()


def test_credit_that_cannot_be_is_refused(vendor: Vendor) -> None:
    row = bare(vendor)
    seen: dict[str, Any] = {"settlement_id": row.pk, "utr": "KISTCN1", "amount_paise": 1_00, "credited_on": TODAY}

    with pytest.raises(SettlementCreditDiffers):
        settlement_credit_seen(**seen | {"utr": "KISTCN2"})
    with pytest.raises(SettlementCreditDayWrong):
        settlement_credit_seen(**seen | {"credited_on": date(2026, 3, 11)})
    row.refresh_from_db()
    assert row.credited_on is None
    settlement_credit_seen(**seen)
    settlement_credit_seen(**seen)
    with pytest.raises(SettlementCreditSeen):
        settlement_credit_seen(**seen | {"credited_on": date(2026, 3, 9)})
    row.refresh_from_db()
    assert row.credited_on == TODAY


def test_settlement_that_could_not_be_booked_stands_above_the_list(vendor: Vendor) -> None:
    InboxMessage.objects.create(
        source=f"webhook:{vendor.code}",
        event_id="evt_1",
        kind="settlement.processed",
        raw=b"{}",
        queue="tests",
        state="POISON",
        error="Only 0 are with the gateway",
    )

    listed = client_of("analyst").get(reverse("admin:payments_settlement_changelist")).content.decode()

    assert "A settlement could not be booked" in listed
    assert "Only 0 are with the gateway" in listed


def test_pages_of_settlements_stay_within_their_queries(vendor: Vendor, django_assert_max_num_queries: Any) -> None:
    row = bare(vendor)
    lines = [
        PartHeard(kind=PartKind.PAYMENT, vendor_reference=f"pay_{number}", amount_paise=1, net_paise=1)
        for number in range(30)
    ]
    settlement_parts_told(settlement_id=row.pk, heard=lines)
    client = client_of("finance")

    with django_assert_max_num_queries(15):
        client.get(reverse("staff-payments:settlement", args=[row.pk]))
    with django_assert_max_num_queries(15):
        client.get(reverse("admin:payments_settlement_changelist"), {"q": "KISTCN1"})


def test_list_costs_the_same_for_one_settlement_and_for_many(
    vendor: Vendor, django_assert_max_num_queries: Any
) -> None:
    first = bare(vendor)
    for number in range(2, 9):
        first.pk, first.vendor_reference = None, f"setl_{number}"
        first.save()
    client = client_of("finance")

    with django_assert_max_num_queries(15):
        listed = client.get(reverse("admin:payments_settlement_changelist"))

    assert len(listed.context["cl"].result_list) == 8


def bare(vendor: Vendor) -> Settlement:
    return Settlement.objects.create(
        vendor=vendor,
        vendor_reference="setl_1",
        amount_paise=1_00,
        fee_paise=0,
        tax_paise=0,
        utr="KISTCN1",
        booked_on=TODAY,
    )
