"""Django's description of this app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Shared parts."""

    name = "core"
    verbose_name = "Shared parts"
