"""GST invoice, credit note and debit note: the tax document of the ledger on paper."""

from collections.abc import Callable

from ledger.gst.selectors import InvoiceLine, TaxInvoice, invoice_of, tax_documents_about
from ledger.models import TaxDocumentKind
from lms.documents.blocks import Block, Column, pairs, paragraph, sums, table
from lms.documents.cases import Case, Figures
from lms.documents.formats import cell, on_day, rate, rupees
from lms.documents.texts import Wording
from lms.documents.words import amount_in_words
from lms.errors.documents import DocumentTaxUnknown
from lms.services.facts import REFERENCE_TYPE

_TAXES = ("cgst", "sgst", "igst")


def tax_figures(kind: TaxDocumentKind) -> Callable[[Case], Figures]:
    """Return what reads the figures of tax documents of a kind."""

    def read(case: Case) -> Figures:
        """Return what the ledger's document says, in paise.

        Raises:
            DocumentTaxUnknown: the loan has none of this kind and number.
        """
        number = case.subject.tax_number
        about = tax_documents_about(reference_type=REFERENCE_TYPE, reference_id=case.loan.pk)
        document = about.filter(number=number, kind=kind).first()
        if document is None:
            raise DocumentTaxUnknown(loan=case.loan.number, number=number[:16])
        return _figures(invoice_of(document=document))

    return read


def tax_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the tax document out."""
    number = say("tax_number") if figures["kind"] == TaxDocumentKind.INVOICE else say("tax_note_number")
    heads = [
        (number, figures["number"]),
        (say("invoice_date"), on_day(figures["issued_on"])),
        (say("supplier"), figures["supplier_name"]),
        (say("address"), figures["supplier_address"]),
        (say("supplier_gstin"), figures["supplier_gstin"]),
        (say("recipient"), figures["recipient_name"]),
        (say("place_of_supply"), figures["place_of_supply"]),
        (say("recipient_gstin"), say("unregistered")),
    ]
    if figures["original_number"]:
        original = f"{figures['original_number']}, {on_day(figures['original_on'])}"
        heads.append((say("original_invoice"), original))
    columns = [
        Column(say("particulars")),
        Column(say("sac")),
        *(Column(title, is_amount=True) for title in (say("taxable"), say("tax_rate"), "CGST", "SGST", "IGST")),
        Column(say("total"), is_amount=True),
    ]
    rows = [
        [
            line["description"],
            line["sac"],
            cell(line["taxable_paise"]),
            rate(line["rate_pct"]),
            *(cell(line[f"{tax}_paise"]) for tax in _TAXES),
            cell(line["total_paise"]),
        ]
        for line in figures["lines"]
    ]
    words = amount_in_words(paise=figures["total_paise"], language=say.language)
    return [
        pairs(heads),
        paragraph(say("in_rupees")),
        table(columns, rows),
        sums([(say("total"), rupees(figures["total_paise"]))], strong=[say("total")]),
        paragraph(say("in_words", words=words), is_strong=True),
        paragraph(say("reverse_charge")),
    ]


def _figures(invoice: TaxInvoice) -> Figures:
    return {
        "as_of": invoice.issued_on.isoformat(),
        "kind": invoice.kind.value,
        "number": invoice.number,
        "issued_on": invoice.issued_on.isoformat(),
        "supplier_name": invoice.supplier_name,
        "supplier_address": invoice.supplier_address,
        "supplier_gstin": invoice.supplier_gstin,
        "recipient_name": invoice.recipient_name,
        "place_of_supply": f"{invoice.place_of_supply_name} ({invoice.place_of_supply_gst_code})",
        "original_number": invoice.original_number or "",
        "original_on": invoice.original_date.isoformat() if invoice.original_date else "",
        "lines": [_line(line) for line in invoice.lines],
        "taxable_paise": invoice.taxable_paise,
        "cgst_paise": invoice.cgst_paise,
        "sgst_paise": invoice.sgst_paise,
        "igst_paise": invoice.igst_paise,
        "total_paise": invoice.total_paise,
    }


def _line(line: InvoiceLine) -> Figures:
    return {
        "description": line.description,
        "sac": line.sac,
        "rate_pct": f"{line.rate_bps // 100}.{line.rate_bps % 100:02d}",
        "taxable_paise": line.taxable_paise,
        **{f"{tax}_paise": getattr(line, f"{tax}_paise") for tax in _TAXES},
        "total_paise": line.total_paise,
    }
