"""Prepare a migrated database: business date, chart of accounts, roles."""

from datetime import date
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core.business_date import BusinessDateMissing, business_date, business_date_set
from core.dates import parse_date
from core.errors import KistError
from core.roles import roles_sync

# Steps of the apps above, by the names of their commands: each creates what is missing and may run again.
STEPS = (
    "chart_seed",
    "gst_seed",
    "authority_seed",
    "classification_seed",
    "servicing_seed",
    "line_parameters_seed",
    "provision_seed",
    "bureau_seed",
    "reasons_seed",
    "act_rules_seed",
    "payment_parameters_seed",
)


class Command(BaseCommand):
    """Create what an installation needs before its first loan."""

    help = "Set the first business date and create the chart of accounts and the roles; may be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the first business date."""
        parser.add_argument("--business-date", help="YYYY-MM-DD; needed the first time, left alone when it is set.")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step; a business date that is set already stays as it is."""
        try:
            today = _first_business_date(options["business_date"])
        except KistError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Business date is {today.isoformat()}.")
        for step in STEPS:
            call_command(step, stdout=self.stdout)
        for name, count in roles_sync().items():
            self.stdout.write(f"Role {name} has {count} permissions.")


def _first_business_date(text: str | None) -> date:
    try:
        return business_date()
    except BusinessDateMissing:
        if text is None:
            raise
        return business_date_set(to=parse_date(text)).date
