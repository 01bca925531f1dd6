"""Dry runs of batches: counts, problems of lines, repeats; nothing enters the book."""

import pytest

from core.models import AuditEntry
from customers.models import Customer
from ledger.models import Journal
from lms.models import ImportBatch, ImportRow, Loan, Product
from lms.services.imports import batch_line, import_dry_run
from lms.services.imports.errors import ImportCheckOvertaken
from tests.lms.imports.tapes import (
    MAP_PATH,
    SMALL_ROW,
    checked,
    problem_codes,
    small_row,
    small_tape,
    tape_part,
    upload,
    workbook,
)

pytestmark = pytest.mark.django_db


def as_number(text: str) -> float | str:
    """Return a cell as a spreadsheet would hold it."""
    try:
        return float(text)
    except ValueError:
        return text


def test_dry_run_sums_up_in_one_line_and_changes_nothing_in_the_book() -> None:
    late_and_exact = small_row(ref="A2", state="late", left="27347.74", paid="1305.06", paid_principal="652.26")

    closed = small_row(ref="A3", state="paid", left="0.00", paid="29000.00", paid_principal="28000.00")

    batch = checked(small_tape(SMALL_ROW, late_and_exact, closed, "A4,1"))

    assert batch_line(batch=batch) == "rows 4, instalment exact 3, balance exact 2, explained 1, rejected 1"
    assert batch.state == ImportBatch.State.CHECKED
    assert batch.balance_paise == 2_701_586 + 2_734_774
    assert [model.objects.count() for model in (Loan, Customer, Journal, Product)] == [0, 0, 0, 0]


def test_row_keeps_figures_differences_and_cause() -> None:
    row = checked(small_tape(small_row(left="26999.99"))).rows.get()

    assert (row.line, row.reference, row.state) == (2, "A1", ImportRow.State.READY)
    assert row.values["balance"] == 2_699_999
    assert (row.instalment_paise, row.instalment_difference_paise, row.is_instalment_exact) == (65_253, 0, True)
    assert (row.instalments_paid, row.balance_paise, row.balance_difference_paise) == (3, 2_701_586, -1_587)
    assert (row.is_balance_exact, row.cause) == (False, "EXTRA_PAYMENT")


def test_rejected_lines_have_their_reasons() -> None:
    batch = checked(
        small_tape(
            SMALL_ROW,
            "A2,1",
            small_row(ref="A3", lent="2018-02-31", amount="1.234"),
            small_row(ref="=A4"),
            small_row(ref="A5", emi="100.00"),
        )
    )

    assert problem_codes(batch) == [
        (3, "", "row_ragged"),
        (4, "amount", "money_three_decimals"),
        (4, "lent", "date_invalid"),
        (5, "ref", "cell_formula"),
        (6, "", "instalment_too_small"),
    ]
    assert (batch.rejected, batch.rows.get(line=2).state) == (4, ImportRow.State.READY)


def test_reference_in_two_lines_rejects_both() -> None:
    batch = checked(small_tape(SMALL_ROW, small_row(ref="A2"), small_row(left="27000.00")), chunk_rows=1)

    assert problem_codes(batch) == [(2, "", "reference_repeated"), (4, "", "reference_repeated")]
    assert "line 4" in batch.rows.get(line=2).problems[0]["message"]
    assert batch_line(batch=batch) == "rows 3, instalment exact 1, balance exact 1, explained 0, rejected 2"


def test_progress_is_told_after_every_chunk() -> None:
    told: list[tuple[int, int]] = []
    batch = upload(small_tape(SMALL_ROW, small_row(ref="A2"), small_row(ref="A3")))

    import_dry_run(
        batch_id=batch.pk,
        progress=lambda batch: told.append((batch.rows_checked, batch.rows_total)),
        chunk_rows=2,
    )

    assert told == [(2, 3), (3, 3)]


def test_repeated_dry_run_starts_afresh() -> None:
    batch = checked(small_tape(SMALL_ROW, small_row(ref="A2")))
    first = list(batch.rows.values_list("line", "content_hash"))

    again = import_dry_run(batch_id=batch.pk)

    assert list(again.rows.values_list("line", "content_hash")) == first
    assert (again.rows_total, again.rows_checked, again.check_number) == (2, 2, 2)


def test_dry_run_that_another_one_overtakes_stops() -> None:
    batch = upload(small_tape(SMALL_ROW, small_row(ref="A2")))

    def overtake(_: ImportBatch) -> None:
        ImportBatch.objects.filter(pk=batch.pk).update(check_number=9)

    with pytest.raises(ImportCheckOvertaken):
        import_dry_run(batch_id=batch.pk, progress=overtake, chunk_rows=1)

    assert batch.rows.count() == 1


def test_same_file_and_map_again_is_the_same_batch() -> None:
    first = upload(small_tape(SMALL_ROW))

    again = upload(small_tape(SMALL_ROW), name="renamed.csv")

    assert again == first
    assert AuditEntry.objects.filter(action="lms.import_batch_create").count() == 1


def test_workbook_of_the_same_loans_gives_the_same_rows() -> None:
    text = tape_part(["LC00001", "LC00019", "LC00225"])
    cells = [[as_number(cell) for cell in line.split(",")] for line in text.decode().splitlines()]

    from_text = checked(text, map_text=MAP_PATH.read_text())
    from_workbook = checked(workbook(cells), map_text=MAP_PATH.read_text())

    assert from_workbook.pk != from_text.pk
    hashes = [list(batch.rows.values_list("line", "content_hash", "cause")) for batch in (from_workbook, from_text)]
    assert hashes[0] == hashes[1]
    assert batch_line(batch=from_workbook) == batch_line(batch=from_text)


def test_same_file_under_another_map_is_another_batch() -> None:
    first, second = (
        upload(tape_part(["LC00001"]), map_text=MAP_PATH.read_text()),
        upload(tape_part(["LC00001"]), map_text=MAP_PATH.read_text() + "# changed\n"),
    )

    assert first.pk != second.pk
