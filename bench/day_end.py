"""Measured day-ends on SQLite: `python -m bench.day_end [LOANS]` fills a book and closes days. Processor time."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import django

FIRST_DAY = date(2026, 4, 15)
DUE_DAY = date(2026, 5, 1)
BATCH = 1000
BAR_SECONDS_PER_10_000 = 2


def main(loans: int = 10_000) -> None:
    """Print the seconds of a quiet day and of a day on which every loan has a due date."""
    with tempfile.TemporaryDirectory(prefix="kist-bench-") as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'kist.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
        django.setup()
        fill(loans)
        seconds = close_days()
    quiet = sorted(taken for day, taken in seconds.items() if day < DUE_DAY)
    scale = 10_000 / loans
    report(f"day-end of a quiet day, {loans:,} loans", quiet[len(quiet) // 2], f"<= {BAR_SECONDS_PER_10_000 / scale:g}")
    report(f"day-end of a day when all {loans:,} are due", seconds[DUE_DAY], "(no bar)")


def fill(loans: int) -> None:
    """Lend to one borrower each on 1 April 2026; the first instalments are due on 1 May."""
    from django.core.management import call_command

    from core.business_date import business_date_set
    from customers.models import Customer
    from lms.engine.facts import Disburse
    from lms.services.bulk import LoanDraft, loans_book_many
    from lms.services.products import product_create, product_version_publish, terms_for_loan

    call_command("migrate", verbosity=0)
    business_date_set(to=FIRST_DAY)
    version = product_version_publish(
        product=product_create(code="PL", name="Personal loan"),
        terms_template={},
        principal_min_paise=1_000_00,
        principal_max_paise=10_00_000_00,
        rate_min_pct=Decimal(0),
        rate_max_pct=Decimal(48),
        instalment_count_min=1,
        instalment_count_max=60,
        effective_from=date(2026, 1, 1),
    )
    Customer.objects.bulk_create(
        [
            Customer(number=f"C{number:07d}", full_name="Asha Verma", phone=f"98{number:08d}", state_code="MH")
            for number in range(loans)
        ],
        batch_size=500,
    )
    lent_on = date(2026, 4, 1)
    borrowers = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, loans, BATCH):
        drafts = []
        for number, customer_id in enumerate(borrowers[start : start + BATCH], start):
            terms = terms_for_loan(
                version=version,
                principal_paise=50_000_00 + number * 100,
                annual_rate_pct=Decimal(18),
                instalment_count=36,
                first_due_date=DUE_DAY,
            )
            lent = Disburse(sequence=1, value_date=lent_on, amount_paise=terms.principal_paise, reference=f"O{number}")
            drafts.append(
                LoanDraft(
                    key=f"loan-{number}",
                    customer_id=customer_id,
                    product_version=version,
                    terms=terms,
                    sanctioned_on=lent_on,
                    facts=(lent,),
                )
            )
        loans_book_many(drafts=drafts, batch_key=f"batch-{start}")


def close_days() -> dict[date, float]:
    """Close the days up to the due date; return the processor time of each."""
    from lms.services.day_end import day_end_run

    seconds = {}
    for number in range((DUE_DAY - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=number)
        begun = time.process_time()
        day_end_run(to_date=day)
        seconds[day] = time.process_time() - begun
    return seconds


def report(what: str, seconds: float, bar: str) -> None:
    """Print a figure beside its bar."""
    print(f"{what:<56}{seconds:>12,.2f} s   {bar}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
