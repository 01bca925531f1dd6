"""T, and the age of suspense: what gateways hold for us, and since when money lies where it should not."""

from datetime import date

import pytest
from django.db import transaction

from ledger.checks import ledger_check
from ledger.services import house_journal_post
from lms.models import Loan
from payments.health import Clearing, clearing_accounts
from payments.models import IncomingPayment, PaymentLink, PaymentState, Vendor
from payments.services.settlements import settlement_told
from payments.services.suspense import suspense_apply, suspense_keep
from payments.vendors.heard import SettlementHeard
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.payments.test_receipts import AMOUNT, payment_event
from tests.payments.test_webhooks import drain, tell

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    make_vendor(address=NOWHERE, float_paise=0)
    make_vendor(address=NOWHERE, code="cashfree", float_paise=0)
    return loan


def unknown(number: int) -> IncomingPayment:
    """Let a payment arrive that nobody asked for."""
    link = PaymentLink(amount_paise=AMOUNT, order_reference=f"order_{number}")
    event = payment_event(link, "payment.captured")
    event["payload"]["payment"]["entity"]["id"] = f"pay_{number}"
    tell(event, event_id=f"evt_{number}")
    drain()
    return IncomingPayment.objects.get(vendor_reference=f"pay_{number}")


def offences() -> tuple[str, ...]:
    return next(found.offences for found in ledger_check().findings if found.code == "T")


def suspense() -> Clearing:
    return next(row for row in clearing_accounts() if row.account.code == "2120")


def settle(paise: int) -> None:
    heard = SettlementHeard(vendor_reference="setl_1", amount_paise=paise - 200, fee_paise=200, tax_paise=30, utr="U1")
    settlement_told(vendor=Vendor.objects.get(code="razorpay"), heard=heard)


def test_what_was_taken_and_settled_in_part_breaks_nothing(loan: Loan) -> None:
    suspense_apply(payment_id=unknown(1).pk, loan_id=loan.pk, reason="The payer called")
    unknown(2)

    settle(AMOUNT + 1_00)

    assert ledger_check().is_held


def test_payment_of_which_the_books_know_another_amount_is_named(loan: Loan) -> None:
    payment = unknown(1)

    IncomingPayment.objects.filter(pk=payment.pk).update(amount_paise=AMOUNT + 1)

    assert offences() == (f"razorpay holds {AMOUNT} paise by the books, {AMOUNT + 1} by its payments",)


def test_payment_that_was_deleted_is_named(loan: Loan) -> None:
    payment = unknown(1)

    IncomingPayment.objects.filter(pk=payment.pk).update(state=PaymentState.FAILED, fact_sequence=None)

    assert offences() == (f"razorpay holds {AMOUNT} paise by the books, 0 by its payments",)


def test_journal_that_moves_money_of_a_gateway_to_another_is_named(loan: Loan) -> None:
    unknown(1)

    with transaction.atomic():
        house_journal_post(
            idempotency_key="stray",
            event="STRAY",
            reference_type="tests",
            reference_id=1,
            debit_code="1070.cashfree",
            credit_code="1070.razorpay",
            amount_paise=7,
            value_date=date(2026, 3, 1),
            booked_on=date(2026, 3, 1),
        )

    assert offences() == (
        f"razorpay holds {AMOUNT - 7} paise by the books, {AMOUNT} by its payments",
        "cashfree holds 7 paise by the books, 0 by its payments",
    )


def test_settlement_that_was_altered_is_named(loan: Loan) -> None:
    unknown(1)
    settle(AMOUNT)
    assert offences() == ()

    Vendor.objects.get(code="razorpay").settlements.update(fee_paise=199)

    assert offences() == ("razorpay holds 0 paise by the books, 1 by its payments",)


def test_oldest_money_in_suspense_is_the_payment_that_lies_there_longest(loan: Loan) -> None:
    first, second = unknown(1), unknown(2)
    suspense_keep(payment_id=first.pk, reason="The payer's bank was asked")
    suspense_apply(payment_id=second.pk, loan_id=loan.pk, reason="The payer called")

    found = suspense()

    assert (found.balance_paise, found.unexplained_paise) == (-AMOUNT, 0)
    assert found.oldest_at == first.events.get(state_after=PaymentState.SUSPENSE).at


def test_suspense_that_no_payment_explains_is_shown_as_such(loan: Loan) -> None:
    unknown(1)

    IncomingPayment.objects.update(amount_paise=AMOUNT - 3)

    assert (suspense().unexplained_paise, suspense().tone) == (-3, "red")
