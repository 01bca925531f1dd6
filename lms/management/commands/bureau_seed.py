"""Publish the first rules of bureau files."""

from typing import Any

from django.core.management.base import BaseCommand

from lms.bureau.rows import bureau_seed


class Command(BaseCommand):
    """Create the rules of the regulation where there are none."""

    help = "Create the reference dates and clocks of bureau files; may be run again, and keeps what is there."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        bureau_seed()
        self.stdout.write("Rules of bureau files are in place.")
