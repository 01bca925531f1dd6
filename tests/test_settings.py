"""Settings: what production refuses, what every database connection has, and what .env.example explains."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client

from config.checks import check_servers, verdict
from config.env import DEMO_FIELD_ENCRYPTION_KEY, DEMO_SECRET_KEY, database

ROOT = Path(__file__).resolve().parent.parent
COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "long-enough-" * 5,
    "FIELD_ENCRYPTION_KEY": "ab" * 32,
    "BLIND_INDEX_KEY": "cd" * 32,
    "DATABASE_URL": "sqlite:///:memory:",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "ALLOWED_HOSTS": "kist.example",
}
MESSAGE = (
    "import json; from django.conf import settings as s; "
    "print(json.dumps([s.DEBUG, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, "
    "s.SECURE_HSTS_SECONDS, s.CSRF_TRUSTED_ORIGINS, s.CACHES['default']['BACKEND']]))"
)


def run_python(code: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run code in a process that has these variables and no others that Kist reads."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean | variables, capture_output=True, text=True, check=False
    )


def test_production_starts_when_every_secret_is_set() -> None:
    done = run_python(MESSAGE, COMPLETE)

    assert (done.returncode, done.stdout) == (
        0,
        '[false, true, true, true, 31536000, ["https://kist.example"], '
        '"django.core.cache.backends.redis.RedisCache"]\n',
    )


def test_production_passes_the_checks_for_deployment() -> None:
    arguments = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = run_python(f"import manage, sys; sys.argv = {arguments}; manage.main()", COMPLETE)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "missing",
    ["SECRET_KEY", "FIELD_ENCRYPTION_KEY", "BLIND_INDEX_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"],
)
def test_production_refuses_to_start_without(missing: str) -> None:
    variables = {name: value for name, value in COMPLETE.items() if name != missing}

    done = run_python(MESSAGE, variables)

    assert done.returncode == 1
    assert f"Set the {missing} environment variable" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", DEMO_SECRET_KEY),
        ("FIELD_ENCRYPTION_KEY", "ab" * 31),
        ("FIELD_ENCRYPTION_KEY", "zz" * 32),
        ("FIELD_ENCRYPTION_KEY", DEMO_FIELD_ENCRYPTION_KEY),
        ("BLIND_INDEX_KEY", "cd" * 33),
        ("FIELD_ENCRYPTION_PREVIOUS_KEYS", "ab" * 32 + ",ab"),
    ],
)
def test_production_refuses_a_key_that_protects_nothing(name: str, value: str) -> None:
    done = run_python(MESSAGE, COMPLETE | {name: value})

    assert done.returncode == 1
    assert f"ImproperlyConfigured: {name} must " in done.stderr


@pytest.mark.parametrize("module", ["config.wsgi", "config.celery"])
def test_servers_take_the_strict_settings_unless_told_otherwise(module: str) -> None:
    done = run_python(f"import {module}; from django.conf import settings; settings.DEBUG", {})

    assert done.returncode == 1
    assert "Set the SECRET_KEY environment variable" in done.stderr


def test_manage_and_tests_take_the_lenient_settings() -> None:
    done = run_python("import sys; sys.argv = ['manage.py', 'check']; import manage; manage.main()", {})

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_a_connection_to_a_server_cannot_be_weakened_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_URL", "mysql://u:p@db.example:3307/kist?isolation_level=serializable&ssl_mode=REQUIRED")

    config = database("SAMPLE_URL")

    assert (config["HOST"], config["PORT"], config["NAME"]) == ("db.example", 3307, "kist")
    assert config["OPTIONS"]["isolation_level"] == "read committed"
    assert config["OPTIONS"]["ssl_mode"] == "REQUIRED"


def test_an_engine_that_is_not_tested_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_URL", "postgres://u:p@db.example/kist")

    with pytest.raises(ImproperlyConfigured, match="starts with sqlite or mysql"):
        database("SAMPLE_URL")


def test_wrong_isolation_is_an_error_and_a_narrow_character_set_a_warning() -> None:
    assert verdict("READ-COMMITTED", "utf8mb4", alias="default") == []
    assert [message.id for message in verdict("REPEATABLE-READ", "latin1", alias="default")] == [
        "kist.E001",
        "kist.W001",
    ]


@pytest.mark.django_db
def test_the_database_of_this_run_passes_its_check() -> None:
    assert check_servers(databases=["default"]) == []


@pytest.mark.mariadb
@pytest.mark.django_db
def test_a_server_at_another_level_is_found_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    try:
        messages = check_servers(databases=["default"])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    assert [message.id for message in messages] == ["kist.E001"]


@pytest.mark.django_db
def test_pages_tell_the_browser_what_it_may_do() -> None:
    headers = Client().get("/admin/login/").headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "connect-src" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_every_variable_is_explained_and_every_explanation_is_read() -> None:
    sources = [*(ROOT / "config").rglob("*.py"), ROOT / "manage.py"]
    code = "\n".join(path.read_text() for path in sources)
    read = set(re.findall(r"(?:env\.\w+|database|secret_key|hex_keys?|setdefault)\(\s*\"([A-Z_]+)\"", code))

    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert explained == read


def test_only_one_module_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for folder in ("config", "core", "customers", "ledger", "lms", "payments")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.(environ\[|environ\.get|getenv)|environ\.Env", path.read_text())
    ]

    assert readers == ["config/env.py"]
