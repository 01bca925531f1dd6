"""Settings of the processes that the fault tests kill."""

from config.settings.test import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.machinery"]  # noqa: F405
