"""Payments at the gateway that counts in rupees: links and refunds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from payments.models import Operation
from payments.protocol import Told
from payments.vendors.answers import AccountNews, LinkNews, LinkOrder, Payer, PayoutNews, RefundOrder
from payments.vendors.cashfree import rupees_number
from payments.vendors.cashfree_events import SETTLED, link_heard, payment_heard, refund_heard
from payments.vendors.errors import VendorDuplicate, VendorNotFound, VendorRefused, VendorUnsure
from payments.vendors.heard import Heard, PartHeard
from payments.vendors.http import VendorHttp
from payments.vendors.razorpay_collect import REFUND_TOLD
from payments.vendors.settlement_reports import cashfree_part

_PAGES: Final = 1000
_LIST_PAGE: Final = 100


class CashfreeCollect:
    """What this gateway does with payments; an order within an app is a link there too."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    def link_open(self, order: LinkOrder) -> LinkNews:
        """Open a link.

        Raises:
            VendorError: none was opened, or it is not known whether one was; the reference finds it.
        """
        body = {
            "link_id": order.our_reference,
            "link_amount": rupees_number(order.amount_paise),
            "link_currency": "INR",
            "link_purpose": order.description,
            "link_expiry_time": datetime.fromtimestamp(order.expires_epoch, tz=UTC).isoformat(timespec="seconds"),
        }
        return _link(self._call("POST", "/pg/links", json=body))

    def link_find(self, *, our_reference: str, is_order: bool) -> LinkNews | None:
        """Find a link by our reference; None when the vendor knows of none."""
        del is_order
        try:
            return _link(self._call("GET", f"/pg/links/{our_reference}"))
        except VendorNotFound:
            return None

    def link_look(self, *, our_reference: str, vendor_reference: str, is_order: bool) -> tuple[Heard, ...]:
        """Ask what became of a link, and of the payments for it."""
        del is_order, vendor_reference
        link = self._call("GET", f"/pg/links/{our_reference}")
        heard: list[Heard] = []
        for order in self._call("GET", f"/pg/links/{our_reference}/orders").get("items") or []:
            rows = self._call("GET", f"/pg/orders/{order['order_id']}/payments").get("items") or []
            heard.extend(payment_heard(row, ours=our_reference) for row in rows)
        return (*heard, link_heard(link))

    def account_open(self, *, our_reference: str, description: str, payers: Sequence[Payer] = ()) -> AccountNews:
        """Refuse: this contract has no virtual accounts."""
        raise VendorRefused("The contract has no virtual accounts")

    def account_find(self, *, our_reference: str) -> AccountNews | None:
        """Return nothing: this contract has no virtual accounts."""
        return None

    def account_look(self, *, vendor_reference: str, has_payers: bool) -> tuple[Heard, ...]:
        """Return nothing: this contract has no virtual accounts."""
        return ()

    def payer_add(self, *, vendor_reference: str, payer: Payer) -> AccountNews:
        """Refuse: this contract has no virtual accounts."""
        raise VendorRefused("The contract has no virtual accounts")

    def payer_remove(self, *, vendor_reference: str, payer_reference: str) -> None:
        """Refuse: this contract has no virtual accounts."""
        raise VendorRefused("The contract has no virtual accounts")

    def account_close(self, *, vendor_reference: str) -> None:
        """Refuse: this contract has no virtual accounts."""
        raise VendorRefused("The contract has no virtual accounts")

    def settlement_parts(self, *, vendor_reference: str, utr: str, told_on: date) -> tuple[PartHeard, ...]:
        """Ask what a settlement is made of; the gateway finds it by its reference at the bank."""
        del told_on
        found: list[PartHeard] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            body = {"pagination": {"limit": 1000, "cursor": cursor}, "filters": {"settlement_utrs": [utr]}}
            answer = self._call("POST", "/pg/settlement/recon", json=body)
            rows = answer.get("data") or []
            found.extend(cashfree_part(row) for row in rows if str(row.get("cf_settlement_id")) == vendor_reference)
            cursor = answer.get("cursor")
            if not cursor:
                break
        return tuple(found)

    def settlements_told(self, *, since: datetime, until: datetime) -> tuple[dict[str, Any], ...]:
        """Ask which settlements were made in a stretch of time; each is told as its event would have told it."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        stretch = {"start_date": _instant(since), "end_date": _instant(until)}
        for _ in range(_PAGES):
            body = {"pagination": {"limit": _LIST_PAGE, "cursor": cursor}, "filters": stretch}
            answer = self._call("POST", "/pg/settlements", json=body)
            found.extend(_settled(row) for row in answer.get("data") or [] if row.get("status") in SETTLED)
            cursor = answer.get("cursor")
            if not cursor:
                break
        return tuple(found)

    def refund_send(self, order: RefundOrder) -> PayoutNews:
        """Ask for a payment to be given back; its reference is what makes a repeat the same refund.

        Raises:
            VendorAway: nothing was sent.
        """
        body = {"refund_id": order.our_reference, "refund_amount": rupees_number(order.amount_paise)}
        path = f"/pg/orders/{order.order_reference}/refunds"
        try:
            answer = self._http.call("POST", path, operation=Operation.REFUND, kind="money", json=body)
        except VendorRefused as error:
            return PayoutNews(told=Told.REFUSED, reason=error.reason)
        except (VendorUnsure, VendorDuplicate, VendorNotFound) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)
        return _refund(answer)

    def refund_find(self, order: RefundOrder) -> PayoutNews:
        """Ask what became of a refund.

        Raises:
            VendorAway: nothing was sent.
        """
        path = f"/pg/orders/{order.order_reference}/refunds/{order.our_reference}"
        try:
            answer = self._http.call("GET", path, operation=Operation.REFUND, kind="read")
        except VendorNotFound:
            return PayoutNews(told=Told.NOT_FOUND)
        except (VendorUnsure, VendorRefused, VendorDuplicate) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)
        return _refund(answer)

    def _call(self, method: str, path: str, *, json: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._http.call(method, path, operation=Operation.COLLECT, kind="read", json=json)


def _link(entity: Mapping[str, Any]) -> LinkNews:
    return LinkNews(vendor_reference=str(entity.get("link_id") or ""), address=str(entity.get("link_url") or ""))


def _settled(row: Mapping[str, Any]) -> dict[str, Any]:
    entity = dict(row)
    # The list names these two otherwise than the event does.
    for listed, told in (("cf_settlement_id", "settlement_id"), ("settlement_utr", "utr")):
        if listed in entity:
            entity[told] = entity.pop(listed)
    return {"type": "SETTLEMENT_SUCCESS", "data": {"settlement": entity}}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refund(entity: Mapping[str, Any]) -> PayoutNews:
    heard = refund_heard(entity)
    return PayoutNews(told=REFUND_TOLD[heard.told], vendor_reference=heard.vendor_reference, reason=heard.reason)
