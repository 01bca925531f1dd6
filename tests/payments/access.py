"""Addresses of the interface about money: who may read, and who gets past the permission of an act."""

from typing import Any

from payments.models import Dispute, IncomingPayment, Payout
from tests.factories.staff import BOOKKEEPERS, CASHIERS, EVERY_ROLE

READ_MONEY: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "api-payments": ({}, EVERY_ROLE),
    "api-payment": ({"number": IncomingPayment}, EVERY_ROLE),
    "api-payouts": ({}, EVERY_ROLE),
    "api-payout": ({"number": Payout}, EVERY_ROLE),
    "api-disputes": ({}, EVERY_ROLE),
    "api-dispute": ({"dispute_id": Dispute}, EVERY_ROLE),
}
MONEY_ACT_ROLES: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "payment-apply": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payment-give-back": ({"number": IncomingPayment}, BOOKKEEPERS),
    "payment-move": ({"number": IncomingPayment}, BOOKKEEPERS),
    "dispute-accept": ({"dispute_id": Dispute}, CASHIERS),
    "dispute-decide": ({"dispute_id": Dispute}, CASHIERS),
}
