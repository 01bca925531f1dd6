"""Measured month-ends on SQLite, `python -m bench.provisions [LOANS]`: three ways of working one out. CPU time."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import django

from bench.day_end import fill, report

MONTH_END = date(2026, 4, 30)
BAR_SECONDS_PER_10_000 = 3


def main(loans: int = 10_000) -> None:
    """Print the seconds of a run from the book as it stands, of one that takes over, and of one that replays."""
    with tempfile.TemporaryDirectory(prefix="kist-bench-") as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'kist.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
        django.setup()
        fill(loans)
        measure(loans)


def measure(loans: int) -> None:
    """Close the month, and work it out again and again."""
    from lms.models import ProvisionRun
    from lms.services.day_end import day_end_run
    from lms.services.provisions.posting import provision_run_post
    from lms.services.provisions.runs import provision_run_compute, provision_run_create
    from lms.services.provisions.seeding import provision_seed

    def run() -> None:
        done = provision_run_compute(run_id=provision_run_create(month_end=MONTH_END).pk)
        assert done.loans_done == loans

    provision_seed()
    day_end_run(to_date=MONTH_END)
    bar = f"<= {BAR_SECONDS_PER_10_000 * loans / 10_000:g}"
    report(f"month-end of {loans:,} loans as they stand", _timed(run), bar)
    last = ProvisionRun.objects.order_by("-pk")[0]
    report("  posting it", _timed(lambda: provision_run_post(run_id=last.pk, reason="Bench")), "(no bar)")
    day_end_run()
    report(f"month-end of {loans:,} loans, taken over a day later", _timed(run), bar)
    ProvisionRun.objects.filter(month_end=MONTH_END).update(
        state=ProvisionRun.State.RUNNING, month_end=date(2020, 1, 31)
    )
    report(f"month-end of {loans:,} loans, all replayed", _timed(run), "(no bar)")


def _timed(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
