"""Check the invariants of the ledger."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import KistError
from ledger.checks import ledger_check
from ledger.services import seals_compare


class Command(BaseCommand):
    """`manage.py ledger_check [--since-last-seal] [--seals FILE]`; exit code 1 when something is broken."""

    help = "Checks I1 to I7 and I10, the chains of hashes and the seals; names the rows that break them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the range and a file of seals."""
        parser.add_argument("--since-last-seal", action="store_true", help="only what was posted since the last seal")
        parser.add_argument("--seals", type=Path, metavar="FILE", help="compare with seals exported before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each invariant with its time, and what breaks it."""
        report = ledger_check(is_incremental=options["since_last_seal"])
        for found in report.findings:
            outcome = "held" if found.is_held else "BROKEN"
            self.stdout.write(f"{found.code:<4} {outcome:<7} {found.seconds:8.3f} s  {found.title}")
            for offence in found.offences:
                self.stdout.write(f"       {offence}")
        broken = list(report.broken)
        if options["seals"]:
            broken += ["exported seals"] * self._differs(options["seals"])
        if broken:
            raise CommandError(f"The ledger breaks {', '.join(broken)}.")

    def _differs(self, path: Path) -> bool:
        """Print how the seals of a file differ from those of the ledger."""
        try:
            with path.open(encoding="utf-8") as file:
                differences = list(seals_compare(lines=file))
        except (OSError, KistError) as error:
            raise CommandError(str(error)) from error
        for difference in differences:
            self.stdout.write(f"       {difference}")
        return bool(differences)
