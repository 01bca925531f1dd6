"""Create the chart of accounts."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.services import chart_seed


class Command(BaseCommand):
    """Create the accounts of the NBFC chart that do not exist yet."""

    help = "Create the accounts of the NBFC chart that do not exist yet; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the accounts and say so."""
        chart_seed()
        self.stdout.write("Chart of accounts is in place.")
