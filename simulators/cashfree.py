"""The gateway that counts in rupees: transfers and bank account verification, with the shapes of its documentation."""

from decimal import Decimal
from typing import Any

from aiohttp import web

from simulators.webhooks import webhook_send
from simulators.world import INVALID_ACCOUNTS, Answer, World

VENDOR = "cashfree"
_MODES = {
    "imps": (1_00, 5_00_000_00),
    "neft": (1_00, 10**13),
    "rtgs": (2_00_000_00, 10**13),
    "upi": (1_00, 1_00_000_00),
}


class Cashfree:
    """Handlers of this vendor."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [
            web.post("/cashfree/payout/transfers", self.transfer_create),
            web.get("/cashfree/payout/transfers", self.transfer_read),
            web.get("/cashfree/payout/balance", self.balance),
            web.post("/cashfree/verification/bank-account/sync", self.verify),
            web.get("/cashfree/verification/bank-account", self.verification_read),
            web.post("/cashfree/verification/upi", self.verify_upi),
            web.get("/cashfree/verification/upi", self.verification_upi_read),
        ]

    async def transfer_create(self, request: web.Request) -> web.StreamResponse:
        """Make a transfer; a reference that was used before is refused."""
        if refused := self.refused(request):
            return refused
        body = await request.json()
        reference = str(body.get("transfer_id", ""))
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="payout",
            reference=reference,
            key=reference,
            effect=lambda: self._transfer_create(body, reference),
        )

    async def transfer_read(self, request: web.Request) -> web.StreamResponse:
        """Find a transfer by our reference."""
        if refused := self.refused(request):
            return refused
        reference = request.query.get("transfer_id", "")

        def find() -> Answer:
            now = self.world.clock.now()
            found = self.world.book.things(vendor=VENDOR, kind="payout", reference=reference, now=now)
            if not found:
                return 404, {"type": "invalid_request_error", "code": "transfer_not_found", "message": "Not found"}
            return 200, _public(found[0])

        return await self.world.call(request, vendor=VENDOR, what="payout look-up", reference=reference, effect=find)

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Tell the balance of the payout account."""
        if refused := self.refused(request):
            return refused

        def tell() -> Answer:
            return 200, {"available_balance": _rupees(self.world.book.balance("float:cashfree"))}

        return await self.world.call(request, vendor=VENDOR, what="balance", reference="", effect=tell)

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Tell whether an account exists and whose it is, by a credit of a rupee."""
        if refused := self.refused(request):
            return refused
        body = await request.json()
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="validation",
            reference=str(body.get("user_id", "")),
            effect=lambda: self._verify(body),
        )

    async def verification_read(self, request: web.Request) -> web.StreamResponse:
        """Read one verification, by its own number or by our reference."""
        if refused := self.refused(request):
            return refused
        thing = self.world.book.thing(f"bav_{request.query.get('reference_id', '')}")
        if named := request.query.get("user_id"):
            found = self.world.book.things(
                vendor=VENDOR, kind="validation", reference=named, now=self.world.clock.now()
            )
            thing = found[0] if found else None
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="validation look-up",
            reference="",
            effect=lambda: (200, _public(thing)) if thing else (404, {"code": "not_found", "message": "Not found"}),
        )

    async def verify_upi(self, request: web.Request) -> web.StreamResponse:
        """Tell whether a UPI address exists and whose it is."""
        if refused := self.refused(request):
            return refused
        body = await request.json()
        reference = str(body.get("verification_id", ""))
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="validation",
            reference=reference,
            effect=lambda: self._verify_upi(str(body.get("vpa", "")), reference),
        )

    async def verification_upi_read(self, request: web.Request) -> web.StreamResponse:
        """Read one verification of a UPI address by our reference."""
        if refused := self.refused(request):
            return refused
        named = request.query.get("verification_id", "")

        def find() -> Answer:
            now = self.world.clock.now()
            found = self.world.book.things(vendor=VENDOR, kind="validation", reference=named, now=now)
            return (200, _public(found[0])) if found else (404, {"code": "not_found", "message": "Not found"})

        return await self.world.call(request, vendor=VENDOR, what="validation look-up", reference=named, effect=find)

    def refused(self, request: web.Request) -> web.Response | None:
        """Refuse who does not know the secret."""
        contract = self.world.contracts[VENDOR]
        given = (request.headers.get("x-client-id"), request.headers.get("x-client-secret"))
        if given == (contract.key_id, contract.secret):
            return None
        body = {"type": "authentication_error", "code": "authentication_failed", "message": "authentication failed"}
        return web.json_response(body, status=401)

    async def reverse_now(self, thing_id: str) -> bool:
        """Send a paid transfer back at once, because a person wants to see it."""
        transfer = self.world.book.thing(thing_id)
        if transfer is None or transfer.get("status") != "SUCCESS":
            return False
        await self._send_back(transfer)
        return True

    def _transfer_create(self, body: dict[str, Any], reference: str) -> Answer:
        world = self.world
        now = world.clock.now()
        if world.book.things(vendor=VENDOR, kind="payout", reference=reference):
            message = f"Transfer with transfer_id {reference} already exists"
            return 409, {"type": "invalid_request_error", "code": "transfer_id_already_exists", "message": message}
        mode = str(body.get("transfer_mode", ""))
        paise = int((Decimal(str(body.get("transfer_amount", 0))) * 100).to_integral_value())
        least, most = _MODES.get(mode, (1, 0))
        if not least <= paise <= most:
            return 422, {
                "type": "invalid_request_error",
                "code": "transfer_limit_breach",
                "message": "Outside the limits",
            }
        details = body["beneficiary_details"]["beneficiary_instrument_details"]
        if (mode == "upi") != ("vpa" in details):
            message = f"The beneficiary cannot be paid by {mode}"
            return 422, {"type": "invalid_request_error", "code": "instrument_invalid", "message": message}
        transfer = {
            "transfer_id": reference,
            "cf_transfer_id": world.faults.digits(9),
            "status": "RECEIVED",
            "status_code": "RECEIVED",
            "transfer_amount": _rupees(paise),
            "transfer_mode": mode,
            "transfer_utr": None,
            "added_on": world.clock.stamp(),
            "updated_on": world.clock.stamp(),
            "_id": f"cft_{reference}",
            "_paise": paise,
            "_account": details["vpa"] if mode == "upi" else details["bank_account_number"],
        }
        world.book.thing_add(
            thing_id=str(transfer["_id"]),
            vendor=VENDOR,
            kind="payout",
            reference=reference,
            key=reference,
            at=now,
            visible_at=now + world.faults.profile.hidden_seconds,
            body=transfer,
        )
        self._to(transfer, "RECEIVED", event="TRANSFER_ACKNOWLEDGED")
        self._live(transfer, fate=world.fate_of(vendor=VENDOR, account=str(transfer["_account"]), paise=paise))
        return 200, _public(transfer)

    def _live(self, transfer: dict[str, Any], *, fate: str) -> None:
        """Let a transfer go through what becomes of it."""
        profile = self.world.faults.profile
        if fate == "pending":
            return
        wait = profile.deemed_seconds if fate == "deemed" else profile.settle_seconds * (5 if "late" in fate else 1)
        if fate in ("fails", "late_failure"):
            self.world.later(wait, lambda: self._fail(transfer))
            return
        self.world.later(profile.settle_seconds if fate == "reversed_late" else wait, lambda: self._pay(transfer))
        if fate == "reversed_late":
            self.world.later(profile.settle_seconds + profile.reversed_seconds, lambda: self._send_back(transfer))

    async def _pay(self, transfer: dict[str, Any]) -> None:
        transfer["transfer_utr"] = self.world.utr(transfer["transfer_mode"])
        self._money(transfer, "PAYOUT", debit=f"account:{transfer['_account']}", credit="float:cashfree")
        self._to(transfer, "SUCCESS", event="TRANSFER_SUCCESS")

    async def _fail(self, transfer: dict[str, Any]) -> None:
        transfer["status_code"] = "INVALID_ACCOUNT_FAIL"
        self._to(transfer, "FAILED", event="TRANSFER_FAILED")

    async def _send_back(self, transfer: dict[str, Any]) -> None:
        if transfer["status"] != "SUCCESS":
            return
        transfer["status_code"] = "BENE_BANK_REJECTED"
        self._money(transfer, "PAYOUT_REVERSED", debit="float:cashfree", credit=f"account:{transfer['_account']}")
        self._to(transfer, "REVERSED", event="TRANSFER_REVERSED")

    def _money(self, transfer: dict[str, Any], what: str, *, debit: str, credit: str) -> None:
        self.world.book.move(
            at=self.world.clock.stamp(),
            reference=transfer["transfer_id"],
            what=what,
            debit=debit,
            credit=credit,
            paise=transfer["_paise"],
            utr=transfer["transfer_utr"] or "",
        )

    def _to(self, transfer: dict[str, Any], status: str, *, event: str) -> None:
        transfer["status"], transfer["updated_on"] = status, self.world.clock.stamp()
        self.world.book.thing_change(transfer["_id"], transfer, at=self.world.clock.stamp(), state=status)
        webhook_send(
            self.world,
            vendor=VENDOR,
            event=event,
            event_id="",
            body={"type": event, "event_time": self.world.clock.stamp(), "data": _public(transfer)},
        )

    def _verify(self, body: dict[str, Any]) -> Answer:
        world = self.world
        number, ifsc = str(body.get("bank_account", "")), str(body.get("ifsc", ""))
        code = INVALID_ACCOUNTS.get(number)
        reference = world.faults.digits(12)
        status = "RECEIVED" if number == "007711000031" else ("INVALID" if code else "VALID")
        answer = {
            "reference_id": reference,
            "user_id": body.get("user_id"),
            "name_at_bank": world.holder_of(account=number, ifsc=ifsc, given=str(body.get("name", "")))
            if status == "VALID"
            else "",
            "utr": world.utr("IMPS") if status == "VALID" else "",
            "account_status": status,
            "account_status_code": code or ("ACCOUNT_IS_VALID" if status == "VALID" else "VALIDATION_IN_PROGRESS"),
        }
        now = world.clock.now()
        world.book.thing_add(
            thing_id=f"bav_{reference}",
            vendor=VENDOR,
            kind="validation",
            reference=str(body.get("user_id", "")),
            key="",
            at=now,
            visible_at=now,
            body=answer,
        )
        return 200, answer

    def _verify_upi(self, address: str, reference: str) -> Answer:
        world, now = self.world, self.world.clock.now()
        holder = world.holder_of_address(address)
        answer = {
            "verification_id": reference,
            "reference_id": world.faults.digits(12),
            "vpa": address,
            "status": "VALID" if holder else "INVALID",
            "name_at_bank": holder,
            "message": "" if holder else "INVALID_VPA",
        }
        world.book.thing_add(
            thing_id=f"upi_{answer['reference_id']}",
            vendor=VENDOR,
            kind="validation",
            reference=reference,
            key="",
            at=now,
            visible_at=now,
            body=answer,
        )
        return 200, answer


def _rupees(paise: int) -> float:
    return float(Decimal(paise).scaleb(-2))


def _public(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if not name.startswith("_")}
