"""The outside world of the tests: a file in which each line is one effect, found again by its key."""

from pathlib import Path

from django.conf import settings


def book() -> Path:
    """Return the file."""
    return Path(settings.VAR_DIR) / "world.txt"


def act(*, key: str) -> None:
    """Have an effect, whatever was there before."""
    with book().open("a") as lines:
        lines.write(f"{key}\n")


def has(*, key: str) -> bool:
    """Tell whether the effect is there."""
    return book().exists() and key in book().read_text().split("\n")


def effects() -> list[str]:
    """Return every effect in order."""
    return book().read_text().split() if book().exists() else []
