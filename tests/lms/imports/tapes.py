"""Loan tapes for tests: the real one, parts of it, and small ones made by hand."""

import gzip
import io
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter
from django.core.files.base import ContentFile

from lms.models import ImportBatch
from lms.services.imports import import_batch_create, import_dry_run
from lms.services.imports.mapping import ImportMap, map_read
from lms.services.imports.reading import FileLimits, tape_open
from lms.services.imports.rows import LoanRow, line_parse

FOLDER = Path(__file__).parent
MAP_PATH = FOLDER / "maps" / "lendingclub_2018q1.yaml"
LIMITS = FileLimits(megabytes=10, rows=20_000)

# A small map in which every field may come from a column; tests replace parts of it.
SMALL_MAP = """\
version: 1
name: small
snapshot_date: 2018-06-01
columns:
  ref: reference
  amount: principal
  rate: annual_rate
  months: {field: instalment_count, transform: months}
  emi: instalment
  lent: {field: disbursal_date, transform: date, format: YYYY-MM-DD}
  state: {field: status, values: {ok: CURRENT, late: LATE, paid: CLOSED, lost: WRITTEN_OFF}}
  left: balance
  paid: paid_total
  paid_principal: paid_principal
  name: customer_name
  phone: customer_phone
constants: {customer_state: MH}
product:
  code: SMALL
  name: Small loan
  effective_from: 2018-01-01
  terms: {instalment_unit_paise: 1, interest_period: WHOLE_PERIODS, day_count: THIRTY_360}
  limits:
    {principal_min: 100, principal_max: 50000, rate_min: 0, rate_max: 36, instalments_min: 1, instalments_max: 120}
"""
SMALL_HEADER = "ref,amount,rate,months,emi,lent,state,left,paid,paid_principal,name,phone"
# 28,000 at 14.07 % in 60 months: after three instalments of 652.53 the balance is 27,015.86.
SMALL_ROW = "A1,28000,14.07,60,652.53,2018-03-01,ok,27015.86,1957.59,984.14,Asha Verma,9800000001"


@cache
def tape_text() -> str:
    """Return the real tape."""
    with gzip.open(FOLDER / "data" / "loan_tape_lendingclub_2018q1.csv.gz", "rt", encoding="utf-8") as file:
        return file.read()


@cache
def tape_map() -> ImportMap:
    """Return the map of the real tape."""
    return map_read(text=MAP_PATH.read_text())


def tape_part(references: Collection[str]) -> bytes:
    """Return the lines of some loans of the real tape, with its header."""
    header, *lines = tape_text().splitlines()
    return "\n".join([header, *(line for line in lines if line.split(",")[0] in references), ""]).encode()


def tape_every(step: int) -> bytes:
    """Return every n-th loan of the real tape, and as many of those that do not simply run on time."""
    header, *lines = tape_text().splitlines()
    others = [line for line in lines if ",Current," not in line]
    kept = dict.fromkeys([*lines[::step], *others[:: max(step // 16, 1)]])
    return "\n".join([header, *kept, ""]).encode()


def small_row(**changes: str) -> str:
    """Return the small tape's row with other cells."""
    cells = dict(zip(SMALL_HEADER.split(","), SMALL_ROW.split(","), strict=True))
    return ",".join({**cells, **changes}.values())


def small_tape(*rows: str) -> bytes:
    """Return a small tape as CSV."""
    return "\n".join([SMALL_HEADER, *rows, ""]).encode()


def small_map(*, old: str = "", new: str = "") -> ImportMap:
    """Return the small map, with one piece of its text replaced."""
    return map_read(text=SMALL_MAP.replace(old, new, 1))


def workbook(rows: Sequence[Sequence[Any]], *, sheet: str = "Loans") -> bytes:
    """Return rows as an XLSX file, numbers as numbers."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                page.write(number, column, value)
    return target.getvalue()


def upload(content: bytes, *, map_text: str = SMALL_MAP, name: str = "tape.csv") -> ImportBatch:
    """Upload a tape."""
    return import_batch_create(file=ContentFile(content, name=name), map_text=map_text)


def checked(content: bytes, *, map_text: str = SMALL_MAP, **options: Any) -> ImportBatch:
    """Upload a tape and run its dry run."""
    return import_dry_run(batch_id=upload(content, map_text=map_text).pk, **options)


def problem_codes(batch: ImportBatch) -> list[tuple[int, str, str]]:
    """Return line, column and code of every problem of a batch."""
    return [(row.line, item["column"], item["code"]) for row in batch.rows.all() for item in row.problems]


@cache
def tape_row(reference: str) -> LoanRow:
    """Return one loan of the real tape."""
    file = io.BytesIO(tape_part([reference]))
    with tape_open(file=file, import_map=tape_map(), limits=LIMITS) as lines:
        row = line_parse(line=next(lines), import_map=tape_map()).row
    assert row is not None
    return row
