"""The report of a dry run: rejected rows and differences, as CSV and XLSX that no spreadsheet can execute."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import xlsxwriter

from lms.models import ImportBatch, ImportRow
from lms.services.imports.rows import row_from_json
from lms.services.imports.transforms import is_formula

HEADER = (
    "line",
    "reference",
    "outcome",
    "column",
    "code",
    "message",
    "instalments paid",
    "instalment in paise",
    "instalment difference in paise",
    "balance in paise",
    "balance difference in paise",
    "cause",
    "explained",
    "detail",
)
_CHUNK = 1_000


def report_csv(*, batch: ImportBatch, to: BinaryIO) -> int:
    """Write rejected and differing rows as CSV in UTF-8 and return how many lines there are after the header.

    A row with several problems has a line for each. Differences are the tape's figure less the replayed one.
    """
    text = io.TextIOWrapper(to, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(HEADER)
    count = 0
    for line in _lines(batch):
        writer.writerow([_guarded(value) for value in line])
        count += 1
    text.detach()
    return count


def report_xlsx(*, batch: ImportBatch, to: BinaryIO) -> int:
    """Write the same lines as an XLSX workbook, text as text and numbers as numbers, in bounded memory."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    workbook = xlsxwriter.Workbook(to, options)
    sheet = workbook.add_worksheet("Report")
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, HEADER, workbook.add_format({"bold": True}))
    count = 0
    for count, line in enumerate(_lines(batch), 1):
        for column, value in enumerate(line):
            if isinstance(value, int):
                sheet.write_number(count, column, value)
            else:
                sheet.write_string(count, column, str(_guarded(value)))
    workbook.close()
    return count


def causes_count(*, batch: ImportBatch) -> list[tuple[str, bool, int]]:
    """Count differing rows by cause and whether it reproduces the figures, most frequent first."""
    counts: dict[tuple[str, bool], int] = {}
    rows = batch.rows.exclude(cause="").exclude(state=ImportRow.State.REJECTED)
    for cause, is_explained in rows.values_list("cause", "is_explained").iterator(_CHUNK):
        counts[cause, is_explained] = counts.get((cause, is_explained), 0) + 1
    return sorted(((*key, count) for key, count in counts.items()), key=lambda item: (-item[2], item[0]))


def _lines(batch: ImportBatch) -> Iterator[list[int | str]]:
    for row in batch.rows.order_by("line").iterator(_CHUNK):
        for problem in row.problems:
            yield [
                *(row.line, row.reference, "rejected", problem["column"], problem["code"], problem["message"]),
                *([""] * (len(HEADER) - 6)),
            ]
        if not row.problems and row.cause:
            yield _difference(row)


def _difference(row: ImportRow) -> list[int | str]:
    tape = row_from_json(values=row.values)
    return [
        *(row.line, row.reference, "differs", "", "", ""),
        row.instalments_paid or 0,
        tape.instalment,
        row.instalment_difference_paise or 0,
        tape.balance,
        row.balance_difference_paise or 0,
        row.cause,
        "yes" if row.is_explained else "no",
        row.detail,
    ]


def _guarded(value: int | str) -> int | str:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value
