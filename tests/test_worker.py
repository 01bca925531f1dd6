"""Tasks travel through a real broker to a worker process, which does them on a database of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.databases import migrated_database

ROOT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.1
pytestmark = pytest.mark.broker


@dataclass(frozen=True, slots=True)
class Installation:
    """A migrated database on which processes of the project work."""

    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed last."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().rpartition("\n")[2]

    def business_date(self) -> str:
        """Return the business date of the installation."""
        return self.manage("shell", "-v0", "-c", "from core.business_date import business_date; print(business_date())")


@pytest.fixture
def database_url(tmp_path: Path, django_db_setup: Any, django_db_blocker: Any) -> Iterator[str]:
    """A database with every table on the engine of this run."""
    with migrated_database(folder=tmp_path, name="worker", blocker=django_db_blocker) as url:
        yield url


@pytest.fixture
def installation(database_url: str, broker_url: str) -> Installation:
    """An installation that stands on 29 April 2026 and has no loan yet."""
    chosen = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": database_url, "REDIS_URL": broker_url}
    installation = Installation({**os.environ, **chosen})
    installation.manage("init_kist", "--business-date", "2026-04-29")
    return installation


@pytest.fixture
def worker_log(installation: Installation, tmp_path: Path) -> Iterator[Path]:
    """The log of a worker process that is ready."""
    log = tmp_path / "worker.log"
    options = ["-P", "threads", "-c", "1", "-l", "INFO", "--without-mingle", "--without-gossip"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", *options],
            cwd=ROOT,
            env=installation.environment,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(" ready.", log=log)
        yield log
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for(words: str, *, log: Path, seconds: float = 60) -> None:
    """Wait until the log holds these words."""
    deadline = time.monotonic() + seconds
    while words not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(POLL_SECONDS)


def test_day_end_that_is_sent_as_a_task_closes_the_day_in_the_worker(
    installation: Installation, worker_log: Path, broker_url: str
) -> None:
    with Celery("sender", broker=broker_url) as sender:
        task = sender.send_task("lms.day_end", kwargs={"to_date": "2026-04-30", "from_a_newer_caller": True})

        wait_for(f"Task lms.day_end[{task.id}] succeeded", log=worker_log)

    assert installation.business_date() == "2026-05-01"
