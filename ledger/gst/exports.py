"""Download the register of a month: invoice-wise as CSV, and all tables as a workbook."""

from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from core import audit
from ledger.exports import EXPORT_PERMISSION, Cell, csv_download, rupees
from ledger.gst.selectors import charge_description
from ledger.gst.tables import Register, TaxSums
from ledger.models import TaxDocument

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADER: Final = (
    *("Number", "Kind", "Issued on", "Supplied on", "Recipient", "Place of supply", "Service", "SAC", "Rate %"),
    *("Value", "CGST", "SGST", "IGST", "Total", "Invoice", "About"),
)
_MONEY: Final = range(9, 14)
_SUMS: Final = ("Value", "CGST", "SGST", "IGST")


def register_csv(request: HttpRequest, *, register: Register, documents: Iterable[TaxDocument]) -> HttpResponse:
    """Answer with the documents of a month, one a line; what a credit note gives back is negative."""
    return csv_download(request, name=_name(register), header=_HEADER, rows=map(_document_row, documents), money=_MONEY)


def register_xlsx(request: HttpRequest, *, register: Register, documents: Iterable[TaxDocument]) -> HttpResponse:
    """Answer with a workbook: one sheet for each table of the return, one for the ledger, one for the documents.

    Raises:
        PermissionDenied: the user may look, but not download.
    """
    if not request.user.has_perm(EXPORT_PERMISSION):
        raise PermissionDenied
    stream = BytesIO()
    # Text stays text: a name that begins with an equals sign is no formula.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(stream, options) as book:
        for name, header, rows, money in _sheets(register, documents):
            _write(book, name, header, rows, money)
    response = HttpResponse(stream.getvalue(), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="{_name(register)}.xlsx"'
    audit.record(
        actor=request.user,
        action="ledger.books_export",
        object_type="ledger.export",
        object_id=_name(register),
        detail={"query": request.GET.urlencode()[:200]},
    )
    return response


def _sheets(
    register: Register, documents: Iterable[TaxDocument]
) -> Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]], Sequence[int]]]:
    document_columns = (_HEADER, _MONEY)
    yield "5 B2C large", document_columns[0], map(_document_row, register.large), document_columns[1]
    yield (
        "7 B2C others",
        ("Place of supply", "Rate %", "Documents", *_SUMS),
        [(row.place_name, row.rate_pct, row.documents, *_sums(row.sums)) for row in register.small],
        range(3, 7),
    )
    exempt = register.exempt
    yield (
        "8 Nil, exempt, non-GST",
        ("Supply", "Treatment", "Value"),
        [
            ("Interest on loans", "Exempt", exempt.interest_paise),
            ("Fees without tax", "Exempt or outside GST", exempt.fees_paise),
            ("Penal charges", "Outside GST", exempt.penal_paise),
        ],
        (2,),
    )
    yield "9B Notes on large", document_columns[0], map(_document_row, register.large_notes), document_columns[1]
    yield (
        "12 HSN",
        ("SAC", "Rate %", "Documents", *_SUMS),
        [(row.sac, row.rate_pct, row.documents, *_sums(row.sums)) for row in register.by_sac],
        range(3, 7),
    )
    yield (
        "13 Documents issued",
        ("Kind", "From", "To", "Issued", "Cancelled"),
        [(item.kind, item.first_number, item.last_number, item.count, 0) for item in register.issued],
        (),
    )
    yield (
        "Ledger",
        ("Account", "Name", "Opening", "Register", "Booked by documents", "Booked by others", "Closing"),
        [
            (
                *(line.code, line.name, line.opening_paise, line.register_paise),
                *(line.documents_paise, line.others_paise, line.closing_paise),
            )
            for line in register.ledger
        ],
        range(2, 7),
    )
    yield "Documents", document_columns[0], map(_document_row, documents), document_columns[1]


def _write(book: Any, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], money: Sequence[int]) -> None:
    sheet = book.add_worksheet(name)
    strong, amount = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(header):
        sheet.write_string(0, place, title, strong)
        sheet.set_column(place, place, 16)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if place in money and isinstance(value, int):
                # A workbook keeps numbers as floating point; amounts of up to fifteen digits are exact in it.
                sheet.write_number(line, place, float(rupees(value)), amount)
            elif isinstance(value, int):
                sheet.write_number(line, place, value)
            else:
                sheet.write_string(line, place, value.isoformat() if isinstance(value, date) else str(value or ""))


def _document_row(document: TaxDocument) -> Sequence[Cell]:
    sign = document.sign
    return (
        *(document.number, document.get_kind_display(), document.issued_on, document.supplied_on),
        *(document.recipient_name, document.place_of_supply, charge_description(charge_code=document.charge_code)),
        *(document.sac, _rate(document.rate_bps)),
        *(sign * document.taxable_paise, sign * document.cgst_paise, sign * document.sgst_paise),
        *(sign * document.igst_paise, sign * document.total_paise),
        *(document.original.number if document.original else "", document.reference_label),
    )


def _sums(sums: TaxSums) -> tuple[int, int, int, int]:
    return sums.taxable_paise, sums.cgst_paise, sums.sgst_paise, sums.igst_paise


def _rate(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d}"


def _name(register: Register) -> str:
    return f"gst-{register.state_code}-{register.first_day:%Y-%m}"
