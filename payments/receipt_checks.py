"""Invariants of money that has arrived, as parts of the ledger's one check."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import F, QuerySet, Sum

from ledger.models import Account
from ledger.selectors import balance_now
from payments.models import (
    IN_SUSPENSE,
    Dispute,
    DisputeState,
    IncomingPayment,
    PaymentRefund,
    PaymentState,
    RefundState,
    Settlement,
    Vendor,
)
from payments.services.vendors import DISPUTED, SUSPENSE, vendor_accounts

_NOT_TAKEN = (PaymentState.CREATED, PaymentState.FAILED)


def suspense_is_explained() -> Iterator[str]:
    """S: give the suspense account when it is not the sum of the payments that lie in it."""
    rows = IncomingPayment.objects.filter(state__in=IN_SUSPENSE)
    expected = rows.aggregate(total=Sum(F("amount_paise") - F("lost_paise")))["total"] or 0
    found = -_balance(SUSPENSE)
    if found != expected:
        yield f"{SUSPENSE} has {found} paise, the payments in suspense {expected}"


def disputes_are_counted() -> Iterator[str]:
    """D: give the account of disputed payments when it is not the sum of the open disputes."""
    open_disputes = Dispute.objects.filter(state=DisputeState.OPEN)
    expected = open_disputes.aggregate(total=Sum("amount_paise"))["total"] or 0
    found = _balance(DISPUTED)
    if found != expected:
        yield f"{DISPUTED} has {found} paise, the open disputes {expected}"


def gateways_hold_what_they_took() -> Iterator[str]:
    """T: give gateways whose account is not what they took, less what they gave back, keep disputed and have settled.

    Source: money 7.6 (money in flight sits in a clearing account of its vendor).
    """
    expected: Counter[int] = Counter()
    taken = IncomingPayment.objects.filter(vendor__isnull=False).exclude(state__in=_NOT_TAKEN)
    for vendor_id, paise in _by_vendor(taken, "vendor", Sum("amount_paise")):
        expected[vendor_id] += paise
    given_back = PaymentRefund.objects.filter(state=RefundState.PAID)
    kept = Dispute.objects.filter(state__in=(DisputeState.OPEN, DisputeState.LOST))
    settled = Settlement.objects.all()
    for rows, column, total in (
        (given_back, "payment__vendor", Sum("amount_paise")),
        (kept, "vendor", Sum("amount_paise")),
        (settled, "vendor", Sum(F("amount_paise") + F("fee_paise"))),
    ):
        for vendor_id, paise in _by_vendor(rows, column, total):
            expected[vendor_id] -= paise
    for vendor in Vendor.objects.order_by("pk"):
        found = _balance(vendor_accounts(vendor=vendor).taken_code)
        if found != expected[vendor.pk]:
            yield f"{vendor.code} holds {found} paise by the books, {expected[vendor.pk]} by its payments"


def _by_vendor(rows: QuerySet[Any], column: str, total: Sum) -> list[tuple[int, int]]:
    return list(rows.order_by().values(column).annotate(paise=total).values_list(column, "paise"))


def _balance(code: str) -> int:
    account = Account.objects.filter(code=code).first()
    return balance_now(account=account) if account else 0
