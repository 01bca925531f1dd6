"""Read a loan tape as text cells, line by line: CSV as a stream with bounded memory, XLSX through calamine."""

import codecs
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import BinaryIO, Final

from python_calamine import CalamineError, CalamineWorkbook

from lms.services.imports.errors import (
    ImportColumnsMissing,
    ImportColumnsUnmapped,
    ImportFileEmpty,
    ImportFileEncoding,
    ImportFileMalformed,
    ImportFileNul,
    ImportFileTooLarge,
    ImportHeaderInvalid,
    ImportRowsTooMany,
    ImportSheetMissing,
    ImportWorkbookUnreadable,
)
from lms.services.imports.mapping import ImportMap

_BLOCK: Final = 1 << 20
_MEGABYTE: Final = 1 << 20
_CELL_MAX: Final = 4_096
_LINE_MAX: Final = 262_144
_ZIP_START: Final = b"PK\x03\x04"
_UTF16_STARTS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A workbook of text packs well, hardly ever better than this; beyond it, it is made to fill the memory.
_WORKBOOK_RATIO_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How large a file may be."""

    megabytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class TapeLine:
    """One line after the header: its number in the file, and its cells without outer spaces."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one reading says about a file: its SHA-256, and how many lines of text it has (0 for a workbook)."""

    sha256: str
    lines: int


def file_check(*, file: BinaryIO, limits: FileLimits) -> FileFacts:
    """Read a whole file once, in blocks, and refuse what cannot be a tape.

    Args:
        file: seekable; it is left at its start.
        limits: the size is refused before anything is read.

    Raises:
        ImportFileEmpty, ImportFileTooLarge: there is nothing in it, or too much.
        ImportFileEncoding, ImportFileNul: a text file that is not UTF-8, or damaged; the refusal names the line.
    """
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise ImportFileEmpty()
    if size > limits.megabytes * _MEGABYTE:
        raise ImportFileTooLarge(size_mb=-(-size // _MEGABYTE), limit_mb=limits.megabytes)
    file.seek(0)
    start = file.read(4)
    is_text = start != _ZIP_START
    if is_text and start.startswith(_UTF16_STARTS):
        raise ImportFileEncoding(line=1)
    file.seek(0)
    digest, decoder, line = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1
    while block := file.read(_BLOCK):
        digest.update(block)
        if is_text:
            _text_check(block, decoder, line)
            line += block.count(b"\n")
    if is_text:
        _decode(decoder, b"", line, is_final=True)
    file.seek(0)
    return FileFacts(sha256=digest.hexdigest(), lines=line - 1 if is_text else 0)


@contextmanager
def tape_open(*, file: BinaryIO, import_map: ImportMap, limits: FileLimits) -> Iterator[Iterator[TapeLine]]:
    """Open a checked file and give its lines in the order of `import_map.columns`.

    Raises:
        ImportHeaderInvalid, ImportColumnsMissing, ImportColumnsUnmapped: the header does not agree with the map.
        ImportFileEmpty: there is no line after the header.
        ImportFileMalformed, ImportRowsTooMany: while reading.
        ImportWorkbookUnreadable, ImportSheetMissing: of an XLSX file.
    """
    file.seek(0)
    is_workbook = file.read(4) == _ZIP_START
    file.seek(0)
    if is_workbook:
        yield _arranged(_workbook_lines(file, import_map.sheet, limits), import_map, limits)
        return
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield _arranged(_csv_lines(text, import_map.delimiter), import_map, limits)
    finally:
        text.detach()


def _text_check(block: bytes, decoder: codecs.IncrementalDecoder, line: int) -> None:
    nul = block.find(b"\0")
    if nul >= 0:
        raise ImportFileNul(line=line + block.count(b"\n", 0, nul))
    _decode(decoder, block, line)


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, line: int, *, is_final: bool = False) -> None:
    try:
        decoder.decode(block, is_final)
    except UnicodeDecodeError as error:
        raise ImportFileEncoding(line=line + error.object.count(b"\n", 0, error.start)) from error


def _csv_lines(text: io.TextIOWrapper, delimiter: str) -> Iterator[TapeLine]:
    """Give every line that is not empty; neither a line nor a cell may run on for ever."""
    reader = csv.reader(_text_lines(text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(len(cell) > _CELL_MAX for cell in cells):
                raise csv.Error(f"a cell has more than {_CELL_MAX} characters")
            if cells:
                yield TapeLine(reader.line_num, tuple(cell.strip() for cell in cells))
    except csv.Error as error:
        raise ImportFileMalformed(line=reader.line_num, problem=str(error)) from error


def _text_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LINE_MAX):
        if len(line) == _LINE_MAX:
            raise csv.Error(f"the line has more than {_LINE_MAX} characters")
        yield line


def _workbook_lines(file: BinaryIO, sheet: str, limits: FileLimits) -> Iterator[TapeLine]:
    _workbook_size_check(file, limits)
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        names = workbook.sheet_names
        if (sheet and sheet not in names) or not names:
            raise ImportSheetMissing(sheet=sheet, sheets=", ".join(names)[:200])
        table = workbook.get_sheet_by_name(sheet or names[0])
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        raise ImportWorkbookUnreadable(problem=str(error)[:200]) from error
    first_line = (table.start or (0, 0))[0] + 1
    for number, row in enumerate(table.iter_rows(), first_line):
        cells = tuple(_cell_text(cell) for cell in row)
        if any(cells):
            yield TapeLine(number, cells)


def _workbook_size_check(file: BinaryIO, limits: FileLimits) -> None:
    """Refuse a workbook that unpacks to many times the limit before anything is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ImportWorkbookUnreadable(problem=str(error)[:200]) from error
    packed = sum(entry.compress_size for entry in entries) or 1
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.megabytes * _MEGABYTE or unpacked > packed * _WORKBOOK_RATIO_MAX:
        raise ImportFileTooLarge(size_mb=-(-unpacked // _MEGABYTE), limit_mb=limits.megabytes)
    file.seek(0)


def _cell_text(cell: object) -> str:
    """Write a workbook's cell as the text that a CSV of it would hold; 28000.0 is 28000, a date is YYYY-MM-DD."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _arranged(lines: Iterator[TapeLine], import_map: ImportMap, limits: FileLimits) -> Iterator[TapeLine]:
    """Give lines whose cells stand in the order of the map's columns; a ragged line keeps the cells that it has."""
    header = next(lines, None)
    if header is None:
        raise ImportFileEmpty()
    order = _order(header.cells, import_map)
    width = len(header.cells)
    first = next(lines, None)
    if first is None:
        raise ImportFileEmpty()
    return _reordered(first, lines, order, width, limits)


def _reordered(
    first: TapeLine, lines: Iterator[TapeLine], order: Sequence[int], width: int, limits: FileLimits
) -> Iterator[TapeLine]:
    for count, line in enumerate(chain([first], lines), 1):
        if count > limits.rows:
            raise ImportRowsTooMany(limit=limits.rows)
        if len(line.cells) == width:
            yield TapeLine(line.number, tuple(line.cells[index] for index in order))
        else:
            yield RaggedLine(line.number, (), found=len(line.cells), expected=width)


def _order(header: Sequence[str], import_map: ImportMap) -> list[int]:
    """Return the place of each mapped column in the header."""
    for position, name in enumerate(header, 1):
        if not name:
            raise ImportHeaderInvalid(position=position, problem="without a name")
        if header.index(name) != position - 1:
            raise ImportHeaderInvalid(position=position, problem=f"'{name[:60]}' a second time")
    wanted = [rule.column for rule in import_map.columns]
    missing = [name for name in wanted if name not in header]
    if missing:
        raise ImportColumnsMissing(columns=", ".join(missing)[:400])
    unmapped = [name[:60] for name in header if name not in wanted and name not in import_map.ignored]
    if unmapped:
        raise ImportColumnsUnmapped(columns=", ".join(unmapped)[:400])
    return [header.index(name) for name in wanted]


@dataclass(frozen=True, slots=True)
class RaggedLine(TapeLine):
    """A line with more or fewer cells than the header."""

    found: int
    expected: int
