"""Create the first reason codes."""

from typing import Any

from django.core.management.base import BaseCommand

from core.reasons.services import reason_codes_seed


class Command(BaseCommand):
    """Create the list where there is none."""

    help = "Create the first reason codes of the acts; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the list and say how long it is."""
        self.stdout.write(f"{reason_codes_seed()} reason codes are in place.")
