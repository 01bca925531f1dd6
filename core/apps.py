"""Django's description of this app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Shared parts."""

    name = "core"
    verbose_name = "Shared parts"

    def ready(self) -> None:
        """Make the acts that need a second person known."""
        from core.acts.rule_changes import approvals_register as rules_register
        from core.approvals.authority import approvals_register

        approvals_register()
        rules_register()
