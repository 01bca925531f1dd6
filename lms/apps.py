"""Django's description of this app."""

from django.apps import AppConfig


class LmsConfig(AppConfig):
    """Loans."""

    name = "lms"
    verbose_name = "Loans"
