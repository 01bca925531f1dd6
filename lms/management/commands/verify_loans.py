"""Compare every cache of the loan book with a replay of the facts."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.business_date import business_date
from core.dates import DateInvalid, parse_date
from lms.errors import LoanUnknown
from lms.models import CreditLine, Loan
from lms.services.lines.verification import lines_verify
from lms.services.verification import Difference, VerifiedBatch, control_accounts_verify, loan_verify, loans_verify

_SHOWN = 100


class Command(BaseCommand):
    """Print what was compared and every difference; the exit code is 1 when there is one."""

    help = "Replay loans and credit lines and compare every cached figure, and the control accounts with their sums."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--loan", metavar="NUMBER", help="compare this loan alone")
        parser.add_argument("--limit", type=int, metavar="N", help="compare the first N loans alone")
        parser.add_argument("--as-of", metavar="DATE", help="running loans must be closed up to this day")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the comparison."""
        started = monotonic()
        try:
            closed_to = parse_date(options["as_of"]) if options["as_of"] else None
        except DateInvalid as error:
            raise CommandError(error.message) from error
        if options["loan"]:
            loans, figures, differences = self._one(options["loan"], closed_to)
        else:
            loans, figures, differences = self._many(options["limit"], closed_to)
        for difference in differences[:_SHOWN]:
            self.stdout.write(str(difference))
        if len(differences) > _SHOWN:
            self.stdout.write(f"and {len(differences) - _SHOWN} more")
        seconds = monotonic() - started
        self.stdout.write(f"loans {loans}, figures {figures}, differences {len(differences)}, {seconds:.1f} s")
        if differences:
            raise CommandError("The caches differ from the facts. Repair a loan with: manage.py rebuild_loan NUMBER")

    def _one(self, number: str, closed_to: Any) -> tuple[int, int, list[Difference]]:
        loan = Loan.objects.filter(number=number).first()
        if loan is None:
            raise CommandError(LoanUnknown(loan=number).message)
        batch = loan_verify(loan=loan, closed_to=closed_to)
        return batch.loans, batch.figures, list(batch.differences)

    def _many(self, limit: int | None, closed_to: Any) -> tuple[int, int, list[Difference]]:
        loans, figures = 0, 0
        differences: list[Difference] = []
        for batch in loans_verify(limit=limit, closed_to=closed_to):
            loans, figures = loans + batch.loans, figures + batch.figures
            differences += batch.differences
            self._progress(batch, loans)
        if limit is None and CreditLine.objects.exists():
            for batch in lines_verify(today=business_date()):
                figures += batch.figures
                differences += batch.differences
        accounts, broken = control_accounts_verify()
        return loans, figures + accounts, [*differences, *broken]

    def _progress(self, batch: VerifiedBatch, loans: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{loans} loans", ending="" if batch.loans else "\n")
