"""Publish the first rows of provisions."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lms.engine.provisions import Basis, Layer
from lms.services.provisions.seeding import provision_seed


class Command(BaseCommand):
    """Create the first rates, parameters and chances of default where there are none."""

    help = "Create the rates of provisions that the regulation names; may be run again, and keeps what is there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where the lender stands."""
        parser.add_argument("--layer", choices=[layer.value for layer in Layer], default=Layer.BASE.value)
        parser.add_argument("--basis", choices=[basis.value for basis in Basis], default=Basis.IRACP.value)

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        provision_seed(layer=Layer(options["layer"]), basis=Basis(options["basis"]))
        self.stdout.write("Rates and parameters of provisions are in place.")
