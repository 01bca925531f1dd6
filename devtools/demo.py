"""The demo command: a lender with generated people, served on this machine, and nothing left when it ends."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from devtools import environment as env
from devtools.console import Failed, say
from devtools.environment import Environment, ensure_environment
from devtools.paths import VAR, child_environ
from devtools.processes import Processes, StopRequested, tail, wait_until
from devtools.servers import LOOPBACK, free_port, start_valkey

DEMO = VAR / "demo"
LOG = DEMO / "log"
DATABASE = DEMO / "kist.sqlite3"
# The book of the simulated banks: it has to know tomorrow what was paid today.
BANKS = DEMO / "simulators.sqlite3"
SIMULATORS_PORT = 8700
# Written by demo_fill as its last act: while it is missing, the database is half filled and worth nothing.
LOGINS = DEMO / "logins.json"
_START_SECONDS = 90
_HAS_SCHEDULE = "from config.celery import app; print(bool(app.conf.beat_schedule))"


@dataclass(frozen=True, slots=True)
class Service:
    """A running part of the demo."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def run_demo(*, port: int, reset: bool, until_ready: bool) -> int:
    """Bring the demo up, keep it up until it is told to stop, and return the exit code.

    Raises:
        Failed: it cannot start, or one of its parts ended by itself.
    """
    started = time.monotonic()
    with _only_demo(), Processes() as processes:
        try:
            if reset:
                shutil.rmtree(DEMO, ignore_errors=True)
            LOG.mkdir(parents=True, exist_ok=True)
            address, vendors, services = _start(processes=processes, port=port)
            _welcome(address, vendors=vendors, seconds=time.monotonic() - started)
            if not until_ready:
                _watch(services)
        except StopRequested:
            say("\nstopping …")
        processes.stop()
        say("stopped; no process is left")
    return 0


@contextmanager
def _only_demo() -> Iterator[None]:
    """Refuse a second demo of this tree; the lock goes with the process that holds it."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise Failed(f"the demo of this folder already runs (process {lock.read().strip()})") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _start(*, processes: Processes, port: int) -> tuple[str, str, list[Service]]:
    """Do everything from an empty machine to a served page, in order; return both addresses and what runs."""
    say("1. environment")
    environment = ensure_environment(processes=processes, files=(env.RUNTIME, env.DEMO))
    say("2. broker")
    broker = start_valkey(environment, processes=processes, folder=DEMO, log=LOG / "broker.log")
    settings = _settings(broker_url=broker.url)
    say("3. database")
    if not LOGINS.exists():
        for leftover in (*DEMO.glob(f"{DATABASE.name}*"), *DEMO.glob(f"{BANKS.name}*")):
            leftover.unlink()
    manage = [environment.python, "manage.py"]
    processes.run_logged([*manage, "migrate", "--no-input"], what="migrating", log=LOG / "migrate.log", env=settings)
    if not LOGINS.exists():
        say("4. lender: filling it once, later starts take seconds")
        if processes.run([*manage, "demo_fill", "--logins", str(LOGINS)], env=settings) != 0 or not LOGINS.exists():
            raise Failed("the lender could not be filled; run the command again with --reset")
    else:
        say("4. lender: filled earlier (--reset starts afresh)")
    say("5. simulated banks and gateways")
    vendors, simulators = _start_simulators(environment, processes=processes)
    chosen = _port(preferred=port)
    pointing = ["payments_demo", "--address", vendors, "--webhooks", f"http://{LOOPBACK}:{chosen}"]
    if processes.run([*manage, *pointing], env=settings) != 0:
        raise Failed("the vendors of the demo could not be entered; run the command again with --reset")
    say("6. web server and workers")
    services = _start_services(environment, processes=processes, settings=settings, port=chosen)
    address = f"http://{LOOPBACK}:{chosen}/admin/"
    _wait_until_served([*services, simulators], address=address)
    return address, vendors, [*services, simulators]


def _port(*, preferred: int) -> int:
    """Return a free port, and say so when it is another than the one that was wanted."""
    chosen = free_port(preferred=preferred)
    if chosen != preferred:
        say(f"  port {preferred} is busy: taking {chosen}")
    return chosen


def _start_simulators(environment: Environment, *, processes: Processes) -> tuple[str, Service]:
    """Start the outside world in a process of its own and wait until it answers."""
    port = _port(preferred=SIMULATORS_PORT)
    log = LOG / "simulators.log"
    log.unlink(missing_ok=True)
    command = [environment.python, "-m", "simulators", "--port", str(port), "--db", str(BANKS)]
    service = Service(name="simulators", process=processes.start(command, log=log), log=log)
    address = f"http://{LOOPBACK}:{port}"

    def ready() -> bool:
        _complain_if_ended([service])
        return _answers(f"{address}/_sim/clock")

    wait_until(ready, what="the simulated banks", seconds=_START_SECONDS)
    return address, service


def _settings(*, broker_url: str) -> dict[str, str]:
    """Return the environment of every Django process of the demo."""
    return child_environ(
        DJANGO_SETTINGS_MODULE="config.settings.dev",
        DATABASE_URL=f"sqlite:///{quote(str(DATABASE))}",
        REDIS_URL=broker_url,
    )


def _start_services(
    environment: Environment, *, processes: Processes, settings: dict[str, str], port: int
) -> list[Service]:
    python = environment.python
    celery = [python, "-m", "celery", "-A", "config"]
    # The pool of processes needs semaphores in shared memory, which some containers do not have.
    pool = ["-P", "prefork", "-c", "2"] if os.access("/dev/shm", os.W_OK) else ["-P", "threads", "-c", "2"]  # noqa: S108  # looked at, not written to
    web = [python, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port)]
    commands: dict[str, list[str]] = {
        "web": [*web, "--workers", "1", "--blocking-threads", "4", "config.wsgi:application"],
        "worker": [*celery, "worker", *pool, "-l", "INFO", "--without-mingle", "--without-gossip"],
    }
    commands["workers"] = [python, "manage.py", "work"]
    commands["proofs"] = [python, "manage.py", "prove_payees"]
    schedule = subprocess.run([python, "-c", _HAS_SCHEDULE], env=settings, capture_output=True, text=True, check=False)
    if schedule.stdout.strip() == "True":
        commands["beat"] = [*celery, "beat", "-s", str(DEMO / "beat-schedule"), "--pidfile="]
    services = []
    for name, command in commands.items():
        log = LOG / f"{name}.log"
        log.unlink(missing_ok=True)
        services.append(Service(name=name, process=processes.start(command, env=settings, log=log), log=log))
    return services


def _wait_until_served(services: list[Service], *, address: str) -> None:
    worker = next(service for service in services if service.name == "worker")

    def ready() -> bool:
        _complain_if_ended(services)
        return re.search(r" ready\.", worker.log.read_text(errors="replace")) is not None and _answers(address)

    wait_until(ready, what="the demo", seconds=_START_SECONDS)


def _answers(address: str) -> bool:
    """Tell whether a page is served."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310  # an address of ours
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        raise Failed(f"{address} answers {error.code}; see {LOG / 'web.log'}") from error
    except OSError:
        return False


def _welcome(address: str, *, vendors: str, seconds: float) -> None:
    say(f"\nKist is ready after {seconds:.0f} s: {address}\n")
    logins = json.loads(LOGINS.read_text())
    for login in logins:
        say(f"  {login['role']:14} user {login['username']:14} password {login['password']}")
    say(f"\nThe banks and gateways that money goes to are simulated: {vendors}/")
    say(f"Only this machine can reach it. Logs: {LOG}. Ctrl-C stops everything.")


def _watch(services: list[Service]) -> None:
    """Wait until someone stops the demo, or a part of it ends."""
    while True:
        time.sleep(1)
        _complain_if_ended(services)


def _complain_if_ended(services: list[Service]) -> None:
    for service in services:
        if service.process.poll() is not None:
            raise Failed(f"the {service.name} ended by itself:\n{tail(service.log)}")
