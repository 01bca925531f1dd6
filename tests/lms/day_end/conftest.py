"""Databases of their own for processes that are killed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.databases import copied_database, migrated_database

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Lender:
    """One small lender in a database that other processes work on."""

    url: str

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of the worker."""
        return [sys.executable, "-m", "tests.lms.day_end.worker", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of the worker."""
        return {**os.environ, "DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "config.settings.test", **more}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the worker to its end."""
        return self._finish(self.command(*arguments))

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        return self._finish([sys.executable, "manage.py", *arguments])

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the worker and leave it running, with pipes to it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*arguments), cwd=ROOT, env=self.environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def _finish(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = self.environment()
        return subprocess.run(
            command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
        )

    def outcome(self) -> dict[str, Any]:
        """Return everything that the day-ends left behind."""
        result: dict[str, Any] = json.loads(self.run("outcome").stdout)
        return result


@pytest.fixture(scope="session")
def _lender(tmp_path_factory: pytest.TempPathFactory, django_db_setup: Any, django_db_blocker: Any) -> Iterator[Lender]:
    """The small lender whose books stand on 29 April 2026; the tests work on copies."""
    folder = tmp_path_factory.mktemp("lender")
    with migrated_database(folder=folder, name="lender", blocker=django_db_blocker) as url:
        yield built(url)


@pytest.fixture
def lenders(_lender: Lender, tmp_path: Path, django_db_blocker: Any) -> Iterator[tuple[Lender, Lender]]:
    """Two equal small lenders whose books stand on 29 April 2026."""
    with (
        copied_database(url=_lender.url, folder=tmp_path, name="killed_1", blocker=django_db_blocker) as first,
        copied_database(url=_lender.url, folder=tmp_path, name="killed_2", blocker=django_db_blocker) as second,
    ):
        yield Lender(first), Lender(second)


def built(url: str) -> Lender:
    """Make the small lender in a database without rows."""
    lender = Lender(url)
    done = lender.run("build")
    assert done.returncode == 0, done.stderr
    return lender
