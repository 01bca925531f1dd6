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
from django.conf import settings
from django.db import connection

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


@pytest.fixture
def lenders(tmp_path: Path, django_db_blocker: Any) -> Iterator[tuple[Lender, Lender]]:
    """Two equal small lenders whose books stand on 29 April 2026."""
    make = _on_mysql if settings.DATABASES["default"]["ENGINE"].endswith("mysql") else _on_sqlite
    with django_db_blocker.unblock():
        yield from make(tmp_path)


def _on_sqlite(folder: Path) -> Iterator[tuple[Lender, Lender]]:
    yield built(f"sqlite:///{folder / 'one.sqlite3'}"), built(f"sqlite:///{folder / 'two.sqlite3'}")


def _on_mysql(_folder: Path) -> Iterator[tuple[Lender, Lender]]:
    config = settings.DATABASES["default"]
    server = f"mysql://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT'] or 3306}"
    # Named after the run's own database: the tests command removes all of these, even from a run that was cut short.
    names = [f"{config['NAME']}_killed_{number}" for number in (1, 2)]
    with connection._nodb_cursor() as cursor:
        for name in names:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield built(f"{server}/{names[0]}"), built(f"{server}/{names[1]}")
    finally:
        with connection._nodb_cursor() as cursor:
            for name in names:
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def built(url: str) -> Lender:
    """Make the small lender in an empty database."""
    lender = Lender(url)
    built = lender.run("build")
    assert built.returncode == 0, built.stderr
    return lender
