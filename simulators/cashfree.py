"""The gateway that counts in rupees: transfers and bank account verification, with the shapes of its documentation."""

from decimal import Decimal

from aiohttp import web

from simulators.gateway import Gateway, Thing, public
from simulators.webhooks import webhook_send
from simulators.world import INVALID_ACCOUNTS, Answer

VENDOR = "cashfree"
_MODES = {
    "imps": (1_00, 5_00_000_00),
    "neft": (1_00, 10**13),
    "rtgs": (2_00_000_00, 10**13),
    "upi": (1_00, 1_00_000_00),
}


class Cashfree(Gateway):
    """Handlers of this vendor."""

    vendor = VENDOR
    paid = "SUCCESS"
    utr = "transfer_utr"

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [
            web.post("/cashfree/payout/transfers", self.known(self.transfer_create)),
            web.get("/cashfree/payout/transfers", self.known(self.transfer_read)),
            web.get("/cashfree/payout/balance", self.known(self.balance)),
            web.post("/cashfree/verification/bank-account/sync", self.known(self.verify)),
            web.get("/cashfree/verification/bank-account", self.known(self.verification_read)),
            web.post("/cashfree/verification/upi", self.known(self.verify_upi)),
            web.get("/cashfree/verification/upi", self.known(self.verification_upi_read)),
        ]

    async def transfer_create(self, request: web.Request) -> web.StreamResponse:
        """Make a transfer; a reference that was used before is refused."""
        body = await request.json()
        name = str(body.get("transfer_id", ""))
        return await self.call(request, "payout", lambda: self._create(body, name), reference=name, key=name)

    async def transfer_read(self, request: web.Request) -> web.StreamResponse:
        """Find a transfer by our reference."""
        reference = request.query.get("transfer_id", "")

        def find() -> Answer:
            if not (found := self.found("payout", reference)):
                return 404, {"type": "invalid_request_error", "code": "transfer_not_found", "message": "Not found"}
            return 200, public(found[0])

        return await self.call(request, "payout look-up", find, reference=reference)

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Tell the balance of the payout account."""

        def tell() -> Answer:
            return 200, {"available_balance": _rupees(self.world.book.balance("float:cashfree"))}

        return await self.call(request, "balance", tell)

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Tell whether an account exists and whose it is, by a credit of a rupee."""
        body = await request.json()
        return await self.call(
            request, "validation", lambda: self._verify(body), reference=str(body.get("user_id", ""))
        )

    async def verification_read(self, request: web.Request) -> web.StreamResponse:
        """Read one verification, by its own number or by our reference."""
        thing = self.world.book.thing(f"bav_{request.query.get('reference_id', '')}")
        if named := request.query.get("user_id"):
            thing = next(iter(self.found("validation", named)), None)
        return await self.call(request, "validation look-up", lambda: _one(thing))

    async def verify_upi(self, request: web.Request) -> web.StreamResponse:
        """Tell whether a UPI address exists and whose it is."""
        body = await request.json()
        address, name = str(body.get("vpa", "")), str(body.get("verification_id", ""))
        return await self.call(request, "validation", lambda: self._verify_upi(address, name), reference=name)

    async def verification_upi_read(self, request: web.Request) -> web.StreamResponse:
        """Read one verification of a UPI address by our reference."""
        named = request.query.get("verification_id", "")
        return await self.call(
            request,
            "validation look-up",
            lambda: _one(next(iter(self.found("validation", named)), None)),
            reference=named,
        )

    def refused(self, request: web.Request) -> web.Response | None:
        """Refuse who does not know the secret."""
        contract = self.world.contracts[VENDOR]
        given = (request.headers.get("x-client-id"), request.headers.get("x-client-secret"))
        if given == (contract.key_id, contract.secret):
            return None
        body = {"type": "authentication_error", "code": "authentication_failed", "message": "authentication failed"}
        return web.json_response(body, status=401)

    def _create(self, body: Thing, reference: str) -> Answer:
        world = self.world
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
            "_reference": reference,
            "_paise": paise,
            "_account": details["vpa"] if mode == "upi" else details["bank_account_number"],
        }
        self.keep(
            transfer,
            thing_id=str(transfer["_id"]),
            kind="payout",
            reference=reference,
            key=reference,
            hidden_seconds=world.faults.profile.hidden_seconds,
        )
        self._to(transfer, "RECEIVED", event="TRANSFER_ACKNOWLEDGED")
        self.live(transfer)
        return 200, public(transfer)

    async def pay(self, payout: Thing) -> None:
        """Let a transfer go through."""
        payout["transfer_utr"] = self.world.utr(payout["transfer_mode"])
        self.money_out(payout)
        self._to(payout, "SUCCESS", event="TRANSFER_SUCCESS")

    async def fail(self, payout: Thing) -> None:
        """Let a transfer fail."""
        payout["status_code"] = "INVALID_ACCOUNT_FAIL"
        self._to(payout, "FAILED", event="TRANSFER_FAILED")

    async def send_back(self, payout: Thing) -> None:
        """Send a transfer back that went through."""
        payout["status_code"] = "BENE_BANK_REJECTED"
        self.money_back(payout)
        self._to(payout, "REVERSED", event="TRANSFER_REVERSED")

    def _to(self, transfer: Thing, status: str, *, event: str) -> None:
        transfer["status"], transfer["updated_on"] = status, self.world.clock.stamp()
        self.world.book.thing_change(transfer["_id"], transfer, at=self.world.clock.stamp(), state=status)
        webhook_send(
            self.world,
            vendor=VENDOR,
            event=event,
            event_id="",
            body={"type": event, "event_time": self.world.clock.stamp(), "data": public(transfer)},
        )

    def _verify(self, body: Thing) -> Answer:
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
        named = str(body.get("user_id", ""))
        self.keep(answer, thing_id=f"bav_{reference}", kind="validation", reference=named)
        return 200, answer

    def _verify_upi(self, address: str, reference: str) -> Answer:
        world = self.world
        holder = world.holder_of_address(address)
        answer = {
            "verification_id": reference,
            "reference_id": world.faults.digits(12),
            "vpa": address,
            "status": "VALID" if holder else "INVALID",
            "name_at_bank": holder,
            "message": "" if holder else "INVALID_VPA",
        }
        self.keep(answer, thing_id=f"upi_{answer['reference_id']}", kind="validation", reference=reference)
        return 200, answer


def _rupees(paise: int) -> float:
    return float(Decimal(paise).scaleb(-2))


def _one(thing: Thing | None) -> Answer:
    return (200, public(thing)) if thing else (404, {"code": "not_found", "message": "Not found"})
