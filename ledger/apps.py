"""Django's description of this app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Ledger."""

    name = "ledger"
    verbose_name = "Ledger"
