"""Instants in the addresses of pages: as a browser writes local time, and back."""

from datetime import date, datetime

from django.utils import timezone


def instant_of(text: str | None) -> datetime | None:
    """Read an instant as a browser writes local time; nothing or nonsense is None."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    # The browser gives minutes: everything recorded within the minute counts.
    found = found.replace(second=59, microsecond=999_999) if len(text or "") <= len("2026-04-10T12:30") else found
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def instant_text(instant: datetime | None) -> str | None:
    """Write an instant so that `instant_of` reads the same one."""
    return timezone.localtime(instant).strftime("%Y-%m-%dT%H:%M:%S.%f") if instant else None


def day_of(text: str | None) -> date | None:
    """Read a day; nothing or nonsense is None."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
