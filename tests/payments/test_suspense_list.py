"""Money in suspense as a worklist: the oldest first, by age, with the loans that each payment may be for."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import database_now
from lms.models import Loan
from payments import suspense_list
from payments.matching import suggestions_for
from payments.models import IncomingPayment, PaymentPayer, PaymentState, Vendor
from payments.services.virtual_accounts import virtual_account_request
from payments.suspense_list import BANDS, band_of, band_totals, suspense_page
from payments.vendors import cashfree_events, razorpay_events
from payments.vendors.heard import PayerTold, PaymentHeard
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.payments import make_account, make_parameters, make_vendor
from tests.factories.payments_in import AMOUNT, arrive, arrive_on
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db
PHONE = "9876500001"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan(customer=make_customer(full_name="Rakesh Kumar Singh", phone=PHONE))
    set_business_date(date(2026, 3, 1))
    return loan


@pytest.fixture
def vendor(loan: Loan) -> Vendor:
    return make_vendor(address="http://127.0.0.1:9", float_paise=0)


def waiting(vendor: Vendor, *, age: timedelta, **values: Any) -> IncomingPayment:
    payment = arrive(vendor=vendor, **values)
    IncomingPayment.objects.filter(pk=payment.pk).update(created_at=database_now() - age)
    return payment


def causes(payment: IncomingPayment) -> list[tuple[str, tuple[str, ...]]]:
    return [(row.loan.number, row.causes) for row in suggestions_for(payment=payment)]


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(hours=23), "day"),
        (timedelta(hours=24), "two"),
        (timedelta(hours=48), "three"),
        (timedelta(hours=72), "week"),
        (timedelta(days=7), "month"),
        (timedelta(days=30), "old"),
        (timedelta(days=400), "old"),
    ],
)
def test_ages_are_in_one_band_each(vendor: Vendor, age: timedelta, code: str) -> None:
    assert band_of(age=age).code == code
    waiting(vendor, age=age)

    totals = {row.band.code: (row.count, row.amount_paise) for row in band_totals(now=database_now())}

    assert totals == {band.code: (1, AMOUNT) if band.code == code else (0, 0) for band in BANDS}


def test_oldest_is_first_and_pages_follow_without_a_gap(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense_list, "ROWS", 2)
    payments = [waiting(vendor, age=timedelta(days=9 - number)) for number in range(5)]

    seen, after = [], 0
    for _ in range(3):
        page = suspense_page(now=database_now(), after=after)
        seen += [row.payment for row in page.rows]
        after = page.next_after or 0

    assert seen == payments
    assert after == 0


def test_list_is_filtered_by_state_age_and_reference(vendor: Vendor, loan: Loan) -> None:
    old = waiting(vendor, age=timedelta(days=3))
    young = waiting(vendor, age=timedelta(hours=1), utr="UTIB0000123456")
    IncomingPayment.objects.filter(pk=old.pk).update(state=PaymentState.KEPT)
    arrive_on(loan=loan, vendor=vendor)

    def shown(**asked: Any) -> list[IncomingPayment]:
        return [row.payment for row in suspense_page(now=database_now(), **asked).rows]

    assert shown() == [old, young]
    assert (shown(state="KEPT"), shown(state="SUSPENSE"), shown(state="APPLIED")) == ([old], [young], [old, young])
    assert (shown(band="week"), shown(band="day"), shown(band="none")) == ([old], [young], [old, young])
    assert (shown(text="UTIB0000123456"), shown(text="UTIB000012345")) == ([young], [])
    assert shown(text=young.number.lower()) == [young]


def test_page_costs_the_same_for_one_row_and_for_many_and_has_words_for_none(vendor: Vendor) -> None:
    client = client_of("analyst")
    address = reverse("staff-payments:suspense")
    assert "No money lies in suspense" in client.get(address).content.decode()
    assert "Nothing fits" in client.get(address, {"q": "nothing"}).content.decode()
    payer = PayerTold(name="Somebody Else")
    waiting(vendor, age=timedelta(days=1), payer=payer)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(address)
    for _ in range(10):
        waiting(vendor, age=timedelta(days=1), payer=payer)

    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()

    assert len(many) == len(one)
    assert "Somebody Else" not in page
    assert "Somebody Else" in client_of("finance").get(address).content.decode()


def test_number_of_the_loan_in_the_narration_outweighs_the_rest(loan: Loan, vendor: Vendor) -> None:
    other = make_loan(customer=make_customer(full_name="Anita Sharma"))
    payer = PayerTold(name="Anita Sharma", narration=f"emi for {loan.number.lower()} march")

    found = suggestions_for(payment=arrive(vendor=vendor, payer=payer))

    assert [row.loan for row in found] == [loan, other]
    assert found[0].causes == ("its number stands in the narration",)
    assert found[1].causes == ("the names fit: complete (100)",)
    assert (found[0].tone, found[1].tone) == ("green", "grey")


def test_phone_name_and_amount_add_up(loan: Loan, vendor: Vendor) -> None:
    loan.refresh_from_db()
    payer = PayerTold(name="RAKESH K SINGH", phone=PHONE)

    found = suggestions_for(payment=arrive(vendor=vendor, payer=payer, amount_paise=loan.instalment_paise))

    assert [row.loan for row in found] == [loan]
    assert found[0].causes == (
        "the payer has the borrower's phone",
        "the amount is its instalment or what is due",
        "the names fit: high (95)",
    )
    assert found[0].score == 35 + 20 + 25


def test_amount_alone_leads_to_loans_with_that_instalment(loan: Loan, vendor: Vendor) -> None:
    loan.refresh_from_db()

    payment = arrive(vendor=vendor, amount_paise=loan.instalment_paise)

    assert causes(payment) == [(loan.number, ("the amount is its instalment or what is due",))]
    assert causes(arrive(vendor=vendor, amount_paise=loan.instalment_paise + 1)) == []


def test_same_payer_and_own_account_lead_to_the_loan(loan: Loan, vendor: Vendor) -> None:
    make_account(customer=loan.customer, number="50100012345678")
    arrive_on(loan=loan, vendor=vendor, payer=PayerTold(vpa="rakesh@upi"))

    by_vpa = arrive(vendor=vendor, payer=PayerTold(vpa="rakesh@upi"))
    by_account = arrive(vendor=vendor, payer=PayerTold(account="50100012345678"))
    by_other = arrive(vendor=vendor, payer=PayerTold(vpa="somebody@upi"))

    assert causes(by_vpa) == [(loan.number, ("the same payer has paid this loan",))]
    assert causes(by_account) == [(loan.number, ("it came from the borrower's own account",))]
    assert causes(by_other) == []


def test_account_of_the_loan_leads_to_it(loan: Loan, vendor: Vendor) -> None:
    payment = arrive(vendor=vendor)
    payment.virtual_account = virtual_account_request(loan_id=loan.pk)
    payment.save()

    assert causes(payment) == [(loan.number, ("it came on the account of this loan",))]


def test_closed_loans_are_not_suggested_and_queries_do_not_grow_with_hints(loan: Loan, vendor: Vendor) -> None:
    for _ in range(6):
        make_loan(customer=loan.customer)
    payment = arrive(vendor=vendor, payer=PayerTold(name="Rakesh Singh", phone=PHONE, vpa="r@upi", account="5010001"))
    Loan.objects.filter(pk=loan.pk).update(status="CLOSED")

    with CaptureQueriesContext(connection) as queries:
        found = suggestions_for(payment=payment)

    assert len(found) == 5
    assert loan not in [row.loan for row in found]
    assert len(queries) <= 15


def test_part_of_the_payment_page_offers_the_loan_to_those_who_may(loan: Loan, vendor: Vendor) -> None:
    payment = arrive(vendor=vendor, payer=PayerTold(narration=loan.number))
    address = reverse("staff-payments:payment-matches", args=[payment.pk])
    choose = f"{reverse('staff-payments:payment-act', args=[payment.pk, 'apply'])}?loan={loan.number}"

    assert choose in client_of("finance").get(address, {"part": "1"}).content.decode()
    assert choose not in client_of("analyst").get(address, {"part": "1"}).content.decode()
    assert loan.number in client_of("finance").get(choose).content.decode()


def test_payer_is_kept_once_and_nothing_of_it_is_readable_in_the_database(loan: Loan, vendor: Vendor) -> None:
    payer = PayerTold(name="Rakesh Singh", phone=PHONE, vpa="rakesh@upi", narration="emi", account="50100012345678")
    payment = arrive(vendor=vendor, payer=payer)

    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, vpa, narration, vpa_index, account_index FROM payments_paymentpayer")
        stored = " ".join(map(str, cursor.fetchone()))

    kept = PaymentPayer.objects.get(payment=payment)
    assert (kept.name, kept.phone, kept.vpa, kept.narration) == ("Rakesh Singh", PHONE, "rakesh@upi", "emi")
    assert not [text for text in ("Rakesh", PHONE, "rakesh@upi", "5678") if text in stored]
    arrive(vendor=vendor, payer=PayerTold())
    assert PaymentPayer.objects.count() == 1


def heard(reading: Any) -> PayerTold:
    found = next(row for row in reading.heard if isinstance(row, PaymentHeard))
    return found.payer


def test_both_gateways_payers_are_read() -> None:
    entity = {
        "id": "pay_1",
        "amount": 100,
        "status": "captured",
        "contact": "+91 98765 00001",
        "vpa": "Rakesh@UPI",
        "description": "NA",
        "notes": {"loan": "L00000001"},
    }
    transfer = {"amount": 100, "payer_bank_account": {"name": "Rakesh  Singh", "account_number": "765432123456789"}}
    parts = {"payment": {"entity": entity}, "virtual_account": {"entity": {"id": "va_1"}}}
    credited = {"event": "virtual_account.credited", "payload": {**parts, "bank_transfer": {"entity": transfer}}}
    data = {
        "order": {"order_id": "o1"},
        "payment": {
            "cf_payment_id": "1",
            "payment_amount": 1,
            "payment_status": "SUCCESS",
            "payment_method": {"upi": {"upi_id": "rakesh@upi"}},
        },
        "customer_details": {"customer_name": "Rakesh", "customer_phone": "09876500001"},
    }

    by_account = heard(razorpay_events.reading_of(credited))
    by_card = heard(razorpay_events.reading_of({"event": "payment.captured", "payload": parts}))
    by_rupees = heard(cashfree_events.reading_of({"type": "PAYMENT_SUCCESS_WEBHOOK", "data": data}))

    assert by_account == PayerTold(
        name="Rakesh Singh", phone=PHONE, vpa="rakesh@upi", account="765432123456789", narration="L00000001"
    )
    assert by_card == PayerTold(phone=PHONE, vpa="rakesh@upi", narration="L00000001")
    assert by_rupees == PayerTold(name="Rakesh", phone=PHONE, vpa="rakesh@upi")
