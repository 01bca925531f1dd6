"""A process of its own on a database of its own: imports a tape, and dies where it is told to.

python -m tests.lms.imports.worker build | load TAPE [KILL_AT] | check TAPE | commit | outcome
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import django

CHUNK_ROWS = 5


def build() -> None:
    """Migrate, and put the books on the snapshot day."""
    from django.core.management import call_command

    from core.business_date import business_date_set

    call_command("migrate", verbosity=0)
    business_date_set(to=date(2018, 6, 1))


def load(tape: str, kill_at: str = "0") -> None:
    """Upload, check and commit; with `kill_at`, die by SIGKILL before that statement."""
    from django.core.files.base import ContentFile
    from django.db import connection

    from lms.models import ImportBatch
    from lms.services.imports import import_batch_create, import_commit, import_dry_run
    from tests.lms.imports.tapes import MAP_PATH

    statements = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        if statements == int(kill_at):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(count):
        file = ContentFile(Path(tape).read_bytes(), name="tape.csv")
        batch = import_batch_create(file=file, map_text=MAP_PATH.read_text())
        if batch.state not in (ImportBatch.State.COMMITTING, ImportBatch.State.COMMITTED):
            import_dry_run(batch_id=batch.pk, chunk_rows=CHUNK_ROWS)
        import_commit(batch_id=batch.pk, chunk_rows=CHUNK_ROWS)
    print(statements)


def check(tape: str) -> None:
    """Upload and check."""
    from django.core.files.base import ContentFile

    from lms.services.imports import import_batch_create, import_dry_run
    from tests.lms.imports.tapes import MAP_PATH

    file = ContentFile(Path(tape).read_bytes(), name="tape.csv")
    batch = import_batch_create(file=file, map_text=MAP_PATH.read_text())
    import_dry_run(batch_id=batch.pk, chunk_rows=CHUNK_ROWS)


def commit() -> None:
    """Commit the only batch, when a line comes in, and print how many rows the chunks of this process had."""
    from lms.models import ImportBatch
    from lms.services.imports import import_commit

    told: list[int] = []
    print("ready", flush=True)
    sys.stdin.readline()
    batch = ImportBatch.objects.get()
    import_commit(batch_id=batch.pk, chunk_rows=1, progress=lambda batch: told.append(batch.rows_done))
    print(len(told))


def outcome() -> None:
    """Print everything that an import leaves behind, without keys and instants."""
    from customers.models import Customer
    from ledger.models import Journal
    from ledger.selectors import trial_balance
    from lms.models import ImportBatch, ImportRow, Loan, LoanFact
    from lms.services.verification import control_accounts_verify

    print(
        json.dumps(
            {
                "batches": list(ImportBatch.objects.values_list("state", "rows_total", "rows_done", "balance_paise")),
                "rows": list(
                    ImportRow.objects.order_by("line").values_list("line", "state", "content_hash", "loan__number")
                ),
                "loans": list(
                    Loan.objects.order_by("number").values_list("number", "external_reference", "state_hash")
                ),
                "facts": list(
                    LoanFact.objects.order_by("loan__number", "sequence").values_list("content_hash", flat=True)
                ),
                "customers": list(Customer.objects.order_by("number").values_list("number", "full_name")),
                "journals": list(
                    Journal.objects.order_by("idempotency_key").values_list("idempotency_key", "total_paise")
                ),
                "balances": [[row.code, row.debit_paise, row.credit_paise] for row in trial_balance().rows],
                "control": [str(item) for item in control_accounts_verify()[1]],
            }
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    steps: tuple[Callable[..., None], ...] = (build, load, check, commit, outcome)
    {step.__name__: step for step in steps}[sys.argv[1]](*sys.argv[2:])
