"""The downloadable report: every line that is rejected or differs, and nothing that a spreadsheet would execute."""

import csv
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from lms.models import ImportBatch
from lms.services.imports import causes_count, report_csv, report_xlsx
from lms.services.imports.reports import HEADER
from tests.lms.imports.tapes import MAP_PATH, SMALL_MAP, SMALL_ROW, checked, small_row, small_tape, tape_part

pytestmark = pytest.mark.django_db


def csv_lines(batch: ImportBatch) -> list[list[str]]:
    """Return the lines of the CSV report, header first."""
    target = io.BytesIO()
    report_csv(batch=batch, to=target)
    return list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"))))


def xlsx_lines(batch: ImportBatch) -> list[list[Any]]:
    """Return the lines of the workbook, header first."""
    target = io.BytesIO()
    report_xlsx(batch=batch, to=target)
    return CalamineWorkbook.from_filelike(io.BytesIO(target.getvalue())).get_sheet_by_index(0).to_python()


def test_report_has_a_line_for_each_problem_and_each_difference() -> None:
    batch = checked(tape_part(["LC00001", "LC00019"]) + b"LC99999,NJ\n", map_text=MAP_PATH.read_text())

    header, differing, rejected = csv_lines(batch)

    assert tuple(header) == HEADER
    assert differing == [
        *("3", "LC00019", "differs", "", "", "", "26", "20351", "0", "0"),
        *("-180615", "CLOSED_EARLY", "yes", "whole principal paid, money of about 26 instalments"),
    ]
    assert rejected[:6] == [
        "4",
        "",
        "rejected",
        "",
        "row_ragged",
        "The line has 2 cells, the header has 18. Correct the line.",
    ]


def test_workbook_holds_the_same_lines_with_numbers_as_numbers() -> None:
    batch = checked(tape_part(["LC00001", "LC00019"]), map_text=MAP_PATH.read_text())

    header, line = xlsx_lines(batch)

    assert tuple(header) == HEADER
    assert (line[0], line[1], line[7], line[10], line[11]) == (3.0, "LC00019", 20351.0, -180615.0, "CLOSED_EARLY")


def test_text_that_begins_like_a_formula_is_written_as_text() -> None:
    map_text = SMALL_MAP.replace("  emi: instalment", '  "=cmd|calc": instalment')
    content = small_tape(small_row(emi="1.234")).replace(b",emi,", b",=cmd|calc,")
    batch = checked(content, map_text=map_text)

    assert csv_lines(batch)[1][3] == "'=cmd|calc"
    assert xlsx_lines(batch)[1][3] == "'=cmd|calc"


def test_report_of_a_clean_tape_is_its_header() -> None:
    batch = checked(small_tape(SMALL_ROW))

    assert csv_lines(batch) == [list(HEADER)]
    assert causes_count(batch=batch) == []


def test_causes_are_counted_most_frequent_first() -> None:
    closed = small_row(state="paid", left="0.00", paid="29000.00", paid_principal="28000.00")
    second = closed.replace("A1", "A2")

    batch = checked(small_tape(closed, second, small_row(ref="A3", left="27000.00")))

    assert causes_count(batch=batch) == [("CLOSED_EARLY", True, 2), ("EXTRA_PAYMENT", False, 1)]
