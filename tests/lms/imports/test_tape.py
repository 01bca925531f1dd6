"""The real tape of 10,000 loans, whole: the bars of the import."""

import csv
import gzip
import hashlib
import io
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from ledger.selectors import balance_of, trial_balance
from lms.models import ImportBatch, ImportRow, Loan
from lms.services.verification import control_accounts_verify
from tests.factories.lms import set_business_date
from tests.lms.imports.tapes import FOLDER, MAP_PATH

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

LAST_LINE = "rows 10000, instalment exact 9997, balance exact 8678, explained 1317, rejected 0"


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """The tape as a file."""
    path = tmp_path / "loan_tape_lendingclub_2018q1.csv"
    path.write_bytes(gzip.decompress((FOLDER / "data" / f"{path.name}.gz").read_bytes()))
    return path


def run(tape: Path, *options: str) -> list[str]:
    """Run the import and return what it printed, line by line."""
    target = io.StringIO()
    arguments = (str(tape), "--map", str(MAP_PATH), "--report", str(tape.parent))
    call_command("import_loans", *arguments, *options, stdout=target)
    return target.getvalue().splitlines()


def tape_balance_paise(tape: Path) -> int:
    """Add up the balances of the file with nothing but its text."""
    with tape.open(newline="") as file:
        texts = [row["balance"].partition(".") for row in csv.DictReader(file)]
    return sum(int(whole) * 100 + int(cents.ljust(2, "0")) for whole, _, cents in texts)


def test_tape_is_the_one_that_the_bars_are_about(tape: Path) -> None:
    digest = hashlib.sha256(tape.read_bytes()).hexdigest()

    assert digest == "b4d2aba77ad7a698945e134e0b4a137c9781d49aebf644abbe57bb0ef5afc937"  # pragma: allowlist secret


def test_dry_run_of_the_whole_tape_meets_its_bars(tape: Path) -> None:
    printed = run(tape, "--dry-run")

    batch = ImportBatch.objects.get()
    rows = batch.rows.all()
    current = rows.filter(values__status="CURRENT")
    assert printed[-1] == LAST_LINE
    assert batch.balance_paise == tape_balance_paise(tape) == 14_458_916_610
    # At least 9,997 of 10,000 instalments, and 8,500 of the 9,375 balances of loans that run on time.
    assert (current.count(), current.filter(is_balance_exact=True).count()) == (9_375, 8_542)
    # Every other loan has a reason; five of them are guesses that no replay proves.
    differing = rows.exclude(is_instalment_exact=True, is_balance_exact=True)
    assert differing.count() == 1_322
    assert not differing.filter(cause="").exists()
    assert differing.filter(is_explained=False).count() == 5
    report = (tape.parent / f"import-{batch.pk}-report.csv").read_text(encoding="utf-8-sig")
    assert len(report.splitlines()) == 1 + 1_322
    assert not Loan.objects.exists()


@pytest.mark.long
def test_whole_tape_enters_the_book_to_the_cent(tape: Path) -> None:
    set_business_date(date(2018, 6, 1))

    printed = run(tape)

    loans = Loan.objects.all()
    assert printed[-1] == (
        "Imported 10,000 loans, 0 were in the book already, 0 stay out; balances of the tape ₹14,45,89,166.10."
    )
    assert ImportRow.objects.filter(state=ImportRow.State.IMPORTED).count() == loans.count() == 10_000
    assert balance_of(product_code="LENDINGCLUB", role="LOAN_PRINCIPAL") == tape_balance_paise(tape)
    assert trial_balance().is_balanced
    assert run(tape)[-1].startswith("Nothing to do")
    assert [str(item) for item in control_accounts_verify()[1]] == []
    call_command("verify_loans", stdout=io.StringIO())
