"""Questions about tax documents."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import QuerySet

from core.states import state_by_code
from ledger.models import TaxDocument, TaxDocumentKind

_DESCRIPTIONS: Final = {
    "PROCESSING": "Processing fee",
    "BOUNCE": "Charge for a returned payment",
    "FORECLOSURE": "Charge for closing before time",
    "STATEMENT": "Statement charge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One service of a document; rates in basis points, amounts in paise."""

    description: str
    charge_code: str
    sac: str
    taxable_paise: int
    rate_bps: int
    cgst_rate_bps: int
    sgst_rate_bps: int
    igst_rate_bps: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int

    @property
    def total_paise(self) -> int:
        """Value and tax."""
        return self.taxable_paise + self.cgst_paise + self.sgst_paise + self.igst_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxInvoice:
    """Everything that a printed invoice or note says, as it was when it was issued; amounts in paise.

    `original_number` and `original_date` are those of the invoice that a note is about, None on an invoice. Names and
    addresses are the supplier's row of the day of issue and the recipient's name of that moment.
    """

    document_id: int
    kind: TaxDocumentKind
    title: str
    number: str
    series: str
    financial_year: str
    issued_on: date
    supplied_on: date
    reason: str
    supplier_name: str
    supplier_gstin: str
    supplier_address: str
    supplier_state_code: str
    supplier_state_gst_code: str
    supplier_state_name: str
    customer_id: int
    recipient_name: str
    place_of_supply_code: str
    place_of_supply_gst_code: str
    place_of_supply_name: str
    is_inter_state: bool
    reference_type: str
    reference_id: int
    reference_entry: int
    reference_label: str
    original_number: str | None
    original_date: date | None
    lines: tuple[InvoiceLine, ...]
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    tax_paise: int
    total_paise: int


def invoice_of(*, document: TaxDocument) -> TaxInvoice:
    """Return everything that a document says, for a page or a print.

    Args:
        document: best with `registration` and `original` selected; `tax_documents` gives such rows.
    """
    supplier, place = state_by_code(document.supplier_state), state_by_code(document.place_of_supply)
    assert supplier is not None and place is not None  # noqa: S101, PT018  # checked when it was issued
    kind, original, registration = TaxDocumentKind(document.kind), document.original, document.registration
    return TaxInvoice(
        document_id=document.pk,
        kind=kind,
        title="Tax invoice" if kind is TaxDocumentKind.INVOICE else str(kind.label),
        number=document.number,
        series=document.series,
        financial_year=document.financial_year,
        issued_on=document.issued_on,
        supplied_on=document.supplied_on,
        reason=document.get_reason_display(),
        supplier_name=registration.legal_name,
        supplier_gstin=registration.gstin,
        supplier_address=registration.address,
        supplier_state_code=supplier.code,
        supplier_state_gst_code=supplier.gst_code,
        supplier_state_name=supplier.name,
        customer_id=document.customer_id,
        recipient_name=document.recipient_name,
        place_of_supply_code=place.code,
        place_of_supply_gst_code=place.gst_code,
        place_of_supply_name=place.name,
        is_inter_state=supplier.code != place.code,
        reference_type=document.reference_type,
        reference_id=document.reference_id,
        reference_entry=document.reference_entry,
        reference_label=document.reference_label,
        original_number=original.number if original else None,
        original_date=original.issued_on if original else None,
        lines=(_line(document),),
        taxable_paise=document.taxable_paise,
        cgst_paise=document.cgst_paise,
        sgst_paise=document.sgst_paise,
        igst_paise=document.igst_paise,
        tax_paise=document.tax_paise,
        total_paise=document.total_paise,
    )


def tax_documents() -> QuerySet[TaxDocument]:
    """Return all documents, latest first, with what `invoice_of` needs."""
    return TaxDocument.objects.select_related("registration", "original").order_by("-pk")


def tax_documents_about(*, reference_type: str, reference_id: int) -> QuerySet[TaxDocument]:
    """Return the documents about an object, such as all of a loan (`lms.loan`), latest first."""
    return tax_documents().filter(reference_type=reference_type, reference_id=reference_id)


def tax_document_by_number(*, number: str) -> TaxDocument | None:
    """Return the document with a number, however its letters are written; None when there is none."""
    return tax_documents().filter(number=number.strip().upper()).first()


def charge_description(*, charge_code: str) -> str:
    """Say in words what a charge is for."""
    return _DESCRIPTIONS.get(charge_code) or charge_code.replace("_", " ").capitalize()


def _line(document: TaxDocument) -> InvoiceLine:
    is_inter_state = document.supplier_state != document.place_of_supply
    return InvoiceLine(
        description=charge_description(charge_code=document.charge_code),
        charge_code=document.charge_code,
        sac=document.sac,
        taxable_paise=document.taxable_paise,
        rate_bps=document.rate_bps,
        cgst_rate_bps=0 if is_inter_state else document.rate_bps - document.rate_bps // 2,
        sgst_rate_bps=0 if is_inter_state else document.rate_bps // 2,
        igst_rate_bps=document.rate_bps if is_inter_state else 0,
        cgst_paise=document.cgst_paise,
        sgst_paise=document.sgst_paise,
        igst_paise=document.igst_paise,
    )
