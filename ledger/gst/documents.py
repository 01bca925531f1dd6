"""Issue invoices, credit notes and debit notes: numbered, posted, never changed."""

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Sum

from core.dates import financial_year
from customers.models import Customer
from ledger.gst.accounts import gst_account_ids
from ledger.gst.arithmetic import TaxSplit, split_part, tax_on, tax_split
from ledger.gst.booking import document_post
from ledger.gst.errors import CreditNoteAboveInvoice, CreditNoteTooLate, TaxAmountWrong
from ledger.gst.numbers import number_take, series_of
from ledger.gst.registrations import registration_for, state_of_supply
from ledger.gst.rules import credit_note_last_day
from ledger.models import GstRegistration, TaxDocument, TaxDocumentKind, TaxDocumentReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyReference:
    """What was charged: the object as `app.model` and key, its entry, and how staff call it."""

    reference_type: str
    reference_id: int
    entry: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOrder:
    """A charge to be invoiced: value and tax in paise, taxed at a rate in basis points on the day of the supply."""

    reference: SupplyReference
    customer_id: int
    charge_code: str
    sac: str
    rate_bps: int
    taxable_paise: int
    tax_paise: int
    supplied_on: date


@dataclass(frozen=True, slots=True)
class DocumentLeft:
    """What an invoice still asks for after its notes, in paise."""

    taxable_paise: int
    tax: TaxSplit


def invoice_issue(*, order: InvoiceOrder, issued_on: date) -> TaxDocument:
    """Invoice a charge, in the caller's transaction and on the business date, however old the charge is.

    The place of supply is the customer's recorded state now. The counter of the series is the last lock that the
    caller's transaction takes; it holds the others up until the commit.

    Raises:
        StateUnknown: the recorded state is none.
        GstRegistrationMissing: nobody is registered to supply there.
        TaxAmountWrong: the tax does not follow from value and rate.
        TaxSeriesClosed, TaxSeriesFull: the series gives no number.
        PeriodClosed: the month takes no bookings.

    Source: regulation 10; CGST Rules 46 and 54(2).
    """
    _require_transaction()
    expected = tax_on(taxable_paise=order.taxable_paise, rate_bps=order.rate_bps)
    if order.tax_paise != expected:
        raise TaxAmountWrong(
            tax_paise=order.tax_paise,
            taxable_paise=order.taxable_paise,
            rate_bps=order.rate_bps,
            expected_paise=expected,
        )
    customer = Customer.objects.only("full_name", "state_code").get(pk=order.customer_id)
    place = state_of_supply(state_code=customer.state_code)
    registration = registration_for(place_of_supply=place.code, on_date=issued_on)
    split = tax_split(tax_paise=order.tax_paise, is_inter_state=registration.state_code != place.code)
    document = TaxDocument(
        kind=TaxDocumentKind.INVOICE,
        supplied_on=order.supplied_on,
        registration=registration,
        supplier_state=registration.state_code,
        customer=customer,
        recipient_name=customer.full_name,
        place_of_supply=place.code,
        reason=TaxDocumentReason.LEVIED,
        charge_code=order.charge_code,
        sac=order.sac,
        rate_bps=order.rate_bps,
    )
    return _issue(document, order.reference, order.taxable_paise, split, issued_on)


def note_issue(
    *,
    kind: TaxDocumentKind,
    original: TaxDocument,
    reference: SupplyReference,
    reason: TaxDocumentReason,
    taxable_paise: int,
    tax_paise: int,
    issued_on: date,
) -> TaxDocument:
    """Issue a credit note that takes a part of an invoice back, or a debit note that asks for it again.

    Place, registration and rate stay those of the invoice, so that a later address moves no tax; the tax is shared
    as the invoice shares it, and all notes of an invoice together never share it otherwise.

    Args:
        taxable_paise, tax_paise: more than zero and zero or more.

    Raises:
        CreditNoteAboveInvoice: less than that is left of the invoice.
        CreditNoteTooLate: its tax cannot be taken back any more.
        TaxSeriesClosed, TaxSeriesFull, PeriodClosed: as for an invoice.

    Source: CGST Act s. 34.
    """
    _require_transaction()
    left = document_left(invoice=original)
    is_credit = kind == TaxDocumentKind.CREDIT_NOTE
    if is_credit and (taxable_paise > left.taxable_paise or tax_paise > left.tax.total_paise):
        raise CreditNoteAboveInvoice(
            taxable_paise=taxable_paise,
            tax_paise=tax_paise,
            number=original.number,
            left_taxable_paise=left.taxable_paise,
            left_tax_paise=left.tax.total_paise,
        )
    last_day = credit_note_last_day(invoiced_on=original.issued_on, on_date=issued_on)
    if is_credit and issued_on > last_day:
        raise CreditNoteTooLate(number=original.number, last_day=last_day)
    document = TaxDocument(
        kind=kind,
        supplied_on=original.supplied_on,
        registration_id=original.registration_id,
        supplier_state=original.supplier_state,
        customer_id=original.customer_id,
        recipient_name=original.recipient_name,
        place_of_supply=original.place_of_supply,
        original=original,
        reason=reason,
        charge_code=original.charge_code,
        sac=original.sac,
        rate_bps=original.rate_bps,
    )
    after = left.tax.total_paise + (-tax_paise if is_credit else tax_paise)
    split = _between(whole=_split_of(original), one=left.tax.total_paise, other=after)
    return _issue(document, reference, taxable_paise, split, issued_on)


def document_left(*, invoice: TaxDocument) -> DocumentLeft:
    """Return what an invoice still asks for: itself, less its credit notes, with its debit notes."""
    columns = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")
    left = [getattr(invoice, column) for column in columns]
    notes = TaxDocument.objects.filter(original=invoice).order_by().values_list("kind").annotate(*map(Sum, columns))
    for kind, *sums in notes:
        sign = -1 if kind == TaxDocumentKind.CREDIT_NOTE else 1
        left = [amount + sign * int(total) for amount, total in zip(left, sums, strict=True)]
    return DocumentLeft(left[0], TaxSplit(cgst_paise=left[1], sgst_paise=left[2], igst_paise=left[3]))


def _split_of(document: TaxDocument) -> TaxSplit:
    return TaxSplit(cgst_paise=document.cgst_paise, sgst_paise=document.sgst_paise, igst_paise=document.igst_paise)


def _between(*, whole: TaxSplit, one: int, other: int) -> TaxSplit:
    """Return the difference between two parts of a tax, each shared as the whole is."""
    low, high = (split_part(whole=whole, part_paise=part) for part in sorted((one, other)))
    return TaxSplit(
        cgst_paise=high.cgst_paise - low.cgst_paise,
        sgst_paise=high.sgst_paise - low.sgst_paise,
        igst_paise=high.igst_paise - low.igst_paise,
    )


def _issue(
    document: TaxDocument, reference: SupplyReference, taxable_paise: int, split: TaxSplit, issued_on: date
) -> TaxDocument:
    registration: GstRegistration = document.registration
    state = state_of_supply(state_code=registration.state_code)
    accounts = gst_account_ids(state_code=state.code)
    series = series_of(kind=TaxDocumentKind(document.kind), state=state, on_date=issued_on)
    document.reference_type, document.reference_id = reference.reference_type, reference.reference_id
    document.reference_entry, document.reference_label = reference.entry, reference.label
    document.taxable_paise = taxable_paise
    document.cgst_paise, document.sgst_paise, document.igst_paise = (
        split.cgst_paise,
        split.sgst_paise,
        split.igst_paise,
    )
    document.issued_on, document.series = issued_on, series
    document.financial_year = financial_year(issued_on).label
    document.serial, document.number = number_take(series=series, issued_on=issued_on)
    document.save(force_insert=True)
    document_post(document=document, accounts=accounts)
    return document


def _require_transaction() -> None:
    # A document without the charge behind it, or the charge without its document, must be impossible.
    assert connection.in_atomic_block, "Tax documents are issued inside the transaction of the act behind them."  # noqa: S101  # a broken promise between our own functions
