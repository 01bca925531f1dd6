"""Child processes: started in groups of their own, and none left behind however the command ends."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType

from devtools.console import Failed, say
from devtools.paths import ROOT, child_environ

GRACE_SECONDS = 15
HEARTBEAT_SECONDS = 10
_GENERATIONS = 100
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Someone pressed Ctrl-C or sent a signal that ends the command."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signal.Signals(signum).name)


class Processes:
    """The children of one command; leaving the `with` block stops all of them and their descendants."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._die_with_parent = _death_signal_setter()

    def __enter__(self) -> "Processes":
        for signum in _STOP_SIGNALS:
            # nohup means: go on when the terminal closes.
            if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, _raise_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # From here on nothing may interrupt: stopping is short and bounded.
        for signum in _STOP_SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        self.stop()

    def start(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, log: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a child in a session of its own; its output goes to `log`, or to ours."""
        output = log.open("ab") if log else None
        try:
            child = subprocess.Popen(
                list(command),
                cwd=ROOT,
                env=dict(env) if env is not None else child_environ(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                # Safe: this process has one thread.
                preexec_fn=self._die_with_parent,  # noqa: PLW1509
            )
        finally:
            if output:
                output.close()
        self._children.append(child)
        return child

    def run(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
        """Run a child to its end with its output on ours and return its exit code."""
        child = self.start(command, env=env)
        code = child.wait()
        self._forget(child)
        return code

    def run_logged(self, command: Sequence[str], *, what: str, log: Path, env: Mapping[str, str] | None = None) -> None:
        """Run a child to its end with its output in `log`, a sign of life every few seconds.

        Raises:
            Failed: the child's exit code is not 0; the end of its output has been printed.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        started = time.monotonic()
        child = self.start(command, env=env, log=log)
        while True:
            try:
                code = child.wait(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"  … {what}: {time.monotonic() - started:.0f} s")
        self._forget(child)
        if code != 0:
            say(tail(log))
            raise Failed(f"{what} failed (exit code {code}); all of its output is in {log}")

    def stop(self) -> None:
        """End every child, its process group and whatever its descendants left, politely first."""
        for child in self._children:
            _signal_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children:
            try:
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"  process {child.pid} did not stop in {GRACE_SECONDS} s and is killed")
        for child in self._children:
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
        self._children.clear()
        _kill_adopted()

    def _forget(self, child: subprocess.Popen[bytes]) -> None:
        """End what a finished child left in its group; the number of the group may be given out again later."""
        _signal_group(child.pid, signal.SIGKILL)
        self._children.remove(child)


def tail(log: Path, *, lines: int = 25) -> str:
    """Return the last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], *, what: str, seconds: float) -> None:
    """Wait until `ready` says so.

    Raises:
        Failed: it did not within the time given.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise Failed(f"{what} was not ready within {seconds:.0f} s")
        time.sleep(0.1)


def _raise_stop(signum: int, frame: FrameType | None) -> None:
    for each in _STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise StopRequested(signum)


def _signal_group(pid: int, signum: int) -> None:
    """Signal a process group if any of it is left."""
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        return


def _death_signal_setter() -> Callable[[], None] | None:
    """Adopt orphaned descendants, and return what a new child calls to be ended when this process is killed.

    Both are features of Linux; elsewhere the process groups have to do.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    return die_with_parent


def _kill_adopted() -> None:
    """Kill descendants that left their group and were orphaned; each death may hand over the next generation."""
    for _generation in range(_GENERATIONS):
        orphans = _children_of(os.getpid())
        if not orphans:
            return
        for pid in orphans:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError, PermissionError):
                continue


def _children_of(parent: int) -> list[int]:
    """Return the processes whose parent this is, from /proc where there is one."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name may hold spaces and parentheses; the parent is the second field after its end.
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found
