"""Addresses of the interface about money: who may read, and who gets past the permission of an act."""

from typing import Any

from lms.models import Loan
from payments.models import (
    AllowedPayer,
    CounterReceipt,
    Deposit,
    Dispute,
    IncomingPayment,
    PayeeCheck,
    PaymentLink,
    Payout,
    Settlement,
    VirtualAccount,
)
from tests.factories.staff import BOOKKEEPERS, CASHIERS, EVERY_ROLE, MANAGER

Keys = dict[str, Any]
READ_MONEY: dict[str, tuple[Keys, frozenset[str]]] = {
    "api-payments": ({}, EVERY_ROLE),
    "api-payment": ({"number": IncomingPayment}, EVERY_ROLE),
    "api-payouts": ({}, EVERY_ROLE),
    "api-payout": ({"number": Payout}, EVERY_ROLE),
    "api-disputes": ({}, EVERY_ROLE),
    "api-dispute": ({"dispute_id": Dispute}, EVERY_ROLE),
    "api-payment-links": ({}, EVERY_ROLE),
    "api-payment-link": ({"number": PaymentLink}, EVERY_ROLE),
    "api-counter-receipts": ({}, EVERY_ROLE),
    "api-counter-receipt": ({"number": CounterReceipt}, EVERY_ROLE),
    "api-counter-till": ({}, EVERY_ROLE),
    "api-deposits": ({}, EVERY_ROLE),
    "api-deposit": ({"number": Deposit}, EVERY_ROLE),
    "api-settlements": ({}, EVERY_ROLE),
    "api-settlement": ({"settlement_id": Settlement}, EVERY_ROLE),
    "api-settlement-parts": ({"settlement_id": Settlement}, EVERY_ROLE),
    "api-compensations": ({}, EVERY_ROLE),
    "api-compensation-rules": ({}, EVERY_ROLE),
    "api-virtual-accounts": ({}, EVERY_ROLE),
    "api-virtual-account": ({"account_id": VirtualAccount}, EVERY_ROLE),
    "api-payee-checks": ({}, EVERY_ROLE),
    "api-payee-check": ({"check_id": PayeeCheck}, EVERY_ROLE),
    "api-loan-payees": ({"number": Loan}, CASHIERS),
    "api-vendor-health": ({}, EVERY_ROLE),
    "api-clearing-accounts": ({}, EVERY_ROLE),
}
# What is sent: the keys of its address, and who gets past the permission; what is sent may still be refused.
SENT_MONEY: dict[str, tuple[Keys, frozenset[str]]] = {
    "api-payment-keep": ({"number": IncomingPayment}, BOOKKEEPERS),
    "api-payment-take-back": ({"number": IncomingPayment}, BOOKKEEPERS),
    "api-payment-link-ask": ({}, CASHIERS),
    "api-counter-take": ({}, CASHIERS),
    "api-counter-take-preview": ({}, CASHIERS),
    "api-cheque-clear": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-cheque-clear-preview": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-cheque-bounce": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-cheque-bounce-preview": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-deposit-ask": ({}, CASHIERS),
    "api-payout-ask": ({}, CASHIERS),
    "api-payout-ask-preview": ({}, CASHIERS),
    "api-payout-look": ({"number": Payout}, CASHIERS),
    "api-payout-cancel": ({"number": Payout}, CASHIERS),
    "api-payout-retry": ({"number": Payout}, BOOKKEEPERS),
    "api-payout-park": ({"number": Payout}, BOOKKEEPERS),
    "api-payout-bank": ({"number": Payout}, BOOKKEEPERS),
    "api-settlement-credit": ({"settlement_id": Settlement}, BOOKKEEPERS),
    "api-compensation-publish": ({}, MANAGER),
    "api-virtual-account-open": ({}, CASHIERS),
    "api-virtual-account-close": ({"account_id": VirtualAccount}, CASHIERS),
    "api-payer-allow": ({"account_id": VirtualAccount}, CASHIERS),
    "api-payer-remove": ({"account_id": VirtualAccount, "payer_id": AllowedPayer}, CASHIERS),
    "api-payee-prove": ({}, CASHIERS),
    "api-payee-decide": ({"check_id": PayeeCheck}, MANAGER),
}
MONEY_ACT_ROLES: dict[str, tuple[Keys, frozenset[str]]] = {
    "payment-apply": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payment-give-back": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payment-move": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payout-answer": ({"number": Payout}, CASHIERS),
    "dispute-accept": ({"dispute_id": Dispute}, CASHIERS),
    "dispute-decide": ({"dispute_id": Dispute}, CASHIERS),
}
