"""Measured dry runs: `python -m bench.dry_run [LOANS]` tries a product change on a book.

Printed are the time on the wall, which neighbours lengthen, and the processor time of the busiest worker.

On SQLite, or on the empty database that DATABASE_URL names. Half a thousand loans are booked by the services, with a
year of receipts in time, late and missing, and closed by a day-end; the others are copies of them, made by statements.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

TODAY = date(2026, 4, 15)
LENT = date(2025, 3, 15)
FIRST_DUE = date(2025, 4, 15)
BOOKED = 500
BAR_SECONDS_PER_100_000 = 60
# Of twelve instalments, so many were paid, borrower after borrower; the last figure is days of delay.
PAID = ((12, 0), (12, 0), (12, 3), (12, 0), (11, 0), (12, 9), (10, 5), (12, 0), (12, 0), (7, 0))
CHANGE = {
    "penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24", "grace_days": 3},
    "day_count": "ACTUAL_360",
    "early_payment": "PAY_AT_ONCE",
}


def main(loans: int = 100_000) -> None:
    """Print the seconds of a dry run of a product change, with as many workers as there are processors."""
    with tempfile.TemporaryDirectory(prefix="kist-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder) / 'kist.sqlite3'}")
        _setup()
        fill(loans)
        measure(loans)


def fill(loans: int) -> None:
    """Book half a thousand loans, close a day, and copy them."""
    from django.core.management import call_command

    from core.business_date import business_date_set
    from customers.models import Customer
    from lms.services.classification_rules import classification_seed
    from lms.services.day_end import day_end_run

    call_command("migrate", verbosity=0)
    business_date_set(to=TODAY)
    classification_seed()
    Customer.objects.bulk_create(
        [
            Customer(pk=number, number=f"C{number:07d}", full_name="Asha Verma", phone=f"98{number:08d}")
            for number in range(1, loans + 1)
        ],
        batch_size=500,
    )
    _book()
    day_end_run()
    for copy in range(1, loans // BOOKED):
        _copy(copy)


def measure(loans: int) -> None:
    """Try the change, and print what it took."""
    from django.contrib.auth.models import User
    from django.db import connection

    from lms.acts.product_changes import version_payload
    from lms.dry_runs.jobs import dry_run_create
    from lms.models import DryRun, DryRunKind, Product

    product = Product.objects.get()
    latest = product.versions.get()
    payload = version_payload(
        product=product,
        terms_template={**latest.terms_template, **CHANGE},
        limits={name: getattr(latest, name) for name in LIMITS},
        effective_from=TODAY + timedelta(days=1),
        reason="Bench",
    )
    workers = max(os.cpu_count() or 1, 1)
    begun = time.perf_counter()
    run = dry_run_create(
        kind=DryRunKind.PRODUCT,
        change=payload,
        idempotency_key="bench",
        actor=User.objects.create(username="bench"),
    )
    connection.close()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        used = pool.map(_worker, [run.pk] * workers, chunksize=1)
    seconds = time.perf_counter() - begun
    done = DryRun.objects.get(pk=run.pk)
    assert (done.state, done.loans_done, done.loans_refused) == (DryRun.State.DONE, loans, 0), done.state
    bar = BAR_SECONDS_PER_100_000 * loans / 100_000
    print(f"{f'dry run of a product change, {loans:,} loans':<56}{seconds:>12,.2f} s   <= {bar:g}")
    print(f"{'  processor time of the busiest worker':<56}{max(one for one, _ in used):>12,.2f} s   <= {bar:g}")
    print(f"{f'  processor time of all {workers} workers':<56}{sum(one for one, _ in used):>12,.2f} s   (no bar)")
    print(f"{'  loans that move':<56}{done.loans_moved:>12,}     (no bar)")
    print(f"{'  most memory of a worker':<56}{max(most for _, most in used) / 1024:>12,.0f} MB  (no bar)")


LIMITS = {
    "principal_min_paise": 1_000_00,
    "principal_max_paise": 10_00_000_00,
    "rate_min_pct": Decimal(0),
    "rate_max_pct": Decimal(48),
    "instalment_count_min": 1,
    "instalment_count_max": 60,
}


def _worker(run_id: int) -> tuple[float, int]:
    """Share a run; return processor seconds, and the most memory in KiB."""
    _setup()
    from lms.dry_runs.jobs import dry_run_work

    begun = time.process_time()
    dry_run_work(run_id=run_id)
    return time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()


def _book() -> None:
    """Lend to one borrower each, with a year of receipts."""
    from lms.engine.facts import Disburse, Receive
    from lms.engine.schedule import build_schedule
    from lms.services.bulk import LoanDraft, loans_book_many
    from lms.services.products import product_create, product_version_publish, terms_for_loan

    limits: Any = LIMITS
    version = product_version_publish(
        product=product_create(code="PL", name="Personal loan"),
        terms_template={},
        effective_from=date(2025, 1, 1),
        **limits,
    )
    drafts = []
    for number in range(BOOKED):
        terms = terms_for_loan(
            version=version,
            principal_paise=50_000_00 + number * 1_234_00,
            annual_rate_pct=Decimal(14 + number % 12),
            instalment_count=24,
            first_due_date=FIRST_DUE,
        )
        rows = build_schedule(terms=terms, start_date=LENT)
        count, late = PAID[number % len(PAID)]
        lent = Disburse(sequence=1, value_date=LENT, amount_paise=terms.principal_paise, reference=f"O{number}")
        receipts = [
            Receive(
                sequence=2 + place,
                value_date=row.due_date + timedelta(days=late),
                amount_paise=row.due.total,
                reference=f"R{number}-{place}",
            )
            for place, row in enumerate(rows[:count])
        ]
        drafts.append(
            LoanDraft(
                key=f"loan-{number}",
                customer_id=number + 1,
                product_version=version,
                terms=terms,
                sanctioned_on=LENT,
                facts=(lent, *receipts),
            )
        )
    loans_book_many(drafts=drafts, batch_key="bench")


def _copy(copy: int) -> None:
    """Copy the loans that were booked, with their entries: all columns as they are, but for keys and names."""
    from django.db import connection

    from lms.models import Loan, LoanFact

    step = copy * BOOKED
    changed: dict[type[Any], dict[str, str]] = {
        Loan: {
            "id": f"id + {step}",
            "customer_id": f"customer_id + {step}",
            "number": _joined(connection.vendor, "number", copy),
            "idempotency_key": _joined(connection.vendor, "idempotency_key", copy),
        },
        LoanFact: {
            "loan_id": f"loan_id + {step}",
            "idempotency_key": _joined(connection.vendor, "idempotency_key", copy),
            "credit_reference": "NULL",
        },
    }
    with connection.cursor() as cursor:
        for model, values in changed.items():
            table = model._meta.db_table
            columns = [field.column for field in model._meta.concrete_fields if field.column != "id" or "id" in values]
            read = ", ".join(values.get(column, column) for column in columns)
            key = "id" if model is Loan else "loan_id"
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {read} FROM {table} WHERE {key} <= {BOOKED}"  # noqa: S608  # only our own names and numbers stand in it
            )


def _joined(vendor: str, column: str, copy: int) -> str:
    return f"CONCAT({column}, '-{copy}')" if vendor == "mysql" else f"{column} || '-{copy}'"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
