"""Number the legs that postings left waiting."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger.services import ledger_requeue, ledger_roll


class Command(BaseCommand):
    """`manage.py ledger_roll [--requeue]`."""

    help = "Turns waiting legs into numbered entries and opens the balances of accounts that have none."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --requeue."""
        parser.add_argument(
            "--requeue",
            action="store_true",
            help="first queue every side of a transfer that has no entry, as after a repair or an older version",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Roll, and say how much."""
        if options["requeue"]:
            self.stdout.write(f"{ledger_requeue()} sides queued")
        self.stdout.write(f"{ledger_roll()} entries written")
