"""The Python environment: made from nothing but the interpreter, kept up to date, repaired when half made."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools.console import Failed, say
from devtools.paths import ROOT, VAR, VENV, child_environ
from devtools.processes import Processes
from devtools.system import apt_install

# Not the environment that this command itself may run in: that one may have to be made anew.
BASE_PYTHON = os.path.realpath(sys.executable)
RUNTIME = "requirements.txt"
DEMO = "requirements-demo.txt"
DEV = "requirements-dev.txt"
MYSQL = "requirements-mysql.txt"
BOOTSTRAP = "requirements-bootstrap.txt"
_ASK_FOR_MYSQL_HEADERS = (
    ("mariadb_config", "--version"),
    ("mysql_config", "--version"),
    ("pkg-config", "--exists", "mariadb"),
    ("pkg-config", "--exists", "libmariadb"),
    ("pkg-config", "--exists", "mysqlclient"),
)
_PIP_OPTIONS = ("--disable-pip-version-check", "--no-warn-script-location")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with packages in it."""

    folder: Path = VENV
    base_python: str = BASE_PYTHON

    @property
    def python(self) -> str:
        """The interpreter inside."""
        return str(self.folder / "bin" / "python")

    @property
    def stamp(self) -> Path:
        """The file that says which requirements are installed completely."""
        return self.folder / "kist-installed.json"

    @property
    def started(self) -> Path:
        """The file that is there while packages are being installed."""
        return self.folder / "kist-installing"


def ensure_environment(
    *, processes: Processes, files: tuple[str, ...], folder: Path = VENV, base_python: str = BASE_PYTHON
) -> Environment:
    """Make the environment hold exactly the pinned packages of `files`, and at once if it already does.

    An environment that was left half made, belongs to another version of Python or no longer starts is made anew.

    Raises:
        Failed: the packages cannot be had.
    """
    environment = Environment(folder=folder, base_python=base_python)
    with _only_one(VAR / "environment.lock"):
        reason = why_unusable(environment)
        if reason:
            say(f"  making {folder.name} ({reason})")
            create(environment)
        _install(environment, files=files, processes=processes)
    return environment


def ensure_mysql_client(environment: Environment, *, processes: Processes) -> None:
    """Add the client library of MariaDB and MySQL, which has to be compiled.

    Raises:
        Skipped: its compiler or headers are missing and this user may not install them.
        Failed: it does not build, although they are there.
    """
    with _only_one(VAR / "environment.lock"):
        if _mysql_client_works(environment) and _is_installed(environment, MYSQL):
            return
        missing = _missing_for_mysql_client(environment)
        if missing:
            apt_install(packages=missing, reason="mysqlclient needs a compiler and headers", processes=processes)
        _install(environment, files=(MYSQL,), processes=processes)
        if not _mysql_client_works(environment):
            raise Failed(f"mysqlclient is installed but does not load: {environment.python} -c 'import MySQLdb'")


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Keep a second command of this tree waiting while one changes the environment."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another command is changing the environment: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def why_unusable(environment: Environment) -> str | None:
    """Say why the environment has to be made anew, or None if it can be used."""
    if not environment.folder.exists():
        return "there is none yet"
    if environment.started.exists():
        return "an earlier installation was interrupted"
    wanted = version_of(environment.base_python)
    found = version_of(environment.python)
    if found is None:
        return "its interpreter no longer starts"
    return None if found == wanted else f"it belongs to Python {found}, this is {wanted}"


def version_of(python: str) -> str | None:
    """Return the version of an interpreter as "3.11", or None if it does not start."""
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def create(environment: Environment) -> None:
    """Make an empty environment; the interpreter may lack pip, ensurepip and even the module venv."""
    if environment.folder.exists():
        shutil.rmtree(environment.folder)
    environment.folder.mkdir()
    environment.started.touch()
    command = [environment.base_python, "-m", "venv", "--without-pip", str(environment.folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        create_by_hand(environment)
    if version_of(environment.python) is None:
        raise Failed(f"{environment.base_python} could not make a working environment in {environment.folder}")


def create_by_hand(environment: Environment) -> None:
    """Make what the module venv would: a link to the interpreter and the file that marks the folder."""
    version = version_of(environment.base_python)
    (environment.folder / "bin").mkdir(exist_ok=True)
    (environment.folder / "lib" / f"python{version}" / "site-packages").mkdir(parents=True, exist_ok=True)
    python = Path(environment.python)
    python.unlink(missing_ok=True)
    python.symlink_to(environment.base_python)
    home = Path(environment.base_python).parent
    (environment.folder / "pyvenv.cfg").write_text(
        f"home = {home}\ninclude-system-site-packages = false\nversion = {version}\n"
    )


def _install(environment: Environment, *, files: tuple[str, ...], processes: Processes) -> None:
    """Install the pinned packages of those files that are not installed as they stand now."""
    pending = [name for name in files if not _is_installed(environment, name)]
    if not pending:
        return
    environment.started.touch()
    try:
        _run_installer(environment, files=pending, processes=processes)
    except Failed:
        # An installer that gives up, unlike one that is killed, leaves what was there: no network, no loss.
        if environment.stamp.exists():
            environment.started.unlink()
        raise
    installed = _installed(environment) | {name: _digest(name) for name in pending}
    environment.stamp.write_text(json.dumps(installed, indent=1, sort_keys=True) + "\n")
    environment.started.unlink()


def _run_installer(environment: Environment, *, files: list[str], processes: Processes) -> None:
    """Install by uv where it can be had, else by pip, several times slower."""
    wanted = [part for name in files for part in ("-r", str(ROOT / name))]
    what = f"installing {', '.join(files)}"
    log = VAR / "log" / f"install{environment.folder.name}.log"
    uv = _uv(environment, processes=processes)
    if uv:
        say(f"  {what} by uv")
        command = [uv, "pip", "install", "--python", environment.python, "--require-hashes", *wanted]
        try:
            processes.run_logged(command, what=what, log=log)
        except Failed as failure:
            say(f"  {failure}; trying pip")
        else:
            return
    say(f"  {what} by pip")
    processes.run_logged([*_pip(environment), "--require-hashes", *wanted], what=what, log=log)


def _uv(environment: Environment, *, processes: Processes) -> str | None:
    """Return the fast installer inside the environment, fetched by name like any package, or None."""
    uv = environment.folder / "bin" / "uv"
    if not uv.exists():
        command = [*_pip(environment), "--require-hashes", "-r", str(ROOT / BOOTSTRAP)]
        try:
            processes.run_logged(command, what="fetching uv", log=VAR / "log" / "uv.log")
        except Failed as failure:
            say(f"  {failure}; doing without it")
    return str(uv) if uv.exists() else None


def _pip(environment: Environment) -> list[str]:
    """Return the command that installs by the copy of pip that comes with the project."""
    wheel = next((ROOT / "vendor").glob("pip-*.whl"))
    return [
        environment.python,
        str(wheel / "pip"),
        "install",
        *_PIP_OPTIONS,
    ]


def _installed(environment: Environment) -> dict[str, str]:
    """Return the digest of each requirements file as it was when it was installed."""
    if not environment.stamp.exists():
        return {}
    found: dict[str, str] = json.loads(environment.stamp.read_text())
    return found


def _is_installed(environment: Environment, name: str) -> bool:
    return _installed(environment).get(name) == _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _missing_for_mysql_client(environment: Environment) -> tuple[str, ...]:
    """Return the Debian packages that hold what is missing to compile the client, with what compiling itself needs."""
    question = "import os, sysconfig; open(os.path.join(sysconfig.get_path('include'), 'Python.h'))"
    missing: list[str] = []
    if not any(_succeeds(command) for command in _ASK_FOR_MYSQL_HEADERS):
        missing += ["default-libmysqlclient-dev", "pkg-config"]
    if not shutil.which("cc"):
        missing += ["gcc", "libc6-dev"]
    if not _succeeds([environment.base_python, "-c", question]):
        missing += ["python3-dev"]
    return tuple(missing)


def _mysql_client_works(environment: Environment) -> bool:
    return _succeeds([environment.python, "-c", "import MySQLdb"])


def _succeeds(command: Sequence[str]) -> bool:
    """Tell whether a command is there and ends well."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False, env=child_environ()).returncode == 0
