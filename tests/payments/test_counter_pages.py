"""The counter on screens: money is taken, shown in drawers, brought to the bank by two persons, cleared or bounced."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.approvals.authority import authority_seed
from core.models import ApprovalRequest, AuditEntry
from lms.models import Loan
from lms.models.document import Document
from payments.counter_selectors import till_on
from payments.models import CounterReceipt, Deposit, IncomingPayment, PaymentState, SlipState
from payments.services.deposits import Cheque, CounterOrder, counter_take
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.factories.staff import client_of, make_staff
from tests.lms.documents.book import publish_lender

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 1)
COUNTER = "staff-payments:counter"


@pytest.fixture
def loan(settings: Any, tmp_path: Any) -> Loan:
    settings.MEDIA_ROOT = tmp_path
    set_business_date(date(2026, 1, 1))
    make_parameters(cash_receipt_limit_paise=10_000_00)
    loan = make_loan()
    set_business_date(TODAY)
    make_vendor(address="http://127.0.0.1:9", float_paise=0)
    publish_lender(TODAY)
    authority_seed()
    return loan


@pytest.fixture
def cashier() -> Client:
    return client_of("operations")


def cash(**overrides: str) -> dict[str, str]:
    values = {"kind": "CASH", "amount_paise": "5,000.00", "idempotency_key": next_key("form")}
    return values | overrides


def cheque(**overrides: str) -> dict[str, str]:
    written = {"cheque_number": "123456", "cheque_bank": "A bank, Pune", "cheque_date": "2026-02-27"}
    return cash(kind="CHEQUE", amount_paise="50,000.00") | written | overrides


def taken(loan: Loan, paise: int = 5_000_00, *, is_cheque: bool = False) -> CounterReceipt:
    paper = Cheque(number="123456", bank="A bank", dated=TODAY) if is_cheque else None
    order = CounterOrder(
        loan_id=loan.pk,
        amount_paise=paise,
        idempotency_key=next_key("take"),
        cheque=paper,
        actor=make_staff("operations"),
    )
    return counter_take(order=order)


def slip(*receipts: CounterReceipt, **overrides: Any) -> dict[str, Any]:
    values = {
        "payment_ids": [str(row.payment_id) for row in receipts],
        "bank_reference": "SLIP 7",
        "deposited_on": "2026-03-01",
        "reason": "Carried by the guard",
        "idempotency_key": next_key("slip"),
    }
    return values | overrides


def approve(request: ApprovalRequest, client: Client) -> Any:
    values = {"decision": "approve", "seen": request.effect_hash, "reason": "Counted"}
    return client.post(reverse("staff-approvals:decide", args=[request.pk]), values)


def at_the_bank(loan: Loan) -> CounterReceipt:
    receipt = taken(loan, is_cheque=True)
    client_of("operations").post(reverse("staff-payments:deposit-ask", args=["cheques"]), slip(receipt))
    approve(ApprovalRequest.objects.get(), client_of("finance"))
    receipt.refresh_from_db()
    assert receipt.state == SlipState.DEPOSITED
    return receipt


def test_cash_is_previewed_taken_and_has_a_numbered_receipt_at_once(loan: Loan, cashier: Client) -> None:
    page = reverse("staff-payments:counter-take", args=[loan.pk])
    preview = cashier.post(page, cash(check="1")).content.decode()
    assert ("Where it goes" in preview, CounterReceipt.objects.count()) == (True, 0)

    values = cash()
    answers = [cashier.post(page, values) for _ in range(2)]

    receipt = CounterReceipt.objects.get()
    shown = reverse("staff-payments:counter-receipt", args=[receipt.pk])
    assert [answer["Location"] for answer in answers] == [shown, shown]
    document = Document.objects.get()
    assert (document.kind, document.loan_id) == ("RECEIPT", loan.pk)
    assert f"Receipt {document.number} as PDF" in cashier.get(shown).content.decode()
    assert loan.facts.get(kind="RECEIVE").amount_paise == 5_000_00
    assert (receipt.taken_by, receipt.taken_on) == (make_staff("operations"), TODAY)


def test_cash_above_the_limit_is_refused_by_name(loan: Loan, cashier: Client) -> None:
    page = reverse("staff-payments:counter-take", args=[loan.pk])

    for button in ({}, {"check": "1"}):
        answer = cashier.post(page, cash(amount_paise="10,000.01", **button))
        assert answer.status_code == 422
        [refusal] = answer.context["form"].errors.as_data()["__all__"]
        assert refusal.code == "payments.cash_above_limit"
        assert "with ₹10,000.01 more that passes the limit of ₹10,000.00 a day" in refusal.message

    assert not IncomingPayment.objects.exists()


@pytest.mark.parametrize("channel", ["CASH", "CHEQUE"])
def test_cash_is_not_posted_past_the_counter(loan: Loan, cashier: Client, channel: str) -> None:
    values = {"amount_paise": "1.00", "value_date": "2026-03-01", "reference": "R1", "channel": channel}

    answer = cashier.post(
        reverse("staff:loan-act", args=[loan.pk, "receipt"]), values | {"idempotency_key": next_key("act")}
    )

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["channel"])
    assert not loan.facts.filter(kind="RECEIVE").exists()


def test_cheque_needs_what_is_written_on_it(loan: Loan, cashier: Client) -> None:
    answer = cashier.post(reverse("staff-payments:counter-take", args=[loan.pk]), cheque(cheque_bank=""))

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["cheque_bank"])
    assert not IncomingPayment.objects.exists()


def test_cheque_shows_where_it_would_go_and_changes_nothing_before_it_clears(loan: Loan, cashier: Client) -> None:
    page = reverse("staff-payments:counter-take", args=[loan.pk])

    assert "Where it goes" in cashier.post(page, cheque(check="1")).content.decode()
    cashier.post(page, cheque())

    assert CounterReceipt.objects.get().payment.state == PaymentState.HELD
    assert not loan.facts.filter(kind="RECEIVE").exists()


def test_drawers_show_who_took_what_and_what_is_left(loan: Loan, cashier: Client) -> None:
    taken(loan, 4_000_00)
    taken(loan, 2_000_00, is_cheque=True)
    set_business_date(date(2026, 3, 2))
    taken(loan, 1_000_00)

    till = till_on(day=TODAY)

    [drawer] = till.drawers
    assert (drawer.username, drawer.cash_paise, drawer.cheque_paise) == ("operations", 4_000_00, 2_000_00)
    assert (drawer.left_cash_paise, drawer.left_cheques, drawer.oldest_on) == (5_000_00, 1, TODAY)
    assert (till.cash_paise, till.difference_paise, till.cheque_paise) == (5_000_00, 0, 2_000_00)
    assert "₹5,000.00" in cashier.get(reverse(COUNTER), {"day": "2026-03-01"}).content.decode()


def test_links_of_the_counter_lead_somewhere(loan: Loan, cashier: Client) -> None:
    at_the_bank(loan)
    cashier.post(reverse("staff-payments:deposit-ask", args=["cash"]), slip(taken(loan), bank_reference="SLIP 9"))
    page = cashier.get(reverse(COUNTER)).content.decode().replace("&amp;", "&")
    links = {link for link in re.findall(r'href="(/admin/[^"#]*)"', page) if "payments" in link or "money" in link}

    answers = {link: cashier.get(link).status_code for link in links}

    assert set(answers.values()) == {200}
    assert any("taken_by__id__exact" in link for link in links)


@pytest.mark.parametrize("name", ["payment", "loan", "cheque"])
def test_cash_and_cheques_are_found_by_each_name(loan: Loan, cashier: Client, name: str) -> None:
    receipt = taken(loan, is_cheque=True)
    wanted = {"payment": receipt.payment.number, "loan": loan.number, "cheque": "123456"}[name]
    page = reverse("admin:payments_counterreceipt_changelist")

    assert receipt.payment.number in cashier.get(page, {"q": f" {wanted} "}).content.decode()
    assert receipt.payment.number not in cashier.get(page, {"q": wanted[:-1]}).content.decode()


def test_counter_finds_the_loan_that_is_paid(loan: Loan, cashier: Client) -> None:
    exact = cashier.get(reverse(COUNTER), {"q": loan.number.lower()})
    by_name = cashier.get(reverse(COUNTER), {"q": loan.customer.full_name}).content.decode()

    assert exact["Location"] == reverse("staff-payments:counter-take", args=[loan.pk])
    assert reverse("staff-payments:counter-take", args=[loan.pk]) in by_name


def test_cash_goes_to_the_bank_when_a_second_person_confirms_the_slip(loan: Loan, cashier: Client) -> None:
    receipts = [taken(loan), taken(loan, 3_000_00)]
    page = reverse("staff-payments:deposit-ask", args=["cash"])
    cashier.post(page, slip(*receipts))
    request = ApprovalRequest.objects.get()
    assert (request.amount_paise, Deposit.objects.count(), balance_of("1020")) == (8_000_00, 0, 8_000_00)
    assert (
        receipts[0].payment.number
        in cashier.get(reverse("staff-approvals:request", args=[request.pk])).content.decode()
    )

    approve(request, cashier)
    assert Deposit.objects.count() == 0
    approve(request, client_of("finance"))

    deposit = Deposit.objects.get()
    assert (deposit.amount_paise, deposit.deposited_by, balance_of("1020")) == (8_000_00, make_staff("operations"), 0)
    shown = cashier.get(reverse("staff-payments:deposit", args=[deposit.pk])).content.decode()
    assert deposit.bank_reference in shown
    assert f'by finance, <a href="{reverse("staff-approvals:request", args=[request.pk])}"' in shown


def test_what_waits_on_a_slip_is_not_put_on_another_one(loan: Loan, cashier: Client) -> None:
    receipt = taken(loan)
    page = reverse("staff-payments:deposit-ask", args=["cash"])
    first = slip(receipt)
    cashier.post(page, first)

    again = cashier.post(page, first)
    other = cashier.post(page, slip(receipt, bank_reference="SLIP 8"))

    assert (again.status_code, ApprovalRequest.objects.count()) == (302, 1)
    assert other.context["form"].errors.as_data()["__all__"][0].code == "payments.deposit_asked_for"


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"deposited_on": "2026-03-02"}, "payments.deposit_day_wrong"),
        ({"deposited_on": "2026-02-28"}, "payments.deposit_day_wrong"),
        ({"payment_ids": []}, "payments.deposit_empty"),
    ],
    ids=["ahead", "before", "empty"],
)
def test_slip_that_cannot_be_is_refused(loan: Loan, cashier: Client, overrides: dict[str, Any], code: str) -> None:
    receipt = taken(loan)

    answer = cashier.post(reverse("staff-payments:deposit-ask", args=["cash"]), slip(receipt, **overrides))

    assert answer.status_code == 422
    assert answer.context["form"].errors.as_data()["__all__"][0].code == code
    assert (ApprovalRequest.objects.count(), balance_of("1020")) == (0, 5_000_00)


def test_number_of_a_slip_is_used_once(loan: Loan, cashier: Client) -> None:
    page = reverse("staff-payments:deposit-ask", args=["cash"])
    cashier.post(page, slip(taken(loan)))
    approve(ApprovalRequest.objects.get(), client_of("finance"))

    answer = cashier.post(page, slip(taken(loan)))

    assert answer.context["form"].errors.as_data()["__all__"][0].code == "payments.deposit_slip_taken"
    assert (Deposit.objects.count(), balance_of("1020")) == (1, 5_000_00)


def test_cheque_is_credited_after_a_look_at_the_effect(loan: Loan) -> None:
    receipt = at_the_bank(loan)
    page = reverse("staff-payments:counter-receipt", args=[receipt.pk])
    values = {"decision": "clear", "reason": "On the statement of 1 March"}
    finance = client_of("finance")

    preview = finance.post(page, values | {"check": "1"})
    assert ("effect" in preview.context, loan.facts.filter(kind="RECEIVE").exists()) == (True, False)
    finance.post(page, values)

    receipt.refresh_from_db()
    assert (receipt.state, receipt.payment.state) == (SlipState.CLEARED, PaymentState.APPLIED)
    assert AuditEntry.objects.get(action="lms.receipt_post").reason == "On the statement of 1 March"


@pytest.mark.parametrize(("is_charged", "fees_paise"), [(True, 590_00), (False, 0)])
def test_cheque_that_bounces_has_the_reason_of_the_bank_and_the_charge_of_the_terms(
    loan: Loan, is_charged: bool, fees_paise: int
) -> None:
    receipt = at_the_bank(loan)
    page = reverse("staff-payments:counter-receipt", args=[receipt.pk])
    finance = client_of("finance")
    values = {"decision": "bounce", "reason": "Memo of the branch"} | ({"is_charged": "on"} if is_charged else {})

    no_code = finance.post(page, values)
    assert (no_code.status_code, list(no_code.context["form"].errors)) == (422, ["reason_code"])
    finance.post(page, values | {"reason_code": "01"})

    receipt.refresh_from_db()
    loan.refresh_from_db()
    assert (receipt.state, receipt.payment.state) == (SlipState.BOUNCED, PaymentState.BOUNCED)
    assert loan.fee_outstanding_paise + loan.tax_outstanding_paise == fees_paise


def test_cashier_sees_a_cheque_and_does_not_speak_for_the_bank(loan: Loan, cashier: Client) -> None:
    receipt = at_the_bank(loan)
    page = reverse("staff-payments:counter-receipt", args=[receipt.pk])

    assert "What does the bank say?" not in cashier.get(page).content.decode()
    assert cashier.post(page, {"decision": "clear", "reason": "Mine"}).status_code == 403


def test_cheque_that_lies_too_long_is_shown_late(loan: Loan, cashier: Client) -> None:
    receipt = at_the_bank(loan)
    page = reverse("staff-payments:counter-receipt", args=[receipt.pk])
    set_business_date(date(2026, 3, 4))
    assert "ask the branch" not in cashier.get(page).content.decode()

    set_business_date(date(2026, 3, 5))

    assert "At the bank for 4 days" in cashier.get(page).content.decode()
    assert "k-badge--red" in cashier.get(reverse(COUNTER)).content.decode()


def test_counter_costs_the_same_for_one_receipt_and_for_many(
    loan: Loan, cashier: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        taken(loan, 100_00)
        taken(loan, 100_00, is_cheque=True)

    with django_assert_max_num_queries(15):
        cashier.get(reverse(COUNTER))
    with django_assert_max_num_queries(15):
        cashier.get(reverse("staff-payments:deposit-ask", args=["cash"]))
    with django_assert_max_num_queries(15):
        cashier.get(reverse("admin:payments_counterreceipt_changelist"), {"q": loan.number})


def test_slip_of_neither_cash_nor_cheques_is_not_found(cashier: Client) -> None:
    assert cashier.get(reverse("staff-payments:deposit-ask", args=["gold"])).status_code == 404
