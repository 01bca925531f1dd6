"""Several processes at one day-end, and a database that goes away in the middle."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.lms.day_end.conftest import Lender, built

LAST_DAY = "2026-05-01"
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
ON_MYSQL = settings.DATABASES["default"]["ENGINE"].endswith("mysql")


@contextmanager
def waiting(lender: Lender) -> Iterator[subprocess.Popen[str]]:
    """A process that has closed the first chunk of the first day and waits for a line."""
    with lender.start("wait", LAST_DAY) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        try:
            yield process
        finally:
            process.kill()


def go_on(process: subprocess.Popen[str]) -> str:
    """Let the waiting process go on, through its stops on later days; return the last thing that it says."""
    said, _ = process.communicate("\n" * 5, timeout=120)
    return said.splitlines()[-1] if said else ""


@pytest.mark.embedded
def test_a_second_process_is_refused_with_advice(lenders: tuple[Lender, Lender]) -> None:
    plain, lender = lenders
    plain.run("close", LAST_DAY)

    with waiting(lender) as first:
        second = lender.manage("day_end", "--to", LAST_DAY)
        assert second.returncode == 1
        assert second.stderr.startswith("CommandError: lms.day_end_already_running: The day-end of 2026-04-29 is")
        go_on(first)

    assert first.returncode == 0
    assert lender.outcome() == plain.outcome()


@pytest.mark.embedded
def test_a_receipt_during_the_run_gives_the_book_of_one_after_it(lenders: tuple[Lender, Lender]) -> None:
    plain, lender = lenders
    plain.run("close", "2026-04-29")
    plain.run("pay", "L00000024")
    plain.run("close", LAST_DAY)

    with waiting(lender) as process:
        assert lender.run("pay", "L00000024").returncode == 0
        go_on(process)

    # The hash of the first day is of another instant; everything else is the same.
    expected, found = plain.outcome(), lender.outcome()
    assert [day for day, *_ in expected.pop("days")] == [day for day, *_ in found.pop("days")]
    assert found == expected


@pytest.mark.long
def test_a_process_that_was_silent_for_too_long_is_shut_out(lenders: tuple[Lender, Lender]) -> None:
    plain, lender = lenders
    plain.run("close", LAST_DAY)

    with waiting(lender) as sleeper:
        lender.run("expire")
        assert lender.run("close", LAST_DAY).returncode == 0
        after = lender.outcome()
        assert go_on(sleeper) == "lms.day_end_taken_over"

    assert after == plain.outcome()
    assert lender.outcome() == after


@pytest.mark.long
@pytest.mark.skipif(ON_MYSQL, reason="SQLite's whole-file lock")
def test_a_locked_file_stops_the_run_cleanly(lenders: tuple[Lender, Lender]) -> None:
    plain, lender = lenders
    plain.run("close", LAST_DAY)
    impatient = Lender(f"{lender.url}?timeout=1")

    with waiting(impatient) as process:
        blocker = sqlite3.connect(lender.url.removeprefix("sqlite:///"), isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        assert go_on(process) == "lms.day_end_interrupted"
        blocker.execute("ROLLBACK")
        blocker.close()

    assert lender.run("close", LAST_DAY).returncode == 0
    assert lender.outcome() == plain.outcome()


@pytest.mark.mariadb
@pytest.mark.django_db
def test_a_cut_connection_stops_the_run_cleanly(lenders: tuple[Lender, Lender]) -> None:
    plain, lender = lenders
    plain.run("close", LAST_DAY)

    with waiting(lender) as process:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", [lender.url.split("/")[-1]])
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL CONNECTION {number}")
        assert go_on(process) == "lms.day_end_interrupted"

    assert lender.run("close", LAST_DAY).returncode == 0
    assert lender.outcome() == plain.outcome()


@pytest.mark.mariadb
@pytest.mark.long
def test_a_server_that_dies_half_way_leaves_a_book_that_goes_on(tmp_path: Path) -> None:
    server = PrivateServer(tmp_path)
    server.start()
    try:
        plain, lender = built(f"{server.url}plain"), built(f"{server.url}stopped")
        plain.run("close", LAST_DAY)
        with waiting(lender) as process:
            server.kill()
            assert go_on(process) == "lms.day_end_interrupted"
        refused = lender.manage("day_end", "--to", LAST_DAY)
        assert (refused.returncode, refused.stderr.split(": ")[1]) == (1, "lms.day_end_interrupted")

        server.start()
        assert lender.run("close", LAST_DAY).returncode == 0
        assert lender.outcome() == plain.outcome()
    finally:
        server.kill()


class PrivateServer:
    """A MariaDB server of this test alone, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"mysql://root@127.0.0.1:{self.port}/"
        install = _binary("mariadb-install-db")
        user = ["--user=root"] if os.geteuid() == 0 else []
        self.options = ["--no-defaults", f"--datadir={folder / 'data'}", *user]
        method = "--auth-root-authentication-method=normal"
        subprocess.run([install, *self.options, method], check=True, capture_output=True)

    def start(self) -> None:
        """Start the server and wait until it answers; make the two databases."""
        place = [f"--port={self.port}", f"--socket={self.folder / 's'}", "--bind-address=127.0.0.1"]
        self.process = subprocess.Popen(
            [_binary("mariadbd"), *self.options, *place, "--skip-name-resolve"], stderr=subprocess.DEVNULL
        )
        client = [_binary("mariadb"), "--no-defaults", "-uroot", "-h127.0.0.1", f"-P{self.port}", "-e"]
        make = "CREATE DATABASE IF NOT EXISTS plain; CREATE DATABASE IF NOT EXISTS stopped"
        deadline = time.monotonic() + 60
        while subprocess.run([*client, make], check=False, capture_output=True).returncode:
            assert time.monotonic() < deadline, "MariaDB does not answer"
            time.sleep(0.2)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def _binary(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_FOLDERS)))
    if found is None:
        pytest.skip(f"needs {name}, which is not installed")
    return found
