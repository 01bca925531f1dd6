"""Seal the journals and export the seals."""

from argparse import ArgumentTypeError
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.clock import database_now
from ledger.services import ledger_seal, ledger_sum, ledger_sums_rebuild, seals_export
from ledger.services.seals import GRACE


class Command(BaseCommand):
    """`manage.py ledger_seal [--grace-minutes N] [--export FILE] [--rebuild-sums]`."""

    help = "Seals journals that no open transaction can precede; --export writes all seals as JSON lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the grace and the file."""
        parser.add_argument(
            "--grace-minutes",
            type=_minutes,
            default=int(GRACE.total_seconds()) // 60,
            help="leave younger journals for the next seal; 0 only while nobody posts",
        )
        parser.add_argument(
            "--rebuild-sums",
            action="store_true",
            help="throw the sums of days away and take them again",
        )
        parser.add_argument("--export", type=Path, metavar="FILE", help="where to write the seals")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, export, and say what was done."""
        for seal in ledger_seal(now=database_now(), grace=timedelta(minutes=options["grace_minutes"])):
            self.stdout.write(f"seal {seal.no}: journals {seal.first_journal} to {seal.last_journal}, {seal.journals}")
        if options["rebuild_sums"]:
            ledger_sums_rebuild()
        ledger_sum()
        if options["export"]:
            with options["export"].open("w", encoding="utf-8") as file:
                self.stdout.write(f"{seals_export(to=file)} seals written to {options['export'].name}")


def _minutes(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError("a whole number of minutes, 0 or more")
    return int(text)
