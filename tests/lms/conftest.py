"""Fixtures of the tests of screens."""

from tests.task_fixtures import queue_without_worker, tasks_at_once  # noqa: F401
