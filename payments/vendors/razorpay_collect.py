"""Payments at the gateway that counts in paise: links, orders, virtual accounts and refunds."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from payments.models import Operation
from payments.protocol import Told
from payments.vendors.answers import AccountNews, LinkNews, LinkOrder, Payer, PayoutNews, RefundOrder, payer_known
from payments.vendors.errors import VendorDuplicate, VendorNotFound, VendorRefused, VendorUnsure
from payments.vendors.heard import Heard, PartHeard, RefundTold
from payments.vendors.http import VendorHttp
from payments.vendors.razorpay_events import credit_heard, link_heard, payment_heard, refund_heard
from payments.vendors.settlement_reports import razorpay_part

_PAGE: Final = 1000
_LIST_PAGE: Final = 100
_PAGES: Final = 1000
REFUND_TOLD = {
    RefundTold.PROCESSING: Told.PROCESSING,
    RefundTold.PROCESSED: Told.PROCESSED,
    RefundTold.FAILED: Told.FAILED,
}


class RazorpayCollect:
    """What this gateway does with payments."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    def link_open(self, order: LinkOrder) -> LinkNews:
        """Open a link or an order.

        Raises:
            VendorError: none was opened, or it is not known whether one was; the reference finds it.
        """
        path = "/v1/orders" if order.is_order else "/v1/payment_links"
        body: dict[str, Any] = {"amount": order.amount_paise, "currency": "INR"}
        if order.is_order:
            body["receipt"] = order.our_reference
        else:
            body |= {
                "reference_id": order.our_reference,
                "description": order.description,
                "expire_by": order.expires_epoch,
            }
        return _link(self._call("POST", path, json=body), is_order=order.is_order)

    def link_find(self, *, our_reference: str, is_order: bool) -> LinkNews | None:
        """Find a link or an order by our reference; None when the vendor knows of none."""
        if is_order:
            answer = self._call("GET", "/v1/orders", params={"receipt": our_reference})
            items, name = answer.get("items") or [], "receipt"
        else:
            answer = self._call("GET", "/v1/payment_links", params={"reference_id": our_reference})
            items, name = answer.get("payment_links") or [], "reference_id"
        found = [item for item in items if item.get(name) == our_reference]
        return _link(found[0], is_order=is_order) if found else None

    def link_look(self, *, our_reference: str, vendor_reference: str, is_order: bool) -> tuple[Heard, ...]:
        """Ask what became of a link or an order, and of the payments for it."""
        if is_order:
            entity = self._call("GET", f"/v1/orders/{vendor_reference}")
            rows = self._call("GET", f"/v1/orders/{vendor_reference}/payments").get("items") or []
        else:
            entity = self._call("GET", f"/v1/payment_links/{vendor_reference}")
            names = [row.get("payment_id") for row in entity.get("payments") or []]
            rows = [self._call("GET", f"/v1/payments/{name}") for name in names if name]
        about = {"ours": our_reference} | ({} if is_order else {"link": vendor_reference})
        return (*(payment_heard(row, **about) for row in rows), link_heard(entity))

    def account_open(self, *, our_reference: str, description: str, payers: Sequence[Payer] = ()) -> AccountNews:
        """Open a virtual account; the gateway sends back what comes from others than its payers, if it has any."""
        body: dict[str, Any] = {
            "receivers": {"types": ["bank_account"]},
            "reference_id": our_reference,
            "description": description,
        }
        if payers:
            body["allowed_payers"] = [_allowed(payer) for payer in payers]
        return _account(self._call("POST", "/v1/virtual_accounts", json=body))

    def account_find(self, *, our_reference: str) -> AccountNews | None:
        """Find a virtual account by our reference; None when the vendor knows of none."""
        answer = self._call("GET", "/v1/virtual_accounts", params={"reference_id": our_reference})
        found = [item for item in answer.get("items") or [] if item.get("reference_id") == our_reference]
        return _account(found[0]) if found else None

    def account_look(self, *, vendor_reference: str, has_payers: bool) -> tuple[Heard, ...]:
        """Ask what was credited to a virtual account; where it matters, who has paid each."""
        answer = self._call("GET", f"/v1/virtual_accounts/{vendor_reference}/payments")
        rows = answer.get("items") or []
        if not has_payers:
            return tuple(payment_heard(row, account=vendor_reference) for row in rows)
        return tuple(credit_heard(row, self._transfer(row), account=vendor_reference) for row in rows)

    def payer_add(self, *, vendor_reference: str, payer: Payer) -> AccountNews:
        """Let an account pay into a virtual account; one that may already stays.

        Raises:
            VendorError: it is not known whether it may; it may be asked again.
        """
        path = f"/v1/virtual_accounts/{vendor_reference}"
        known = _account(self._call("GET", path))
        if payer_known(known, account_number=payer.account_number, ifsc=payer.ifsc):
            return known
        return _account(self._call("POST", f"{path}/allowed_payers", json=_allowed(payer)))

    def payer_remove(self, *, vendor_reference: str, payer_reference: str) -> None:
        """Take an account's right to pay into a virtual account back; one that has none is left alone.

        Raises:
            VendorError: it is not known whether it is taken back; it may be asked again.
        """
        path = f"/v1/virtual_accounts/{vendor_reference}"
        if not self._lists(path, payer_reference):
            return
        try:
            self._call("DELETE", f"{path}/allowed_payers/{payer_reference}")
        except VendorUnsure:
            # The gateway answers this call with nothing, which means nothing: so it is asked.
            if self._lists(path, payer_reference):
                raise

    def _lists(self, path: str, payer_reference: str) -> bool:
        return any(payer.vendor_reference == payer_reference for payer in _account(self._call("GET", path)).payers)

    def account_close(self, *, vendor_reference: str) -> None:
        """Close a virtual account; one that is closed stays so.

        Raises:
            VendorError: it is not known whether it is closed; it may be asked again.
        """
        answer = self._call("GET", f"/v1/virtual_accounts/{vendor_reference}")
        if answer.get("status") != "closed":
            self._call("POST", f"/v1/virtual_accounts/{vendor_reference}/close")

    def _transfer(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("GET", f"/v1/payments/{row['id']}/bank_transfer")

    def settlement_parts(self, *, vendor_reference: str, utr: str, told_on: date) -> tuple[PartHeard, ...]:
        """Ask what a settlement is made of; the report is of a whole month, page by page."""
        del utr
        found: list[PartHeard] = []
        month = {"year": str(told_on.year), "month": f"{told_on.month:02d}", "count": str(_PAGE)}
        for page in range(_PAGES):
            params = month | {"skip": str(page * _PAGE)}
            rows = self._call("GET", "/v1/settlements/recon/combined", params=params).get("items") or []
            found.extend(razorpay_part(row) for row in rows if row.get("settlement_id") == vendor_reference)
            if len(rows) < _PAGE:
                break
        return tuple(found)

    def settlements_told(self, *, since: datetime, until: datetime) -> tuple[dict[str, Any], ...]:
        """Ask which settlements were made in a stretch of time; each is told as its event would have told it."""
        found: list[dict[str, Any]] = []
        stretch = {"from": str(int(since.timestamp())), "to": str(int(until.timestamp())), "count": str(_LIST_PAGE)}
        for page in range(_PAGES):
            rows = self._call("GET", "/v1/settlements", params=stretch | {"skip": str(page * _LIST_PAGE)}).get("items")
            found.extend(_settled(row) for row in rows or [] if row.get("status") == "processed")
            if len(rows or []) < _LIST_PAGE:
                break
        return tuple(found)

    def refund_send(self, order: RefundOrder) -> PayoutNews:
        """Ask for a payment to be given back; the same key makes a repeat the same refund.

        Raises:
            VendorAway: nothing was sent.
        """
        try:
            answer = self._http.call(
                "POST",
                f"/v1/payments/{order.payment_reference}/refund",
                operation=Operation.REFUND,
                kind="money",
                json={"amount": order.amount_paise, "speed": "normal", "receipt": order.our_reference},
                headers={"X-Refund-Idempotency": order.idempotency_key},
            )
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
        path = f"/v1/payments/{order.payment_reference}/refunds"
        try:
            answer = self._http.call("GET", path, operation=Operation.REFUND, kind="read")
        except VendorNotFound:
            return PayoutNews(told=Told.NOT_FOUND)
        except (VendorUnsure, VendorRefused, VendorDuplicate) as error:
            return PayoutNews(told=Told.UNSURE, reason=error.reason)
        found = [item for item in answer.get("items") or [] if item.get("receipt") == order.our_reference]
        return _refund(found[0]) if found else PayoutNews(told=Told.NOT_FOUND)

    def _call(
        self, method: str, path: str, *, json: Mapping[str, Any] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        # Nothing here moves our money: what is asked for is paid by somebody else.
        return self._http.call(method, path, operation=Operation.COLLECT, kind="read", json=json, params=params)


def _link(entity: Mapping[str, Any], *, is_order: bool) -> LinkNews:
    return LinkNews(
        vendor_reference=str(entity.get("id") or ""),
        order_reference=str(entity.get("id" if is_order else "order_id") or ""),
        address=str(entity.get("short_url") or ""),
    )


def _settled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"event": "settlement.processed", "contains": ["settlement"], "payload": {"settlement": {"entity": row}}}


def _account(entity: Mapping[str, Any]) -> AccountNews:
    receiver = (entity.get("receivers") or [{}])[0]
    return AccountNews(
        vendor_reference=str(entity.get("id") or ""),
        account_number=str(receiver.get("account_number") or ""),
        ifsc=str(receiver.get("ifsc") or ""),
        payers=tuple(_payer(row) for row in entity.get("allowed_payers") or ()),
    )


def _allowed(payer: Payer) -> dict[str, Any]:
    return {
        "type": "bank_account",
        "bank_account": {"ifsc": payer.ifsc, "account_number": payer.account_number},
    }


def _payer(row: Mapping[str, Any]) -> Payer:
    bank = row.get("bank_account") or {}
    return Payer(
        account_number=str(bank.get("account_number") or ""),
        ifsc=str(bank.get("ifsc") or ""),
        vendor_reference=str(row.get("id") or ""),
    )


def _refund(entity: Mapping[str, Any]) -> PayoutNews:
    heard = refund_heard(entity)
    return PayoutNews(told=REFUND_TOLD[heard.told], vendor_reference=heard.vendor_reference, reason=heard.reason)
