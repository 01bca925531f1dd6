"""Django's description of the wiring."""

from django.apps import AppConfig


class KistConfig(AppConfig):
    """The project itself: it has no tables, only checks of how it is set up."""

    name = "config"
    verbose_name = "Kist"

    def ready(self) -> None:
        """Register the system checks."""
        from config import checks  # noqa: F401  # its checks register themselves
