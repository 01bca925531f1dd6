"""Build the bureau files of a reference date, or make them again and compare."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.dates import parse_date
from core.errors import KistError
from lms.bureau.cycles import bureau_cycle_create, bureau_cycle_run
from lms.bureau.files import file_verify
from lms.models import BureauCycle


class Command(BaseCommand):
    """`manage.py bureau_build DATE [--verify]`."""

    help = "Builds the files of a reference date; a build that was stopped goes on. With --verify they are made again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the reference date."""
        parser.add_argument("reference_date", type=parse_date, help="YYYY-MM-DD")
        parser.add_argument("--verify", action="store_true", help="make every file again and compare the bytes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build, and verify where that is asked for."""
        day: date = options["reference_date"]
        try:
            cycle = bureau_cycle_run(cycle_id=bureau_cycle_create(reference_date=day).pk, progress=self._say)
            for submission in cycle.submissions.select_related("cycle") if options["verify"] else ():
                measure = file_verify(submission=submission)
                self.stdout.write(f"{submission.get_bureau_display()}: the same {measure.size_bytes:,} bytes.")
        except KistError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{cycle.records:,} records, {cycle.problems:,} accounts set aside.")

    def _say(self, cycle: BureauCycle) -> None:
        self.stdout.write(f"  part {cycle.chunks_done:,} of {cycle.chunks_total:,}")
