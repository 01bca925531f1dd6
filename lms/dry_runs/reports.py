"""Every loan that a dry run moves or refuses, as CSV or XLSX in bounded memory; amounts are rupees."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO, Final

import xlsxwriter

from lms.dry_runs.comparing import FIGURES
from lms.models import DryRun, DryRunLoan

_AMOUNT: Final = "_paise"
HEADER: Final = (
    *("loan", "product", "refused", "why"),
    *(
        f"{name.removesuffix(_AMOUNT).replace('_', ' ')} {side}"
        for name in FIGURES
        for side in ("now", "with the change")
    ),
    "postings",
)
_FIELDS: Final = ("number", "product_code", "code", "message", "before", "after", "movements")
_CHUNK: Final = 2_000
_XLSX_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
Cell = str | int | Decimal | None


def dry_run_csv(*, run: DryRun, to: BinaryIO) -> int:
    """Write a line for each loan as CSV in UTF-8, and return how many there are after the header."""
    text = io.TextIOWrapper(to, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(HEADER)
    count = 0
    for line in _lines(run):
        writer.writerow(["" if value is None else str(value) for value in line])
        count += 1
    text.detach()
    return count


def dry_run_xlsx(*, run: DryRun, to: BinaryIO) -> int:
    """Write the same lines as an XLSX workbook, with the sums on sheets before them."""
    workbook = xlsxwriter.Workbook(to, _XLSX_OPTIONS)
    bold, amount = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "#,##0.00"})
    for title, name in (("Amounts", "figures"), ("Classes", "classes"), ("Postings", "postings")):
        _sheet(workbook.add_worksheet(title), _table(run.result.get(name, [])), bold, amount)
    count = _sheet(workbook.add_worksheet("Loans"), _with_header(run), bold, amount)
    workbook.close()
    return count


def dry_run_summary_csv(*, run: DryRun) -> bytes:
    """Write the sums of a run as one CSV: the paper that goes with a request for approval."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["dry run", run.pk, run.title, "as of", run.on_date.isoformat()])
    writer.writerow(["loans", run.loans_done, "moved", run.loans_moved, "refused", run.loans_refused])
    for name in ("figures", "classes", "postings", "refusals"):
        writer.writerow([])
        writer.writerow([name])
        writer.writerows(_table(run.result.get(name, [])))
    return text.getvalue().encode("utf-8-sig")


def _with_header(run: DryRun) -> Iterator[tuple[Cell, ...]]:
    yield HEADER
    yield from _lines(run)


def _lines(run: DryRun) -> Iterator[tuple[Cell, ...]]:
    rows = DryRunLoan.objects.filter(run=run).order_by("loan_id").values_list(*_FIELDS)
    for number, product, code, message, before, after, movements in rows.iterator(_CHUNK):
        pairs = zip(FIGURES, before, after, strict=True)
        figures = (_cell(name, value) for name, old, new in pairs for value in (old, new))
        postings = "; ".join(f"{key} {_rupees(paise)}" for key, paise in sorted(movements.items()))
        yield (number, product, code or None, message or None, *figures, postings or None)


def _table(lines: list[dict[str, Any]]) -> Iterator[tuple[Cell, ...]]:
    """Turn the sums of a result into rows under their names."""
    if lines:
        yield tuple(name.removesuffix(_AMOUNT).replace("_", " ") for name in lines[0])
    for line in lines:
        yield tuple(_cell(name, value) for name, value in line.items())


def _cell(name: str, value: Any) -> Cell:
    return _rupees(value) if name.endswith(_AMOUNT) and value is not None else value


def _sheet(sheet: Any, lines: Iterator[tuple[Cell, ...]], bold: Any, amount: Any) -> int:
    """Write rows, the first of them as a heading; return how many follow it."""
    sheet.freeze_panes(1, 1)
    count = 0
    for row, line in enumerate(lines):
        count = row
        for column, value in enumerate(line):
            if isinstance(value, Decimal):
                # A spreadsheet knows binary numbers alone; what is read back to the paisa is the CSV.
                sheet.write_number(row, column, value, amount)
            elif isinstance(value, int):
                sheet.write_number(row, column, value)
            elif value is not None:
                sheet.write_string(row, column, str(value), None if row else bold)
    return count


def _rupees(paise: int) -> Decimal:
    return Decimal(paise).scaleb(-2)
