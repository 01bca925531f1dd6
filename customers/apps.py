"""Django's description of this app."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Customers."""

    name = "customers"
    verbose_name = "Customers"
