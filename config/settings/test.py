"""Settings of the test suite: fast passwords, files in memory, the same databases as everywhere else."""

from config.settings.dev import *  # noqa: F403  # settings of one environment over those of all

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Every test client would look through all of them again; the live server finds them by itself.
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
