"""A process of its own on a database of its own: makes a small lender, closes days, dies where it is told to.

python -m tests.lms.day_end.worker build | close LAST_DAY [KILL_AT] | wait LAST_DAY | pay LOAN | expire | outcome
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import django

FIRST_DAY = date(2026, 4, 29)
LAST_DAY = date(2026, 5, 1)
CHUNK_CUSTOMERS = 4


def build() -> None:
    """Migrate, and lend to people who pay, who stop paying, and who have two loans; the books stand on FIRST_DAY."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests.lms.day_end.lender import make_lender

    make_lender(first_day=FIRST_DAY)


def close(last_day: str, kill_at: str = "0") -> None:
    """Close days; with `kill_at`, die by SIGKILL before that statement."""
    from django.db import connection

    from lms.services.day_end import day_end_run

    statements = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        if statements == int(kill_at):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(count):
        day_end_run(to_date=date.fromisoformat(last_day), chunk_customers=CHUNK_CUSTOMERS)
    print(statements)


def wait(last_day: str) -> None:
    """Close days, but stop after the first chunk until a line comes in."""
    from core.errors import KistError
    from lms.services.day_end import DayEndProgress, Stage, day_end_run

    def pause(step: DayEndProgress) -> None:
        if step.stage is Stage.CHUNK_CLOSED and step.chunks_done == 1:
            print("waiting", flush=True)
            sys.stdin.readline()

    try:
        day_end_run(to_date=date.fromisoformat(last_day), chunk_customers=CHUNK_CUSTOMERS, progress=pause)
    except KistError as refusal:
        print(refusal.code)


def pay(number: str) -> None:
    """Post a receipt of 100 rupees on the business date."""
    from core.business_date import business_date
    from lms.models import Loan
    from lms.services.receipts import receipt_post

    receipt_post(
        loan_id=Loan.objects.get(number=number).pk,
        amount_paise=100_00,
        value_date=business_date(),
        reference=f"PAID{number}",
        idempotency_key=f"paid-{number}",
    )


def expire() -> None:
    """Let the lease of the run that is under way run out."""
    from django.utils import timezone

    from lms.models import DayEnd

    DayEnd.objects.exclude(owner="").update(lease_until=timezone.now())


def outcome() -> None:
    """Print everything that a day-end leaves behind, without keys and instants."""
    from django.db.models import Count, Sum

    from core.business_date import business_date
    from ledger.models import Journal
    from ledger.selectors import trial_balance
    from lms.models import ClassificationEntry, DayEnd, Loan, LoanAccrual
    from lms.services.day_end.certificate import book_read

    entries = ClassificationEntry.objects.order_by("loan__number", "on_date")
    print(
        json.dumps(
            {
                "business_date": business_date().isoformat(),
                "days": [[str(day.business_date), day.state, day.state_hash] for day in DayEnd.objects.all()],
                "state_hash": book_read().state_hash,
                "balances": [[row.code, row.debit_paise, row.credit_paise] for row in trial_balance().rows],
                "journals": Journal.objects.count(),
                "accruals": list(
                    LoanAccrual.objects.order_by("booked_on", "movement", "head", "asset_class")
                    .values("movement", "head", "asset_class")
                    .annotate(Count("pk"), Sum("amount_paise"), day=Count("booked_on"))
                ),
                "diary": [[entry.loan.number, str(entry.on_date), entry.asset_class] for entry in entries],
                "fresh_hashes": sorted(Loan.objects.values_list("number", "state_hash")),
            },
            default=str,
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    steps: tuple[Callable[..., None], ...] = (build, close, wait, pay, expire, outcome)
    {step.__name__: step for step in steps}[sys.argv[1]](*sys.argv[2:])
