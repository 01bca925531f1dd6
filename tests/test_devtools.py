"""The commands: nothing is left running, a half-made environment is noticed, a skip is a failure where it must be."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from devtools.console import Failed, NotApplicable, Report, Skipped
from devtools.environment import BASE_PYTHON, Environment, create, create_by_hand, why_unusable
from devtools.servers import LOOPBACK, free_port, redis_command

ROOT = Path(__file__).resolve().parent.parent
FAMILY = """
import signal, time
# The tests may run where a closed terminal is to be ignored; a user's terminal is not such a place.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from devtools.processes import Processes
with Processes() as processes:
    processes.start(["sh", "-c", "sleep 300 & {detached} echo up; wait"])
    time.sleep(300)
"""


def processes_with(marker: str) -> list[str]:
    """Return the command lines of running processes whose environment holds this text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # A process that has ended but was not yet waited for has no command line any more.
            environment, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        found += [command.decode(errors="replace")] * (marker.encode() in environment and command != b"")
    return found


def wait_for_none(marker: str, *, seconds: float) -> list[str]:
    """Wait until no such process runs and return those that still do."""
    deadline = time.monotonic() + seconds
    while processes_with(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_with(marker)


def wait_for_count(marker: str, *, count: int, seconds: float) -> int:
    """Wait until so many such processes run: the shell says "up" while the last of them is still starting."""
    deadline = time.monotonic() + seconds
    while len(processes_with(marker)) != count and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(processes_with(marker))


@pytest.mark.parametrize(
    ("signum", "detached"),
    [
        (signal.SIGINT, "setsid sleep 300 &"),
        (signal.SIGTERM, "setsid sleep 300 &"),
        (signal.SIGHUP, "setsid sleep 300 &"),
    ],
    ids=["ctrl-c", "terminate", "terminal-closed"],
)
def test_children_and_those_who_left_them_end_with_the_command(signum: int, detached: str, tmp_path: Path) -> None:
    marker = f"KIST_FAMILY={tmp_path}"
    parent = subprocess.Popen(
        [sys.executable, "-c", FAMILY.format(detached=detached)],
        cwd=ROOT,
        env=os.environ | {"KIST_FAMILY": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        assert parent.stdout is not None
        try:
            assert parent.stdout.readline() == b"up\n"
            assert wait_for_count(marker, count=4, seconds=60) == 4
            parent.send_signal(signum)
        finally:
            code = end_within(parent, seconds=60)

    assert code != -signal.SIGKILL
    assert processes_with(marker) == []


def end_within(process: subprocess.Popen[bytes], *, seconds: float) -> int:
    """Return the exit code of a process, that of a killed one if it does not end in time."""
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def test_children_end_when_the_command_is_killed(tmp_path: Path) -> None:
    code = FAMILY.replace("sleep 300 & {detached} echo up; wait", "echo up; exec sleep 300")
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"KIST_FAMILY": str(tmp_path)}, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"

        parent.kill()
        parent.wait(timeout=30)

    assert wait_for_none(f"KIST_FAMILY={tmp_path}", seconds=10) == []


def test_demo_serves_the_log_in_page_and_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    tree = copy_of_the_project(tmp_path / "a lender")
    write_logins(tree)
    log = tree / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [BASE_PYTHON, "dev.py", "demo", "--port", str(free_port())], cwd=tree, stdout=output, stderr=output
        )
    try:
        address = wait_for_address(log, demo)
        page = urllib.request.urlopen(address + "login/").read().decode()  # noqa: S310
        running = processes_with(quote(str(tree)))
    finally:
        demo.send_signal(signal.SIGINT)
        code = end_within(demo, seconds=60)

    assert code == 0
    assert "<form" in page
    assert len(running) >= 3
    assert processes_with(quote(str(tree))) == []
    assert log.read_text().splitlines()[-1] == "stopped; no process is left"


@pytest.mark.long
def test_demo_is_filled_once_and_lets_each_role_in(tmp_path: Path) -> None:
    tree = copy_of_the_project(tmp_path / "lender")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(
        [BASE_PYTHON, "dev.py", "demo", "--until-ready", "--port", str(free_port())],
        cwd=tree,
        capture_output=True,
        check=True,
    )
    processor_seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    log = tree / "demo.log"
    with log.open("wb") as output:
        second = subprocess.Popen(
            [BASE_PYTHON, "dev.py", "demo", "--port", str(free_port())], cwd=tree, stdout=output, stderr=output
        )
    try:
        address = wait_for_address(log, second)
        logins = json.loads((tree / "var" / "demo" / "logins.json").read_text())
        seen = {login["role"]: page_after_log_in(address, login) for login in logins}
    finally:
        second.send_signal(signal.SIGINT)
        end_within(second, seconds=60)

    # Three minutes are promised on an idle machine; the processor's time is the same on a busy one.
    assert processor_seconds <= 120
    assert "filled earlier" in log.read_text()
    assert seen == dict.fromkeys(("operations", "finance", "manager", "analyst"), "/admin/")


def page_after_log_in(address: str, login: dict[str, str]) -> str:
    """Log in as a browser does and return the path of the page that follows."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(address + "login/").read().decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = {"csrfmiddlewaretoken": token, "username": login["username"], "password": login["password"]}
    with browser.open(address + "login/?next=/admin/", data=urlencode(form).encode()) as answer:
        path: str = urlsplit(answer.url).path
        return path


def copy_of_the_project(folder: Path) -> Path:
    """Copy what git knows of, so that the demo of the developer is left alone, and lend it this environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def write_logins(tree: Path) -> None:
    """Make the demo believe that its lender is filled: what is tested here is its processes."""
    (tree / "var" / "demo").mkdir(parents=True)
    (tree / "var" / "demo" / "logins.json").write_text(
        json.dumps([{"role": "Nobody", "username": "nobody", "password": "none"}])
    )


def wait_for_address(log: Path, demo: subprocess.Popen[bytes]) -> str:
    """Wait for the line that says where the demo is served."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and demo.poll() is None:
        ready = [line for line in log.read_text().splitlines() if line.startswith("Kist is ready")]
        if ready:
            return ready[0].rpartition(" ")[2]
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def test_environment_is_made_without_pip_or_the_module_venv(tmp_path: Path) -> None:
    environment = Environment(folder=tmp_path / "made by hand")
    environment.folder.mkdir()

    create_by_hand(environment)

    prefix = subprocess.run(
        [environment.python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert prefix.stdout.strip() == str(environment.folder)


def test_environment_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    environment = Environment(folder=tmp_path / "half")
    assert why_unusable(environment) == "there is none yet"

    create(environment)
    assert why_unusable(environment) == "an earlier installation was interrupted"

    environment.started.unlink()
    assert why_unusable(environment) is None

    Path(environment.python).unlink()
    assert why_unusable(environment) == "its interpreter no longer starts"


def test_environment_of_another_python_is_made_anew(tmp_path: Path) -> None:
    environment = Environment(folder=tmp_path / "old")
    create(environment)
    environment.started.unlink()
    Path(environment.python).unlink()
    Path(environment.python).write_text("#!/bin/sh\necho 3.9\n")
    Path(environment.python).chmod(0o755)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert why_unusable(environment) == f"it belongs to Python 3.9, this is {version}"


def test_busy_port_is_passed_over() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]

        assert busy < free_port(preferred=busy) < busy + 50
        with pytest.raises(Failed, match="name another with --port"):
            free_port(preferred=busy, attempts=1)


def test_broker_is_asked_without_a_client_library(broker_url: str) -> None:
    port = urlsplit(broker_url).port or 6379

    assert redis_command(port=port) == "+PONG"
    assert redis_command("DBSIZE", port=port, database=9999) == "-ERR DB index is out of range"
    assert redis_command(port=free_port()) is None


@pytest.mark.parametrize(
    ("problem", "skips_fail", "code"),
    [
        (None, True, 0),
        (NotApplicable("no Python 3.13"), True, 0),
        (Skipped("no server"), False, 0),
        (Skipped("no server"), True, 1),
        (Failed("exit code 2"), False, 1),
        (PermissionError(13, "Permission denied"), False, 1),
    ],
)
def test_exit_code_follows_the_worst_step(
    problem: Exception | None, skips_fail: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report()

    with report.step("first"):
        raise_if(problem)
    with report.step("second"):
        pass

    assert report.finish(skips_fail=skips_fail) == code
    assert [step.name for step in report.steps] == ["first", "second"]
    assert (str(problem or "all 2 steps done") in capsys.readouterr().out) is True


def raise_if(problem: Exception | None) -> None:
    """Raise what is given, if anything is."""
    if problem:
        raise problem
