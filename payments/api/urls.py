"""Addresses of payments, payouts and disputes, and of acts on them; the bank's answer needs its paper, so a screen."""

from django.db import models
from django.urls import path, reverse

from core.api.acts import Subject, act_paths
from payments.acts.disputes import ACCEPT_ACT, DECIDE_ACT
from payments.acts.incoming import APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT
from payments.api import views
from payments.models import Dispute, IncomingPayment, PaymentRefund


def address_of(row: models.Model) -> str:
    """Return where a payment, a dispute, or the payment of a refund is read."""
    if isinstance(row, Dispute):
        return reverse("api-dispute", args=[row.pk])
    payment = row.payment if isinstance(row, PaymentRefund) else row
    assert isinstance(payment, IncomingPayment)  # noqa: S101  # acts on payments give nothing else
    return reverse("api-payment", args=[payment.number])


_PAYMENTS = Subject(
    where="payments/<str:number>/acts/", find=views.payment_id_of, address=address_of, prefix="payment-"
)
_DISPUTES = Subject(
    where="disputes/<int:dispute_id>/acts/", find=views.dispute_id_of, address=address_of, prefix="dispute-"
)

urlpatterns = [
    path("payments/", views.PaymentsView.as_view(), name="api-payments"),
    path("payments/<str:number>/", views.PaymentView.as_view(), name="api-payment"),
    path("payouts/", views.PayoutsView.as_view(), name="api-payouts"),
    path("payouts/<str:number>/", views.PayoutView.as_view(), name="api-payout"),
    path("disputes/", views.DisputesView.as_view(), name="api-disputes"),
    path("disputes/<int:dispute_id>/", views.DisputeView.as_view(), name="api-dispute"),
    *act_paths((APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT), subject=_PAYMENTS),
    *act_paths((ACCEPT_ACT, DECIDE_ACT), subject=_DISPUTES),
]
