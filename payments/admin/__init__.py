"""Screens of payments; importing a module registers its part."""

from payments.admin import (
    accounts,
    compensations,
    counter,
    deposits,
    disputes,
    incoming,
    incoming_sections,
    payees,
    payment_acts,
    payout_answers,
    payouts,
    refunds,
    sections,
    settlements,
    suspense,
    vendors,
)

__all__ = [
    "accounts",
    "compensations",
    "counter",
    "deposits",
    "disputes",
    "incoming",
    "incoming_sections",
    "payees",
    "payment_acts",
    "payout_answers",
    "payouts",
    "refunds",
    "sections",
    "settlements",
    "suspense",
    "vendors",
]
