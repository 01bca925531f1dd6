"""Publish the first thresholds of payments and terms of compensation."""

from typing import Any

from django.core.management.base import BaseCommand

from payments.models import Vendor
from payments.services.compensations import compensation_rules_seed
from payments.services.rules import payment_parameters_seed
from payments.services.vendors import shared_accounts_create, vendor_accounts_create


class Command(BaseCommand):
    """Create the accounts that payments share, those that a vendor lacks, and the first rows where there are none."""

    help = "Create the thresholds of payments and the terms of compensation; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing and say so."""
        shared_accounts_create()
        for vendor in Vendor.objects.order_by("pk"):
            # A later version may book what an earlier one had no account for.
            vendor_accounts_create(vendor=vendor)
        payment_parameters_seed()
        compensation_rules_seed()
        self.stdout.write("Thresholds of payments are in place.")
