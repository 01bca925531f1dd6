"""Set up to which amount the roles may approve journals by hand, where nothing is set yet."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from core.approvals.models import AuthorityLimit
from ledger.approvals import MANUAL_JOURNAL

# Rupees in crore; a lender replaces them by dated rows of his own.
FIRST_LIMITS = {"finance": 10_00_00_000_00, "manager": 100_00_00_000_00}


class Command(BaseCommand):
    """Create the first authority limits."""

    help = "Set the first limits up to which roles approve journals by hand; rows that exist stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        if not AuthorityLimit.objects.filter(kind=MANUAL_JOURNAL).exists():
            AuthorityLimit.objects.bulk_create(
                AuthorityLimit(role=role, kind=MANUAL_JOURNAL, up_to_paise=limit, effective_from=date(2000, 1, 1))
                for role, limit in FIRST_LIMITS.items()
            )
        self.stdout.write("Authority limits are in place.")
