"""Fill an empty, migrated database with the demo lender and its log-ins."""

import json
import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.clock import database_now
from core.dates import parse_date
from ledger.services import ledger_seal
from lms.demo.approvals import requests_ask
from lms.demo.bureau import bureau_fill
from lms.demo.capital import capital_pay_in
from lms.demo.documents import documents_fill, lender_name
from lms.demo.dry_runs import dry_runs_make
from lms.demo.fill import LIVE_DAYS, lender_fill
from lms.demo.provisions import provisions_make
from lms.demo.tax import charges_fill, lender_register
from lms.models import Loan

_ROLES = ("operations", "finance", "manager", "analyst")


class Command(BaseCommand):
    """`manage.py demo_fill [--logins FILE] [--customers N] [--business-date DATE] [--seed N]`."""

    help = "Fills an empty database with a believable lender: generated people only, never for real customers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the size of the lender and where to write the log-ins."""
        parser.add_argument("--logins", type=Path, help="JSON file for user names and passwords, written last")
        parser.add_argument("--customers", type=int, default=2000)
        parser.add_argument("--business-date", type=parse_date, default=None, help="YYYY-MM-DD; today when not given")
        parser.add_argument("--seed", type=int, default=1947)

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill everything, printing each step."""
        if Loan.objects.exists():
            raise CommandError("There are loans in this database: the demo lender is for an empty one.")
        today: date = options["business_date"] or timezone.localdate()
        # A lender of the middle layer that reports by Ind AS shows both provisions and the floor between them.
        call_command("provision_seed", layer="MIDDLE", basis="ECL", stdout=self.stdout)
        call_command("init_kist", business_date=(today - timedelta(days=LIVE_DAYS)).isoformat(), stdout=self.stdout)
        logins = [_user_create(role) for role in _ROLES]
        self._say("log-ins created")
        capital_pay_in(
            maker=User.objects.get(username="finance"),
            checker=User.objects.get(username="manager"),
            value_date=today - timedelta(days=LIVE_DAYS),
        )
        self._say("capital paid in")
        lender_register()
        lender_name(today=today - timedelta(days=LIVE_DAYS))
        lender_fill(customer_count=options["customers"], today=today, seed=options["seed"], progress=self._say)
        provisions_make(
            maker=User.objects.get(username="finance"),
            checker=User.objects.get(username="manager"),
            today=today,
            progress=self._say,
        )
        self._say(f"{charges_fill(today=today)} statements charged")
        issued = documents_fill(actor=User.objects.get(username="operations"))
        self._say(f"{issued} documents issued")
        bureau_fill(
            opened_on=today - timedelta(days=LIVE_DAYS),
            today=today,
            staff=User.objects.get(username="manager"),
            progress=self._say,
        )
        asked = requests_ask(maker=User.objects.get(username="operations"))
        self._say(f"{asked} requests wait for approval")
        dry_runs_make(maker=User.objects.get(username="manager"), today=today, progress=self._say)
        # Nobody else posts yet: no transaction is under way that a seal would have to wait for.
        seals = ledger_seal(now=database_now(), grace=timedelta(0))
        self._say(f"{sum(seal.journals for seal in seals):,} journals sealed")
        if options["logins"]:
            options["logins"].write_text(json.dumps(logins, indent=1))

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()


def _user_create(role: str) -> dict[str, str]:
    """Create the user of a role with a password of this installation's own."""
    password = f"{role}-{secrets.token_hex(4)}"
    user = User.objects.create_user(username=role, password=password, is_staff=True, first_name=role.capitalize())
    user.groups.add(Group.objects.get(name=role))
    return {"role": role, "username": role, "password": password}
