"""Tools of staff read where money is and ask for what is to become of it; a second person agrees."""

from datetime import date
from typing import Any

import pytest

from core.approvals.models import ApprovalRequest
from core.reasons.services import reason_codes_seed
from ledger.checks import ledger_check
from lms.models import Loan
from payments.models import (
    Dispute,
    DisputeState,
    IncomingPayment,
    PaymentEvent,
    PaymentLink,
    PaymentRefund,
    PaymentState,
    Payout,
    Vendor,
)
from payments.vendors.heard import PayerTold
from tests.factories.api import path_of, read, send, tool_of, waiting
from tests.factories.approvals import approve
from tests.factories.lms import make_loan, make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, balance_of, make_account, make_parameters, make_proof, make_vendor
from tests.factories.payments_in import AMOUNT, arrive, arrive_on, disputed

pytestmark = pytest.mark.django_db
SUSPENSE, TAKEN = "2120", "1070.razorpay"
WHY = {"reason": "Letter of the payer", "reason_code": "OTHER"}
PAYER = PayerTold(name="Rakesh Kumar", phone="9876543210", vpa="rakesh@upi", narration="for my brother")


@pytest.fixture
def loan() -> Loan:
    """A running loan; the payout of another one was asked for."""
    set_business_date(date(2026, 1, 1))
    make_parameters()
    reason_codes_seed()
    sanctioned = make_sanctioned_loan()
    make_vendor(address="http://127.0.0.1:9")
    account = make_account(customer=sanctioned.customer)
    make_proof(account=account)
    ask_payout(loan=sanctioned, account=account)
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    return loan


@pytest.fixture
def payment(loan: Loan) -> IncomingPayment:
    """A payment in suspense."""
    return arrive(vendor=Vendor.objects.get(), payer=PAYER)


@pytest.fixture
def dispute(loan: Loan) -> Dispute:
    return disputed(payment=arrive_on(loan=loan, vendor=Vendor.objects.get()))


def everything() -> list[list[tuple[Any, ...]]]:
    models = (IncomingPayment, PaymentEvent, PaymentRefund, Dispute, ApprovalRequest)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_payment_is_read_without_a_word_about_its_payer(payment: IncomingPayment) -> None:
    tool = tool_of("analyst")

    listed = read(tool, "/payments/", state="SUSPENSE").json()["results"]
    shown = read(tool, f"/payments/{payment.number}/").json()

    assert listed == [shown]
    assert (shown["state"], shown["amount_paise"], shown["loan"]) == ("SUSPENSE", AMOUNT, None)
    assert not [word for word in ("Rakesh", "9876543210", "rakesh@upi", "brother") if word in str(shown)]
    assert read(tool, "/payments/", state="APPLIED").json()["results"] == []
    assert read(tool, "/payments/", state="GONE").status_code == 400
    assert read(tool, "/payments/P99999999/").status_code == 404


def test_money_in_suspense_is_put_on_a_loan_when_a_second_person_agrees(payment: IncomingPayment, loan: Loan) -> None:
    tool, target = tool_of("finance"), path_of("api-act-payment-apply", number=payment.number)
    body = {"loan": loan.number, **WHY}
    effect = send(tool, f"{target}preview/", body)
    assert (effect.status_code, effect.json()["effect"]["to_loan"]) == (200, loan.number)
    assert effect.json()["approval_reasons"] != []
    assert not ApprovalRequest.objects.exists()

    asked = send(tool, target, body, key="suspense-1")
    again = send(tool, target, body, key="suspense-1")

    assert (asked.status_code, again.status_code, again["Idempotent-Replayed"]) == (202, 202, "true")
    assert balance_of(SUSPENSE) == -AMOUNT
    approve(ApprovalRequest.objects.get())
    shown = read(tool, f"/payments/{payment.number}/").json()
    assert (shown["state"], shown["loan"], shown["customer"]) == ("APPLIED", loan.number, loan.customer.number)
    assert (balance_of(SUSPENSE), balance_of(TAKEN)) == (0, AMOUNT)
    assert ledger_check().is_held


def test_payment_is_given_back_when_a_second_person_agrees(payment: IncomingPayment) -> None:
    tool, target = tool_of("finance"), path_of("api-act-payment-give-back", number=payment.number)

    approve(waiting(send(tool, target, WHY)))

    refund = PaymentRefund.objects.get()
    assert (refund.payment, refund.amount_paise) == (payment, AMOUNT)
    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUNDING
    # Asked for once more, by a request of its own: it is the same refund.
    approve(waiting(send(tool, target, WHY)))
    assert PaymentRefund.objects.get() == refund


def test_payment_is_moved_and_a_dispute_accepted_when_a_second_person_agrees(dispute: Dispute, loan: Loan) -> None:
    tool, other = tool_of("finance"), make_loan()
    payment = dispute.payment

    approve(waiting(send(tool, path_of("api-act-dispute-accept", dispute_id=dispute.pk), WHY)))

    shown = read(tool, f"/disputes/{dispute.pk}/").json()
    assert (shown["state"], shown["payment"]) == (DisputeState.LOST, payment.number)
    gone = send(tool, path_of("api-act-payment-move", number=payment.number), {"loan": other.number, **WHY})
    assert gone.json()["code"] == "payments.payment_not_applied"


def test_act_on_what_does_not_exist_is_refused_and_leaves_nothing(payment: IncomingPayment) -> None:
    tool, before = tool_of("finance"), everything()

    answers = [
        send(tool, path_of("api-act-payment-apply", number="P99999999"), {"loan": "L1", **WHY}),
        send(tool, path_of("api-act-payment-apply", number=payment.number), {"loan": "L99999999", **WHY}),
        send(tool, path_of("api-act-payment-apply", number=payment.number), WHY),
        send(tool, path_of("api-act-dispute-accept", dispute_id=99), WHY),
    ]

    assert [answer.status_code for answer in answers] == [404, 400, 400, 404]
    assert everything() == before


def test_money_is_kept_in_suspense_and_taken_off_a_loan_by_one_person(payment: IncomingPayment, loan: Loan) -> None:
    tool, why = tool_of("finance"), {"reason": "The payer is asked"}
    applied = arrive_on(loan=loan, vendor=Vendor.objects.get())

    kept, again = (send(tool, f"/payments/{payment.number}/keep/", why, key="keep-1") for _ in range(2))
    taken = send(tool, f"/payments/{applied.number}/take-back/", why)

    assert (kept.status_code, kept.json()["state"]) == (200, "KEPT")
    assert (again.json(), again["Idempotent-Replayed"]) == (kept.json(), "true")
    assert (taken.status_code, taken.json()["state"]) == (200, "SUSPENSE")
    assert [fact.kind for fact in loan.facts.order_by("-sequence")[:2]] == ["REVERSE", "RECEIVE"]
    assert balance_of(SUSPENSE) == -2 * AMOUNT
    before = everything()
    late = send(tool, f"/payments/{applied.number}/take-back/", why)
    assert (late.status_code, late.json()["code"]) == (409, "payments.payment_not_applied")
    assert send(tool, f"/payments/{applied.number}/keep/", {}).status_code == 400
    assert everything() == before


def test_borrower_is_asked_for_a_payment_once(loan: Loan) -> None:
    tool, body = tool_of("operations"), {"loan": loan.number, "amount_paise": AMOUNT}

    first, again = (send(tool, "/payment-links/ask/", body, key="ask-1") for _ in range(2))

    asked = first.json()
    assert (first.status_code, asked["state"], asked["pay_at"], first["Location"]) == (
        201,
        "OPENING",
        "",
        asked["address"],
    )
    assert (again.json(), again["Idempotent-Replayed"], PaymentLink.objects.count()) == (asked, "true", 1)
    assert read(tool, "/payment-links/", loan=loan.number, state="OPENING").json()["results"] == [asked]
    assert read(tool, f"/payment-links/{asked['number']}/").json() == asked


def test_borrower_of_a_loan_that_takes_no_payment_is_not_asked(loan: Loan) -> None:
    tool, sanctioned = tool_of("operations"), Payout.objects.get().loan

    answers = [
        send(tool, "/payment-links/ask/", {"loan": sanctioned.number, "amount_paise": AMOUNT}),
        send(tool, "/payment-links/ask/", {"loan": loan.number, "amount_paise": 0}),
        send(tool, "/payment-links/ask/", {"loan": loan.number, "amount_paise": AMOUNT, "hours": 0}),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "payments.loan_takes_no_payment"),
        (400, "lms.amount_not_positive"),
        (400, "core.input_invalid"),
    ]
    assert not PaymentLink.objects.exists()
