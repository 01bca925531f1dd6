"""Addresses of the interface about money: who may read, and who gets past the permission of an act."""

from typing import Any

from payments.models import CounterReceipt, Deposit, Dispute, IncomingPayment, Payout
from tests.factories.staff import BOOKKEEPERS, CASHIERS, EVERY_ROLE

Keys = dict[str, Any]
READ_MONEY: dict[str, tuple[Keys, frozenset[str]]] = {
    "api-payments": ({}, EVERY_ROLE),
    "api-payment": ({"number": IncomingPayment}, EVERY_ROLE),
    "api-payouts": ({}, EVERY_ROLE),
    "api-payout": ({"number": Payout}, EVERY_ROLE),
    "api-disputes": ({}, EVERY_ROLE),
    "api-dispute": ({"dispute_id": Dispute}, EVERY_ROLE),
    "api-counter-receipts": ({}, EVERY_ROLE),
    "api-counter-receipt": ({"number": CounterReceipt}, EVERY_ROLE),
    "api-counter-till": ({}, EVERY_ROLE),
    "api-deposits": ({}, EVERY_ROLE),
    "api-deposit": ({"number": Deposit}, EVERY_ROLE),
}
# What is sent: the keys of its address, and who gets past the permission; what is sent may still be refused.
SENT_MONEY: dict[str, tuple[Keys, frozenset[str]]] = {
    "api-counter-take": ({}, CASHIERS),
    "api-counter-take-preview": ({}, CASHIERS),
    "api-cheque-clear": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-cheque-clear-preview": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-cheque-bounce": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-cheque-bounce-preview": ({"number": CounterReceipt}, BOOKKEEPERS),
    "api-deposit-ask": ({}, CASHIERS),
}
MONEY_ACT_ROLES: dict[str, tuple[Keys, frozenset[str]]] = {
    "payment-apply": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payment-give-back": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payment-move": ({"number": IncomingPayment}, BOOKKEEPERS),
    "dispute-accept": ({"dispute_id": Dispute}, CASHIERS),
    "dispute-decide": ({"dispute_id": Dispute}, CASHIERS),
}
