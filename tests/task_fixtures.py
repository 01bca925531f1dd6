"""Ways for tests of screens to deal with tasks."""

from collections.abc import Iterator

import pytest

from config.celery import app


@pytest.fixture
def queue_without_worker() -> Iterator[None]:
    """A broker in memory that takes messages and that no worker reads."""
    before = {name: app.conf[name] for name in ("broker_url", "broker_write_url")}
    app.conf.update(broker_url="memory://", broker_write_url="memory://")
    _forget_connections()
    yield
    app.conf.update(before)
    _forget_connections()


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    """Tasks that are done where they are sent."""
    app.conf.update(task_always_eager=True)
    yield
    app.conf.update(task_always_eager=False)


def _forget_connections() -> None:
    """Let the application connect anew, to the broker that is set now."""
    vars(app)["_pool"] = None
    vars(app.amqp)["_producer_pool"] = None
