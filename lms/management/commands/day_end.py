"""Close business dates: `manage.py day_end [--to DATE]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.dates import parse_date
from core.errors import KistError
from lms.services.day_end import DayEndProgress, Stage, day_end_run


class Command(BaseCommand):
    """Close the business date, or all dates up to one; a run that was stopped goes on where it was."""

    help = "Close the business date, or every date up to --to. Safe to stop at any moment and to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--to", metavar="DATE", help="last day to close, YYYY-MM-DD or DD-MM-YYYY")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the day-end and say how it goes."""
        try:
            last = parse_date(options["to"]) if options["to"] else None
            day_end = day_end_run(to_date=last, progress=self._tell)
        except KistError as refusal:
            raise CommandError(f"{refusal.code}: {refusal.message}") from refusal
        aside = day_end.certificate.get("loans_set_aside", 0)
        if aside:
            self.stderr.write(f"{aside} loans were set aside; each has its reason under Day-end > Problems.")
        self.stdout.write(f"Closed to {day_end.business_date.isoformat()}, state {day_end.state_hash}.")

    def _tell(self, step: DayEndProgress) -> None:
        day = step.business_date.isoformat()
        if step.stage is Stage.CHUNK_CLOSED:
            chunks = f"chunk {step.chunks_done} of {step.chunks_total}"
            self.stdout.write(f"{day} {chunks}, {step.loans_closed:,} of {step.loans_total:,} loans closed")
        else:
            self.stdout.write(f"{day} {step.stage.value.lower()}")
        self.stdout.flush()
