"""Django's description of this app."""

from django.apps import AppConfig


class LmsConfig(AppConfig):
    """Loans."""

    name = "lms"
    verbose_name = "Loans"

    def ready(self) -> None:
        """Make the acts that may need a second person known, and listen to what is announced."""
        from lms.acts.approval import approvals_register
        from lms.acts.others import acts_register
        from lms.handlers import handlers_register
        from lms.services.provisions.approval import provision_approvals_register

        approvals_register()
        acts_register()
        provision_approvals_register()
        handlers_register()
