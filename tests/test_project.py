"""What must hold for the project as a whole: its names, its layout, its pins and its schedule."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from celery.schedules import crontab, schedule
from django.apps import apps
from django.conf import settings

from config.celery import app as celery_app

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.txt"))
TEN_MINUTES = timedelta(minutes=10)
OUR_APPS = ("core", "customers", "ledger", "lms", "payments")


def importable_names(folder: Path) -> set[str]:
    """Return the names that Python would find in a folder, hidden files aside."""
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    return {name for name in names if not name.startswith((".", "__"))}


@pytest.mark.parametrize("folder", ["", "tests"])
def test_no_name_hides_a_module_of_the_standard_library(folder: str) -> None:
    assert importable_names(ROOT / folder) & set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize("app", OUR_APPS)
def test_each_app_has_its_description_and_its_tests(app: str) -> None:
    assert apps.get_app_config(app).name == app
    assert (ROOT / app / "apps.py").is_file()
    assert (ROOT / "tests" / app / "__init__.py").is_file()


@pytest.mark.parametrize("name", ["manage.py", "dev.py", "requirements.txt", "README.md", ".env.example", ".ci/run"])
def test_the_files_that_everyone_looks_for_are_there(name: str) -> None:
    assert (ROOT / name).is_file()


def test_ci_runs_the_tests_command_and_nothing_else() -> None:
    assert (ROOT / ".ci" / "run").read_text() == "#!/usr/bin/env bash\nexec python3 dev.py test\n"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_by_version_and_hash(lock: Path) -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.read_text().strip()) if not entry.startswith("#")]

    unpinned = [entry for entry in entries if not re.match(r"[\w.\-\[\]]+==\S+.*\\\n\s+--hash=sha256:", entry)]

    assert unpinned == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_names_a_host(lock: Path) -> None:
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url\S*|--find-links\S*|@\s*file:\S*", lock.read_text()) == []


def test_no_lock_format_that_records_hosts_is_kept() -> None:
    assert [name for name in ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock") if (ROOT / name).exists()] == []


def test_every_lock_pins_what_its_source_asks_for() -> None:
    sources = {path.stem: path for path in (ROOT / "requirements").glob("*.in")}
    missing = []

    for stem, source in sources.items():
        pinned = lock_of(stem).read_text()
        asked = re.findall(r"^([A-Za-z0-9][\w.\-]*)", source.read_text(), flags=re.MULTILINE)
        missing += [name for name in asked if not re.search(rf"^{re.escape(name)}(\[|==)", pinned, flags=re.MULTILINE)]

    assert missing == []


def lock_of(stem: str) -> Path:
    """Return the lock that is compiled from `requirements/<stem>.in`."""
    return ROOT / {"base": "requirements.txt"}.get(stem, f"requirements-{stem}.txt")


def test_the_copy_of_pip_is_a_plain_wheel_for_any_machine() -> None:
    assert len(list((ROOT / "vendor").glob("pip-*-py3-none-any.whl"))) == 1


def test_nothing_is_scheduled_more_often_than_every_ten_minutes() -> None:
    too_often = {
        name: entry["schedule"]
        for name, entry in celery_app.conf.beat_schedule.items()
        if shortest_gap(entry["schedule"]) < TEN_MINUTES
    }

    assert too_often == {}


@pytest.mark.parametrize(
    ("planned", "gap"),
    [
        (crontab(minute="*/5"), timedelta(minutes=5)),
        (crontab(minute="55,0"), timedelta(minutes=5)),
        (crontab(minute="10", hour="1"), timedelta(hours=1)),
        (schedule(run_every=timedelta(seconds=30)), timedelta(seconds=30)),
        (90.0, timedelta(seconds=90)),
    ],
)
def test_the_shortest_gap_of_a_schedule_is_found(planned: object, gap: timedelta) -> None:
    assert shortest_gap(planned) == gap


def shortest_gap(planned: object) -> timedelta:
    """Return the least time between two runs; for a crontab the least between two minutes of any hour."""
    match planned:
        case crontab():
            minutes: list[int] = sorted(vars(planned)["minute"])
            gaps = [later - earlier for earlier, later in zip(minutes, [*minutes[1:], minutes[0] + 60], strict=True)]
            return timedelta(minutes=min(gaps))
        case schedule():
            return timedelta(seconds=vars(planned)["run_every"].total_seconds())
        case timedelta():
            return planned
        case int() | float():
            return timedelta(seconds=planned)
    raise TypeError(f"unknown kind of schedule: {planned!r}")


def test_no_file_of_the_repository_is_larger_than_two_megabytes() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]

    large = [path.name for path in paths if path.is_file() and path.stat().st_size > 2 * 1024 * 1024]

    assert large == []


def test_money_is_safe_against_a_lost_worker() -> None:
    assert settings.CELERY_TASK_ACKS_LATE is True
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST is True
    assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1
