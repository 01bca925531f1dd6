"""Payments of the gateway that counts in rupees: its paths, shapes and events around the till."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from simulators.cashfree import VENDOR, Cashfree, _rupees
from simulators.reports import cashfree_rows
from simulators.till import Thing, Till, Voice
from simulators.webhooks import webhook_send
from simulators.world import Answer, World

_LINK = {"open": "ACTIVE", "paid": "PAID", "expired": "EXPIRED", "cancelled": "CANCELLED"}
_REFUND = {"pending": "PENDING", "processed": "SUCCESS", "failed": "FAILED"}
_RESPOND_SECONDS = 7 * 86_400
_DISPUTE = {"open": "CHARGEBACK_CREATED", "won": "CHARGEBACK_MERCHANT_WON", "lost": "CHARGEBACK_MERCHANT_LOST"}


class CashfreeTill:
    """Handlers of this part of the vendor."""

    def __init__(self, world: World, vendor: Cashfree) -> None:
        self.world = world
        self.vendor = vendor
        self.till = Till(world, vendor=VENDOR, prefixes={"link": "cflink_", "order": "cforder_"})
        self.till.voice = Voice(
            payment=self._payment, ask=self._ask, refund=self._refund, dispute=self._dispute, settlement=self._settled
        )

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [
            web.post("/cashfree/pg/links", self.link_create),
            web.get("/cashfree/pg/links/{id}", self.link_read),
            web.post("/cashfree/pg/links/{id}/cancel", self.link_cancel),
            web.get("/cashfree/pg/links/{id}/orders", self.link_orders),
            web.get("/cashfree/pg/orders/{id}/payments", self.payments_read),
            web.post("/cashfree/pg/orders/{id}/refunds", self.refund_create),
            web.get("/cashfree/pg/orders/{id}/refunds/{refund}", self.refund_read),
            web.post("/cashfree/pg/settlements", self.settlements),
            web.post("/cashfree/pg/settlement/recon", self.recon),
        ]

    async def link_create(self, request: web.Request) -> web.StreamResponse:
        """Open a payment link; its id is ours, and is used once."""
        body = await request.json()
        reference = str(body.get("link_id") or "")

        def create() -> Answer:
            if self.till.asked(kind="link", reference=reference):
                return 409, {"code": "link_already_exists", "message": "link_id already exists"}
            paise = int((Decimal(str(body.get("link_amount", 0))) * 100).to_integral_value())
            if paise < 100:
                return 400, {"code": "link_amount_invalid", "message": "link_amount should be at least 1"}
            expires = _epoch(body.get("link_expiry_time"))
            purpose = str(body.get("link_purpose") or "")
            link = self.till.ask(kind="link", reference=reference, paise=paise, expires=expires, description=purpose)
            return 200, self._link(link)

        return await self._call(request, "link open", reference, create)

    async def link_read(self, request: web.Request) -> web.StreamResponse:
        """Read a link."""
        return await self._about(request, "link look-up", lambda link: (200, self._link(link)))

    async def link_cancel(self, request: web.Request) -> web.StreamResponse:
        """Cancel a link that was not paid."""

        def cancel(link: Thing) -> Answer:
            self.till.close(link, "cancelled")
            return 200, self._link(link)

        return await self._about(request, "link cancel", cancel)

    async def link_orders(self, request: web.Request) -> web.StreamResponse:
        """Tell the orders of a link: one for each payment."""
        return await self._about(
            request,
            "link look-up",
            lambda link: (200, [{"order_id": link["id"], "order_amount": _rupees(link["paise"])}]),
        )

    async def payments_read(self, request: web.Request) -> web.StreamResponse:
        """Tell the payments of an order."""

        def tell() -> Answer:
            link = self.till.get(request.match_info["id"])
            rows = [self.till.get(name) for name in link["payments"]] if link else []
            return 200, [_public_payment(row) for row in rows if row]

        return await self._call(request, "payment look-up", request.match_info["id"], tell)

    async def refund_create(self, request: web.Request) -> web.StreamResponse:
        """Give a payment back; the refund's id is ours, and is used once."""
        body = await request.json()
        reference = str(body.get("refund_id") or "")

        def refund() -> Answer:
            if known := self.till.refunds_of(reference):
                return 409, {"code": "refund_already_exists", "message": known[0]["reference"]}
            link = self.till.get(request.match_info["id"])
            rows = [self.till.get(name) for name in link["payments"]] if link else []
            paid = [row for row in rows if row and row["status"] == "captured"]
            paise = int((Decimal(str(body.get("refund_amount", 0))) * 100).to_integral_value())
            if not paid or paise > paid[0]["paise"] - paid[0]["refunded"]:
                return 400, {"code": "refund_amount_invalid", "message": "Refund amount exceeds the payment"}
            return 200, _public_refund(self.till.refund(paid[0], reference=reference, paise=paise))

        return await self._call(request, "refund", reference, refund, key=reference)

    async def refund_read(self, request: web.Request) -> web.StreamResponse:
        """Read a refund by our reference."""
        reference = request.match_info["refund"]

        def find() -> Answer:
            known = self.till.refunds_of(reference)
            return (200, _public_refund(known[0])) if known else (404, {"code": "refund_not_found", "message": "-"})

        return await self._call(request, "refund look-up", reference, find)

    async def recon(self, request: web.Request) -> web.StreamResponse:
        """Tell what each settlement is made of."""

        def tell() -> Answer:
            things = self.world.book.things(vendor=VENDOR, kind="settlement")
            rows = [row for settlement in things for row in cashfree_rows(self.till, settlement)]
            return 200, {"data": rows, "cursor": None}

        return await self._call(request, "recon", "", tell)

    async def settlements(self, request: web.Request) -> web.StreamResponse:
        """Tell the settlements between two instants, page by page; the cursor says where the next page begins."""
        body = await request.json()
        filters, page = body.get("filters") or {}, body.get("pagination") or {}
        first, last = (_epoch(filters.get(name)) for name in ("start_date", "end_date"))

        def tell() -> Answer:
            if first is None or last is None:
                return 400, {"code": "filters_missing", "message": "start_date and end_date are required"}
            things = self.world.book.things(vendor=VENDOR, kind="settlement")
            rows = [_listed(row) for row in things if first <= row["at"] <= last]
            begin, limit = int(page.get("cursor") or 0), int(page.get("limit") or 10)
            following = begin + limit if begin + limit < len(rows) else None
            return 200, {
                "data": rows[begin : begin + limit],
                "limit": limit,
                "cursor": str(following) if following else None,
            }

        return await self._call(request, "settlements", "", tell)

    async def _about(self, request: web.Request, what: str, effect: Callable[[Thing], Answer]) -> web.StreamResponse:
        reference = request.match_info["id"]

        def act() -> Answer:
            link = self.till.asked(kind="link", reference=reference)
            return effect(link) if link else (404, {"code": "link_not_found", "message": "Link does not exist"})

        return await self._call(request, what, reference, act)

    async def _call(
        self, request: web.Request, what: str, reference: str, effect: Callable[[], Answer], key: str = ""
    ) -> web.StreamResponse:
        if refused := self.vendor.refused(request):
            return refused
        return await self.world.call(request, vendor=VENDOR, what=what, reference=reference, effect=effect, key=key)

    def _payment(self, payment: Thing, account: Thing | None, ask: Thing | None) -> None:
        assert ask is not None  # noqa: S101  # this gateway has no virtual accounts here
        is_failed = payment["status"] == "failed"
        data = {
            "order": {
                "order_id": ask["id"],
                "order_amount": _rupees(ask["paise"]),
                "order_currency": "INR",
                "order_tags": {"link_id": ask["reference"]},
            },
            "payment": _public_payment(payment),
        }
        self._send("PAYMENT_FAILED_WEBHOOK" if is_failed else "PAYMENT_SUCCESS_WEBHOOK", data)
        if not is_failed:
            self._send("PAYMENT_LINK_EVENT", self._link(ask))

    def _ask(self, ask: Thing) -> None:
        self._send("PAYMENT_LINK_EVENT", self._link(ask))

    def _refund(self, refund: Thing, _payment: Thing) -> None:
        if refund["status"] != "pending":
            self._send("REFUND_STATUS_WEBHOOK", {"refund": _public_refund(refund)})

    def _dispute(self, dispute: Thing, payment: Thing) -> None:
        data = {
            "dispute": {
                "dispute_id": dispute["id"],
                "dispute_type": "CHARGEBACK",
                "reason_code": "4855",
                "dispute_amount": _rupees(dispute["paise"]),
                "dispute_status": _DISPUTE[dispute["status"]],
                "respond_by": datetime.fromtimestamp(dispute["at"] + _RESPOND_SECONDS, tz=UTC).isoformat(),
            },
            "order_details": {
                "order_id": payment["ask"],
                "cf_payment_id": payment["id"],
                "payment_amount": _rupees(payment["paise"]),
            },
        }
        self._send("DISPUTE_CREATED" if dispute["status"] == "open" else "DISPUTE_CLOSED", data)

    def _settled(self, settlement: Thing) -> None:
        data = {
            "settlement": {
                "settlement_id": settlement["id"],
                "status": "PAID",
                "amount_settled": _rupees(settlement["paise"]),
                "service_charge": _rupees(settlement["fee"] - settlement["tax"]),
                "service_tax": _rupees(settlement["tax"]),
                "utr": settlement["utr"],
            }
        }
        self._send("SETTLEMENT_SUCCESS", data)

    def _send(self, event: str, data: dict[str, Any]) -> None:
        body = {"type": event, "event_time": self.world.clock.stamp(), "data": data}
        webhook_send(self.world, vendor=VENDOR, event=event, event_id="", body=body)

    def _link(self, link: Thing) -> dict[str, Any]:
        return {
            "cf_link_id": link["id"],
            "link_id": link["reference"],
            "link_status": _LINK[link["status"]],
            "link_amount": _rupees(link["paise"]),
            "link_amount_paid": _rupees(link["paid"]),
            "link_currency": "INR",
            "link_purpose": link["description"],
            "link_url": f"{self.world.address}/pay/{link['id']}",
        }


def _listed(settlement: Thing) -> dict[str, Any]:
    return {
        "cf_settlement_id": settlement["id"],
        "status": "SUCCESS",
        "settlement_utr": settlement["utr"],
        "settlement_processed_on": datetime.fromtimestamp(settlement["at"], tz=UTC).isoformat(timespec="seconds"),
        "amount_settled": _rupees(settlement["paise"]),
        "service_charge": _rupees(settlement["fee"] - settlement["tax"]),
        "service_tax": _rupees(settlement["tax"]),
    }


def _public_payment(payment: Thing) -> dict[str, Any]:
    return {
        "cf_payment_id": payment["id"],
        "order_id": payment["ask"],
        "payment_status": "FAILED" if payment["status"] == "failed" else "SUCCESS",
        "payment_amount": _rupees(payment["paise"]),
        "payment_currency": "INR",
        "payment_group": payment["method"],
        "payment_message": "Simulated",
        "payment_time": datetime.fromtimestamp(payment["at"], tz=UTC).isoformat(timespec="seconds"),
        "bank_reference": payment["utr"],
    }


def _public_refund(refund: Thing) -> dict[str, Any]:
    return {
        "cf_refund_id": refund["id"],
        "cf_payment_id": refund["payment"],
        "refund_id": refund["reference"],
        "refund_amount": _rupees(refund["paise"]),
        "refund_currency": "INR",
        "refund_status": _REFUND[refund["status"]],
        "status_description": "Simulated",
    }


def _epoch(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None
