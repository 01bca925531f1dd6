"""Set up to which amount the roles may approve each act, where nothing is set yet."""

from typing import Any

from django.core.management.base import BaseCommand

from core.approvals.authority import authority_seed


class Command(BaseCommand):
    """Create the first authority limits."""

    help = "Set the first limits up to which roles approve each act; rows that exist stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        authority_seed()
        self.stdout.write("Authority limits are in place.")
