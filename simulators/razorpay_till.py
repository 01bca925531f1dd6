"""Payments of the gateway that counts in paise: its paths, shapes and events around the till."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulators import razorpay_shapes as shapes
from simulators.razorpay import VENDOR, Razorpay, _error
from simulators.reports import razorpay_rows
from simulators.till import Thing, Till, Voice
from simulators.webhooks import webhook_send
from simulators.world import Answer, World

_LINK = {"open": "created", "paid": "paid", "expired": "expired", "cancelled": "cancelled"}
_PREFIXES = {
    "link": "plink_",
    "order": "order_",
    "payment": "pay_",
    "refund": "rfnd_",
    "dispute": "disp_",
    "settlement": "setl_",
    "virtual_account": "va_",
}
_RECON_DAY = 86_400
_LISTED = 100
_PAYERS = 10
_RESPOND_SECONDS = 7 * 86_400


class RazorpayTill:
    """Handlers of this part of the vendor."""

    def __init__(self, world: World, vendor: Razorpay) -> None:
        self.world = world
        self.vendor = vendor
        self.till = Till(world, vendor=VENDOR, prefixes=_PREFIXES)
        self.till.voice = Voice(
            payment=self._payment, ask=self._ask, refund=self._refund, dispute=self._dispute, settlement=self._settled
        )

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [
            web.post("/razorpay/v1/payment_links", self.link_create),
            web.get("/razorpay/v1/payment_links", self.links_find),
            web.get("/razorpay/v1/payment_links/{id}", self.read(self._link)),
            web.post("/razorpay/v1/payment_links/{id}/cancel", self.link_cancel),
            web.post("/razorpay/v1/orders", self.order_create),
            web.get("/razorpay/v1/orders", self.orders_find),
            web.get("/razorpay/v1/orders/{id}", self.read(shapes.order)),
            web.get("/razorpay/v1/orders/{id}/payments", self.read(self._payments_of)),
            web.get("/razorpay/v1/payments/{id}", self.read(self._public_payment)),
            web.post("/razorpay/v1/payments/{id}/refund", self.refund_create),
            web.get("/razorpay/v1/payments/{id}/refunds", self.refunds_find),
            web.get("/razorpay/v1/refunds/{id}", self.read(shapes.refund)),
            web.post("/razorpay/v1/virtual_accounts", self.account_create),
            web.get("/razorpay/v1/virtual_accounts", self.accounts_find),
            web.get("/razorpay/v1/virtual_accounts/{id}", self.read(shapes.account)),
            web.get("/razorpay/v1/virtual_accounts/{id}/payments", self.read(self._payments_of)),
            web.post("/razorpay/v1/virtual_accounts/{id}/close", self.account_close),
            web.post("/razorpay/v1/virtual_accounts/{id}/allowed_payers", self.payer_add),
            web.delete("/razorpay/v1/virtual_accounts/{id}/allowed_payers/{payer}", self.payer_remove),
            web.get("/razorpay/v1/payments/{id}/bank_transfer", self.read(shapes.transfer)),
            web.get("/razorpay/v1/settlements", self.settlements),
            web.get("/razorpay/v1/settlements/recon/combined", self.recon),
            web.get("/razorpay/v1/settlements/{id}", self.read(shapes.settlement)),
        ]

    async def link_create(self, request: web.Request) -> web.StreamResponse:
        """Open a payment link; a reference that was used is refused."""
        return await self._create(request, "link", "reference_id", self._link, expires="expire_by")

    async def order_create(self, request: web.Request) -> web.StreamResponse:
        """Open an order."""
        return await self._create(request, "order", "receipt", shapes.order)

    async def account_create(self, request: web.Request) -> web.StreamResponse:
        """Open a virtual account."""
        return await self._create(request, "virtual_account", "reference_id", shapes.account)

    async def account_close(self, request: web.Request) -> web.StreamResponse:
        """Close a virtual account: no more credits."""

        def close() -> Answer:
            account = self.till.get(request.match_info["id"])
            if account is None or account["status"] != "open":
                return _error(400, "The virtual account is not active")
            self.till.close(account, "closed")
            return 200, shapes.account(account)

        return await self._call(request, "virtual account close", request.match_info["id"], close)

    async def payer_add(self, request: web.Request) -> web.StreamResponse:
        """Let an account pay into a virtual account; credits of others go back from the first one on."""
        body = await request.json()

        def add() -> Answer:
            account = self.till.get(request.match_info["id"])
            if account is None or account["status"] != "open":
                return _error(400, "The virtual account is not active")
            if len(account["payers"]) >= _PAYERS:
                return _error(400, f"Only {_PAYERS} allowed payer accounts can be added.")
            self.till.payers_set(account, [*account["payers"], self._payer(body)])
            return 200, shapes.account(account)

        return await self._call(request, "allowed payer", request.match_info["id"], add)

    async def payer_remove(self, request: web.Request) -> web.StreamResponse:
        """Take the right to pay into a virtual account back."""

        def remove() -> Answer:
            account = self.till.get(request.match_info["id"])
            if account is None:
                return _error(404, "The id provided does not exist")
            left = [payer for payer in account["payers"] if payer["id"] != request.match_info["payer"]]
            self.till.payers_set(account, left)
            return 200, None

        return await self._call(request, "allowed payer", request.match_info["id"], remove)

    def _payer(self, told: dict[str, Any]) -> dict[str, Any]:
        bank = told["bank_account"]
        return {
            "type": "bank_account",
            "id": f"ba_{self.world.faults.letters(14)}",
            "bank_account": {"ifsc": str(bank["ifsc"]), "account_number": str(bank["account_number"])},
        }

    async def links_find(self, request: web.Request) -> web.StreamResponse:
        """Find a link by our reference."""
        return await self._find(request, "link", "reference_id", self._link, answer="payment_links")

    async def orders_find(self, request: web.Request) -> web.StreamResponse:
        """Find an order by our reference."""
        return await self._find(request, "order", "receipt", shapes.order)

    async def accounts_find(self, request: web.Request) -> web.StreamResponse:
        """Find a virtual account by our reference."""
        return await self._find(request, "virtual_account", "reference_id", shapes.account)

    async def link_cancel(self, request: web.Request) -> web.StreamResponse:
        """Cancel a link that was not paid."""

        def cancel() -> Answer:
            link = self.till.get(request.match_info["id"])
            if link is None:
                return _error(404, "The id provided does not exist")
            self.till.close(link, "cancelled")
            return 200, self._link(link)

        return await self._call(request, "link cancel", request.match_info["id"], cancel)

    async def refund_create(self, request: web.Request) -> web.StreamResponse:
        """Give a payment back; the same key is the same refund."""
        body = await request.json()
        reference, key = str(body.get("receipt") or ""), request.headers.get("X-Refund-Idempotency", "")

        def refund() -> Answer:
            payment = self.till.get(request.match_info["id"])
            if payment is None or payment["status"] != "captured":
                return _error(400, "The payment cannot be refunded")
            known = self.world.book.things(vendor=VENDOR, kind="refund", key=key) if key else []
            if known:
                return 200, shapes.refund(known[0])
            paise = int(body.get("amount") or payment["paise"])
            if paise > payment["paise"] - payment["refunded"]:
                return _error(400, "The total refund amount is greater than the payment", reason="refund_exceeds")
            return 200, shapes.refund(self.till.refund(payment, reference=reference, paise=paise, key=key))

        return await self._call(request, "refund", reference, refund, key=key)

    async def refunds_find(self, request: web.Request) -> web.StreamResponse:
        """Find the refunds of a payment."""

        def find() -> Answer:
            payment = request.match_info["id"]
            rows = [row for row in self.world.book.things(vendor=VENDOR, kind="refund") if row["payment"] == payment]
            return 200, shapes.collection([shapes.refund(row) for row in rows])

        return await self._call(request, "refund look-up", request.match_info["id"], find)

    async def settlements(self, request: web.Request) -> web.StreamResponse:
        """Tell the settlements between two instants, page by page, the newest first."""
        first, last = (float(request.query.get(name, default)) for name, default in (("from", 0), ("to", "inf")))
        skip, count = (int(request.query.get(name, default)) for name, default in (("skip", 0), ("count", 10)))

        def tell() -> Answer:
            if not 0 < count <= _LISTED:
                return _error(400, f"The count must be between 1 and {_LISTED}")
            things = self.world.book.things(vendor=VENDOR, kind="settlement")
            rows = sorted((row for row in things if first <= row["at"] <= last), key=lambda row: -row["at"])
            return 200, shapes.collection([shapes.settlement(row) for row in rows[skip : skip + count]])

        return await self._call(request, "settlements", "", tell)

    async def recon(self, request: web.Request) -> web.StreamResponse:
        """Tell what each settlement is made of."""

        def tell() -> Answer:
            things = self.world.book.things(vendor=VENDOR, kind="settlement")
            rows = [row for settlement in things for row in razorpay_rows(self.till, settlement)]
            first = int(request.query.get("skip", 0))
            return 200, shapes.collection(rows[first : first + int(request.query.get("count", 100))])

        return await self._call(request, "recon", "", tell)

    def read(self, show: Callable[[Thing], dict[str, Any]]) -> Callable[[web.Request], Any]:
        """Return a handler that reads one thing."""

        async def handler(request: web.Request) -> web.StreamResponse:
            def find() -> Answer:
                thing = self.till.get(request.match_info["id"])
                return (200, show(thing)) if thing else _error(404, "The id provided does not exist")

            return await self._call(request, "look-up", request.match_info["id"], find)

        return handler

    async def _create(
        self, request: web.Request, kind: str, name: str, show: Callable[[Thing], dict[str, Any]], expires: str = ""
    ) -> web.StreamResponse:
        body = await request.json()
        reference = str(body.get(name) or "")

        def create() -> Answer:
            amount = body.get("amount", 0)
            if not isinstance(amount, int) or (amount < 100 and kind != "virtual_account"):
                return _error(400, "The amount must be at least INR 1.00")
            if kind != "order" and self.till.asked(kind=kind, reference=reference):
                return _error(400, f"{name} already exists", reason="reference_id_duplicate")
            more: dict[str, Any] = {"expires": body.get(expires)} if expires else {}
            if kind == "virtual_account":
                more["number"] = f"2223{self.world.faults.digits(12)}"
                more["payers"] = [self._payer(told) for told in body.get("allowed_payers") or ()]
                if len(more["payers"]) > _PAYERS:
                    return _error(400, f"Only {_PAYERS} allowed payer accounts can be added.")
            else:
                more["description"] = str(body.get("description") or "")
            if kind == "link":
                more["order"] = f"order_{self.world.faults.letters(14)}"
            return 200, show(self.till.ask(kind=kind, reference=reference, paise=amount, **more))

        return await self._call(request, f"{kind.replace('_', ' ')} open", reference, create)

    async def _find(
        self,
        request: web.Request,
        kind: str,
        name: str,
        show: Callable[[Thing], dict[str, Any]],
        answer: str = "",
    ) -> web.StreamResponse:
        reference = request.query.get(name, "")

        def find() -> Answer:
            thing = self.till.asked(kind=kind, reference=reference)
            items = [show(thing)] if thing else []
            return 200, {answer: items} if answer else shapes.collection(items)

        return await self._call(request, f"{kind.replace('_', ' ')} look-up", reference, find)

    async def _call(
        self, request: web.Request, what: str, reference: str, effect: Callable[[], Answer], key: str = ""
    ) -> web.StreamResponse:
        if refused := self.vendor.refused(request):
            return refused
        return await self.world.call(request, vendor=VENDOR, what=what, reference=reference, effect=effect, key=key)

    def _payment(self, payment: Thing, account: Thing | None, ask: Thing | None) -> None:
        body = self._public_payment(payment)
        if payment["status"] == "failed":
            self._send("payment.failed", payment={"entity": body})
            return
        if account is not None:
            self._send(
                "virtual_account.credited",
                payment={"entity": body},
                virtual_account={"entity": shapes.account(account)},
                bank_transfer={"entity": shapes.transfer(payment)},
            )
            return
        self._send("payment.authorized", payment={"entity": {**body, "status": "authorized"}})
        self._send("payment.captured", payment={"entity": body})
        if ask is not None and ask["kind"] == "link":
            self._send("payment_link.paid", payment={"entity": body}, payment_link={"entity": self._link(ask)})
        elif ask is not None:
            self._send("order.paid", payment={"entity": body}, order={"entity": shapes.order(ask)})

    def _ask(self, ask: Thing) -> None:
        if ask["kind"] == "link":
            self._send(f"payment_link.{_LINK[ask['status']]}", payment_link={"entity": self._link(ask)})

    def _refund(self, refund: Thing, payment: Thing) -> None:
        name = {"pending": "created"}.get(refund["status"], refund["status"])
        self._send(
            f"refund.{name}",
            refund={"entity": shapes.refund(refund)},
            payment={"entity": self._public_payment(payment)},
        )

    def _dispute(self, dispute: Thing, payment: Thing) -> None:
        entity = {
            "id": dispute["id"],
            "entity": "dispute",
            "payment_id": dispute["payment"],
            "amount": dispute["paise"],
            "currency": "INR",
            "amount_deducted": dispute["paise"],
            "reason_code": "unauthorised_transaction",
            "respond_by": int(dispute["at"]) + _RESPOND_SECONDS,
            "status": dispute["status"],
            "phase": "chargeback",
        }
        name = {"open": "created"}.get(dispute["status"], dispute["status"])
        self._send(
            f"payment.dispute.{name}", payment={"entity": self._public_payment(payment)}, dispute={"entity": entity}
        )

    def _settled(self, settlement: Thing) -> None:
        self._send("settlement.processed", settlement={"entity": shapes.settlement(settlement)})

    def _send(self, event: str, **payload: Any) -> None:
        webhook_send(
            self.world,
            vendor=VENDOR,
            event=event,
            event_id=f"evt_{self.world.faults.letters(14)}",
            body={
                "entity": "event",
                "account_id": "acc_KistDemo000001",
                "event": event,
                "contains": list(payload),
                "payload": payload,
                "created_at": int(self.world.clock.now()),
            },
        )

    def _link(self, link: Thing) -> dict[str, Any]:
        paid = [self.till.get(name) for name in link["payments"]]
        return {
            "id": link["id"],
            "entity": "payment_link",
            "amount": link["paise"],
            "amount_paid": link["paid"],
            "currency": "INR",
            "reference_id": link["reference"],
            "description": link["description"],
            "expire_by": link["expires"] or 0,
            "order_id": link["order"],
            "short_url": f"{self.world.address}/pay/{link['id']}",
            "status": _LINK[link["status"]],
            "payments": [
                {"payment_id": row["id"], "amount": row["paise"], "status": row["status"], "method": row["method"]}
                for row in paid
                if row
            ],
            "created_at": int(link["at"]),
        }

    def _public_payment(self, payment: Thing) -> dict[str, Any]:
        ask = self.till.get(payment["ask"])
        order = None
        if ask is not None and ask["kind"] != "virtual_account":
            order = ask.get("order") or ask["id"]
        is_failed = payment["status"] == "failed"
        return {
            "id": payment["id"],
            "entity": "payment",
            "amount": payment["paise"],
            "currency": "INR",
            "status": payment["status"],
            "order_id": order,
            "method": payment["method"],
            "amount_refunded": payment["refunded"],
            "captured": not is_failed,
            "fee": payment["fee"] or None,
            "tax": payment["tax"],
            "error_code": "BAD_REQUEST_ERROR" if is_failed else None,
            "error_reason": "payment_failed" if is_failed else None,
            "acquirer_data": {"rrn": payment["utr"] or None},
            "created_at": int(payment["at"]),
        }

    def _payments_of(self, ask: Thing) -> dict[str, Any]:
        rows = [self.till.get(name) for name in ask["payments"]]
        return shapes.collection([self._public_payment(row) for row in rows if row])
