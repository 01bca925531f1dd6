"""The gateway that counts in paise: payouts and account validations, with the paths and shapes of its documentation."""

import hashlib
import json
from base64 import b64decode

from aiohttp import web

from simulators.gateway import Gateway, Thing, public
from simulators.webhooks import webhook_send
from simulators.world import INVALID_ACCOUNTS, Answer

VENDOR = "razorpay"
_MODES = {"IMPS": (100, 5_00_000_00), "NEFT": (100, 10**13), "RTGS": (2_00_000_00, 10**13), "UPI": (100, 1_00_000_00)}


class Razorpay(Gateway):
    """Handlers of this vendor."""

    vendor = VENDOR
    paid = "processed"
    utr = "utr"

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [
            web.post("/razorpay/v1/payouts", self.known(self.payout_create)),
            web.get("/razorpay/v1/payouts", self.known(self.payouts_find)),
            web.get("/razorpay/v1/payouts/{id}", self.known(self.payout_read)),
            web.post("/razorpay/v1/fund_accounts/validations", self.known(self.validation_create)),
            web.get("/razorpay/v1/fund_accounts/validations", self.known(self.validation_find)),
            web.get("/razorpay/v1/fund_accounts/validations/{id}", self.known(self.validation_read)),
            web.get("/razorpay/v1/balance", self.known(self.balance)),
        ]

    async def payout_create(self, request: web.Request) -> web.StreamResponse:
        """Make a payout; the same key with the same body is the same payout."""
        raw = await request.read()
        body = json.loads(raw)
        key = request.headers.get("X-Payout-Idempotency", "")
        digest = hashlib.sha256(raw).hexdigest()
        reference = str(body.get("reference_id", ""))
        return await self.call(
            request, "payout", lambda: self._payout_create(body, key, digest), reference=reference, key=key
        )

    async def payouts_find(self, request: web.Request) -> web.StreamResponse:
        """Find payouts by our reference."""
        return await self._find(request, "payout")

    async def payout_read(self, request: web.Request) -> web.StreamResponse:
        """Read one payout."""
        return await self._read(request, "payout")

    async def validation_create(self, request: web.Request) -> web.StreamResponse:
        """Validate an account by a credit of a rupee."""
        body = await request.json()
        reference = str(body.get("reference_id", ""))
        return await self.call(request, "validation", lambda: self._validation_create(body), reference=reference)

    async def validation_find(self, request: web.Request) -> web.StreamResponse:
        """Find validations by our reference."""
        return await self._find(request, "validation")

    async def validation_read(self, request: web.Request) -> web.StreamResponse:
        """Read one validation."""
        return await self._read(request, "validation")

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Tell the balance of the payout account."""

        def tell() -> Answer:
            return 200, {"entity": "balance", "balance": self.world.book.balance("float:razorpay"), "currency": "INR"}

        return await self.call(request, "balance", tell)

    def refused(self, request: web.Request) -> web.Response | None:
        """Refuse who does not know the secret."""
        contract = self.world.contracts[VENDOR]
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        try:
            is_known = b64decode(given).decode() == f"{contract.key_id}:{contract.secret}"
        except ValueError:
            is_known = False
        return None if is_known else web.json_response(_error(401, "Authentication failed")[1], status=401)

    async def _find(self, request: web.Request, kind: str) -> web.StreamResponse:
        reference = request.query.get("reference_id", "")

        def find() -> Answer:
            items = [public(thing) for thing in self.found(kind, reference)]
            return 200, {"entity": "collection", "count": len(items), "items": items}

        return await self.call(request, f"{kind} look-up", find, reference=reference)

    async def _read(self, request: web.Request, kind: str) -> web.StreamResponse:
        thing = self.world.book.thing(request.match_info["id"])
        return await self.call(
            request,
            f"{kind} look-up",
            lambda: (200, public(thing)) if thing else _error(404, "The id provided does not exist"),
            reference=str((thing or {}).get("reference_id", "")),
        )

    def _payout_create(self, body: Thing, key: str, digest: str) -> Answer:
        world = self.world
        if not 4 <= len(key) <= 36:
            return _error(400, "The X-Payout-Idempotency header is required")
        now = world.clock.now()
        for earlier in world.book.things(vendor=VENDOR, kind="payout", key=key):
            if now - earlier["_at"] < world.contracts[VENDOR].idempotency_seconds:
                if earlier["_digest"] != digest:
                    return _error(400, "Different request body sent for the same Idempotency Header")
                return 200, public(earlier)
        mode, amount, account = str(body.get("mode", "")), body.get("amount"), _account(body["fund_account"])
        is_payable = mode in _MODES and (mode == "UPI") == (account["ifsc"] == "UPI")
        if not is_payable or not isinstance(amount, int):
            return _error(400, "The mode or the amount is not valid for the fund account")
        least, most = _MODES[mode]
        if not least <= amount <= most:
            return _error(400, f"The amount is outside the limits of {mode}", reason="amount_limit_exhausted")
        reference = str(body["reference_id"])
        payout = {
            "id": f"pout_{world.faults.letters(14)}",
            "entity": "payout",
            "fund_account_id": f"fa_{world.faults.letters(14)}",
            "amount": amount,
            "currency": "INR",
            "fees": 590,
            "tax": 90,
            "status": "processing",
            "utr": None,
            "mode": mode,
            "purpose": body.get("purpose"),
            "reference_id": reference,
            "narration": body.get("narration"),
            "status_details": {"description": None, "source": None, "reason": None},
            "created_at": int(now),
            "_at": now,
            "_digest": digest,
            "_reference": reference,
            "_paise": amount,
            "_account": account["account_number"],
        }
        hidden = world.faults.profile.hidden_seconds
        self.keep(
            payout, thing_id=str(payout["id"]), kind="payout", reference=reference, key=key, hidden_seconds=hidden
        )
        self._to(payout, "processing", event="payout.initiated")
        self.live(payout)
        return 200, public(payout)

    async def pay(self, payout: Thing) -> None:
        """Let a payout go through."""
        payout["utr"] = self.world.utr(payout["mode"])
        self.money_out(payout)
        self._to(payout, "processed", event="payout.processed")

    async def fail(self, payout: Thing) -> None:
        """Let a payout fail."""
        payout["status_details"] = {
            "description": "The beneficiary's bank could not credit the account",
            "source": "beneficiary_bank",
            "reason": "bank_account_invalid",
        }
        self._to(payout, "failed", event="payout.failed")

    async def send_back(self, payout: Thing) -> None:
        """Send a payout back that went through."""
        payout["status_details"] = {
            "description": "The beneficiary's bank returned the credit",
            "source": "beneficiary_bank",
            "reason": "bank_account_frozen",
        }
        self.money_back(payout)
        self._to(payout, "reversed", event="payout.reversed")

    def _to(self, payout: Thing, status: str, *, event: str) -> None:
        payout["status"] = status
        self.world.book.thing_change(payout["id"], payout, at=self.world.clock.stamp(), state=status)
        webhook_send(
            self.world,
            vendor=VENDOR,
            event=event,
            event_id=f"evt_{self.world.faults.letters(14)}",
            body={
                "entity": "event",
                "account_id": "acc_KistDemo000001",
                "event": event,
                "contains": ["payout"],
                "payload": {"payout": {"entity": public(payout)}},
                "created_at": int(self.world.clock.now()),
            },
        )

    def _validation_create(self, body: Thing) -> Answer:
        world = self.world
        account = _account(body["fund_account"])
        number, ifsc = account["account_number"], account["ifsc"]
        is_upi = ifsc == "UPI"
        holder = world.holder_of(account=number, ifsc=ifsc, given=account["name"])
        code = INVALID_ACCOUNTS.get(number)
        if is_upi:
            holder = world.holder_of_address(number)
            code = None if holder else "invalid_vpa"
        is_pending = number == "007711000031"
        validation = {
            "id": f"fav_{world.faults.letters(14)}",
            "entity": "fund_account.validation",
            "status": "created" if is_pending else "completed",
            "amount": 100,
            "currency": "INR",
            "reference_id": body.get("reference_id"),
            "results": {
                "account_status": None if is_pending else ("invalid" if code else "active"),
                "registered_name": None if code or is_pending else holder,
                "details": code,
            },
            "utr": None if code or is_pending or is_upi else world.utr("IMPS"),
            "created_at": int(world.clock.now()),
        }
        reference = str(body.get("reference_id", ""))
        self.keep(validation, thing_id=str(validation["id"]), kind="validation", reference=reference)
        # A UPI address is looked up without a credit.
        if not code and not is_pending and not is_upi:
            world.book.move(
                at=world.clock.stamp(),
                reference=reference,
                what="PENNY_DROP",
                debit=f"account:{number}",
                credit="float:razorpay",
                paise=100,
                utr=str(validation["utr"]),
            )
        return 200, validation


def _account(fund_account: Thing) -> Thing:
    """Return the account of a request; a UPI address stands as its number."""
    if fund_account.get("account_type") == "vpa":
        return {"account_number": str(fund_account["vpa"]["address"]), "ifsc": "UPI", "name": ""}
    found: Thing = fund_account["bank_account"]
    return found


def _error(status: int, description: str, *, reason: str = "input_validation_failed") -> Answer:
    error = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "business", "reason": reason}
    return status, {"error": error}
