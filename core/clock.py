"""The database's clock: the one that every worker agrees on, whatever its own machine believes."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """Return the instant by the database's clock; leases, retries and expiries are measured with nothing else.

    A SQLite file has no clock of its own: all who open it share this machine's.
    """
    if connection.vendor != "mysql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT UTC_TIMESTAMP(6)")
        row = cursor.fetchone()
    value: datetime = row[0]
    return value.replace(tzinfo=UTC)


def in_a_hurry(pause: timedelta) -> timedelta:
    """Return a lease or a pause as fault tests want it, who cannot wait for minutes; everywhere else as it is."""
    hurry: float = settings.HURRY
    return pause / hurry
