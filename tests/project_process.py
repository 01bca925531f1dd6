"""A process with the project in it that runs pieces of code, and makes workers that die."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# One process runs every piece of code that a test hands in: starting Django for each takes longer than the pieces do.
SHELL = """
import contextlib, io, json, sys, traceback
import django
django.setup()
from django.db import close_old_connections
for line in sys.stdin:
    printed = io.StringIO()
    problem = ""
    close_old_connections()
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {"__name__": "__main__"})
    except BaseException:
        problem = traceback.format_exc()
    print(json.dumps({"printed": printed.getvalue(), "problem": problem}), flush=True)
"""
# A process that has begun already is copied: to start one takes longer than most of them live.
FORK = """
import os, random, sys, time, traceback
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
connections.close_all()
if apps.is_installed("payments"):
    from payments.services.vendors import clients_close
    clients_close()
child = os.fork()
if child == 0:
    try:
        log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        settings.FAILPOINT = {failpoint!r}
        random.seed()
        call_command(*{command!r})
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
deadline = time.monotonic() + {seconds}
while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
    time.sleep(0.02)
if not ended[0]:
    os.kill(child, 15)
    os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(ended[1]) if ended[0] else "still alive")
"""


class ProjectProcess:
    """Runs what a test hands in on a database of its own.

    Args:
        environment: of this process and of all that it starts; `VAR_DIR` is where they write.
    """

    def __init__(self, *, environment: dict[str, str]) -> None:
        self.environment = environment
        self._shell: subprocess.Popen[str] | None = None

    def python(self, code: str) -> str:
        """Run code inside the project and return what it printed last."""
        if self._shell is None:
            command = [sys.executable, "-c", SHELL]
            pipe = subprocess.PIPE
            self._shell = subprocess.Popen(command, cwd=ROOT, env=self.environment, text=True, stdin=pipe, stdout=pipe)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(json.dumps(code) + "\n")
        self._shell.stdin.flush()
        done = json.loads(self._shell.stdout.readline())
        assert not done["problem"], done["problem"]
        return str(done["printed"]).strip().rpartition("\n")[2]

    def close(self) -> None:
        """End the process."""
        if self._shell is not None:
            self._shell.communicate(timeout=60)
            self._shell = None

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def work(self, *, threads: int = 2) -> "subprocess.Popen[bytes]":
        """Start a process of workers."""
        command = [sys.executable, "manage.py", "work", "--sagas", str(threads)]
        with self.log.open("ab") as output:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=output, stderr=output)

    def die_at(self, place: str) -> None:
        """Let a process of workers die at a place, which it has to reach: `NAME`, or `NAME@N` for the Nth pass."""
        name, _, nth = place.partition("@")
        command = ("ledger_roll",) if name.startswith("roller.") else ("work", "--sagas", "2")
        failpoint = f"{name}:kill9" + (f"@{nth}" if nth else "")
        told = self.python(FORK.format(log=str(self.log), failpoint=failpoint, command=command, seconds=90))
        assert told == str(-signal.SIGKILL.value), f"{place}: {told}\n{self.log.read_text(errors='replace')[-4000:]}"

    @property
    def log(self) -> Path:
        """What the processes of workers say."""
        return Path(self.environment["VAR_DIR"]) / "workers.log"
