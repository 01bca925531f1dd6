"""The Celery application; tasks are found in each app's tasks module."""

import os

from celery import Celery

# Imported with every entry point, so the strict settings are the default: only manage.py and the tests choose others.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("kist")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["core.approvals"])
