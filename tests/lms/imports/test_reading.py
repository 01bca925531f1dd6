"""Files as lines of cells, and the files that are refused."""

import codecs
import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.errors import KistError
from lms.services.imports.reading import FileLimits, RaggedLine, TapeLine, file_check, tape_open
from tests.lms.imports.tapes import LIMITS, SMALL_HEADER, SMALL_ROW, small_map, small_row, small_tape, workbook


def lines_of(content: bytes, limits: FileLimits = LIMITS, **replaced: str) -> list[TapeLine]:
    """Check a file and read it to its end."""
    file = io.BytesIO(content)
    file_check(file=file, limits=limits)
    with tape_open(file=file, import_map=small_map(**replaced), limits=limits) as lines:
        return list(lines)


def refusal_of(content: bytes, **options: Any) -> KistError:
    """Return why a file is refused."""
    with pytest.raises(KistError) as refused:
        lines_of(content, **options)
    return refused.value


def test_csv_is_read_in_the_order_of_the_map() -> None:
    header, row = (",".join(reversed(text.split(","))) for text in (SMALL_HEADER, SMALL_ROW))

    (line,) = lines_of(f"{header}\n{row}\n".encode())

    assert line == TapeLine(2, tuple(SMALL_ROW.split(",")))


def test_byte_order_mark_blank_lines_and_outer_spaces_are_no_content() -> None:
    content = codecs.BOM_UTF8 + f"{SMALL_HEADER}\r\n\r\n{SMALL_ROW.replace(',', ' , ')}\r\n".encode()

    (line,) = lines_of(content)

    assert line.number == 3
    assert line.cells == tuple(SMALL_ROW.split(","))


def test_delimiter_of_the_map_is_used() -> None:
    content = small_tape(SMALL_ROW).replace(b",", b";")

    (line,) = lines_of(content, old="columns:\n", new="file: {delimiter: semicolon}\ncolumns:\n")

    assert line.cells == tuple(SMALL_ROW.split(","))


def test_workbook_gives_the_cells_of_the_same_csv() -> None:
    numbers = [28000, 14.07, 60, 652.53, "2018-03-01", "ok", 27015.86, 1957.59, 984.14]
    rows: list[list[Any]] = [SMALL_HEADER.split(","), ["A1", *numbers, "Asha Verma", 9800000001]]

    (line,) = lines_of(workbook(rows))

    assert line == TapeLine(2, tuple(SMALL_ROW.split(",")))


def test_line_with_other_cells_than_the_header_is_told_apart() -> None:
    short, long = "A2,1", SMALL_ROW + ",more"

    found = lines_of(small_tape(short, long, SMALL_ROW))

    assert found[0] == RaggedLine(2, (), found=2, expected=12)
    assert found[1] == RaggedLine(3, (), found=13, expected=12)
    assert found[2].cells[0] == "A1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "lms.import_file_empty"),
        (b"\n\n", "lms.import_file_empty"),
        (SMALL_HEADER.encode() + b"\n", "lms.import_file_empty"),
        (small_tape(SMALL_ROW).decode().encode("utf-16"), "lms.import_file_encoding"),
        (small_tape(small_row(name="José")).decode().encode("latin-1"), "lms.import_file_encoding"),
        (small_tape(SMALL_ROW) + b"\xe0\xa4", "lms.import_file_encoding"),
        (small_tape(SMALL_ROW, "A2\0,1"), "lms.import_file_nul"),
        (small_tape(SMALL_ROW, 'A2,"1'), "lms.import_file_malformed"),
        (small_tape(small_row(name="x" * 5000)), "lms.import_file_malformed"),
        (small_tape(SMALL_ROW, "," * 300_000), "lms.import_file_malformed"),
        (small_tape(SMALL_ROW).replace(b"ref,", b"ref,ref,"), "lms.import_header_invalid"),
        (small_tape(SMALL_ROW).replace(b"ref,", b"ref,,"), "lms.import_header_invalid"),
        (small_tape(SMALL_ROW).replace(b"left,", b"rest,"), "lms.import_columns_missing"),
        (b"colour," + small_tape(SMALL_ROW), "lms.import_columns_unmapped"),
        (b"PK\x03\x04 and no archive", "lms.import_workbook_unreadable"),
    ],
)
def test_file_that_cannot_be_a_tape_is_refused(content: bytes, code: str) -> None:
    assert refusal_of(content).code == code


@pytest.mark.parametrize(("content", "line"), [(b"a\nb\n\xff", 3), (b"\xff", 1), (b"a\r\nb\xe9c\r\n", 2)])
def test_wrong_encoding_names_the_line_and_what_to_do(content: bytes, line: int) -> None:
    refusal = refusal_of(content)

    assert refusal.context == {"line": line}
    assert "CSV UTF-8" in refusal.message


def test_wrong_encoding_is_found_across_blocks_of_reading() -> None:
    lines = (SMALL_ROW + "\n") * 30_000
    content = f"{SMALL_HEADER}\n{lines}".encode() + b"\xff\n"

    assert refusal_of(content).context == {"line": 30_002}


def test_file_of_a_gigabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    tracemalloc.start()

    with path.open("rb") as file, pytest.raises(KistError) as refused:
        file_check(file=file, limits=FileLimits(megabytes=100, rows=1))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.code == "lms.import_file_too_large"
    assert refused.value.context == {"size_mb": 1024, "limit_mb": 100}
    assert peak < 100_000


def test_large_file_within_the_limit_is_read_with_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(SMALL_HEADER + "\n")
        file.writelines(small_row(ref=f"A{number}") + "\n" for number in range(30_000))
    limits = FileLimits(megabytes=100, rows=100_000)
    tracemalloc.start()

    with path.open("rb") as stream:
        facts = file_check(file=stream, limits=limits)
        with tape_open(file=stream, import_map=small_map(), limits=limits) as lines:
            count = sum(1 for _ in lines)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 2_500_000
    assert (count, facts.lines) == (30_000, 30_001)
    assert peak < 2_500_000


def test_more_rows_than_the_limit_are_refused() -> None:
    refusal = refusal_of(small_tape(SMALL_ROW, SMALL_ROW, SMALL_ROW), limits=FileLimits(megabytes=1, rows=2))

    assert (refusal.code, refusal.context) == ("lms.import_rows_too_many", {"limit": 2})


def test_workbook_that_unpacks_to_many_times_its_size_is_refused_unread() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)

    assert refusal_of(target.getvalue()).code == "lms.import_file_too_large"


def test_sheet_that_the_workbook_lacks_is_named() -> None:
    content = workbook([SMALL_HEADER.split(","), SMALL_ROW.split(",")], sheet="Loans")

    refusal = refusal_of(content, old="columns:\n", new="file: {sheet: Book}\ncolumns:\n")

    assert refusal.code == "lms.import_sheet_missing"
    assert refusal.context == {"sheet": "Book", "sheets": "Loans"}
