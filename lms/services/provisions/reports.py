"""Every loan and undrawn line of a run as CSV or XLSX, in bounded memory; amounts are rupees with two decimals."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import BinaryIO, Final

import xlsxwriter

from lms.models import ProvisionResult, ProvisionRun

HEADER: Final = (
    "loan",
    "product",
    "segment",
    "class",
    "stage",
    "days past due",
    "non-performing since",
    "principal",
    "interest",
    "charges",
    "interest and charges in suspense",
    "undrawn",
    "funded",
    "secured %",
    "effective rate %",
    "months left",
    "loss factor %",
    "IRACP provision",
    "ECL",
)
_FIELDS: Final = (
    "loan__number",
    "line__number",
    "product_code",
    "segment",
    "asset_class",
    "stage",
    "days_past_due",
    "npa_since",
    "principal_paise",
    "interest_paise",
    "charges_paise",
    "suspended_paise",
    "undrawn_paise",
    "line_undrawn_paise",
    "funded_paise",
    "secured_bps",
    "eir_bps",
    "months_left",
    "factor_units",
    "iracp_paise",
    "ecl_paise",
)
_CHUNK: Final = 2_000
_XLSX_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
Cell = str | int | Decimal | date | None


def provision_csv(*, run: ProvisionRun, to: BinaryIO) -> int:
    """Write a line for each loan and undrawn line as CSV in UTF-8, and return how many there are after the header."""
    text = io.TextIOWrapper(to, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(HEADER)
    count = 0
    for line in _lines(run):
        writer.writerow(["" if value is None else str(value) for value in line])
        count += 1
    text.detach()
    return count


def provision_xlsx(*, run: ProvisionRun, to: BinaryIO) -> int:
    """Write the same lines as an XLSX workbook."""
    workbook = xlsxwriter.Workbook(to, _XLSX_OPTIONS)
    sheet = workbook.add_worksheet("Provisions")
    sheet.freeze_panes(1, 1)
    sheet.write_row(0, 0, HEADER, workbook.add_format({"bold": True}))
    amount = workbook.add_format({"num_format": "#,##0.00"})
    count = 0
    for count, line in enumerate(_lines(run), 1):
        for column, value in enumerate(line):
            if isinstance(value, Decimal):
                # A spreadsheet knows binary numbers alone; what is read back to the paisa is the CSV.
                sheet.write_number(count, column, value, amount)
            elif isinstance(value, int):
                sheet.write_number(count, column, value)
            elif value is not None:
                sheet.write_string(count, column, str(value))
    workbook.close()
    return count


def _lines(run: ProvisionRun) -> Iterator[tuple[Cell, ...]]:
    rows = ProvisionResult.objects.filter(run=run).order_by("pk").values_list(*_FIELDS)
    for row in rows.iterator(_CHUNK):
        loan, line_number, product, segment, asset_class, stage, days, since, *rest = row
        principal, interest, charges, suspended, undrawn, line, funded, *shares, iracp, ecl = rest
        secured, eir, months, factor = shares
        yield (
            *(loan or line_number, product, segment, asset_class, stage, days, since),
            *map(_rupees, (principal, interest, charges, suspended, undrawn + line, funded)),
            *(_rupees(secured), _rupees(eir), months),
            Decimal(factor).scaleb(-10).quantize(Decimal("0.000001")),
            *map(_rupees, (iracp, ecl)),
        )


def _rupees(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
