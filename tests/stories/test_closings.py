"""Loans that end or move: by a stored quote, on a line, with another customer, and across a closed month."""

from datetime import date
from typing import Any

import pytest

from ledger.models import TaxDocument
from ledger.services import period_soft_close
from lms.models import Loan
from lms.services.customer_merges import customers_merge, customers_unmerge
from lms.services.lines.acts import line_close
from lms.services.lines.commitments import commitments_true_up
from lms.services.prepayments import prepayment_post
from lms.services.quotes import quote_foreclose, quote_make, quote_of_day
from lms.services.transfers import excess_transfer
from tests.factories.book import assert_verified, levy, receive, refused, reverse
from tests.factories.lines import assert_line_verified, draw, left, loan_of, make_line
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.staff import make_staff
from tests.stories.telling import books, go_to, seen

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments of 11,348 from 1 February, lent on 1 January 2026."""
    set_business_date(LENT)
    return make_loan()


def test_a_loan_is_foreclosed_by_its_stored_quote(loan: Loan) -> None:
    # The first instalment comes on the day; on 10 February the borrower pays 20,000 ahead, to be done earlier.
    go_to(date(2026, 2, 1), loan)
    receive(loan, 11_348_00, date(2026, 2, 1))
    assert seen(loan) == ("ACTIVE", "STANDARD", 0, {"principal": 1_11_098_03, "interest": 73_05})
    go_to(date(2026, 2, 10), loan)
    prepayment_post(
        loan_id=loan.pk,
        amount_paise=20_000_00,
        value_date=date(2026, 2, 10),
        reference="UTR-AHEAD",
        idempotency_key="ahead",
    )
    loan.refresh_from_db()
    assert seen(loan) == ("ACTIVE", "STANDARD", 0, {"principal": 91_098_03, "interest": 717_36})

    # On 20 February he asks what closing costs; the letter holds for five days, at the price of each day.
    go_to(date(2026, 2, 20), loan)
    quote = quote_make(loan_id=loan.pk, valid_days=5, idempotency_key="quote")
    price = quote_of_day(quote=quote, on_date=date(2026, 2, 23))
    assert price is not None
    assert (price.principal_paise, price.interest_paise, price.charge_paise, price.charge_tax_paise) == (
        91_098_03,
        1_436_16,
        3_643_92,
        655_91,
    )
    assert price.total_paise == 96_834_02

    # On 23 February the money comes: a paisa less closes nothing, the price of the day closes the loan exactly.
    go_to(date(2026, 2, 23), loan)
    payment: dict[str, Any] = {
        "quote_id": quote.pk,
        "value_date": date(2026, 2, 23),
        "reference": "UTR-LAST",
        "idempotency_key": "pay",
    }
    with refused("lms.quote_amount_differs"):
        quote_foreclose(amount_paise=price.total_paise - 1, **payment)
    quote_foreclose(amount_paise=price.total_paise, **payment)
    loan.refresh_from_db()
    assert (loan.closed_on, TaxDocument.objects.get().number) == (date(2026, 2, 23), "I27-2526-0000001")
    assert seen(loan) == ("CLOSED", "STANDARD", 0, {})
    assert books() == {"BANK": 8_182_02, "GST_PAYABLE": -655_91, "INTEREST_INCOME": -3_882_19, "FEE_INCOME": -3_643_92}


def test_a_line_is_drawn_twice_repaid_and_closed() -> None:
    # 1,00,000 at 24 % on 1 January; 40,000 in three instalments at once, 60,000 on 1 February.
    set_business_date(LENT)
    line = make_line()
    first = loan_of(draw(line, 40_000_00, LENT))
    assert (left(line), books("CL")) == (
        (40_000_00, 0, 60_000_00),
        {
            "BANK": -40_000_00,
            "LOAN_PRINCIPAL": 40_000_00,
            "INTEREST_RECEIVABLE": 26_30,
            "INTEREST_INCOME": -26_30,
            "LINE_COMMITMENT": 60_000_00,
            "LINE_COMMITMENT_CONTRA": -60_000_00,
        },
    )
    go_to(date(2026, 2, 1), first)
    receive(first, first.instalment_paise, date(2026, 2, 1))
    assert seen(first) == ("ACTIVE", "STANDARD", 0, {"principal": 26_944_34, "interest": 17_72})
    assert left(line) == (26_944_34, 0, 73_055_66)
    second = loan_of(draw(line, 60_000_00, date(2026, 2, 1)))
    commitments_true_up(today=date(2026, 2, 1))
    assert (left(line), books("CL")) == (
        (86_944_34, 0, 13_055_66),
        {
            "BANK": -86_129_00,
            "LOAN_PRINCIPAL": 86_944_34,
            "INTEREST_RECEIVABLE": 57_17,
            "INTEREST_INCOME": -872_51,
            "LINE_COMMITMENT": 13_055_66,
            "LINE_COMMITMENT_CONTRA": -13_055_66,
        },
    )

    # He pays both instalments of March, then closes both loans ahead of their time, each by its quote.
    go_to(date(2026, 3, 1), first, second)
    for each in (first, second):
        receive(each, each.instalments.get(due_date=date(2026, 3, 1)).due_paise, date(2026, 3, 1))
    assert (seen(first), seen(second)) == (
        ("ACTIVE", "STANDARD", 0, {"principal": 13_569_41, "interest": 8_92}),
        ("ACTIVE", "STANDARD", 0, {"principal": 40_298_66, "interest": 26_50}),
    )
    for each in (first, second):
        quote = quote_make(loan_id=each.pk, idempotency_key=f"quote-{each.pk}")
        quote_foreclose(
            quote_id=quote.pk,
            amount_paise=quote.total_paise,
            value_date=date(2026, 3, 1),
            reference=f"UTR-{each.pk}",
            idempotency_key=f"close-{each.pk}",
        )
        each.refresh_from_db()
        assert (each.status, seen(each)[3]) == ("CLOSED", {})
    assert left(line) == (0, 0, 1_00_000_00)

    # The line ends, and nothing is committed or owed any more.
    line_close(line_id=line.pk, reason="Asked for", idempotency_key="close")
    assert left(line) == (0, 0, 0)
    assert books("CL") == {"BANK": 2_416_07, "INTEREST_INCOME": -2_416_07}
    assert_line_verified(line)


def test_two_records_of_one_person_are_merged_and_parted_again(loan: Loan) -> None:
    # One person, entered twice. The second loan is not paid, the first one is.
    twin = make_loan(customer=make_customer(full_name="Asha Varma"), version=loan.product_version)
    go_to(date(2026, 2, 1), loan, twin)
    receive(loan, 12_000_00, date(2026, 2, 1))
    go_to(date(2026, 3, 10), loan, twin)
    assert (seen(loan), seen(twin)) == (
        ("ACTIVE", "SMA_0", 9, {"principal": 1_11_098_03, "interest": 1_995_83, "overdue": 10_696_00}),
        ("ACTIVE", "SMA_1", 37, {"principal": 1_20_000_00, "interest": 5_093_86, "overdue": 22_696_00}),
    )

    # 10 March: merged. Nothing is non-performing yet and money moves nowhere; in May both follow the worse one.
    before = books()
    merge = customers_merge(
        survivor_id=loan.customer_id,
        absorbed_id=twin.customer_id,
        reason="Same PAN",
        idempotency_key="merge",
    )
    for each in (loan, twin):
        each.refresh_from_db()
    assert loan.customer == twin.customer
    assert books() == before
    go_to(date(2026, 5, 4), loan, twin)
    assert (seen(loan), seen(twin)) == (
        ("ACTIVE", "SUB_STANDARD", 64, {"principal": 1_11_098_03, "interest": 5_457_20, "overdue": 33_392_00}),
        ("ACTIVE", "SUB_STANDARD", 92, {"principal": 1_20_000_00, "interest": 8_555_23, "overdue": 45_392_00}),
    )

    # They were two persons after all, and nothing happened since: parted again.
    # Who was non-performing through the other one's loan alone never was: class and income are those of the own loan.
    customers_unmerge(merge_id=merge.pk, reason="Two persons of one name")
    go_to(date(2026, 5, 5), loan, twin)
    assert loan.customer != twin.customer
    assert (loan.asset_class, twin.asset_class) == ("SMA_2", "SUB_STANDARD")
    assert books() == {
        "BANK": -2_28_000_00,
        "LOAN_PRINCIPAL": 2_31_098_03,
        "INTEREST_RECEIVABLE": 14_121_57,
        "INTEREST_SUSPENSE": -8_609_80,
        "INTEREST_INCOME": -8_609_80,
    }


def test_excess_of_one_loan_pays_the_other_after_a_merge(loan: Loan) -> None:
    twin = make_loan(customer=make_customer(full_name="Asha Varma"), version=loan.product_version)
    go_to(date(2026, 2, 1), loan, twin)
    receive(loan, 22_696_00, date(2026, 2, 1))
    assert (seen(loan), seen(twin)) == (
        ("ACTIVE", "STANDARD", 0, {"principal": 1_11_098_03, "interest": 73_05, "excess": 11_348_00}),
        ("ACTIVE", "STANDARD", 0, {"principal": 1_20_000_00, "interest": 2_446_03}),
    )
    move: dict[str, Any] = {
        "from_loan_id": loan.pk,
        "to_loan_id": twin.pk,
        "amount_paise": 11_348_00,
        "value_date": date(2026, 2, 1),
    }

    # Two customers: money of the one never pays for the other.
    with refused("lms.transfer_to_other_customer"):
        excess_transfer(idempotency_key="move-1", reason="One person", **move)

    customers_merge(
        survivor_id=loan.customer_id, absorbed_id=twin.customer_id, reason="Same PAN", idempotency_key="merge"
    )
    bank = books()["BANK"]
    excess_transfer(idempotency_key="move-2", reason="One person", **move)
    for each in (loan, twin):
        each.refresh_from_db()
    assert (seen(loan), seen(twin)) == (
        ("ACTIVE", "STANDARD", 0, {"principal": 1_11_098_03, "interest": 73_05}),
        ("ACTIVE", "STANDARD", 0, {"principal": 1_11_098_03, "interest": 73_05}),
    )
    assert books()["BANK"] == bank


def test_a_receipt_from_before_a_closed_month_takes_the_bounce_and_its_tax_back(loan: Loan) -> None:
    # February: the instalment does not come, and a statement is charged: 100 and 18 of tax, invoiced.
    go_to(date(2026, 2, 3), loan)
    charge = levy(loan, "STATEMENT", date(2026, 2, 3))
    assert seen(loan) == (
        "ACTIVE",
        "SMA_0",
        3,
        {"principal": 1_20_000_00, "interest": 2_665_18, "fee": 100_00, "tax": 18_00, "overdue": 11_466_00},
    )
    assert books() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 2_665_18,
        "FEE_RECEIVABLE": 118_00,
        "GST_PAYABLE": -18_00,
        "INTEREST_INCOME": -2_665_18,
        "FEE_INCOME": -100_00,
    }

    # March: February is closed. The bank reports on the 10th that the money had come on 1 February.
    go_to(date(2026, 3, 10), loan)
    for month in (202601, 202602):
        period_soft_close(month=month, actor=make_staff("finance"), reason="Month-end")
    assert seen(loan) == (
        "ACTIVE",
        "SMA_1",
        37,
        {"principal": 1_20_000_00, "interest": 5_093_86, "fee": 100_00, "tax": 18_00, "overdue": 22_814_00},
    )
    late = receive(loan, 11_348_00, date(2026, 2, 1))
    assert late.recorded_on == date(2026, 3, 10)
    assert seen(loan) == (
        "ACTIVE",
        "SMA_0",
        9,
        {"principal": 1_11_098_03, "interest": 2_647_83, "fee": 100_00, "tax": 18_00, "overdue": 11_466_00},
    )
    assert books() == {
        "BANK": -1_08_652_00,
        "LOAN_PRINCIPAL": 1_11_098_03,
        "INTEREST_RECEIVABLE": 2_647_83,
        "FEE_RECEIVABLE": 118_00,
        "GST_PAYABLE": -18_00,
        "INTEREST_INCOME": -5_093_86,
        "FEE_INCOME": -100_00,
    }

    _charge_is_taken_back_by_a_credit_note_of_march(loan, charge.sequence)


def _charge_is_taken_back_by_a_credit_note_of_march(loan: Loan, sequence: int) -> None:
    # The statement was not needed: the charge is reversed, by a credit note of March for an invoice of February.
    reverse(loan, sequence, reason="Sent by mistake")
    invoice, note = TaxDocument.objects.order_by("pk")
    assert (invoice.number, invoice.issued_on, invoice.cgst_paise, invoice.sgst_paise) == (
        "I27-2526-0000001",
        date(2026, 2, 3),
        9_00,
        9_00,
    )
    assert (note.number, note.issued_on, note.original, note.cgst_paise, note.sgst_paise) == (
        "C27-2526-0000001",
        date(2026, 3, 10),
        invoice,
        9_00,
        9_00,
    )
    assert seen(loan) == ("ACTIVE", "SMA_0", 9, {"principal": 1_11_098_03, "interest": 2_647_83, "overdue": 11_348_00})
    assert books() == {
        "BANK": -1_08_652_00,
        "LOAN_PRINCIPAL": 1_11_098_03,
        "INTEREST_RECEIVABLE": 2_647_83,
        "INTEREST_INCOME": -5_093_86,
    }
    assert_verified(loan)
