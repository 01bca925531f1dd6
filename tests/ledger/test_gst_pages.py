"""Register and documents on screen: figures lead to documents, journals and loans, and download safely."""

from datetime import date
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from core.models import AuditEntry
from ledger.models import GstRegistration, Journal, TaxDocument, TaxRule
from lms.models import Loan
from tests.factories.book import levy
from tests.factories.book import reverse as reverse_entry
from tests.factories.gst import gstin_of
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)


@pytest.fixture
def finance() -> Client:
    """A browser of finance."""
    return client_of("finance")


@pytest.fixture
def loan() -> Loan:
    """A loan with a charge that was reversed, and another to a borrower in Tamil Nadu with a processing fee."""
    set_business_date(LENT)
    loan = make_loan()
    charged = levy(loan, "STATEMENT", LENT)
    reverse_entry(loan, charged.sequence)
    levy(loan, "STATEMENT", LENT, amount_paise=50_01)
    other = make_loan(customer=make_customer(state_code="TN"), version=loan.product_version)
    levy(other, "PROCESSING", LENT)
    return loan


def text(client: Client, target: str) -> str:
    """Open a page and return what it shows."""
    answer = client.get(target)
    assert answer.status_code == 200
    return answer.content.decode()


def register_address(**query: str) -> str:
    """Return the address of the register."""
    return f"{reverse('staff-books:gst-register')}?" + "&".join(f"{key}={value}" for key, value in query.items())


def test_register_shows_the_month_and_that_it_equals_the_ledger(finance: Client, loan: Loan) -> None:
    page = text(finance, register_address(month="2026-01"))

    assert "equals the ledger" in page
    assert "27 Maharashtra" in page
    assert "33 Tamil Nadu" in page
    # The statement of 50.01 with 9.00, and a processing fee of 2,400 with 432 of IGST.
    assert "₹2,450.01" in page
    assert "₹432.00" in page
    assert "I27-2526-0000003" in page


def test_figure_leads_to_documents_journal_and_loan(finance: Client, loan: Loan) -> None:
    drilled = "supplier_state=MH&amp;issued_on__gte=2026-01-01&amp;issued_on__lte=2026-01-31&amp;place_of_supply=TN"
    assert drilled in text(finance, register_address(month="2026-01"))

    listed = text(finance, f"{reverse('admin:ledger_taxdocument_changelist')}?{drilled.replace('&amp;', '&')}")
    document = TaxDocument.objects.get(place_of_supply="TN")
    shown = reverse("admin:ledger_taxdocument_change", args=[document.pk])
    assert shown in listed
    assert "I27-2526-0000001" not in listed

    page = text(finance, shown)
    journal = Journal.objects.get(narration=document.number)
    assert reverse("admin:ledger_journal_change", args=[journal.pk]) in page
    assert reverse("admin:lms_loan_change", args=[document.reference_id]) in page
    assert "2313.MH" in page


def test_loan_leads_to_its_documents_alone(finance: Client, loan: Loan) -> None:
    page = text(finance, reverse("admin:lms_loan_change", args=[loan.pk]))
    listed = f"{reverse('admin:ledger_taxdocument_changelist')}?reference_type=lms.loan&amp;reference_id={loan.pk}"

    assert listed in page
    documents = text(finance, listed.replace("&amp;", "&"))
    assert "I27-2526-0000002" in documents
    assert "I27-2526-0000003" not in documents


def test_invoice_shows_its_notes_and_a_note_its_invoice(finance: Client, loan: Loan) -> None:
    invoice = TaxDocument.objects.get(number="I27-2526-0000001")
    note = TaxDocument.objects.get(number="C27-2526-0000001")

    assert note.number in text(finance, reverse("admin:ledger_taxdocument_change", args=[invoice.pk]))
    assert invoice.number in text(finance, reverse("admin:ledger_taxdocument_change", args=[note.pk]))


def test_documents_are_found_by_their_number(finance: Client, loan: Loan) -> None:
    listed = text(finance, f"{reverse('admin:ledger_taxdocument_changelist')}?q=c27-2526")

    assert "C27-2526-0000001" in listed
    assert "I27-2526-0000001" not in listed


def test_month_without_documents_and_lender_without_registration_say_so(finance: Client, loan: Loan) -> None:
    assert "No charge was invoiced in this month" in text(finance, register_address(month="2025-06"))
    assert "No GST registration is in force" in text(finance, register_address(month="2016-01"))
    assert "January 2026" in text(finance, register_address(month="nonsense"))


def test_register_downloads_its_documents(finance: Client, loan: Loan) -> None:
    answer = finance.get(register_address(month="2026-01", state="MH", format="csv"))

    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert lines[1].startswith(
        "I27-2526-0000001,Invoice,2026-01-01,2026-01-01,Asha Verma,MH,Statement charge,997113,18.00"
    )
    assert lines[2].startswith("C27-2526-0000001,Credit note,")
    assert ",-100.00,-9.00,-9.00,0.00,-118.00,I27-2526-0000001," in lines[2]
    assert AuditEntry.objects.filter(action="ledger.books_export", object_id="gst-MH-2026-01").count() == 1


def test_register_downloads_its_tables_as_a_workbook(finance: Client, loan: Loan) -> None:
    answer = finance.get(register_address(month="2026-01", state="MH", format="xlsx"))

    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    assert book.sheet_names == [
        "5 B2C large",
        "7 B2C others",
        "8 Nil, exempt, non-GST",
        "9B Notes on large",
        "12 HSN",
        "13 Documents issued",
        "Ledger",
        "Documents",
    ]
    assert book.get_sheet_by_name("7 B2C others").to_python()[1:] == [
        ["27 Maharashtra", "18.00", 3, 50.01, 4.5, 4.5, 0],
        ["33 Tamil Nadu", "18.00", 1, 2400, 0, 0, 432],
    ]
    assert [row[:4] for row in book.get_sheet_by_name("13 Documents issued").to_python()[1:]] == [
        ["INVOICE", "I27-2526-0000001", "I27-2526-0000003", 3],
        ["CREDIT_NOTE", "C27-2526-0000001", "C27-2526-0000001", 1],
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_downloads_are_for_those_who_may(loan: Loan, kind: str) -> None:
    answer = client_of("operations").get(register_address(month="2026-01", format=kind))

    assert answer.status_code == 403


def test_register_costs_the_same_for_one_document_and_for_many(
    finance: Client, loan: Loan, django_assert_max_num_queries: object
) -> None:
    for _ in range(5):
        levy(loan, "STATEMENT", LENT, amount_paise=1_00)

    with django_assert_max_num_queries(15):  # type: ignore[operator]
        finance.get(register_address(month="2026-01"))


def test_rule_is_published_from_its_form(finance: Client, loan: Loan) -> None:
    entered = {
        "supply": "FEE",
        "charge_code": "BOUNCE",
        "treatment": "OUTSIDE",
        "rate_bps": "0",
        "sac": "997113",
        "effective_from": "2026-02-01",
        "source": "Circular 178/10/2022",
        "reason": "Board policy",
    }

    answer = finance.post(reverse("staff-books:gst-rule"), entered)

    assert answer.status_code == 302
    row = TaxRule.objects.get(charge_code="BOUNCE", effective_from=date(2026, 2, 1))
    assert (row.treatment, row.rate_bps) == ("OUTSIDE", 0)
    assert finance.post(reverse("staff-books:gst-rule"), entered).status_code == 422


def test_registration_is_published_from_its_form(finance: Client, loan: Loan) -> None:
    entered = {
        "state_code": "KA",
        "gstin": gstin_of("KA"),
        "legal_name": "Kist Demo Finance Limited",
        "address": "2 Sample Road, Bengaluru 560001",
        "effective_from": "2026-01-01",
        "is_active": "on",
        "reason": "Branch opened",
    }

    assert finance.post(reverse("staff-books:gst-registration"), entered).status_code == 302

    assert GstRegistration.objects.get(state_code="KA").gstin == gstin_of("KA")
    refused = finance.post(reverse("staff-books:gst-registration"), {**entered, "state_code": "TN"})
    assert (refused.status_code, GstRegistration.objects.count()) == (422, 2)
