"""What a benchmark stands on that has a database: Django, and a database of its own.

Imported for what it does, before the first model: its name sorts before those of the other modules.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.db import connection

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
django.setup()


@contextmanager
def own_database() -> Iterator[None]:
    """Make a database on the server of DATABASE_URL, in memory without one, and drop it in the end."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def load_line() -> str:
    """Say how busy the machine is, for the first line of a report."""
    load = os.getloadavg()[0]
    return f"{connection.vendor}; the machine's load is {load:.1f}, the bars are for one without neighbours"
