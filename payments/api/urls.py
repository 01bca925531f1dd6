"""Addresses of money that goes out and comes in, of the counter, and of acts on them."""

from django.db import models
from django.urls import path, reverse

from core.api.acts import Subject, act_paths
from payments.acts.answers import BANK_ANSWER_ACT
from payments.acts.disputes import ACCEPT_ACT, DECIDE_ACT
from payments.acts.incoming import APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT
from payments.api import (
    accounts,
    cheques,
    compensations,
    counter,
    deposits,
    incoming,
    payees,
    payouts,
    settlements,
    vendors,
    views,
)
from payments.models import Dispute, IncomingPayment, PaymentRefund, Payout


def address_of(row: models.Model) -> str:
    """Return where a payment, a payout, a dispute, or the payment of a refund is read."""
    if isinstance(row, Payout):
        return reverse("api-payout", args=[row.number])
    if isinstance(row, Dispute):
        return reverse("api-dispute", args=[row.pk])
    payment = row.payment if isinstance(row, PaymentRefund) else row
    assert isinstance(payment, IncomingPayment)  # noqa: S101  # acts on payments give nothing else
    return reverse("api-payment", args=[payment.number])


_PAYMENTS = Subject(
    where="payments/<str:number>/acts/", find=views.payment_id_of, address=address_of, prefix="payment-"
)
_PAYOUTS = Subject(where="payouts/<str:number>/acts/", find=views.payout_id_of, address=address_of, prefix="payout-")
_DISPUTES = Subject(
    where="disputes/<int:dispute_id>/acts/", find=views.dispute_id_of, address=address_of, prefix="dispute-"
)

urlpatterns = [
    path("payments/", views.PaymentsView.as_view(), name="api-payments"),
    path("payments/<str:number>/", views.PaymentView.as_view(), name="api-payment"),
    path("payments/<str:number>/keep/", incoming.PaymentKeepView.as_view(), name="api-payment-keep"),
    path("payments/<str:number>/take-back/", incoming.PaymentTakeBackView.as_view(), name="api-payment-take-back"),
    path("payment-links/", incoming.LinksView.as_view(), name="api-payment-links"),
    path("payment-links/ask/", incoming.LinkAskView.as_view(), name="api-payment-link-ask"),
    path("payment-links/<str:number>/", incoming.LinkView.as_view(), name="api-payment-link"),
    path("payouts/", views.PayoutsView.as_view(), name="api-payouts"),
    path("payouts/ask/", payouts.PayoutAskView.as_view(), name="api-payout-ask"),
    path("payouts/ask/preview/", payouts.PayoutAskPreviewView.as_view(), name="api-payout-ask-preview"),
    path("payouts/<str:number>/", views.PayoutView.as_view(), name="api-payout"),
    *payouts.decision_paths(),
    path("loans/<str:number>/payees/", payouts.PayeesView.as_view(), name="api-loan-payees"),
    path("disputes/", views.DisputesView.as_view(), name="api-disputes"),
    path("disputes/<int:dispute_id>/", views.DisputeView.as_view(), name="api-dispute"),
    path("counter-receipts/", counter.CounterReceiptsView.as_view(), name="api-counter-receipts"),
    path("counter-receipts/take/", counter.CounterTakeView.as_view(), name="api-counter-take"),
    path("counter-receipts/take/preview/", counter.CounterTakePreviewView.as_view(), name="api-counter-take-preview"),
    path("counter-receipts/<str:number>/", counter.CounterReceiptView.as_view(), name="api-counter-receipt"),
    path("counter-receipts/<str:number>/clear/", cheques.ChequeClearView.as_view(), name="api-cheque-clear"),
    path(
        "counter-receipts/<str:number>/clear/preview/",
        cheques.ChequeClearPreviewView.as_view(),
        name="api-cheque-clear-preview",
    ),
    path("counter-receipts/<str:number>/bounce/", cheques.ChequeBounceView.as_view(), name="api-cheque-bounce"),
    path(
        "counter-receipts/<str:number>/bounce/preview/",
        cheques.ChequeBouncePreviewView.as_view(),
        name="api-cheque-bounce-preview",
    ),
    path("counter-till/", counter.TillView.as_view(), name="api-counter-till"),
    path("deposits/", deposits.DepositsView.as_view(), name="api-deposits"),
    path("deposits/ask/", deposits.DepositAskView.as_view(), name="api-deposit-ask"),
    path("deposits/<str:number>/", deposits.DepositView.as_view(), name="api-deposit"),
    path("settlements/", settlements.SettlementsView.as_view(), name="api-settlements"),
    path("settlements/<int:settlement_id>/", settlements.SettlementView.as_view(), name="api-settlement"),
    path(
        "settlements/<int:settlement_id>/parts/",
        settlements.SettlementPartsView.as_view(),
        name="api-settlement-parts",
    ),
    path(
        "settlements/<int:settlement_id>/credit/",
        settlements.SettlementCreditView.as_view(),
        name="api-settlement-credit",
    ),
    path("compensations/", compensations.CompensationsView.as_view(), name="api-compensations"),
    path("compensation-rules/", compensations.CompensationRulesView.as_view(), name="api-compensation-rules"),
    path(
        "compensation-rules/publish/",
        compensations.CompensationRulePublishView.as_view(),
        name="api-compensation-publish",
    ),
    path("virtual-accounts/", accounts.VirtualAccountsView.as_view(), name="api-virtual-accounts"),
    path("virtual-accounts/open/", accounts.VirtualAccountOpenView.as_view(), name="api-virtual-account-open"),
    path("virtual-accounts/<int:account_id>/", accounts.VirtualAccountView.as_view(), name="api-virtual-account"),
    path(
        "virtual-accounts/<int:account_id>/close/",
        accounts.VirtualAccountCloseView.as_view(),
        name="api-virtual-account-close",
    ),
    path(
        "virtual-accounts/<int:account_id>/payers/allow/",
        accounts.PayerAllowView.as_view(),
        name="api-payer-allow",
    ),
    path(
        "virtual-accounts/<int:account_id>/payers/<int:payer_id>/remove/",
        accounts.PayerRemoveView.as_view(),
        name="api-payer-remove",
    ),
    path("payee-checks/", payees.ChecksView.as_view(), name="api-payee-checks"),
    path("payee-checks/prove/", payees.ProveView.as_view(), name="api-payee-prove"),
    path("payee-checks/<int:check_id>/", payees.CheckView.as_view(), name="api-payee-check"),
    path("payee-checks/<int:check_id>/decide/", payees.CheckDecideView.as_view(), name="api-payee-decide"),
    path("vendor-health/", vendors.VendorHealthView.as_view(), name="api-vendor-health"),
    path("clearing-accounts/", vendors.ClearingView.as_view(), name="api-clearing-accounts"),
    *act_paths((APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT), subject=_PAYMENTS),
    *act_paths((BANK_ANSWER_ACT,), subject=_PAYOUTS),
    *act_paths((ACCEPT_ACT, DECIDE_ACT), subject=_DISPUTES),
]
