"""Money of borrowers arrives once: by link, order or account, told by webhooks or found by asking."""

import itertools
from datetime import date
from typing import Any

import pytest

from core.inbox.models import InboxMessage, MessageState
from core.rehearsal import rehearse
from lms.models import Loan
from payments.models import (
    IncomingPayment,
    LinkForm,
    LinkState,
    PaymentLink,
    PaymentSource,
    PaymentState,
    Vendor,
    VirtualAccount,
)
from payments.receipt_errors import LinkExpiryNotAhead, LinkKeyReused, LoanTakesNoPayment
from payments.services.links import LinkRequest, link_request
from payments.services.virtual_accounts import virtual_account_request
from tests.factories.lms import make_loan, make_sanctioned_loan, next_key, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor, run_sagas
from tests.payments.test_webhooks import drain, tell, tell_rupees
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TAKEN, POOL, SUSPENSE = "1070.razorpay", "1010", "2120"
AMOUNT = 5_000_00


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    return loan


@pytest.fixture
def vendor(simulators: Simulators, loan: Loan) -> Vendor:
    return make_vendor(address=simulators.address, float_paise=0)


def ask(loan: Loan, **overrides: Any) -> PaymentLink:
    values: dict[str, Any] = {"loan_id": loan.pk, "amount_paise": AMOUNT, "idempotency_key": next_key("link")}
    link = link_request(request=LinkRequest(**{**values, **overrides}))
    run_sagas(rounds=2)
    link.refresh_from_db()
    return link


def payment_entity(link: PaymentLink, status: str = "captured", **changes: Any) -> dict[str, Any]:
    entity = {
        "id": "pay_KistTest000001",
        "amount": link.amount_paise,
        "status": status,
        "order_id": link.order_reference,
        "method": "upi",
        "fee": 0,
        "tax": 0,
        "acquirer_data": {"rrn": "404223241811"},
        "created_at": 1772300000,
    }
    return {**entity, **changes}


def payment_event(link: PaymentLink, name: str, **changes: Any) -> dict[str, Any]:
    status = name.partition(".")[2]
    payment = payment_entity(link, "captured" if status == "paid" else status, **changes)
    payload: dict[str, Any] = {"payment": {"entity": payment}}
    if name == "payment_link.paid":
        entity = {"id": link.vendor_reference, "reference_id": link.our_reference, "status": "paid"}
        payload["payment_link"] = {"entity": entity}
    return {"event": name, "contains": list(payload), "payload": payload}


@pytest.mark.guarantee("G5")
@pytest.mark.parametrize("code", ["razorpay", "cashfree"])
def test_link_is_opened_paid_and_found_by_asking_alone(simulators: Simulators, loan: Loan, code: str) -> None:
    make_vendor(address=simulators.address, code=code, float_paise=0)
    before = balance_of(POOL)
    link = ask(loan)
    page = simulators.client.get(link.address)
    simulators.client.post(link.address, data={"method": "netbanking", "outcome": "failure"})
    paid = simulators.client.post(link.address, data={"method": "upi", "outcome": "success"}, follow_redirects=True)

    run_sagas()

    assert (page.status_code, "₹5,000.00" in page.text, "Paid" in paid.text) == (200, True, True)
    link.refresh_from_db()
    assert link.state == LinkState.PAID
    failed, payment = IncomingPayment.objects.order_by("state", "pk").reverse()
    payment, failed = (payment, failed) if payment.state == PaymentState.APPLIED else (failed, payment)
    assert (failed.state, failed.fact_sequence) == (PaymentState.FAILED, None)
    assert (payment.state, payment.loan_id, payment.amount_paise) == (PaymentState.APPLIED, loan.pk, AMOUNT)
    receipt = loan.facts.get(kind="RECEIVE")
    assert (receipt.sequence, receipt.amount_paise, receipt.reference) == (
        payment.fact_sequence,
        AMOUNT,
        simulators.truth(link.our_reference)["entries"][0]["utr"],
    )
    assert (balance_of(f"1070.{code}"), balance_of(POOL) - before) == (AMOUNT, 0)


@pytest.mark.guarantee("G6")
@pytest.mark.parametrize("fault", ["lost_request", "lost_answer", "error_after", "error_before", "html", "busy"])
def test_answer_that_is_lost_opens_no_second_link(
    vendor: Vendor, loan: Loan, simulators: Simulators, fault: str
) -> None:
    simulators.set("fault", vendor="razorpay", fault=fault)

    link = ask(loan)
    run_sagas(rounds=3)

    link.refresh_from_db()
    assert link.state == LinkState.OPEN
    opened = [row for row in simulators.log("thing") if row["kind"] == "link"]
    assert [row["reference"] for row in opened] == [link.our_reference]


def test_order_is_paid_within_an_app(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    link = ask(loan, form=LinkForm.ORDER)
    simulators.set("pay", ask=link.vendor_reference, method="card")

    run_sagas()

    link.refresh_from_db()
    assert (link.state, link.order_reference) == (LinkState.PAID, link.vendor_reference)
    assert IncomingPayment.objects.get().state == PaymentState.APPLIED


def test_link_that_nobody_pays_expires(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    link = ask(loan, hours=1)
    simulators.set("clock", step=3700)
    simulators.client.get("/_sim/clock")

    run_sagas()

    link.refresh_from_db()
    assert link.state == LinkState.EXPIRED
    assert not IncomingPayment.objects.exists()


@pytest.mark.guarantee("G4")
@pytest.mark.parametrize(
    "names",
    [
        ("payment.authorized", "payment.captured", "payment_link.paid"),
        ("payment.authorized", "payment.failed", "payment.captured"),
    ],
    ids=["paid", "authorised late"],
)
def test_events_of_a_payment_have_the_same_end_in_every_order(
    vendor: Vendor, loan: Loan, names: tuple[str, ...]
) -> None:
    link = ask(loan)
    before = balance_of(POOL)

    for order in itertools.permutations(names):

        def play(order: tuple[str, ...] = order) -> tuple[object, ...]:
            for name in (*order, *reversed(order)):
                assert tell(payment_event(link, name), event_id=f"evt_{name}") == 200
                drain()
            payment = IncomingPayment.objects.get()
            assert InboxMessage.objects.exclude(state=MessageState.APPLIED).count() == 0, order
            return payment.state, loan.facts.filter(kind="RECEIVE").count(), balance_of(TAKEN), balance_of(POOL)

        assert rehearse(play) == (PaymentState.APPLIED, 1, AMOUNT, before), order


@pytest.mark.guarantee("G3")
@pytest.mark.parametrize("amount", [AMOUNT // 100, AMOUNT * 100, AMOUNT + 1])
def test_payment_of_another_amount_than_asked_is_never_booked(vendor: Vendor, loan: Loan, amount: int) -> None:
    link = ask(loan)

    tell(payment_event(link, "payment.captured", amount=amount), event_id="evt_1")
    drain()

    assert InboxMessage.objects.get().state == MessageState.POISON
    assert not IncomingPayment.objects.exists()
    assert balance_of(TAKEN) == 0


def test_rupees_that_are_paise_are_never_booked(simulators: Simulators, loan: Loan) -> None:
    make_vendor(address=simulators.address, code="cashfree", float_paise=0)
    link = ask(loan)
    payment = {"cf_payment_id": "1", "payment_status": "SUCCESS", "payment_amount": float(AMOUNT)}
    order = {"order_id": "cforder_1", "order_tags": {"link_id": link.our_reference}}

    tell_rupees({"type": "PAYMENT_SUCCESS_WEBHOOK", "data": {"order": order, "payment": payment}})
    drain()

    assert InboxMessage.objects.get().state == MessageState.POISON
    assert not IncomingPayment.objects.exists()


@pytest.mark.guarantee("G3")
def test_event_before_our_own_commit_waits_and_is_applied(vendor: Vendor, loan: Loan) -> None:
    early = PaymentLink(amount_paise=AMOUNT, order_reference="order_early", vendor_reference="plink_early")
    tell(payment_event(early, "payment.captured"), event_id="evt_1")
    InboxMessage.objects.update(attempts=0)
    drain_once()
    assert InboxMessage.objects.get().state == MessageState.PARKED

    link = ask(loan)
    PaymentLink.objects.filter(pk=link.pk).update(order_reference="order_early")
    drain()

    assert IncomingPayment.objects.get().state == PaymentState.APPLIED


def drain_once() -> None:
    from core.workers import LANES, lane_drain

    lane_drain(lane=LANES["inbox"], rounds=1)


def test_payment_that_nobody_asked_for_lies_in_suspense(vendor: Vendor, loan: Loan) -> None:
    unknown = PaymentLink(amount_paise=AMOUNT, order_reference="order_of_somebody")

    tell(payment_event(unknown, "payment.captured"), event_id="evt_1")
    drain()

    payment = IncomingPayment.objects.get()
    assert (payment.state, payment.source, payment.loan_id) == (PaymentState.SUSPENSE, PaymentSource.GATEWAY, None)
    assert (balance_of(TAKEN), balance_of(SUSPENSE)) == (AMOUNT, -AMOUNT)


def test_payment_that_the_loan_refuses_lies_in_suspense_with_the_reason(vendor: Vendor, loan: Loan) -> None:
    link = ask(loan)
    Loan.objects.filter(pk=loan.pk).update(status="WRITTEN_OFF")

    tell(payment_event(link, "payment.captured"), event_id="evt_1")
    drain()

    payment = IncomingPayment.objects.get()
    assert (payment.state, payment.fact_sequence) == (PaymentState.SUSPENSE, None)
    assert "written off" in payment.problem
    assert (balance_of(TAKEN), balance_of(SUSPENSE)) == (AMOUNT, -AMOUNT)


def test_credit_to_the_account_of_a_loan_is_that_loans(vendor: Vendor, loan: Loan, simulators: Simulators) -> None:
    account = virtual_account_request(loan_id=loan.pk)
    assert virtual_account_request(loan_id=loan.pk).pk == account.pk
    run_sagas(rounds=2)
    account.refresh_from_db()
    simulators.set("credit", account_number=account.account_number, paise=7_777_77, mode="NEFT")

    run_sagas(rounds=3)

    payment = IncomingPayment.objects.get()
    assert (payment.state, payment.source, payment.amount_paise) == (
        PaymentState.APPLIED,
        PaymentSource.VIRTUAL_ACCOUNT,
        7_777_77,
    )
    assert VirtualAccount.objects.get().account_number.startswith("2223")
    assert balance_of(TAKEN) == 7_777_77


def test_repeat_of_a_request_is_the_first_link(vendor: Vendor, loan: Loan) -> None:
    link = ask(loan, idempotency_key="one")

    assert ask(loan, idempotency_key="one").pk == link.pk
    with pytest.raises(LinkKeyReused):
        ask(loan, idempotency_key="one", amount_paise=1)
    with pytest.raises(LinkExpiryNotAhead):
        ask(loan, hours=0)
    assert PaymentLink.objects.count() == 1


def test_nobody_is_asked_to_pay_a_loan_that_does_not_run(vendor: Vendor, loan: Loan) -> None:
    with pytest.raises(LoanTakesNoPayment) as refusal:
        ask(make_sanctioned_loan())

    assert refusal.value.code == "payments.loan_takes_no_payment"
    assert not PaymentLink.objects.exists()
