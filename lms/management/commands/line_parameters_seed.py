"""Publish the first guards of credit lines."""

from typing import Any

from django.core.management.base import BaseCommand

from lms.services.lines.rules import line_parameters_seed


class Command(BaseCommand):
    """Create the first row of the guards where there is none."""

    help = "Create the guards of credit lines; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the row and say so."""
        line_parameters_seed()
        self.stdout.write("Guards of credit lines are in place.")
