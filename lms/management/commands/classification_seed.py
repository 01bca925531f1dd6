"""Publish the first thresholds of the asset classes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lms.services.classification_rules import classification_seed


class Command(BaseCommand):
    """Create the first row of the thresholds where there is none."""

    help = "Create the thresholds of the asset classes that the regulation names; may be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether the lender belongs to the base layer."""
        parser.add_argument("--base-layer", action="store_true", help="With the base layer's way to 90 days.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the row and say so."""
        classification_seed(is_base_layer=options["base_layer"])
        self.stdout.write("Thresholds of the asset classes are in place.")
