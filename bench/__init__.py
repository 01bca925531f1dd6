"""Measured rates beside their bars. Django is set up here, before any module names a model."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
django.setup()
