"""Point the demo lender to the simulated vendors, and fill in some payouts once."""

from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lms.models import Loan
from payments.demo.desk import desk_fill
from payments.demo.incoming import incoming_fill
from payments.demo.payouts import accounts_prove, payouts_fill
from payments.demo.vendors import vendors_seed, webhooks_point
from payments.models import Dispute, IncomingPayment, Payout

_PROVEN = 12


class Command(BaseCommand):
    """`manage.py payments_demo --address URL [--webhooks URL]`."""

    help = "Seeds vendors, floats and payouts of the demo lender: the simulators on this machine, never real vendors."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where the simulators are and where they find us."""
        parser.add_argument("--address", required=True, help="where the simulators listen")
        parser.add_argument("--webhooks", default="", help="our own address, which they send webhooks to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Point the vendors and fill what is missing, printing each step."""
        address: str = options["address"]
        if not Loan.objects.exists():
            self._say("no loan to pay out")
            return
        try:
            if vendors_seed(address=address):
                self._say("vendors, routes and floats entered")
            if not Payout.objects.exists():
                self._say(f"{payouts_fill(address=address)} payouts asked for, {accounts_prove(count=_PROVEN)} proofs")
            if not IncomingPayment.objects.exists():
                self._say(f"{incoming_fill(address=address)} payments taken at the counter and by gateway")
            if not Dispute.objects.exists():
                self._say(f"{desk_fill(address=address)} payments that nobody asked for")
            if options["webhooks"]:
                webhooks_point(address=address, to=options["webhooks"])
        except (ValueError, httpx.HTTPError) as error:
            raise CommandError(f"The simulators could not be set: {error}") from error

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()
