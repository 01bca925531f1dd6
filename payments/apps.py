"""Django's description of this app."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Money out and in."""

    name = "payments"
    verbose_name = "Payments"

    def ready(self) -> None:
        """Tell the machinery which sagas, messages and queues there are, and which acts need a second person."""
        from payments.acts.catalogue import acts_register
        from payments.registration import register
        from payments.services.deposit_asking import deposit_approval_register
        from payments.services.payout_asking import approvals_register

        register()
        approvals_register()
        deposit_approval_register()
        acts_register()
