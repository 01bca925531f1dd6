"""`manage.py import_loans`: what it prints, what it writes, and how it refuses."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lms.models import ImportBatch, Loan
from tests.factories.lms import set_business_date
from tests.lms.imports.tapes import SMALL_MAP, SMALL_ROW, small_row, small_tape

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    """A folder with a map and a tape of three loans, one of them wrong; the books stand on the snapshot day."""
    set_business_date(date(2018, 6, 1))
    (tmp_path / "map.yaml").write_text(SMALL_MAP)
    (tmp_path / "tape.csv").write_bytes(
        small_tape(SMALL_ROW, small_row(ref="A2"), small_row(ref="A3", lent="2018-02-31"))
    )
    return tmp_path


def run(folder: Path, *options: str, tape: str = "tape.csv", map_name: str = "map.yaml") -> list[str]:
    """Run the command and return what it printed, line by line."""
    target = io.StringIO()
    arguments: list[Any] = [folder / tape, "--map", folder / map_name, "--report", folder / "reports", *options]
    call_command("import_loans", *(str(argument) for argument in arguments), stdout=target)
    return target.getvalue().splitlines()


def test_last_line_of_a_dry_run_sums_it_up(folder: Path) -> None:
    printed = run(folder, "--dry-run")

    assert printed[0] == "checked 3 of 3 rows"
    assert printed[-1] == "rows 3, instalment exact 2, balance exact 2, explained 0, rejected 1"
    assert not Loan.objects.exists()


def test_reports_are_written_where_the_command_says(folder: Path) -> None:
    printed = run(folder, "--dry-run")

    batch = ImportBatch.objects.get()
    paths = [folder / "reports" / f"import-{batch.pk}-report.{suffix}" for suffix in ("csv", "xlsx")]
    assert printed[1:3] == [f"1 rejected or differing lines: {path}" for path in paths]
    assert "date_invalid" in paths[0].read_text(encoding="utf-8-sig")
    assert paths[1].read_bytes().startswith(b"PK")


def test_rejected_rows_keep_everything_out_until_told_otherwise(folder: Path) -> None:
    with pytest.raises(CommandError) as refused:
        run(folder)
    assert str(refused.value).startswith(
        "lms.import_batch_rejected: 1 of 3 rows are rejected, so nothing was imported."
    )
    assert not Loan.objects.exists()

    printed = run(folder, "--skip-rejected")

    assert printed[-1] == ("Imported 2 loans, 0 were in the book already, 1 stay out; balances of the tape ₹54,031.72.")
    assert Loan.objects.count() == 2


def test_second_run_says_that_there_is_nothing_to_do(folder: Path) -> None:
    run(folder, "--skip-rejected")

    printed = run(folder)

    assert printed[-1].startswith("Nothing to do: this file was imported on ")
    assert run(folder, "--dry-run")[-1] == "rows 3, instalment exact 2, balance exact 2, explained 0, rejected 1"
    assert Loan.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tape.csv", b"\xff\xfe", "lms.import_file_encoding: Line 1 is not UTF-8 text."),
        ("map.yaml", b"version: 9", "lms.import_map_invalid: The map is wrong at line 1, column 1"),
        ("map.yaml", b"\xff", "is not UTF-8 text. Save the map again as UTF-8."),
    ],
)
def test_file_or_map_that_is_wrong_is_refused_in_words(folder: Path, name: str, content: bytes, words: str) -> None:
    (folder / name).write_bytes(content)

    with pytest.raises(CommandError) as refused:
        run(folder)

    assert words in str(refused.value)
    assert not ImportBatch.objects.exists()


def test_missing_file_is_refused_in_words(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.csv cannot be read: No such file or directory\."):
        run(folder, tape="missing.csv")


def test_file_above_the_limit_of_the_installation_is_refused(folder: Path, settings: Any) -> None:
    settings.IMPORT_MAX_MB = 0

    with pytest.raises(CommandError, match=r"lms\.import_file_too_large: The file has 1 MB, the limit is 0 MB\."):
        run(folder)
