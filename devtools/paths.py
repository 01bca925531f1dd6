"""Where things are, and the environment that every child process gets."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VAR = ROOT / "var"

# What a caller's shell may carry that would lead a child to other code, settings or data.
_NOT_INHERITED = (
    "BLIND_INDEX_KEY",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "FIELD_ENCRYPTION_KEY",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONWARNINGS",
    "REDIS_URL",
    "SECRET_KEY",
    "VAR_DIR",
    "VIRTUAL_ENV",
)


def child_environ(**extra: str) -> dict[str, str]:
    """Return the environment for a child process: the caller's, less what would mislead it, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return kept | {"PYTHONUNBUFFERED": "1"} | extra


def in_ci() -> bool:
    """Tell whether this run is a gate: nothing may be skipped then."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
