"""Django's description of this app."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Customers."""

    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        """Make the acts on customers known."""
        from customers.acts import acts_register

        acts_register()
