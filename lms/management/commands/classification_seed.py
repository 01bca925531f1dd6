"""Publish the first thresholds of the asset classes."""

from typing import Any

from django.core.management.base import BaseCommand

from lms.services.classification_rules import classification_seed


class Command(BaseCommand):
    """Create the first row of the thresholds where there is none."""

    help = "Create the thresholds of the asset classes that the regulation names; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the row and say so."""
        classification_seed()
        self.stdout.write("Thresholds of the asset classes are in place.")
