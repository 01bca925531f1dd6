"""Django's description of this app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Ledger."""

    name = "ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        """Make the acts that need a second person known."""
        from ledger.approvals import approvals_register

        approvals_register()
