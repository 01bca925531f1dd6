"""The tests command: everything that a change has to pass, on both databases."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from devtools import environment as env
from devtools.console import Failed, NotApplicable, Report, say
from devtools.environment import Environment, ensure_environment, ensure_mysql_client, version_of
from devtools.paths import ROOT, child_environ, in_ci
from devtools.processes import Processes
from devtools.servers import broker_for_tests, mariadb_for_tests, scratch_folder
from devtools.system import apt_install

PACKAGES = ("bench", "config", "core", "customers", "devtools", "ledger", "lms", "payments", "simulators", "tests")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OTHER_PYTHON = "3.13"
_IMPORT_LINTER = "from importlinter.cli import lint_imports_command as c; c(['--no-logo'])"
_LENIENT = ("--disable-plugin=KeywordDetector", "--disable-plugin=HexHighEntropyString")
# Hashes of packages; samples of a vendor, whose ids look like keys.
_NOT_SCANNED = r"^(requirements.*\.txt|vendor/.*|tests/data/.*\.json)$"
# Sample addresses in documents, and alphabets.
_PLACEHOLDERS = r"^(password|p|ABCDEFGH[A-Z]*)$"


def bench(*, names: Sequence[str]) -> int:
    """Print what the engine and the book reach on this machine, beside their bars; all modules of bench/ unless named.

    Raises:
        Failed: no such module.
    """
    known = sorted(
        path.stem for path in (ROOT / "bench").glob("*.py") if 'if __name__ == "__main__":' in path.read_text()
    )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Failed(f"no such measurement: {', '.join(unknown)}; there are {', '.join(known)}")
    report = Report()
    with Processes() as processes:
        environment = prepare(report, processes=processes)
        for name in (names or known) if environment else ():
            with report.step(f"bench {name}"):
                expect_success(processes.run([Environment().python, "-m", f"bench.{name}"]))
    return report.finish(skips_fail=False)


def lint() -> int:
    """Run the checks that need no test and return the exit code."""
    report = Report()
    with Processes() as processes:
        environment = prepare(report, processes=processes)
        if environment:
            _static_checks(report, environment, processes=processes)
    return report.finish(skips_fail=False)


def run_tests(*, fast: bool, long: bool, pytest_args: Sequence[str]) -> int:
    """Run all checks and the whole suite, and return the exit code.

    Args:
        fast: only on SQLite and without a browser, for a quick answer while working.
        long: only the tests marked `long`, on both databases, and what the newer interpreter could break.
        pytest_args: handed to every run of pytest.
    """
    report = Report()
    with Processes() as processes, scratch_folder() as folder:
        environment = prepare(report, processes=processes)
        if environment is None:
            return report.finish(skips_fail=in_ci())
        if not long:
            _static_checks(report, environment, processes=processes)
        arguments = [*(["-m", "long"] if long else []), *pytest_args]
        if fast:
            arguments = ["-m", "not long and not browser", *pytest_args]
        else:
            with report.step("programs for the tests of pages and of clocks"):
                ensure_programs(processes=processes)
        _suites(
            report,
            environment,
            processes=processes,
            folder=None if fast else folder,
            arguments=arguments,
            share=not long,
        )
        if long:
            with report.step(f"Python {OTHER_PYTHON}: import, system check, engine tests"):
                _other_python(processes=processes)
    return report.finish(skips_fail=in_ci())


def prepare(report: Report, *, processes: Processes) -> Environment | None:
    """Make the environment; without it nothing else can run."""
    environment = None
    with report.step("Environment"):
        environment = ensure_environment(processes=processes, files=(env.RUNTIME, env.DEMO, env.DEV))
        say(f"  {environment.python}")
    return environment


def _static_checks(report: Report, environment: Environment, *, processes: Processes) -> None:
    python = environment.python
    manage = [python, "manage.py"]
    checks: list[tuple[str, list[str]]] = [
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy", "dev.py", "manage.py", *PACKAGES]),
        ("import-linter", [python, "-c", _IMPORT_LINTER]),
        ("system check", [*manage, "check", "--fail-level", "WARNING"]),
        ("missing migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
    ]
    settings = child_environ(DJANGO_SETTINGS_MODULE="config.settings.test", DATABASE_URL="sqlite://:memory:")
    for name, command in checks:
        with report.step(name):
            expect_success(processes.run(command, env=settings))
    with report.step("secret scan"):
        # Tests are full of made-up passwords and of digests to compare with; elsewhere both make a line suspicious.
        codes = [
            processes.run(_secret_scan(python, _committed_files(tests=False))),
            processes.run(_secret_scan(python, _committed_files(tests=True), *_LENIENT)),
        ]
        expect_success(max(map(abs, codes)))


def _secret_scan(python: str, names: list[str], *options: str) -> list[str]:
    """Return the command that looks for secrets; a false alarm is marked `pragma: allowlist secret` in its line."""
    command = [python, "-m", "detect_secrets.pre_commit_hook", "--exclude-secrets", _PLACEHOLDERS]
    return [*command, "--exclude-files", _NOT_SCANNED, *options, *names]


def _committed_files(*, tests: bool) -> list[str]:
    """Return the files that git would commit, those of the tests or the others."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [name for name in names if name.startswith("tests/") is tests]


def _suites(
    report: Report,
    environment: Environment,
    *,
    processes: Processes,
    folder: Path | None,
    arguments: Sequence[str],
    share: bool,
) -> None:
    """Run the suite on SQLite and, at the same time, on MariaDB and Redis; without a `folder` on SQLite only.

    Two processors halve the time; the output of the first run is kept until the second is done. With `share`, what
    proves the same on either database runs once: arithmetic and Chromium on SQLite, killed processes on the servers.
    """
    command = [environment.python, "-m", "pytest", *arguments]
    embedded, servers = (["--half", "embedded"], ["--half", "servers"]) if share else ([], [])
    settings = child_environ(DATABASE_URL="sqlite://:memory:", REDIS_URL="")
    if folder is None:
        with report.step("pytest on SQLite"):
            expect_success(processes.run(command, env=settings))
        return
    started, log = time.monotonic(), folder / "sqlite.log"
    beside = processes.start([*command, *embedded], env=settings | {"VAR_DIR": str(folder / "sqlite")}, log=log)
    with report.step("pytest on MariaDB and Redis (on SQLite at the same time)"):
        pytest_on_servers(environment, processes=processes, folder=folder, command=[*command, *servers])
    with report.step("pytest on SQLite", started=started):
        code = beside.wait()
        say(log.read_text(errors="replace"))
        expect_success(code)


def pytest_on_servers(environment: Environment, *, processes: Processes, folder: Path, command: list[str]) -> None:
    """Run pytest on MariaDB and Redis, on servers that run or that are started for it.

    Raises:
        Failed: a test failed.
        Skipped: there is no server and none may be installed.
    """
    ensure_mysql_client(environment, processes=processes)
    with (
        mariadb_for_tests(environment, processes=processes, folder=folder) as (database_url, database_origin),
        broker_for_tests(environment, processes=processes, folder=folder) as broker,
    ):
        say(f"  database: {database_origin}")
        say(f"  broker:   {broker.origin}")
        files = str(folder / "servers")
        settings = child_environ(DATABASE_URL=database_url, REDIS_URL=broker.url, VAR_DIR=files)
        expect_success(processes.run(command, env=settings))


def ensure_programs(*, processes: Processes, with_browser: bool = True) -> None:
    """Install what the tests need of the operating system: a browser, and what turns the clock of one process."""
    has_browser = any(map(shutil.which, CHROMIUM_NAMES)) or not with_browser
    missing = ("chromium",) * (not has_browser) + ("faketime",) * (shutil.which("faketime") is None)
    if missing:
        reason = "the tests of pages need Chromium, those of clocks libfaketime"
        apt_install(packages=missing, reason=reason, processes=processes)
    say(f"  {', '.join(filter(None, map(shutil.which, (*CHROMIUM_NAMES, 'faketime'))))}")


def _other_python(*, processes: Processes) -> None:
    """Check what the newer interpreter could break: imports, the system check and the engine."""
    interpreter = _find_python(OTHER_PYTHON)
    if interpreter is None:
        raise NotApplicable(f"no Python {OTHER_PYTHON} on this machine")
    files = (env.RUNTIME, env.DEMO, env.DEV)
    folder = ROOT / f".venv-{OTHER_PYTHON}"
    environment = ensure_environment(processes=processes, files=files, folder=folder, base_python=interpreter)
    settings = child_environ(DJANGO_SETTINGS_MODULE="config.settings.test", DATABASE_URL="sqlite://:memory:")
    compiled = [environment.python, "-W", "error", "-m", "compileall", "-q", *PACKAGES, "manage.py", "dev.py"]
    expect_success(processes.run(compiled, env=settings))
    expect_success(processes.run([environment.python, "manage.py", "check"], env=settings))
    engine = [environment.python, "-m", "pytest", "-q", "--hypothesis-profile=brief", "tests/lms/engine"]
    expect_success(processes.run(engine, env=settings))


def _find_python(version: str) -> str | None:
    """Return an interpreter of that version that really starts, from the path or from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}")]
    if os.access(pyenv, os.R_OK | os.X_OK):
        candidates += map(str, sorted(pyenv.glob(f"versions/{version}*/bin/python{version}")))
    # The first may be a launcher that only complains.
    return next((candidate for candidate in candidates if candidate and version_of(candidate) == version), None)


def expect_success(code: int) -> None:
    """Turn an exit code into a failed step; the output above says what is wrong."""
    if code != 0:
        raise Failed(f"exit code {code}")
