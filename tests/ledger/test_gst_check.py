"""Whatever happens to a tax document or to its journal is found, and the place is named."""

from datetime import date

import pytest
from django.db import connection, transaction

from core.append_only import AppendOnly
from customers.models import Customer
from ledger.checks import ledger_check
from ledger.checks.tax import register_equals_ledger
from ledger.gst.documents import SupplyReference, note_issue
from ledger.models import TaxDocument, TaxDocumentKind, TaxDocumentReason
from tests.factories.gst import invoice, register
from tests.factories.ledger import ledger_ready, moved, post
from tests.factories.lms import make_customer
from tests.ledger.administrator import run, unprotected_ledger

pytestmark = pytest.mark.django_db(transaction=True)

DOCUMENTS = AppendOnly("ledger_taxdocument")
DAY = date(2026, 4, 10)


@pytest.fixture
def customer() -> Customer:
    """Three invoices of 100 rupees with 18 of tax, one to another state, and a note for 60 waived."""
    ledger_ready()
    register()
    customer = make_customer()
    first = invoice(customer.pk)
    invoice(make_customer(state_code="TN").pk)
    invoice(customer.pk)
    reference = SupplyReference(reference_type="tests.loan", reference_id=1, entry=9, label="L1")
    with transaction.atomic():
        note_issue(
            kind=TaxDocumentKind.CREDIT_NOTE,
            original=first,
            reference=reference,
            reason=TaxDocumentReason.WAIVED,
            taxable_paise=60_00,
            tax_paise=10_80,
            issued_on=DAY,
        )
    post(moved("CHARGED", "TAX", 54_00))
    return customer


# What is done, and what is said of it.
CORRUPTIONS = {
    "tax of a document altered": (
        "UPDATE ledger_taxdocument SET cgst_paise = 901 WHERE number = 'I27-2627-0000001'",
        "document I27-2627-0000001: its journal is missing, doubled, or has other accounts, amounts or another day",
    ),
    "state of a document altered": (
        "UPDATE ledger_taxdocument SET supplier_state = 'KA' WHERE number = 'I27-2627-0000002'",
        "document I27-2627-0000002: its journal is missing, doubled, or has other accounts, amounts or another day",
    ),
    "day of a document altered": (
        "UPDATE ledger_taxdocument SET issued_on = '2026-05-01' WHERE number = 'C27-2627-0000001'",
        "document C27-2627-0000001: its journal is missing, doubled, or has other accounts, amounts or another day",
    ),
    "reason of a note altered": (
        "UPDATE ledger_taxdocument SET reason = 'REVERSED' WHERE number = 'C27-2627-0000001'",
        "document C27-2627-0000001: its journal is missing, doubled, or has other accounts, amounts or another day",
    ),
    "document deleted": (
        "DELETE FROM ledger_taxdocument WHERE number = 'I27-2627-0000002'",
        "series I27-2627: 2 documents are numbered 1 to 3",
    ),
    "amount of a journal altered": (
        "UPDATE ledger_transfer SET amount_paise = 901 WHERE journal_id = "
        "(SELECT id FROM ledger_journal WHERE narration = 'I27-2627-0000001') AND leg = 2",
        "document I27-2627-0000001: its journal is missing, doubled, or has other accounts, amounts or another day",
    ),
    "legs of a journal deleted": (
        "DELETE FROM ledger_transfer WHERE journal_id = "
        "(SELECT id FROM ledger_journal WHERE narration = 'I27-2627-0000003')",
        "document I27-2627-0000003: its journal is missing, doubled, or has other accounts, amounts or another day",
    ),
}


def test_books_of_a_lender_hold(customer: Customer) -> None:
    assert list(register_equals_ledger()) == []
    assert "G" in {found.code for found in ledger_check().findings}
    assert ledger_check().broken == ()


def test_tax_that_is_charged_and_not_invoiced_is_named(customer: Customer) -> None:
    post(moved("CHARGED", "TAX", 1_00))

    assert list(register_equals_ledger()) == ["account 2310: 100 paise of tax are charged and on no document"]
    assert ledger_check().broken == ("G",)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruption_is_found_and_named(customer: Customer, name: str) -> None:
    statement, said = CORRUPTIONS[name]
    documents = TaxDocument.objects.count()

    with unprotected_ledger():
        with connection.schema_editor(atomic=False) as editor:
            DOCUMENTS._drop(editor)
        run(statement)
        found = list(register_equals_ledger())
        with connection.schema_editor(atomic=False) as editor:
            DOCUMENTS.database_forwards("ledger", editor, None, None)  # type: ignore[arg-type]

    assert documents == 4
    assert said in found
