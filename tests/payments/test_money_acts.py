"""Acts about money that arrived: one person asks with the effect before them, another agrees."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.acts.models import ActRule
from core.approvals.errors import ApprovalAboveAuthority, ApprovalByMaker, ApprovalChanged, ApprovalExpired
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_approve
from core.inbox.errors import EntityUnknown
from ledger.checks import ledger_check
from lms.models import Loan
from payments.models import (
    AttemptState,
    IncomingPayment,
    PaymentRefund,
    PaymentState,
    Payout,
    PayoutKind,
    ProviderAttempt,
    RefundState,
    Vendor,
)
from payments.protocol import Told
from payments.services.payout_asking import payout_submit
from payments.services.payouts import PayoutOrder
from payments.services.refunds import refund_request, refund_told
from payments.services.suspense import suspense_keep
from payments.vendors.answers import PayoutNews
from tests.factories.approvals import approve, last_request, make_head
from tests.factories.book import receive
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import balance_of, make_account, make_parameters, make_proof, make_vendor, run_sagas
from tests.factories.payments_in import AMOUNT, arrive, arrive_on, send_act
from tests.factories.staff import client_of, make_staff
from tests.payments.test_receipts import ask
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TAKEN, POOL, SUSPENSE = "1070.razorpay", "1010", "2120"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    return loan


@pytest.fixture
def vendor(loan: Loan) -> Vendor:
    return make_vendor(address=NOWHERE, float_paise=0)


@pytest.fixture
def finance() -> Client:
    return client_of("finance")


def received(loan: Loan) -> list[int]:
    undone = {fact.details["reversed_sequence"] for fact in loan.facts.filter(kind="REVERSE")}
    return [fact.amount_paise for fact in loan.facts.filter(kind="RECEIVE") if fact.sequence not in undone]


def test_money_is_put_on_a_loan_when_a_second_person_agrees(loan: Loan, vendor: Vendor, finance: Client) -> None:
    payment = arrive(vendor=vendor)
    shown = send_act(finance, "payment-act", payment.pk, "apply", loan=loan.number.lower(), check="").content.decode()
    assert "A second person has to approve this" in shown
    assert "payment applied" in shown
    assert not ApprovalRequest.objects.exists()

    send_act(finance, "payment-act", payment.pk, "apply", loan=loan.number)

    request = last_request()
    assert (request.kind, request.amount_paise, request.state) == ("payments.payment-apply", AMOUNT, "PENDING")
    assert received(loan) == []
    page = finance.get(reverse("staff-payments:payment", args=[payment.pk])).content.decode()
    assert f"Request {request.pk}" in page
    approve(request)
    payment.refresh_from_db()
    assert (payment.state, payment.loan_id, received(loan)) == (PaymentState.APPLIED, loan.pk, [AMOUNT])
    assert (balance_of(SUSPENSE), balance_of(TAKEN)) == (0, AMOUNT)
    assert ledger_check().is_held


def test_form_refuses_a_loan_that_does_not_exist_and_a_missing_reason(
    loan: Loan, vendor: Vendor, finance: Client
) -> None:
    payment = arrive(vendor=vendor)

    unknown = send_act(finance, "payment-act", payment.pk, "apply", loan="L99999999")
    no_reason = send_act(finance, "payment-act", payment.pk, "apply", loan=loan.number, reason="")

    assert (unknown.status_code, no_reason.status_code) == (422, 422)
    assert (ApprovalRequest.objects.count(), received(loan)) == (0, [])


def test_maker_does_not_approve_and_authority_ends_at_the_limit(loan: Loan, vendor: Vendor, finance: Client) -> None:
    payment = arrive(vendor=vendor, amount_paise=20_00_000_00)
    send_act(finance, "payment-act", payment.pk, "apply", loan=loan.number)
    request = last_request()
    make_head()

    with pytest.raises(ApprovalByMaker):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=make_staff("finance"))
    other = make_staff("manager")
    other.groups.set(make_staff("finance").groups.all())
    with pytest.raises(ApprovalAboveAuthority):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=other)

    payment.refresh_from_db()
    assert (payment.state, received(loan)) == (PaymentState.SUSPENSE, [])


def test_request_is_asked_again_when_the_loan_has_changed_and_expires_after_its_days(
    loan: Loan, vendor: Vendor, finance: Client
) -> None:
    payment = arrive(vendor=vendor)
    send_act(finance, "payment-act", payment.pk, "apply", loan=loan.number)
    request = last_request()
    receive(loan, 1_000_00, date(2026, 3, 1))

    with pytest.raises(ApprovalChanged):
        approve(request)
    head = make_head()
    request.refresh_from_db()
    with pytest.raises(ApprovalExpired):
        approval_approve(
            request_id=request.pk,
            seen_effect_hash=request.effect_hash,
            actor=head,
            now=timezone.now() + timedelta(days=8),
        )

    request.refresh_from_db()
    payment.refresh_from_db()
    assert (request.state, payment.state) == (ApprovalState.EXPIRED, PaymentState.SUSPENSE)
    assert received(loan) == [1_000_00]


def test_dated_rule_lets_one_person_apply_small_amounts(loan: Loan, vendor: Vendor, finance: Client) -> None:
    reason = "Board"
    ActRule.objects.create(act="payment-apply", effective_from=date(2026, 3, 1), above_paise=10_000_00, reason=reason)
    payment = arrive(vendor=vendor)

    send_act(finance, "payment-act", payment.pk, "apply", loan=loan.number)

    payment.refresh_from_db()
    assert (payment.state, ApprovalRequest.objects.count()) == (PaymentState.APPLIED, 0)


def test_payment_moves_between_two_borrowers_when_a_second_person_agrees(
    loan: Loan, vendor: Vendor, finance: Client
) -> None:
    set_business_date(date(2026, 3, 2))
    other = make_loan()
    payment = arrive_on(loan=loan, vendor=vendor)

    send_act(finance, "payment-act", payment.pk, "move", loan=other.number)
    request = last_request()
    effect = request.effect
    assert (effect["loan_before"], effect["loan_after"], effect["loans"]) == (loan.number, other.number, 2)
    assert received(loan) == [AMOUNT]
    approve(request)

    payment.refresh_from_db()
    assert (payment.loan_id, received(loan), received(other)) == (other.pk, [], [AMOUNT])
    assert (balance_of(SUSPENSE), ledger_check().is_held) == (0, True)


def test_move_to_the_loan_it_is_on_is_refused_before_anybody_is_asked(
    loan: Loan, vendor: Vendor, finance: Client
) -> None:
    payment = arrive_on(loan=loan, vendor=vendor)

    answer = send_act(finance, "payment-act", payment.pk, "move", loan=loan.number)

    assert answer.status_code == 422
    assert "is on loan" in answer.content.decode()
    assert (ApprovalRequest.objects.count(), received(loan)) == (0, [AMOUNT])


def test_operations_may_not_ask_and_analysts_see_no_act(loan: Loan, vendor: Vendor) -> None:
    payment = arrive(vendor=vendor)

    refused = send_act(client_of("operations"), "payment-act", payment.pk, "apply", loan=loan.number)
    page = client_of("analyst").get(reverse("staff-payments:payment", args=[payment.pk])).content.decode()

    assert refused.status_code == 403
    assert "Put a payment on a loan" not in page
    assert not ApprovalRequest.objects.exists()


def test_payment_is_given_back_when_a_second_person_agrees_and_a_late_failure_puts_it_into_suspense(
    loan: Loan, simulators: Simulators, finance: Client
) -> None:
    make_vendor(address=simulators.address, float_paise=0)
    payment = paid_by_card(loan, simulators)
    send_act(finance, "payment-act", payment.pk, "give-back")
    request = last_request()
    assert not PaymentRefund.objects.exists()
    approve(request)
    run_sagas()
    refund = PaymentRefund.objects.get()
    assert (refund.state, balance_of(TAKEN), balance_of(SUSPENSE)) == (RefundState.PAID, 0, 0)

    for _ in range(2):
        late = PayoutNews(told=Told.FAILED, reason="card_closed")
        refund_told(attempt_id=ProviderAttempt.objects.get().pk, news=late, source="WEBHOOK")

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.state, refund.problem, payment.state) == (RefundState.FAILED, "card_closed", PaymentState.SUSPENSE)
    assert ProviderAttempt.objects.get().state == AttemptState.REVERSED
    assert (balance_of(TAKEN), balance_of(SUSPENSE)) == (AMOUNT, -AMOUNT)
    assert ledger_check().is_held
    page = finance.get(reverse("admin:payments_paymentrefund_change", args=[refund.pk])).content.decode()
    assert "card_closed" in page
    assert "REFUND BACK" in page.upper()
    again = refund_request(payment_id=payment.pk, reason="Another card")
    assert again.pk != refund.pk


def test_late_failure_before_the_booking_is_told_again_later(loan: Loan, vendor: Vendor) -> None:
    payment = arrive(vendor=vendor)
    refund = refund_request(payment_id=payment.pk, reason="Paid twice")
    attempt = ProviderAttempt.objects.create(
        saga_id=refund.saga_id or 0,
        step="send",
        vendor=vendor,
        operation="REFUND",
        amount_paise=AMOUNT,
        our_reference="01KISTREFUND0000000000000A",
        idempotency_key=next_key("key"),
        state=AttemptState.PROCESSED,
        safe_retry_until=timezone.now(),
    )

    with pytest.raises(EntityUnknown):
        refund_told(attempt_id=attempt.pk, news=PayoutNews(told=Told.FAILED), source="WEBHOOK")

    attempt.refresh_from_db()
    refund.refresh_from_db()
    assert (attempt.state, refund.state) == (AttemptState.PROCESSED, RefundState.REQUESTED)
    assert balance_of(SUSPENSE) == -AMOUNT


def test_list_of_refunds_shows_what_is_unknown(loan: Loan, vendor: Vendor, finance: Client) -> None:
    refund = refund_request(payment_id=arrive(vendor=vendor).pk, reason="Paid twice")
    ProviderAttempt.objects.create(
        saga_id=refund.saga_id or 0,
        step="send",
        vendor=vendor,
        operation="REFUND",
        amount_paise=AMOUNT,
        our_reference="01KISTREFUND0000000000000B",
        idempotency_key=next_key("key"),
        state=AttemptState.UNKNOWN,
        safe_retry_until=timezone.now(),
    )

    page = finance.get(reverse("admin:payments_paymentrefund_changelist")).content.decode()
    live = finance.get(reverse("staff-payments:refund-live", args=[refund.pk])).content.decode()

    assert refund.number in page
    assert 'k-badge--red">Unknown' in page
    assert "Unknown" in live


def excess_order(loan: Loan, amount_paise: int) -> PayoutOrder:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return PayoutOrder(
        kind=PayoutKind.REFUND,
        loan_id=loan.pk,
        bank_account_id=account.pk,
        amount_paise=amount_paise,
        idempotency_key=next_key("excess"),
        reason="Overpaid",
        actor=make_staff("finance"),
    )


def test_excess_is_paid_out_by_two_persons_whatever_the_amount(loan: Loan, vendor: Vendor) -> None:
    receive(loan, 3_00_000_00, date(2026, 3, 1))
    loan.refresh_from_db()
    assert loan.excess_paise > 100_00

    outcome = payout_submit(order=excess_order(loan, 100_00))

    assert isinstance(outcome, ApprovalRequest)
    assert not Payout.objects.exists()
    approve(outcome)
    payout = Payout.objects.get()
    assert (payout.kind, payout.amount_paise, payout.state) == ("REFUND", 100_00, "REQUESTED")


def test_refund_larger_than_the_excess_is_refused_by_name(loan: Loan, vendor: Vendor) -> None:
    receive(loan, 3_00_000_00, date(2026, 3, 1))
    loan.refresh_from_db()

    with pytest.raises(Exception, match="excess") as refusal:
        payout_submit(order=excess_order(loan, loan.excess_paise + 1))

    assert getattr(refusal.value, "code", "") == "lms.refund_above_excess"
    assert not Payout.objects.exists()
    assert not ApprovalRequest.objects.exists()


def test_kept_money_is_given_back_as_well(loan: Loan, vendor: Vendor, finance: Client) -> None:
    payment = arrive(vendor=vendor)
    suspense_keep(payment_id=payment.pk, reason="Asked the payer's bank")

    send_act(finance, "payment-act", payment.pk, "give-back")
    approve()

    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUNDING


def test_cash_is_not_given_back_through_a_gateway(loan: Loan, vendor: Vendor, finance: Client) -> None:
    payment = IncomingPayment.objects.create(
        number="RC00009999", source="CASH", amount_paise=AMOUNT, state=PaymentState.SUSPENSE
    )

    answer = send_act(finance, "payment-act", payment.pk, "give-back")

    assert answer.status_code == 422
    assert "did not come through a gateway" in answer.content.decode()
    assert (PaymentRefund.objects.count(), ApprovalRequest.objects.count()) == (0, 0)


def paid_by_card(loan: Loan, simulators: Simulators) -> IncomingPayment:

    link = ask(loan)
    simulators.set("pay", ask=link.vendor_reference, method="card")
    run_sagas()
    return IncomingPayment.objects.get()
