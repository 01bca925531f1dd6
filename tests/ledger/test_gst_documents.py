"""Invoices and notes: numbered without a gap, shared by place, posted to the paisa, never changed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from core.errors import KistError
from core.rehearsal import rehearse
from core.sequences import take_numbers
from customers.models import Customer
from ledger.gst.documents import SupplyReference, note_issue
from ledger.gst.numbers import LAST_SERIAL
from ledger.models import Journal, TaxDocument, TaxDocumentKind, TaxDocumentReason
from ledger.selectors import journals_for
from tests.factories.gst import invoice, register
from tests.factories.ledger import ledger_ready
from tests.factories.lms import make_customer

pytestmark = pytest.mark.django_db

APRIL = date(2026, 4, 10)


@pytest.fixture(autouse=True)
def _books() -> None:
    ledger_ready()
    register()


@pytest.fixture
def customer() -> Customer:
    """A borrower in Maharashtra, where the lender is registered."""
    return make_customer()


def note(original: TaxDocument, taxable: int, tax: int, **overrides: Any) -> TaxDocument:
    """Issue a credit note for a waiver, unless said otherwise."""
    values = {
        "kind": TaxDocumentKind.CREDIT_NOTE,
        "reason": TaxDocumentReason.WAIVED,
        "reference": SupplyReference(reference_type="tests.loan", reference_id=1, entry=900, label="L1"),
        "issued_on": APRIL,
    }
    with transaction.atomic():
        return note_issue(original=original, taxable_paise=taxable, tax_paise=tax, **{**values, **overrides})


def legs(document: TaxDocument) -> list[tuple[str, str, int]]:
    """Return debit, credit and paise of the document's one journal."""
    journal = journals_for(reference_type="ledger.taxdocument", reference_id=document.pk).get()
    rows = journal.transfers.order_by("leg")
    return list(rows.values_list("debit_account__code", "credit_account__code", "amount_paise"))


def split(document: TaxDocument) -> tuple[int, int, int]:
    """Return the three taxes."""
    return document.cgst_paise, document.sgst_paise, document.igst_paise


def refused(code: str, call: Callable[[], object]) -> KistError:
    """Expect a refusal, and neither a document nor a journal nor a number more."""
    before = TaxDocument.objects.count(), Journal.objects.count()
    with pytest.raises(KistError) as caught:
        call()
    assert caught.value.code == code
    assert (TaxDocument.objects.count(), Journal.objects.count()) == before
    return caught.value


def test_invoice_within_the_state_is_half_cgst_and_half_sgst(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)

    assert (document.number, document.financial_year, document.place_of_supply) == ("I27-2627-0000001", "2026-27", "MH")
    assert (document.taxable_paise, split(document), document.total_paise) == (100_00, (9_00, 9_00, 0), 118_00)
    assert legs(document) == [("2310", "2311.MH", 9_00), ("2310", "2312.MH", 9_00)]


def test_invoice_to_another_state_is_igst() -> None:
    document = invoice(make_customer(state_code="TN").pk, 100_00)

    assert (document.supplier_state, document.place_of_supply, split(document)) == ("MH", "TN", (0, 0, 18_00))
    assert legs(document) == [("2310", "2313.MH", 18_00)]


def test_branch_supplies_its_own_state_under_a_series_of_its_own() -> None:
    register("KA")

    document = invoice(make_customer(state_code="KA").pk, 100_00)

    assert (document.number, split(document)) == ("I29-2627-0000001", (9_00, 9_00, 0))
    assert legs(document) == [("2310", "2311.KA", 9_00), ("2310", "2312.KA", 9_00)]


def test_numbers_have_at_most_sixteen_characters(customer: Customer) -> None:
    assert len(invoice(customer.pk).number) == 16


def test_numbers_follow_one_another_and_begin_anew_with_the_year(customer: Customer) -> None:
    days = (date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 1))

    numbers = [invoice(customer.pk, issued_on=day).number for day in days]

    assert numbers == ["I27-2526-0000001", "I27-2526-0000002", "I27-2627-0000001", "I27-2627-0000002"]


def test_series_of_a_year_that_is_over_gives_no_number(customer: Customer) -> None:
    invoice(customer.pk, issued_on=date(2026, 3, 31))
    invoice(customer.pk, issued_on=date(2026, 4, 1))

    refused("ledger.tax_series_closed", lambda: invoice(customer.pk, issued_on=date(2026, 3, 31)))

    assert invoice(customer.pk, issued_on=date(2026, 4, 1)).number == "I27-2627-0000002"


def test_documents_of_a_series_are_in_the_order_of_their_days(customer: Customer) -> None:
    invoice(customer.pk, issued_on=APRIL)

    refused("ledger.tax_series_closed", lambda: invoice(customer.pk, issued_on=date(2026, 4, 9)))


def test_series_ends_with_its_seventh_digit(customer: Customer) -> None:
    with transaction.atomic():
        take_numbers(name="ledger.gst.I27-2627", count=LAST_SERIAL)

    refused("ledger.tax_series_full", lambda: invoice(customer.pk))


def test_rehearsal_leaves_no_gap(customer: Customer) -> None:
    rehearsed = rehearse(lambda: invoice(customer.pk).number)

    assert (rehearsed, TaxDocument.objects.count()) == ("I27-2627-0000001", 0)
    assert invoice(customer.pk).number == "I27-2627-0000001"


def test_unknown_state_is_refused_by_name(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(state_code="ZZ")

    error = refused("ledger.state_unknown", lambda: invoice(customer.pk))

    assert "'ZZ'" in error.message


def test_without_a_registration_no_tax_is_collected(customer: Customer) -> None:
    register(effective_from=date(2026, 4, 1), is_active=False, is_principal=False)

    refused("ledger.gst_registration_missing", lambda: invoice(customer.pk))


def test_tax_that_does_not_follow_from_the_rate_is_refused(customer: Customer) -> None:
    refused("ledger.tax_amount_wrong", lambda: invoice(customer.pk, tax_paise=17_99))


def test_later_address_moves_no_old_tax(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)
    Customer.objects.filter(pk=customer.pk).update(state_code="TN", full_name="Asha Rao")

    credit = note(document, 100_00, 18_00)

    document.refresh_from_db()
    assert (document.place_of_supply, split(document)) == ("MH", (9_00, 9_00, 0))
    assert (credit.place_of_supply, split(credit), credit.recipient_name) == ("MH", (9_00, 9_00, 0), "Asha Verma")


def test_credit_note_of_a_waiver_gives_the_tax_back(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)

    credit = note(document, 60_00, 10_80)

    assert (credit.number, credit.original, split(credit)) == ("C27-2627-0000001", document, (5_40, 5_40, 0))
    assert legs(credit) == [("2311.MH", "5115", 5_40), ("2312.MH", "5115", 5_40)]


def test_credit_note_of_a_reversal_mirrors_the_invoice(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)

    credit = note(document, 100_00, 18_00, reason=TaxDocumentReason.REVERSED)

    assert legs(credit) == [("2311.MH", "2310", 9_00), ("2312.MH", "2310", 9_00)]


def test_notes_in_small_parts_share_the_tax_as_the_invoice_does(customer: Customer) -> None:
    document = invoice(customer.pk, 25)
    assert split(document) == (3, 2, 0)

    parts = [split(note(document, 5, 1)) for _ in range(5)]

    assert [sum(column) for column in zip(*parts, strict=True)] == [3, 2, 0]
    assert parts[0] != parts[1]


@pytest.mark.parametrize(("taxable", "tax"), [(100_01, 18_00), (100_00, 18_01)])
def test_credit_note_larger_than_its_invoice_is_refused(customer: Customer, taxable: int, tax: int) -> None:
    document = invoice(customer.pk, 100_00)

    refused("ledger.credit_note_above_invoice", lambda: note(document, taxable, tax))


def test_credit_notes_together_are_not_larger_than_their_invoice(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)
    note(document, 60_00, 10_80)

    refused("ledger.credit_note_above_invoice", lambda: note(document, 40_01, 7_20))


def test_credit_note_is_issued_until_the_end_of_november_after_the_year(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)

    assert note(document, 100_00, 18_00, issued_on=date(2027, 11, 30)).number == "C27-2728-0000001"


def test_credit_note_after_the_last_day_is_refused(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)

    error = refused("ledger.credit_note_too_late", lambda: note(document, 100_00, 18_00, issued_on=date(2027, 12, 1)))

    assert error.context["last_day"] == "2027-11-30"


def test_debit_note_asks_for_the_tax_again(customer: Customer) -> None:
    document = invoice(customer.pk, 100_00)
    note(document, 60_00, 10_80)

    debit = note(document, 60_00, 10_80, kind=TaxDocumentKind.DEBIT_NOTE, reason=TaxDocumentReason.WAIVER_REVERSED)

    assert (debit.number, split(debit)) == ("D27-2627-0000001", (5_40, 5_40, 0))
    assert legs(debit) == [("5115", "2311.MH", 5_40), ("5115", "2312.MH", 5_40)]
    assert note(document, 100_00, 18_00).serial == 2


def test_issued_documents_never_change(customer: Customer) -> None:
    document = invoice(customer.pk)

    for change in (
        lambda: TaxDocument.objects.filter(pk=document.pk).update(place_of_supply="TN"),
        lambda: TaxDocument.objects.filter(pk=document.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_table_itself_refuses_tax_of_the_wrong_place(customer: Customer) -> None:
    document = invoice(customer.pk)
    document.pk, document.number, document.serial, document.igst_paise = None, "I27-2627-0000002", 2, 1

    with pytest.raises(IntegrityError), transaction.atomic():
        document.save(force_insert=True)
