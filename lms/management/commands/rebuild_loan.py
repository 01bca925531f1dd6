"""Write the caches of one loan anew from its facts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import KistError
from lms.engine.errors import EngineRefusal
from lms.errors import LoanUnknown
from lms.models import Loan
from lms.services.rebuilds import loan_rebuild


class Command(BaseCommand):
    """Repair one loan, and say what was wrong."""

    help = "Rebuild the caches of a loan from its facts; says what was wrong, and writes it to the audit trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("number", metavar="NUMBER", help="the loan")
        parser.add_argument("--reason", required=True, help="why it is rebuilt; kept in the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the repair."""
        loan = Loan.objects.filter(number=options["number"]).first()
        try:
            if loan is None:
                raise LoanUnknown(loan=options["number"])
            differences = loan_rebuild(loan_id=loan.pk, reason=options["reason"])
        except (KistError, EngineRefusal) as error:
            raise CommandError(error.message) from error
        for difference in differences:
            self.stdout.write(str(difference))
        self.stdout.write(f"Loan {loan.number} rebuilt, {len(differences)} figures were wrong.")
