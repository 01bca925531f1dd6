"""Work out the provisions of a month-end from the shell, and say how fast that was."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.dates import parse_date
from core.errors import KistError
from core.money import format_rupees
from lms.services.provisions.posting import floor_comparison
from lms.services.provisions.runs import ProvisionProgress, provision_run_compute, provision_run_create


class Command(BaseCommand):
    """`manage.py provision_run 31-03-2026`; a run that was stopped is gone on with."""

    help = "Works out the provisions of every loan at a month-end; nothing is posted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the month-end."""
        parser.add_argument("month_end", help="The last day of a month that is closed.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run to the end, printing progress and speed."""
        started = time.perf_counter()
        try:
            run = provision_run_create(month_end=parse_date(options["month_end"]))
            done_before = run.loans_done
            run = provision_run_compute(run_id=run.pk, progress=self._tell)
        except KistError as error:
            raise CommandError(error.message) from error
        seconds = time.perf_counter() - started
        loans = run.loans_done - done_before
        comparison = floor_comparison(run=run)
        for number, message in run.problems:
            self.stderr.write(f"Loan {number} is left out: {message}")
        self.stdout.write(
            f"Run {run.number} of {run.month_end:%d %b %Y}: {loans:,} loans in {seconds:.1f} s "
            f"({loans / max(seconds, 0.001):,.0f}/s), norms {format_rupees(comparison.iracp_paise)}, "
            f"expected loss {format_rupees(comparison.ecl_paise)}"
        )

    def _tell(self, progress: ProvisionProgress) -> None:
        self.stdout.write(f"  {progress.loans_done:,} of {progress.loans_total:,} loans")
