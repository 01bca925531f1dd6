"""Money that arrives on screens: seen, searched, and decided about with a reason."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from lms.models import Loan
from payments.models import IncomingPayment, PaymentLink, PaymentState
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db
ADDRESS = "http://127.0.0.1:9"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 3, 10))
    make_parameters()
    loan = make_loan()
    make_vendor(address=ADDRESS)
    return loan


@pytest.fixture
def finance() -> Client:
    return client_of("finance")


def lost_money() -> IncomingPayment:
    return IncomingPayment.objects.create(
        number="IN00000009",
        source="GATEWAY",
        amount_paise=5_000_00,
        state=PaymentState.SUSPENSE,
        taken_on=date(2026, 3, 9),
        utr="404223241811",
    )


def test_page_of_a_payment_leads_to_the_acts_that_a_second_person_agrees_to(loan: Loan, finance: Client) -> None:
    payment = lost_money()
    address = reverse("staff-payments:payment", args=[payment.pk])

    page = finance.get(address).content.decode()
    alone = finance.post(address, {"decision": "apply", "loan": loan.number, "reason": "Letter"})

    assert "5,000.00" in page
    assert reverse("staff-payments:payment-act", args=[payment.pk, "apply"]) in page
    assert alone.status_code == 422
    assert not loan.facts.filter(kind="RECEIVE").exists()


def test_money_in_suspense_is_kept_with_a_reason(loan: Loan, finance: Client) -> None:
    payment = lost_money()

    finance.post(reverse("staff-payments:payment", args=[payment.pk]), {"decision": "keep", "reason": "Sender unknown"})

    payment.refresh_from_db()
    assert payment.state == PaymentState.KEPT


def test_analyst_sees_a_payment_and_decides_nothing(loan: Loan) -> None:
    payment = lost_money()
    address = reverse("staff-payments:payment", args=[payment.pk])

    page = client_of("analyst").get(address)
    refused = client_of("analyst").post(address, {"decision": "keep", "reason": "Mine"})

    assert (page.status_code, refused.status_code) == (200, 403)
    assert "Do it" not in page.content.decode()


def test_borrower_is_asked_for_a_payment_from_the_loan_page(loan: Loan) -> None:
    operations = client_of("operations")
    address = reverse("staff-payments:link-ask", args=[loan.pk])
    assert address in operations.get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()

    values = {"amount_paise": "1,250.50", "hours": "24", "idempotency_key": "once"}
    answers = [operations.post(address, values).status_code for _ in range(2)]

    link = PaymentLink.objects.get()
    assert answers == [302, 302]
    assert (link.loan_id, link.amount_paise) == (loan.pk, 1_250_50)


def test_lists_find_a_payment_by_its_utr(loan: Loan, finance: Client) -> None:
    lost_money()
    page = reverse("admin:payments_incomingpayment_changelist")

    assert "IN00000009" in finance.get(page, {"q": "404223241811"}).content.decode()
    assert "IN00000009" not in finance.get(page, {"q": "404223241812"}).content.decode()
