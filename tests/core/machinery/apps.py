"""Django's description of the app of the tests."""

from django.apps import AppConfig


class MachineryConfig(AppConfig):
    """The app of the tests."""

    name = "tests.core.machinery"
    label = "machinery"

    def ready(self) -> None:
        """Register everything."""
        from tests.core.machinery.sagas import register

        register()
