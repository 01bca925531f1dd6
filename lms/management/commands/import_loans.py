"""Import loans from another book: `manage.py import_loans FILE --map MAP.yaml [--dry-run]`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import KistError
from core.money import format_rupees
from lms.models import ImportBatch
from lms.services.imports import (
    batch_line,
    causes_count,
    import_batch_create,
    import_commit,
    import_dry_run,
    report_csv,
    report_xlsx,
)


class Command(BaseCommand):
    """Check a tape against the engine, then enter its loans; a run that was stopped goes on where it was."""

    help = "Check a loan tape against the engine and enter its loans. Safe to stop at any moment and to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE", help="the tape, CSV in UTF-8 or XLSX")
        parser.add_argument("--map", required=True, metavar="MAP.yaml", help="what its columns mean: docs/import.md")
        parser.add_argument("--dry-run", action="store_true", help="only check and compare, change nothing in the book")
        parser.add_argument("--skip-rejected", action="store_true", help="import the others although rows are rejected")
        parser.add_argument("--report", metavar="FOLDER", help="where the report goes; var/imports when not given")
        parser.add_argument("--reason", default="Loan tape imported", help="for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the dry run, then the commit unless it is not wanted."""
        try:
            batch = self._upload(Path(options["file"]), Path(options["map"]))
            batch = self._check(batch, options)
            if options["dry_run"]:
                self.stdout.write(batch_line(batch=batch))
                return
            self._commit(batch, options)
        except KistError as refusal:
            raise CommandError(f"{refusal.code}: {refusal.message}") from refusal

    def _upload(self, tape: Path, map_path: Path) -> ImportBatch:
        try:
            map_text = map_path.read_text(encoding="utf-8")
            with tape.open("rb") as stream:
                return import_batch_create(file=File(stream, name=tape.name), map_text=map_text)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{map_path} is not UTF-8 text. Save the map again as UTF-8.") from error

    def _check(self, batch: ImportBatch, options: dict[str, Any]) -> ImportBatch:
        if batch.state in (ImportBatch.State.COMMITTING, ImportBatch.State.COMMITTED):
            self.stdout.write(f"This file was checked as import {batch.pk} already.")
            return batch
        batch = import_dry_run(batch_id=batch.pk, progress=self._tell_checked)
        self._report(batch, Path(options["report"] or settings.VAR_DIR / "imports"))
        return batch

    def _report(self, batch: ImportBatch, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for cause, is_explained, count in causes_count(batch=batch):
            self.stdout.write(f"{count:>8,} {cause}{'' if is_explained else ', not proven'}")
        for suffix, write in (("csv", report_csv), ("xlsx", report_xlsx)):
            path = folder / f"import-{batch.pk}-report.{suffix}"
            with path.open("wb") as stream:
                lines = write(batch=batch, to=stream)
            self.stdout.write(f"{lines:,} rejected or differing lines: {path}")

    def _commit(self, batch: ImportBatch, options: dict[str, Any]) -> None:
        if batch.state == ImportBatch.State.COMMITTED:
            self.stdout.write(
                f"Nothing to do: this file was imported on {batch.committed_at:%d-%m-%Y %H:%M} as import {batch.pk}."
            )
            return
        self.stdout.write(batch_line(batch=batch))
        batch = import_commit(
            batch_id=batch.pk,
            reason=options["reason"],
            is_skipping_rejected=options["skip_rejected"],
            progress=self._tell_done,
        )
        entered = batch.rows_done - batch.rejected - batch.unchanged
        self.stdout.write(
            f"Imported {entered:,} loans, {batch.unchanged:,} were in the book already, {batch.rejected:,} stay out; "
            f"balances of the tape {format_rupees(batch.balance_paise)}."
        )

    def _tell_checked(self, batch: ImportBatch) -> None:
        self.stdout.write(f"checked {batch.rows_checked:,} of {batch.rows_total:,} rows")
        self.stdout.flush()

    def _tell_done(self, batch: ImportBatch) -> None:
        self.stdout.write(f"done {batch.rows_done:,} of {batch.rows_total:,} rows")
        self.stdout.flush()
