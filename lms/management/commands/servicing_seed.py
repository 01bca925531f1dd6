"""Publish the first parameters of servicing."""

from typing import Any

from django.core.management.base import BaseCommand

from lms.services.servicing_rules import servicing_seed


class Command(BaseCommand):
    """Create the first parameters, and the rule for floating loans of individuals, where there are none."""

    help = "Create the parameters of servicing that the regulation names; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        servicing_seed()
        self.stdout.write("Parameters of servicing are in place.")
