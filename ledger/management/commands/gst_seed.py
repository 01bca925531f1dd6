"""Publish the first tax rules."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.gst.rules import gst_seed


class Command(BaseCommand):
    """Create the tax rules and limits where there are none."""

    help = "Create the rules by which charges are taxed and the limits of the returns; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        gst_seed()
        self.stdout.write("Tax rules are in place.")
