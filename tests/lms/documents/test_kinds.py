"""What each kind says: figures by hand, the same as those of the screens, and the text in the file."""

from datetime import date

import pytest
from django.urls import reverse

from core.money import format_rupees
from ledger.models import TaxDocument
from lms.documents.issuing import document_pdf
from lms.models import Loan
from lms.models.document import DocumentKind as Kind
from lms.models.document import DocumentLanguage
from lms.selectors import loan_state_as_of, loan_statement
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.quotes import quote_make
from tests.factories.book import bounce, receive, refused
from tests.factories.book import reverse as reverse_fact
from tests.factories.lms import make_loan, make_sanctioned_loan, next_key, set_business_date
from tests.factories.staff import client_of
from tests.lms.documents.book import issue, pdf_text

AS_OF = date(2026, 3, 9)


def close(loan: Loan, day: date) -> None:
    """Pay what closes the loan on a day."""
    amount_paise = foreclosure_quote(loan=loan, on_date=day).total_paise
    loan_foreclose(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=day,
        reference=next_key("UTR"),
        idempotency_key=next_key("foreclose"),
    )
    loan.refresh_from_db()


def test_schedule_says_what_the_loan_page_says(loan: Loan) -> None:
    document = issue(loan, Kind.SCHEDULE)

    figures, state = document.figures, loan_state_as_of(loan=loan, as_of=AS_OF)
    assert figures["as_of"] == "2026-03-09"
    assert figures["rows"][0] == {
        "number": 1,
        "due_date": "2026-02-01",
        "opening_paise": 1_20_000_00,
        "principal_paise": 8_901_97,
        "interest_paise": 2_446_03,
        "charges_paise": 0,
        "due_paise": 11_348_00,
        "closing_paise": 1_11_098_03,
    }
    assert [row["due_paise"] for row in figures["rows"]] == [row.due.total for row in state.instalments]
    assert figures["total"]["principal_paise"] == 1_20_000_00
    assert figures["total"]["charges_paise"] == 118_00
    text = pdf_text(document_pdf(document=document))
    assert "1 01-02-2026 1,20,000.00 8,901.97 2,446.03 – 11,348.00 1,11,098.03" in text
    assert "Total 1,20,000.00 16,085.16 118.00 1,36,203.16" in text


def test_statement_says_what_the_screens_say(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT)

    figures, state = document.figures, loan_state_as_of(loan=loan, as_of=AS_OF)
    lines = loan_statement(loan=loan, to_date=AS_OF)
    assert [line["balance_paise"] for line in figures["lines"]] == [line.balance_paise for line in lines]
    assert [(line["kind"], line["debit_paise"], line["credit_paise"]) for line in figures["lines"]] == [
        ("DISBURSE", 1_20_000_00, 0),
        ("RECEIVE", 0, 11_348_00),
        ("CHARGE", 118_00, 0),
        ("RECEIVE", 0, 5_000_50),
    ]
    assert (figures["principal_paise"], figures["overdue_paise"]) == (1_08_142_95, 6_465_50)
    assert (state.outstanding.principal, state.overdue.total) == (1_08_142_95, 6_465_50)
    assert (figures["opening_paise"], figures["closing_paise"]) == (0, state.outstanding.total)
    page = client_of("manager").get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()
    text = pdf_text(document_pdf(document=document))
    for name in ("principal_paise", "interest_paise", "overdue_paise", "next_due_paise"):
        assert format_rupees(figures[name]) in page
        assert format_rupees(figures[name]) in text
    assert "01-02-2026 Payment received UTR-FEB – 11,348.00 8,901.97 2,446.03 – 1,11,171.08" in text


def test_statement_of_a_period_begins_with_the_balance_before_it(loan: Loan) -> None:
    document = issue(loan, Kind.STATEMENT, from_date=date(2026, 3, 1), as_of=date(2026, 3, 5))

    before = loan_state_as_of(loan=loan, as_of=date(2026, 2, 28))
    assert document.figures["opening_paise"] == before.outstanding.total == 1_13_143_45
    assert [line["kind"] for line in document.figures["lines"]] == ["CHARGE", "RECEIVE"]
    assert [row["due_paise"] for row in document.figures["dues"]] == [11_466_00]


def test_statement_as_known_at_an_instant_leaves_later_knowledge_out(loan: Loan) -> None:
    known_at = loan.facts.get(sequence=3).recorded_at

    document = issue(loan, Kind.STATEMENT, known_at=known_at)

    assert [line["kind"] for line in document.figures["lines"]] == ["DISBURSE", "RECEIVE", "CHARGE"]
    assert (document.fact_count, document.known_at) == (3, known_at)


def test_receipt_says_where_the_money_went_on_its_day(loan: Loan) -> None:
    document = issue(loan, Kind.RECEIPT, sequence=4)

    assert document.figures == {
        "as_of": "2026-03-05",
        "date": "2026-03-05",
        "kind": "RECEIVE",
        "reference": "UTR-MAR",
        "amount_paise": 5_000_50,
        "parts": {"principal": 2_955_08, "interest": 2_045_42, "fee": 0, "tax": 0, "penal": 0, "excess": 0},
    }
    text = pdf_text(document_pdf(document=document))
    assert "Received with thanks from Asha Verma on 05-03-2026:" in text
    assert "In words: Rupees Five Thousand and Fifty Paise Only" in text
    assert "12 Tilak Road, Shivajinagar, Pune" in text


def test_interest_certificate_adds_up(loan: Loan) -> None:
    document = issue(loan, Kind.INTEREST, year=2025)

    figures = document.figures
    assert figures == {
        "as_of": "2026-03-09",
        "financial_year": "2025-26",
        "first_day": "2025-04-01",
        "last_day": "2026-03-09",
        "is_provisional": True,
        "interest_charged_paise": 5_093_86,
        "interest_paid_paise": 2_446_03 + 2_045_42,
        "principal_repaid_paise": 8_901_97 + 2_955_08,
        "penal_paid_paise": 0,
        "fee_paid_paise": 0,
        "recovered_paise": 0,
        "opening_paise": 0,
        "lent_paise": 1_20_000_00,
        "capitalised_paise": 0,
        "given_up_paise": 0,
        "closing_paise": 1_08_142_95,
    }
    text = pdf_text(document_pdf(document=document))
    assert "Interest paid ₹4,491.45" in text
    assert "Provisional: the year is not over; figures up to 09-03-2026." in text


def test_interest_certificates_of_two_years_follow_on_each_other(loan: Loan) -> None:
    set_business_date(date(2026, 4, 10))
    loan.refresh_from_db()
    receive(loan, 20_000_00, date(2026, 4, 10))

    first, second = issue(loan, Kind.INTEREST, year=2025), issue(loan, Kind.INTEREST, year=2026)

    assert first.figures["last_day"] == "2026-03-31"
    assert not first.figures["is_provisional"]
    assert second.figures["opening_paise"] == first.figures["closing_paise"] == 1_08_142_95
    moved = second.figures
    assert moved["opening_paise"] - moved["principal_repaid_paise"] == moved["closing_paise"]
    assert loan_state_as_of(loan=loan, as_of=date(2026, 4, 10)).outstanding.principal == moved["closing_paise"]


def test_foreclosure_letter_says_the_quote(loan: Loan) -> None:
    document = issue(loan, Kind.FORECLOSURE, as_of=date(2026, 3, 20))

    quote = foreclosure_quote(loan=loan, on_date=date(2026, 3, 20))
    assert document.figures["total_paise"] == quote.total_paise
    assert document.figures["charge_paise"] == quote.charge_paise == 4_325_72
    text = pdf_text(document_pdf(document=document))
    assert f"Payable on 20-03-2026 {format_rupees(quote.total_paise)}" in text
    assert "This letter holds until 20-03-2026." in text


def test_foreclosure_letter_of_a_stored_quote_says_each_of_its_days(loan: Loan) -> None:
    quote = quote_make(loan_id=loan.pk, valid_days=3, idempotency_key="quote")

    document = issue(loan, Kind.FORECLOSURE, quote=quote.number)

    assert document.figures["total_paise"] == quote.days[0]["total_paise"] == quote.total_paise
    assert [day["total_paise"] for day in document.figures["days"]] == [day["total_paise"] for day in quote.days]
    text = pdf_text(document_pdf(document=document))
    assert f"Quote no. {quote.number}" in text
    assert f"This letter holds until {quote.valid_until:%d-%m-%Y}." in text
    assert f"12-03-2026 {format_rupees(quote.days[2]['total_paise'])[1:]}" in text


def test_foreclosure_letter_needs_a_quote_that_holds(loan: Loan) -> None:
    quote = quote_make(loan_id=loan.pk, valid_days=3, idempotency_key="quote")
    receive(loan, 1_000_00, date(2026, 3, 10))

    with refused("lms.document_quote_stale"):
        issue(loan, Kind.FORECLOSURE, quote=quote.number)
    with refused("lms.document_quote_unknown"):
        issue(loan, Kind.FORECLOSURE, quote="NONE")


def test_no_dues_certificate_says_when_the_loan_ended(loan: Loan) -> None:
    close(loan, date(2026, 3, 10))

    document = issue(loan, Kind.NO_DUES)

    assert (document.figures["status"], document.figures["closed_on"]) == ("CLOSED", "2026-03-10")
    assert document.figures["lent_paise"] == 1_20_000_00
    paid = sum(fact.amount_paise for fact in loan.facts.filter(kind__in=["RECEIVE", "FORECLOSE"]))
    assert document.figures["paid_paise"] == paid
    text = " ".join(pdf_text(document_pdf(document=document)).split())
    assert "Asha Verma has paid this loan in full. It was closed on 10-03-2026; nothing is owed on it." in text


def test_gst_invoice_and_credit_note_say_what_the_ledger_issued(loan: Loan) -> None:
    invoice = TaxDocument.objects.get(reference_id=loan.pk, charge_code="STATEMENT")
    reverse_fact(loan, 3)
    note = TaxDocument.objects.get(original=invoice)

    documents = [
        issue(loan, Kind.GST_INVOICE, tax_number=invoice.number),
        issue(loan, Kind.GST_CREDIT_NOTE, tax_number=note.number),
    ]

    assert [document.number for document in documents] == ["TXI-2025-26-000001", "TXC-2025-26-000001"]
    figures = documents[0].figures
    assert (figures["taxable_paise"], figures["total_paise"]) == (100_00, 118_00)
    assert figures["lines"][0]["rate_pct"] == "18.00"
    assert figures["cgst_paise"] + figures["sgst_paise"] + figures["igst_paise"] == 18_00
    assert documents[1].figures["original_number"] == invoice.number
    text = pdf_text(document_pdf(document=documents[0]))
    assert f"Invoice no. {invoice.number}" in text
    assert f"GSTIN of the supplier {invoice.registration.gstin}" in text
    assert "Statement charge 9971" in text
    assert "In words: Rupees One Hundred Eighteen Only" in text


@pytest.mark.parametrize("kind", [Kind.SCHEDULE, Kind.STATEMENT, Kind.INTEREST, Kind.FORECLOSURE])
def test_hindi_says_the_same_amounts(loan: Loan, kind: Kind) -> None:
    options = {"year": 2025} if kind is Kind.INTEREST else {}

    english, hindi = (issue(loan, kind, language, **options) for language in DocumentLanguage)

    assert hindi.figures == english.figures
    numbers = [set(_amounts(pdf_text(document_pdf(document=document)))) for document in (english, hindi)]
    assert numbers[0] == numbers[1]
    assert hindi.content["language"] == "hi"


def _amounts(text: str) -> list[str]:
    return [
        word.strip("₹.,;") for word in text.split() if "," in word and "." in word and word.strip("₹.,;")[0].isdigit()
    ]


def test_what_cannot_be_said_is_refused_by_name(loan: Loan) -> None:
    with refused("lms.document_dues_open"):
        issue(loan, Kind.NO_DUES)
    with refused("lms.document_subject_incomplete"):
        issue(loan, Kind.INTEREST)
    with refused("lms.document_year_empty"):
        issue(loan, Kind.INTEREST, year=2030)
    with refused("lms.document_year_empty"):
        issue(loan, Kind.INTEREST, year=2024)
    with refused("lms.document_day_in_future"):
        issue(loan, Kind.STATEMENT, as_of=date(2026, 3, 11))
    with refused("lms.document_day_in_future"):
        issue(loan, Kind.FORECLOSURE, as_of=date(2026, 3, 9))
    with refused("lms.document_period_invalid"):
        issue(loan, Kind.STATEMENT, from_date=date(2026, 3, 6), as_of=date(2026, 3, 5))
    with refused("lms.document_loan_not_lent"):
        issue(loan, Kind.STATEMENT, as_of=date(2025, 12, 31))
    with refused("lms.document_entry_unknown"):
        issue(loan, Kind.RECEIPT, sequence=99)
    with refused("lms.document_entry_no_receipt"):
        issue(loan, Kind.RECEIPT, sequence=1)
    with refused("lms.document_tax_unknown"):
        issue(loan, Kind.GST_INVOICE, tax_number="NONE")
    assert loan.documents.count() == 0


def test_returned_payment_has_no_receipt(loan: Loan) -> None:
    bounce(loan, date(2026, 3, 10), receipt_sequence=4)

    with refused("lms.document_entry_reversed"):
        issue(loan, Kind.RECEIPT, sequence=4)


def test_loan_without_money_out_has_no_schedule(loan: Loan) -> None:
    sanctioned = make_sanctioned_loan(version=loan.product_version)

    with refused("lms.document_loan_not_lent"):
        issue(sanctioned, Kind.SCHEDULE)


def test_name_with_marks_of_the_page_language_is_printed_as_it_is(loan: Loan) -> None:
    loan.customer.full_name = "#import *Asha* $x$ <b> \\ Verma"
    loan.customer.save(update_fields=["full_name"])

    document = issue(loan, Kind.RECEIPT, sequence=2)

    assert "#import *Asha* $x$ <b> \\ Verma" in " ".join(pdf_text(document_pdf(document=document)).split())


def test_other_loans_of_the_borrower_play_no_part(loan: Loan) -> None:
    before = issue(loan, Kind.STATEMENT).figures
    make_loan(customer=loan.customer, version=loan.product_version)

    assert issue(loan, Kind.STATEMENT).figures == before
