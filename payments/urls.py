"""Addresses of the staff pages of payments."""

from django.urls import path

from payments.admin.accounts import (
    account_open_page,
    payer_remove_page,
    virtual_account_change_page,
    virtual_account_page,
)
from payments.admin.compensations import compensation_publish_page
from payments.admin.counter import counter_page, counter_receipt_page, counter_take_page
from payments.admin.deposits import deposit_ask_page, deposit_page
from payments.admin.disputes import dispute_act_page, dispute_answer_page, dispute_paper_page
from payments.admin.incoming import link_ask_page, payment_page
from payments.admin.incoming_sections import customer_payments_part, loan_payments_part
from payments.admin.parameters import parameters_publish_page
from payments.admin.payees import account_prove_page, check_decide_page, doubts_page
from payments.admin.payment_acts import payment_act_page, payment_matches_part
from payments.admin.payout_answers import payout_answer_page
from payments.admin.payouts import payout_ask_page, payout_decide_page, payout_part
from payments.admin.refunds import refund_part
from payments.admin.sections import alarms_part, clearing_part, customer_payouts_part, loan_payouts_part
from payments.admin.settlements import settlement_page
from payments.admin.suspense import suspense_list_page
from payments.admin.vendors import (
    dashboard_page,
    route_add_page,
    route_end_page,
    vendor_add_page,
    vendor_change_page,
    vendor_secrets_page,
)

app_name = "staff-payments"

urlpatterns = [
    path("money/alarms/<slug:place>/", alarms_part, name="alarms"),
    path("money/clearing/", clearing_part, name="clearing"),
    path("money/loan/<int:loan_id>/pay-out/", payout_ask_page, name="payout-ask"),
    path("money/loan/<int:loan_id>/payouts/", loan_payouts_part, name="loan-payouts"),
    path("money/customer/<int:customer_id>/payouts/", customer_payouts_part, name="customer-payouts"),
    path("money/payout/<int:payout_id>/live/", payout_part, name="payout-live"),
    path("money/payout/<int:payout_id>/decide/", payout_decide_page, name="payout-decide"),
    path("money/loan/<int:loan_id>/ask/", link_ask_page, name="link-ask"),
    path("money/payment/<int:payment_id>/", payment_page, name="payment"),
    path("money/counter/", counter_page, name="counter"),
    path("money/loan/<int:loan_id>/counter/", counter_take_page, name="counter-take"),
    path("money/counter/receipt/<int:receipt_id>/", counter_receipt_page, name="counter-receipt"),
    path("money/counter/deposit/<slug:kind>/", deposit_ask_page, name="deposit-ask"),
    path("money/deposit/<int:deposit_id>/", deposit_page, name="deposit"),
    path("money/settlement/<int:settlement_id>/", settlement_page, name="settlement"),
    path("money/loan/<int:loan_id>/payments/", loan_payments_part, name="loan-payments"),
    path("money/customer/<int:customer_id>/payments/", customer_payments_part, name="customer-payments"),
    path("money/loan/<int:loan_id>/account/", account_open_page, name="account-open"),
    path("money/virtual-account/<int:account_id>/", virtual_account_page, name="virtual-account"),
    path(
        "money/virtual-account/<int:account_id>/<slug:what>/",
        virtual_account_change_page,
        name="virtual-account-change",
    ),
    path("money/payer/<int:payer_id>/remove/", payer_remove_page, name="payer-remove"),
    path("money/payment/<int:payment_id>/matches/", payment_matches_part, name="payment-matches"),
    path("money/payment/<int:payment_id>/act/<slug:what>/", payment_act_page, name="payment-act"),
    path("money/suspense/", suspense_list_page, name="suspense"),
    path("money/refund/<int:refund_id>/live/", refund_part, name="refund-live"),
    path("money/dispute/<int:dispute_id>/answer/", dispute_answer_page, name="dispute-answer"),
    path("money/dispute/<int:dispute_id>/act/<slug:what>/", dispute_act_page, name="dispute-act"),
    path("money/dispute-paper/<int:paper_id>/", dispute_paper_page, name="dispute-paper"),
    path("money/payout/<int:payout_id>/bank-answer/", payout_answer_page, name="payout-answer"),
    path("money/compensation/new/", compensation_publish_page, name="compensation-publish"),
    path("money/doubts/", doubts_page, name="doubts"),
    path("money/check/<int:check_id>/decide/", check_decide_page, name="check-decide"),
    path("money/account/<int:account_id>/prove/", account_prove_page, name="account-prove"),
    path("money/vendors/", dashboard_page, name="dashboard"),
    path("money/vendor/new/", vendor_add_page, name="vendor-add"),
    path("money/vendor/<int:vendor_id>/change/", vendor_change_page, name="vendor-change"),
    path("money/vendor/<int:vendor_id>/secrets/", vendor_secrets_page, name="vendor-secrets"),
    path("money/vendor/<int:vendor_id>/route/", route_add_page, name="route-add"),
    path("money/route/<int:route_id>/end/", route_end_page, name="route-end"),
    path("money/parameters/new/", parameters_publish_page, name="parameters-publish"),
]
