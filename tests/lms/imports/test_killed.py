"""Imports that are killed at any moment, or committed twice at a time: the same book as one undisturbed run gives."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.databases import migrated_database
from tests.lms.imports.tapes import tape_text

pytestmark = pytest.mark.embedded
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Installation:
    """A database of its own, and a tape of 24 loans of every kind."""

    url: str
    tape: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the worker to its end, or to its death."""
        process = self.start(*arguments)
        printed, errors = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, printed, errors)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the worker and leave it running, with pipes to it."""
        environment = {**os.environ, "DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        command = [sys.executable, "-m", "tests.lms.imports.worker", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def load(self) -> int:
        """Import the tape; return how many statements that took."""
        finished = self.run("load", str(self.tape))
        assert finished.returncode == 0, finished.stderr
        return int(finished.stdout)

    def load_through_kills(self, points: list[int]) -> int:
        """Die at each point in turn, then import what is left; return how often the process died."""
        endings = [self.run("load", str(self.tape), str(point)).returncode for point in points]
        self.load()
        return endings.count(-signal.SIGKILL)

    def outcome(self) -> dict[str, Any]:
        """Return everything that the import left behind."""
        result: dict[str, Any] = json.loads(self.run("outcome").stdout)
        return result


@pytest.fixture
def installations(
    tmp_path: Path, django_db_setup: Any, django_db_blocker: Any
) -> Iterator[tuple[Installation, Installation]]:
    """Two empty installations."""
    header, *lines = tape_text().splitlines()
    kinds = ("Current", "Fully Paid", "Late (31-120 days)", "Charged Off")
    kept = [line for kind in kinds for line in [line for line in lines if f",{kind}," in line][:6]]
    tape = tmp_path / "tape.csv"
    tape.write_text("\n".join([header, *kept, ""]))
    folder = tmp_path / "databases"
    folder.mkdir()
    with (
        migrated_database(folder=folder, name="imported", blocker=django_db_blocker) as first,
        migrated_database(folder=folder, name="killed_import", blocker=django_db_blocker) as second,
    ):
        yield _built(first, tape), _built(second, tape)


def _built(url: str, tape: Path) -> Installation:
    installation = Installation(url, tape)
    built = installation.run("build")
    assert built.returncode == 0, built.stderr
    return installation


def test_kills_all_along_the_import_leave_the_same_book_as_no_kill(
    installations: tuple[Installation, Installation],
) -> None:
    plain, killed = installations
    total = plain.load()
    points = [total // part for part in (40, 12, 4)]

    died = killed.load_through_kills(points)

    assert died == 3
    assert killed.outcome() == plain.outcome()
    assert plain.outcome()["batches"][0][:3] == ["COMMITTED", 24, 24]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_kills_anywhere_leave_the_same_book(installations: tuple[Installation, Installation], seed: int) -> None:
    plain, killed = installations
    total = plain.load()
    points = [random.Random(f"{seed}-{number}").randint(1, total // 3) for number in range(12)]

    assert killed.load_through_kills(points) >= 4

    assert killed.outcome() == plain.outcome()


def test_two_commits_at_the_same_time_share_the_rows(installations: tuple[Installation, Installation]) -> None:
    _, shared = installations
    assert shared.run("check", str(shared.tape)).returncode == 0
    workers = [shared.start("commit"), shared.start("commit")]
    assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n", "ready\n"]

    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    endings = [worker.communicate(timeout=300) for worker in workers]

    found = shared.outcome()
    assert [worker.returncode for worker in workers] == [0, 0], endings
    assert found["batches"][0][:3] == ["COMMITTED", 24, 24]
    assert len(found["loans"]) == len(found["customers"]) == 24
    assert sum(int(printed) for printed, _ in endings) >= 24
    assert found["control"] == []
